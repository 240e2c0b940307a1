"""What only Traefik knows comes back."""

from __future__ import annotations

from typing import Any

import pytest

from gal.convert import convert
from gal.ledger import Level
from gal.reading import read_documents

SERVICE = "services: {s: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}}"


def there_and_back(text: str) -> tuple[dict[str, Any], list[str]]:
    """The dynamic file of a dynamic file, and the errors."""
    made = convert(read_documents(text, "dynamic.yaml", "yaml"), "traefik", source="traefik")
    data = next(one.data for one in made.files if one.name.startswith("dynamic"))
    return data, [one.message for one in made.ledger if one.level is Level.ERROR]


@pytest.mark.parametrize(
    ("middleware", "chain"),
    [
        ("m: {inFlightReq: {amount: 3}}", ["m"]),
        ("m: {digestAuth: {users: ['a:b:c']}}", ["m"]),
        ("m: {plugin: {waf: {level: 2}}}", ["m"]),
    ],
)
def test_a_middleware_comes_back(middleware: str, chain: list[str]) -> None:
    text = (
        f"http: {{routers: {{r: {{rule: 'PathPrefix(`/`)', service: s, middlewares: [m]}}}},"
        f" {SERVICE}, middlewares: {{{middleware}}}}}"
    )
    data, errors = there_and_back(text)
    assert not errors
    assert data["http"]["routers"]["r"]["middlewares"] == chain
    assert list(data["http"]["middlewares"]) == chain


def test_a_middleware_of_another_provider_is_named_again() -> None:
    data, errors = there_and_back(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s, middlewares: [auth@docker]}},"
        f" {SERVICE}}}"
    )
    assert (data["http"]["routers"]["r"]["middlewares"], errors) == (["auth@docker"], [])


def test_services_of_traefik_itself_come_back() -> None:
    data, _ = there_and_back(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: api@internal}}}"
    )
    assert data["http"]["routers"]["r"]["service"] == "api@internal"


@pytest.mark.parametrize(
    ("section", "path", "value"),
    [
        (
            "tcp: {services: {t: {loadBalancer: {servers: [{address: 'a:1'}]}}}}",
            ("tcp", "services"),
            {"t": {"loadBalancer": {"servers": [{"address": "a:1"}]}}},
        ),
        (
            "tls: {options: {modern: {minVersion: VersionTLS13}}}",
            ("tls", "options"),
            {"modern": {"minVersion": "VersionTLS13"}},
        ),
    ],
)
def test_sections_come_back(section: str, path: tuple[str, str], value: Any) -> None:
    data, _ = there_and_back(
        f"http: {{routers: {{r: {{rule: 'PathPrefix(`/`)', service: s}}}}, {SERVICE}}}\n{section}"
    )
    assert data[path[0]][path[1]] == value


TWO = (
    "a: {loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}},"
    " b: {loadBalancer: {servers: [{url: 'http://127.0.0.1:2'}]}}"
)


def services(own: str) -> str:
    """A file with two services, and one that the router goes to."""
    return (
        f"http: {{routers: {{r: {{rule: 'PathPrefix(`/`)', service: s}}}},"
        f" services: {{{TWO}, s: {{{own}}}}}}}"
    )


@pytest.mark.parametrize(
    ("service", "name", "config"),
    [
        (
            "weighted: {services: [{name: a, weight: 3}, {name: b}], sticky: {cookie: {name: c}}}",
            "r-backends",
            {
                "weighted": {
                    "services": [{"name": "a", "weight": 3}, {"name": "b", "weight": 1}],
                    "sticky": {"cookie": {"name": "c"}},
                }
            },
        ),
        (
            "highestRandomWeight: {services: [{name: a, weight: 3}, {name: b}]}",
            "r-backends",
            {
                "highestRandomWeight": {
                    "services": [{"name": "a", "weight": 3}, {"name": "b", "weight": 1}]
                }
            },
        ),
        (
            (
                "mirroring: {service: a, mirrorBody: false, maxBodySize: 9,"
                " mirrors: [{name: b, percent: 10}]}"
            ),
            "a-mirrored",
            {
                "mirroring": {
                    "service": "a",
                    "mirrors": [{"name": "b", "percent": 10}],
                    "mirrorBody": False,
                    "maxBodySize": 9,
                }
            },
        ),
        (
            "failover: {service: a, fallback: b, healthCheck: {}}",
            "r-failover",
            {"failover": {"fallback": "b", "healthCheck": {}, "service": "a"}},
        ),
        (
            (
                "loadBalancer: {servers: [{url: 'http://127.0.0.1:3'}],"
                " sticky: {cookie: {name: c, secure: true}},"
                " responseForwarding: {flushInterval: 5ms}}"
            ),
            "s",
            {
                "loadBalancer": {
                    "sticky": {"cookie": {"name": "c", "secure": True}},
                    "servers": [{"url": "http://127.0.0.1:3"}],
                    "passHostHeader": True,
                    "responseForwarding": {"flushInterval": "5ms"},
                }
            },
        ),
        (
            (
                "loadBalancer: {servers: [{url: 'http://127.0.0.1:3'}],"
                " healthCheck: {path: /h, port: 9, method: HEAD, hostname: x.test}}"
            ),
            "s",
            {
                "loadBalancer": {
                    "servers": [{"url": "http://127.0.0.1:3"}],
                    "healthCheck": {
                        "path": "/h",
                        "interval": "30s",
                        "timeout": "5s",
                        "hostname": "x.test",
                        "port": 9,
                        "method": "HEAD",
                    },
                    "passHostHeader": True,
                }
            },
        ),
    ],
    ids=["sticky shares", "rendezvous", "copies", "fallback", "cookie and flushes", "check"],
)
def test_a_service_comes_back(service: str, name: str, config: dict[str, Any]) -> None:
    data, errors = there_and_back(services(service))
    assert (data["http"]["routers"]["r"]["service"], errors) == (name, [])
    assert data["http"]["services"][name] == config


@pytest.mark.parametrize(
    ("middleware", "kept"),
    [
        (
            (
                "circuitBreaker: {expression: 'LatencyAtQuantileMS(50.0) > 100 ||"
                " NetworkErrorRatio() > 0.2', recoveryDuration: 4s}"
            ),
            {
                "expression": "LatencyAtQuantileMS(50.0) > 100 || NetworkErrorRatio() > 0.2",
                "recoveryDuration": "4s",
            },
        ),
        (
            "retry: {attempts: 3, timeout: 4s, status: ['500'], retryNonIdempotentMethod: true}",
            {"attempts": 3, "timeout": "4s", "retryNonIdempotentMethod": True},
        ),
        (
            "rateLimit: {average: 5, sourceCriterion: {ipStrategy: {depth: 2}}}",
            {"average": 5, "sourceCriterion": {"ipStrategy": {"depth": 2}}},
        ),
        (
            "forwardAuth: {address: 'http://127.0.0.1:7', preserveRequestMethod: true}",
            {"preserveRequestMethod": True},
        ),
        (
            "basicAuth: {users: ['a:{SHA}6dcfXufJLW3J6S/9rRe4vUlBj5g='], headerField: X-Who}",
            {"headerField": "X-Who"},
        ),
    ],
)
def test_settings_of_a_middleware_come_back(middleware: str, kept: dict[str, Any]) -> None:
    data, errors = there_and_back(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s, middlewares: [m]}},"
        f" {SERVICE}, middlewares: {{m: {{{middleware}}}}}}}"
    )
    (found,) = data["http"]["middlewares"].values()
    settings = next(iter(found.values()))
    assert ({key: settings.get(key) for key in kept}, errors) == (kept, [])


RULE = "Host(`a.test`) && PathRegexp(`^/x[0-9]+$`) && !PathRegexp(`^/x1`)"


@pytest.mark.parametrize(
    ("router", "rest", "kept"),
    [
        (f"rule: '{RULE}'", "", {"rule": RULE}),
        ("rule: 'Host(`a`)', tls: {options: '2way@kubernetescrd'}", "", {}),
        (
            "rule: 'Host(`a`)', tls: {options: ask}",
            "tls: {options: {ask: {clientAuth: {clientAuthType: RequireAnyClientCert}}}}",
            {"tls": {"options": "ask"}},
        ),
        (
            "rule: 'Host(`a`)', observability: {accessLogs: false}",
            "",
            {"observability": {"accessLogs": False}},
        ),
    ],
    ids=["rule", "options elsewhere", "client certificate", "logs"],
)
def test_what_a_router_says_comes_back(router: str, rest: str, kept: dict[str, Any]) -> None:
    data, errors = there_and_back(
        f"http: {{routers: {{r: {{{router}, service: s}}}}, {SERVICE}}}\n{rest}"
    )
    found = data["http"]["routers"]["r"]
    assert ({key: found.get(key) for key in kept}, errors) == (kept, [])


def test_middlewares_of_a_service_come_back() -> None:
    data, errors = there_and_back(
        "http: {routers: {r: {rule: 'PathPrefix(`/`)', service: s}},"
        " services: {s: {middlewares: [m], loadBalancer: {servers: [{url: 'http://127.0.0.1:1'}]}}},"
        " middlewares: {m: {digestAuth: {users: ['a:b:c']}}}}"
    )
    assert (data["http"]["services"]["s"]["middlewares"], errors) == (["m"], [])
    assert data["http"]["middlewares"] == {"m": {"digestAuth": {"users": ["a:b:c"]}}}


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("Host(`a`) && !PathRegexp(`^/x`)", "PathPrefix(`/x`)"),
        ("Host(`a`)", "PathRegexp(`^/x`) && !PathRegexp(`^/x1`)"),
    ],
)
def test_the_rule_of_a_router_below_another_is_not_all_of_it(above: str, below: str) -> None:
    data, errors = there_and_back(
        f"http: {{routers: {{p: {{rule: '{above}'}}, c: {{rule: '{below}', parentRefs: [p],"
        f" service: s}}}}, {SERVICE}}}"
    )
    assert errors
    refused = [one for one in data["http"]["routers"].values() if one["service"] != "s"]
    assert refused == list(data["http"]["routers"].values())


def test_the_old_syntax_of_rules_does_not_come_back() -> None:
    text = "core: {defaultRuleSyntax: v2}\nentryPoints: {web: {address: ':80'}}\n"
    documents = read_documents(text, "traefik.yaml", "yaml")
    made = convert(documents, "traefik", source="traefik").files
    assert "core" not in made[0].data


ENTRY_POINTS = {
    "settings": (
        "web: {address: '0.0.0.0:80', forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}",
        {"address": "0.0.0.0:80", "forwardedHeaders": {"trustedIPs": ["10.0.0.0/8"]}},
    ),
    "settings of HTTP": (
        "web: {address: '0.0.0.0:443', http: {tls: {}, maxHeaderBytes: 5}}",
        {"address": "0.0.0.0:443", "http": {"maxHeaderBytes": 5, "tls": {}}},
    ),
    "UDP": ("web: {address: ':53/udp', udp: {timeout: 5s}}", None),
    "Traefik's own": ("traefik: {address: ':9090'}", None),
    "Traefik's own, in other letters": ("traefik: {Address: ':9090'}", None),
}


@pytest.mark.parametrize(("point", "expected"), ENTRY_POINTS.values(), ids=ENTRY_POINTS)
def test_entry_points_keep_what_only_traefik_knows(point: str, expected: Any) -> None:
    text = f"entryPoints: {{{point}}}\n"
    documents = read_documents(text, "traefik.yaml", "yaml")
    (given,) = documents[0].mapping().plain()["entryPoints"].values()
    written = convert(documents, "traefik", source="traefik").files[0].data["entryPoints"]
    assert (given if expected is None else expected) in written.values()


@pytest.mark.parametrize(
    "middlewares",
    [
        (
            "a: {basicAuth: {users: ['a:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=']}},"
            " b: {basicAuth: {users: ['b:{SHA}UWuXg/ylF+7L0dBk2i0WUxCxl1k=']}}"
        ),
        "a: {forwardAuth: {address: 'http://a/'}}, b: {forwardAuth: {address: 'http://b/'}}",
    ],
    ids=["passwords", "services"],
)
def test_a_second_check_stays_behind_the_first(middlewares: str) -> None:
    text = (
        f"http: {{routers: {{r: {{rule: Path(`/`), service: s, middlewares: [a, b]}}}}, {SERVICE},"
        f" middlewares: {{{middlewares}}}}}"
    )
    data, errors = there_and_back(text)
    known = data["http"]["middlewares"]
    given = read_documents(text, "in.yaml", "yaml")[0].mapping().plain()["http"]["middlewares"]
    chain = [known[name] for name in data["http"]["routers"]["r"]["middlewares"]]
    assert (chain, errors) == (list(given.values()), [])
