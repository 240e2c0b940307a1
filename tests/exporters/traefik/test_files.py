"""What stands in Traefik's two files."""

from __future__ import annotations

import pytest

from gal.context import ExportOptions
from tests.exporters.traefik.exported import exported, one_route

ROUTE = one_route("path_prefix: /a")


@pytest.mark.parametrize(
    ("settings", "options", "points"),
    [
        ("", None, {"web": {"address": "0.0.0.0:10000"}}),
        ("", ExportOptions(listen=("127.0.0.1", 81)), {"web": {"address": "127.0.0.1:81"}}),
        ("global: {host: '::1', port: 8}\n", None, {"web": {"address": "[::1]:8"}}),
        (
            "listeners: [{name: a, port: 1}, {name: b, port: 2, protocol: https}]\n",
            None,
            {"a": {"address": "0.0.0.0:1"}, "b": {"address": "0.0.0.0:2", "http": {"tls": {}}}},
        ),
    ],
    ids=["by default", "chosen by the user", "IPv6", "listeners"],
)
def test_entry_points(settings: str, options: ExportOptions | None, points: object) -> None:
    assert exported(settings + ROUTE, options).static["entryPoints"] == points


def test_nobody_is_phoned_and_there_is_no_api() -> None:
    static = exported(ROUTE).static
    assert static["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}
    assert "api" not in static
    assert static["providers"] == {"file": {"filename": "dynamic.yaml"}}


def test_api_on_the_loopback_address_only() -> None:
    static = exported("global: {admin_port: 9}\n" + ROUTE).static
    assert static["entryPoints"]["traefik"] == {"address": "127.0.0.1:9"}
    assert static["api"] == {"insecure": True, "dashboard": False}


@pytest.mark.parametrize(
    ("route", "rules"),
    [
        ("path_prefix: /a", ["PathPrefix(`/a`)"]),
        ("path: /a", ["Path(`/a`)"]),
        ("path_segments: /a/", ["Path(`/a`) || PathPrefix(`/a/`)"]),
        ("path_regex: '/a|/b'", ["PathRegexp(`^(?:/a|/b)$`)"]),
        ("path: '/a`b\\'", ['Path("/a`b\\\\")']),
        ("hosts: ['A.test:10000']", ["Host(`a.test`)"]),
        ("hosts: ['*.a.test', 'b.*']", [r"HostRegexp(`^.+\.a\.test$`) || HostRegexp(`^b\..+$`)"]),
        ("methods: [GET, PUT], path: /", ["(Method(`GET`) || Method(`PUT`)) && Path(`/`)"]),
        (
            "path: /, header_matches: [{name: a, values: [x], kind: prefix, ignore_case: true}]",
            ["HeaderRegexp(`a`, `(?i)^x`) && Path(`/`)"],
        ),
        (
            "path: /, header_matches: [{name: a, values: [x, y], invert: true}]",
            ["!(Header(`a`, `x`) || Header(`a`, `y`)) && Path(`/`)"],
        ),
        ("path: /, sources: [{ip: 10.1.0.0/16}]", ["ClientIP(`10.1.0.0/16`) && Path(`/`)"]),
    ],
)
def test_rules(route: str, rules: list[str]) -> None:
    assert exported(one_route(route)).rules == rules


@pytest.mark.parametrize(
    ("route", "chain", "told"),
    [
        (
            "rate_limit: {limits: [0.5/1s], algorithm: token_bucket, burst: 4}",
            [{"rateLimit": {"average": 1, "period": "2s", "burst": 4}}],
            [],
        ),
        (
            "rate_limit: {limits: [3/1s, 9/1m], algorithm: token_bucket}",
            [
                {"rateLimit": {"average": 3, "period": "1s", "burst": 3}},
                {"rateLimit": {"average": 9, "period": "1m", "burst": 9}},
            ],
            [],
        ),
        (
            "authentication: {basic: {realm: r, users: [{username: a, password: b}]}}",
            [{"basicAuth": {"users": ["a:{SHA}6dcfXufJLW3J6S/9rRe4vUlBj5g="], "realm": "r"}}],
            [],
        ),
        (
            "ip_access: {allow: [10.0.0.0/8], status_code: 404}",
            [{"ipAllowList": {"sourceRange": ["10.0.0.0/8"], "rejectStatusCode": 404}}],
            [],
        ),
        (
            "authentication: {jwt: {issuer: i, jwks_uri: 'https://i.test/'}}",
            [{"ipAllowList": {"sourceRange": ["255.255.255.255/32"]}}],
            [
                (
                    "error",
                    "authentication",
                    "Traefik checks no tokens (see --auth-service); everybody is refused with 403",
                )
            ],
        ),
    ],
    ids=["rate below one", "two limits", "plain password", "addresses", "token"],
)
def test_chain(route: str, chain: list[object], told: list[object]) -> None:
    made = exported(one_route(f"path: /, {route}"))
    assert made.chain == chain
    assert made.told == told


LISTENERS = "listeners: [{name: web, port: 80}, {name: secure, port: 443, protocol: https}]\n"


@pytest.mark.parametrize(
    ("route", "routers"),
    [
        (
            "server_names: [a.test]",
            [("Host(`a.test`) && Path(`/`)", ["secure"]), ("Path(`/`)", ["web"])],
        ),
        ("server_names: [a.test], schemes: [http]", [("Path(`/`)", ["web"])]),
        ("server_names: [a.test], schemes: [https]", [("Host(`a.test`) && Path(`/`)", ["secure"])]),
    ],
    ids=["both", "plain", "TLS"],
)
def test_only_tls_has_server_names(route: str, routers: list[object]) -> None:
    made = exported(one_route(f"path: /, {route}", rest=LISTENERS))
    found = made.section("routers").values()
    assert [(one["rule"], one["entryPoints"]) for one in found] == routers


@pytest.mark.parametrize(
    "fields",
    [
        (
            "rate_limit: {limits: [5/1s], algorithm: token_bucket,"
            " response: {message: Too Many Requests}}"
        ),
        "size_limit: {max_body: 1MiB}, request_buffering: true",
        "retry: {backoff: 1s, max_backoff: 2s}",
        "retry: {status_codes: [503]}",
        "cors: {allowed_origins: ['https://a.test'], max_age: 0, allowed_headers: [A]}",
        "cors: {allowed_origins: ['https://a.test'], reflect_any_origin: true}",
        "rewrite: {path: /x}",
    ],
    ids=["text", "buffering", "pauses", "every method", "no age", "any origin", "path"],
)
def test_what_is_alike_is_not_said(fields: str) -> None:
    assert exported(one_route(f"path: /, {fields}")).told == []


def test_allow_open_leaves_the_control_out() -> None:
    text = one_route("path: /, authentication: {jwt: {issuer: i}}")
    made = exported(text, ExportOptions(allow_open=True))
    assert made.chain == []
    assert [level for level, *_ in made.told] == ["warning"]


@pytest.mark.parametrize(
    ("service", "transport"),
    [
        ("  protocol: https\n", {"insecureSkipVerify": True}),
        (
            "  policies: {timeout: {connect: 2s, read: 3s}}\n",
            {"forwardingTimeouts": {"dialTimeout": "2s", "responseHeaderTimeout": "3s"}},
        ),
    ],
    ids=["TLS", "timeouts"],
)
def test_transports(service: str, transport: object) -> None:
    made = exported(one_route("path: /", service))
    assert list(made.section("serversTransports").values()) == [transport]
    assert made.balancer["serversTransport"] == "main"


def test_same_bytes() -> None:
    text = one_route("path: /, cors: {}, rate_limit: {limits: [1/1s]}")
    assert exported(text).files == exported(text).files


PAIR = "certificate: '-----BEGIN CERTIFICATE-----', key: k"

UNTOLD = {
    "a certificate that nothing asks for": (
        ROUTE + f"certificates: [{{name: c, {PAIR}}}]\n",
        ("info", "certificates", "neither a server name nor an upstream asks for this certificate"),
    ),
    "a route for HTTPS without a port for it": (
        one_route("path: /, schemes: [https], https_redirect: {status_code: 301}"),
        ("warning", "https_redirect", "no entry point takes HTTPS, so the route cannot be reached"),
    ),
}


@pytest.mark.parametrize(("text", "entry"), UNTOLD.values(), ids=UNTOLD)
def test_what_has_no_effect_is_said(text: str, entry: tuple[str, str, str]) -> None:
    assert entry in exported(text).entries


def test_a_certificate_that_is_shown_is_no_loss() -> None:
    text = ROUTE + f"certificates: [{{name: c, server_names: [a.test], {PAIR}}}]\n"
    assert [one for one in exported(text).entries if one[1] == "certificates"] == []
