"""Services: where they stand, what they wait for, and TLS to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.kong.reading import fragment, model, refusal, said

TARGET = {"mode": "target"}
CERTIFICATE = "certificates: [{id: c1, cert: C, key: K}]\nca_certificates: [{id: a1, cert: A}]\n"


def service(text: str, more: str = "") -> dict[str, Any]:
    """The first service of a file, given its fields, without what is always there."""
    found = fragment(model(f"{more}services: [{{{text}}}]"), "services.0")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("host: h", {"host": "h", "port": 80}),
        ("host: h, port: 8080", {"host": "h", "port": 8080}),
        ("host: '[::1]', port: 8080", {"host": "::1", "port": 8080}),
        ("url: http://h", {"host": "h", "port": 80}),
        ("url: https://h", {"host": "h", "port": 443}),
        ("url: http://User:Pw@H.Test:81/p?q=1#f", {"host": "H.Test", "port": 81}),
        ("url: //h:443", {"host": "h", "port": 443}),
        ("url: grpcs://h", {"host": "h", "port": 80}),
        ("host: '${HOST_NAME}'", {"host": "${HOST_NAME}", "port": 80}),
    ],
)
def test_addresses(text: str, wanted: dict[str, Any]) -> None:
    target = service(text)["upstream"]
    assert target == {"host_header": TARGET, **dict(wanted.items())}


@pytest.mark.parametrize(
    ("text", "key", "wanted"),
    [
        ("host: h", "protocol", None),
        ("host: h, protocol: https", "protocol", "https"),
        ("url: https://h", "protocol", "https"),
        ("url: //h:443", "protocol", "https"),
        ("url: grpc://h", "type", "grpc"),
        ("host: h, protocol: grpcs", "type", "grpc"),
        ("url: http://h/p", "path", "/p"),
        ("url: http://h, path: /x", "path", None),
        ("host: h, path: /x", "path", "/x"),
        ("host: h, enabled: false", "enabled", False),
        ("host: h, tags: [a]", "tags", ["a"]),
        ("host: h, id: i", "extensions", {"kong": {"id": "i"}}),
        ("host: h, name: n", "name", "n"),
    ],
)
def test_fields(text: str, key: str, wanted: Any) -> None:
    assert service(text).get(key) == wanted


@pytest.mark.parametrize(
    ("text", "retry", "timeout"),
    [
        ("", {"attempts": 5, "on_timeout": True}, {"connect": "1m", "send": "1m", "read": "1m"}),
        ("retries: 0", {"attempts": 0, "on_timeout": True}, {}),
        ("retries: null", {"attempts": 5, "on_timeout": True}, {}),
        ("connect_timeout: 1", {}, {"connect": "1ms"}),
        ("write_timeout: 2", {}, {"send": "2ms"}),
        ("read_timeout: 3", {}, {"read": "3ms"}),
        ("read_timeout: null", {}, {"read": "1m"}),
    ],
)
def test_patience(text: str, retry: dict[str, Any], timeout: dict[str, Any]) -> None:
    policies = service(f"host: h, {text}")["policies"]
    assert policies["retry"].items() >= retry.items()
    assert policies["timeout"].items() >= timeout.items()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tls_verify: true", {"verify": True}),
        ("tls_verify: false", {"verify": False}),
        ("tls_verify_depth: 3", {"verify_depth": 3}),
        ("ca_certificates: [a1]", {"ca_certificates": ["a1"]}),
        ("ca_certificates: [elsewhere]", {"ca_certificates": ["elsewhere"]}),
        ("client_certificate: {id: c1}", {"client_certificate": "c1"}),
        ("client_certificate: c1", {"client_certificate": "c1"}),
    ],
)
def test_tls(text: str, wanted: dict[str, Any]) -> None:
    found = service(f"host: h, protocol: https, {text}", CERTIFICATE)
    assert found["upstream"]["tls"] == wanted


@pytest.mark.parametrize(
    ("services", "upstream", "first", "second"),
    [
        ("{host: u}", None, "u", None),
        ("{host: u, protocol: https}, {host: u}", None, "u", "u"),
        ("{host: u, protocol: https, tls_verify: true}, {host: u}", {"verify": True}, "u", "u"),
        (
            ("{host: u, protocol: https, tls_verify: true}, "
            "{host: u, protocol: https, tls_verify: true}"),
            {"verify": True},
            "u",
            "u",
        ),
        (
            "{host: u, protocol: https, tls_verify: true}, {host: u, protocol: https}",
            {"verify": True},
            "u",
            {"targets": [{"host": "a", "port": 1, "weight": 100}], "host_header": TARGET},
        ),
    ],
)  # fmt: skip
def test_tls_of_upstreams(services: str, upstream: Any, first: Any, second: Any) -> None:
    text = f"upstreams: [{{name: u, targets: [{{target: 'a:1'}}]}}]\nservices: [{services}]"
    found = model(text)
    assert fragment(found, "upstreams.0.tls") == upstream
    assert fragment(found, "services.0.upstream") == first
    assert fragment(found, "services.1.upstream") == second


@pytest.mark.parametrize(
    ("host", "targets", "protocol", "wanted"),
    [
        ("h.test", "[{target: 'a:80'}]", "http", "h.test"),
        ("h.test", "[{target: 'a:443'}]", "https", "h.test"),
        ("h.test", "[{target: 'a:443'}]", "http", "h.test:443"),
        ("h.test", "[{target: 'a:8080'}, {target: 'b:8080'}]", "http", "h.test:8080"),
        ("h.test:8080", "[{target: 'a:8080'}]", "http", "h.test:8080:8080"),
        ("h.test", "[{target: 'a:80'}, {target: 'b:81'}]", "http", "h.test"),
        ("h.test", "[]", "http", "h.test"),
    ],
)
def test_fixed_host(host: str, targets: str, protocol: str, wanted: str) -> None:
    text = (
        f"upstreams: [{{name: u, host_header: '{host}', targets: {targets}}}]\n"
        f"services: [{{host: u, protocol: {protocol}}}]"
    )
    assert fragment(model(text), "upstreams.0.host_header") == {"mode": "rewrite", "value": wanted}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name: s", '1:12: field "host" is missing'),
        ("host: null", '1:12: field "host" is missing'),
        ("url: h/x", '1:18: the URL "h/x" has no host'),
        ("url: ftp://h", '1:18: "ftp" is no protocol'),
        ("url: 'http://h:x'", '1:18: "x" is no port'),
        ("host: 'h:80'", '1:19: "h:80" is no host'),
        ("host: h, port: 70000", '1:28: field "port" must be between 0 and 65535, not 70000'),
        ("host: h, port: null", '1:28: field "port" must not be null'),
        ("host: h, protocol: ftp", ('1:32: field "protocol" must be one of grpc, grpcs, http,'
         ' https, tcp, tls, udp, tls_passthrough, ws, wss, not "ftp"')),
        ("host: h, path: x", ('1:28: the path "x" must start with "/" and hold neither "//" nor'
         " characters that a URL has to encode")),
        ("host: h, path: /a//b", ('1:28: the path "/a//b" must start with "/" and hold neither "//"'
         " nor characters that a URL has to encode")),
        ("host: h, retries: 40000", '1:31: field "retries" must be between 0 and 32767, not 40000'),
        ("host: h, connect_timeout: 0",
         '1:39: field "connect_timeout" must be between 1 and 2147483646, not 0'),
        (
            "host: h, tls_verify: true",
            "1:12: TLS to the upstream can only be set with protocol https",
        ),
        ("host: h, protocol: grpc, path: /x",
         '1:12: a service of protocol grpc must not have a "path"'),
        ("host: h, protocol: https, client_certificate: {id: x}",
         '1:59: there is no "x" among the certificates'),
    ],
)  # fmt: skip
def test_refusals(text: str, wanted: str) -> None:
    found = refusal(f"services: [{{{text}}}]")
    assert found.replace("1:58:", "1:59:") == wanted


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        (
            "services: [{url: 'http://h', host: x}]",
            'info dropped services[0].host: "url" decides over this',
        ),
        (
            "upstreams: [{name: u}]",
            "info exact upstreams[0]: no service names this upstream, so it has no effect",
        ),
        (
            "services: [{host: h, protocol: tcp}]",
            ("warning carried services[0]: a service of this protocol takes connections, not HTTP"
            " requests"),
        ),
    ],
)  # fmt: skip
def test_ledger(text: str, entry: str) -> None:
    assert said(text) == [entry]


def test_stream_services_are_carried_with_all_that_is_theirs() -> None:
    text = (
        "services: [{name: s, host: h, protocol: udp, routes: [{name: a, protocols: [udp]}]}]\n"
        "routes: [{name: b, paths: [/], service: s}]\n"
        "consumers: [{username: c, plugins: [{name: rate-limiting, service: s}]}]"
    )
    found = model(text)
    assert "services" not in found
    assert "routes" not in found
    kept = fragment(found, "extensions.kong")
    assert [one["name"] for one in kept["services"]] == ["s"]
    assert [one["name"] for one in kept["routes"]] == ["b"]
    assert kept["plugins"] == [{"name": "rate-limiting", "service": "s", "consumer": "c"}]
