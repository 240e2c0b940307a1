"""How targets are chosen and spoken to: GAL's YAML, converted, on a running Envoy."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.gateways.cases import (
    ANY,
    Backend,
    Group,
    Reply,
    Row,
    Stage,
    cases,
    get,
    gets,
    sees,
    unseen,
)
from tests.gateways.gal_text import TARGET, to_envoy

BLUE = "{host: 127.0.0.1, port: {upstream_port}"
GREEN = "{host: 127.0.0.1, port: {green_port}"
TWO = [Backend(), Backend("green")]
JSON = "application/json; charset=utf-8"


def routes(**listed: str) -> str:
    """A file with a service for each route, whose upstream is given."""
    services = "\n".join(
        f"- {{name: '{name}', upstream: {upstream}, routes: [{{path_prefix: /{name}}}]}}"
        for name, upstream in listed.items()
    )
    return f'version: "1.0"\nservices:\n{services}\n'


HOSTS = Group(
    "Host",
    f"""
version: "1.0"
upstreams:
- name: one
  targets: [{{host: localhost, port: {{upstream_port}}}}]
  host_header: {{mode: target}}
- name: two
  targets: [{{host: localhost, port: {{upstream_port}}}}, {{host: 127.0.0.1, port: {{green_port}}}}]
  host_header: {{mode: target}}
- name: fixed
  targets: [{BLUE}}}]
  host_header: {{mode: rewrite, value: "fixed.test:99"}}
- name: passed
  targets: [{BLUE}}}]
routes:
- {{path_prefix: /one, upstream: one}}
- {{path_prefix: /two, upstream: two}}
- {{path_prefix: /fixed, upstream: fixed}}
- {{path_prefix: /passed, upstream: passed}}
- {{path_prefix: /kept, upstream: one, host_header: {{mode: pass}}}}
- {{path_prefix: /other, upstream: one, host_header: {{mode: rewrite, value: other.test}}}}
- {{path_prefix: /split, backends: [{{upstream: one, weight: 1}}, {{upstream: fixed, weight: 0}}]}}
""",
    Row(
        "the target's, with its port",
        get("/one", host="A.test:80"),
        sees(host=re.compile(r"localhost:\d+"), headers={"x-forwarded-host": "A.test:80"}),
    ),
    Row(
        "the chosen target's",
        get("/two", times=4),
        sees(upstream="upstream", host=re.compile(r"localhost:\d+"), count=2),
        sees(upstream="green", host=re.compile(r"127\.0\.0\.1:\d+"), count=2),
    ),
    Row("a fixed one", get("/fixed"), sees(host="fixed.test:99")),
    Row(
        "the client's, port and case kept", get("/passed", host="A.test:81"), sees(host="A.test:81")
    ),
    Row("the route's wish wins: client's", get("/kept", host="a.test"), sees(host="a.test")),
    Row("the route's wish wins: fixed", get("/other"), sees(host="other.test")),
    Row("of one of several backends", get("/split"), sees(host=re.compile(r"localhost:\d+"))),
    Row(
        "forwarding headers",
        get("/passed", "x-forwarded-proto: https", "x-forwarded-port: 1", "x-forwarded-host: no"),
        sees(
            headers={
                "x-forwarded-proto": "http",
                "x-forwarded-host": "localhost",
                "x-forwarded-port": re.compile(r"\d\d+"),
                "x-forwarded-for": ANY,
                "x-envoy-external-address": None,
                "x-envoy-expected-rq-timeout-ms": None,
                "x-request-id": None,
            }
        ),
        gets(200, headers={"x-envoy-upstream-service-time": None}),
    ),
    backends=TWO,
)

BALANCING = Group(
    "balancing",
    routes(
        weighted=f"{{targets: [{BLUE}, weight: 3}}, {GREEN}, weight: 1}}]}}",
        zero=f"{{targets: [{BLUE}, weight: 0}}, {GREEN}, weight: 5}}]}}",
        sticky=(
            f"{{targets: [{BLUE}}}, {GREEN}}}], "
            "load_balancer: {sticky_sessions: true, cookie_name: stay}}"
        ),
        none="{targets: []}",
        iphash=f"{{targets: [{BLUE}}}, {GREEN}}}], load_balancer: {{algorithm: ip_hash}}}}",
    ),
    Row(
        "by weight",
        get("/weighted", times=8),
        sees(upstream="upstream", count=6),
        sees(upstream="green", count=2),
    ),
    Row("weight 0 gets nothing", get("/zero", times=4), sees(upstream="green", count=4)),
    Row(
        "a cookie is set", get("/sticky"), gets(200, headers={"set-cookie": re.compile("stay=.*")})
    ),
    Row("no targets", get("/none"), unseen(), gets(503)),
    Row("by address", get("/iphash", times=6), gets(200)),
    backends=TWO,
)

HASHED = Group(
    "hashing",
    routes(
        header=(
            f"{{targets: [{BLUE}}}, {GREEN}}}], load_balancer: {{algorithm: hash, hash_on: "
            "[{source: header, name: x-user}, {source: ip_address}]}}"
        ),
        query=(
            f"{{targets: [{BLUE}}}, {GREEN}}}], load_balancer: {{algorithm: hash, hash_on: "
            "[{source: query_param, name: u}]}}"
        ),
        path=(
            f"{{targets: [{BLUE}}}, {GREEN}}}], load_balancer: {{algorithm: hash, hash_on: "
            "[{source: path}]}}"
        ),
        cookie=(
            f"{{targets: [{BLUE}}}, {GREEN}}}], load_balancer: {{algorithm: hash, hash_on: "
            "[{source: cookie, name: c, cookie_path: /x}]}}"
        ),
    ),
    Row(
        "a cookie for the hash is set",
        get("/cookie"),
        gets(200, headers={"set-cookie": re.compile("c=.*Path=/x.*")}),
    ),
    backends=TWO,
)

FAILING = Group(
    "failing",
    routes(
        refused="{host: 127.0.0.1, port: {refused_port}}",
        sound=f"{{targets: [{BLUE}}}]}}",
        half="{targets: [{host: 127.0.0.1, port: {refused_port}}, " + BLUE + "}], "
        "health_check: {active: {http_path: /hc, interval: 50ms, unhealthy_threshold: 1}}}",
        sick=f"{{targets: [{GREEN}}}], health_check: {{active: {{http_path: /hc, interval: 50ms, "
        "unhealthy_threshold: 2}}}",
        watched=f"{{targets: [{BLUE}}}], health_check: {{passive: {{max_failures: 2, "
        "unhealthy_status_codes: [429], retry_after: 1s}}}",
    )
    + f"""
- name: off
  enabled: false
  upstream: {TARGET}
  routes: [{{path_prefix: /off}}]
- name: nowhere
  routes: [{{path_prefix: /nowhere}}]
""",
    Row(
        "refused connection",
        get("/refused"),
        gets(
            502,
            headers={"content-type": JSON},
            body={"message": "An invalid response was received from the upstream server"},
        ),
    ),
    Row("broken off", get("/sound", "x-want-status: reset"), gets(502)),
    Row("service without upstream", get("/nowhere"), gets(503, headers={"content-type": JSON})),
    Row("service that is off", get("/off"), unseen(), gets(404)),
    Row(
        "one of two is dead",
        get("/half", after=0.2, times=4),
        sees(upstream="upstream", count=4),
        gets(200),
    ),
    Row("all are sick", get("/sick", after=0.3), unseen("green"), gets(503)),
    Row(
        "taken out by its answers, then back",
        [get("/watched", "x-want-status: 429", times=3), get("/watched", after=2.2)],
        gets(429, 429, 503, 200),
    ),
    Row("500 does not count", get("/watched", "x-want-status: 500", times=4), gets(500)),
    backends=[Backend(), Backend("green", respond=lambda _: Reply(500))],
)

SECURE = Group(
    "TLS to the upstream",
    """
version: "1.0"
certificates:
- {name: ca, certificate: "{ca_pem}"}
- {name: me, certificate: "{cert_pem:me.test}", key: "{key_pem:me.test}"}
upstreams:
- {name: blind, targets: [{host: localhost, port: {open_port}}]}
- name: checked
  targets: [{host: 127.0.0.1, port: {secure_port}}]
  tls: {sni: s.test, verify: true, ca_certificates: [ca], client_certificate: me}
- name: wrong
  targets: [{host: 127.0.0.1, port: {secure_port}}]
  tls: {sni: other.test, verify: true, ca_certificates: [ca]}
services:
- {name: a, protocol: https, upstream: blind, routes: [{path_prefix: /blind}]}
- {name: b, protocol: https, upstream: checked, routes: [{path_prefix: /checked}]}
- {name: c, protocol: https, upstream: wrong, routes: [{path_prefix: /wrong}]}
""",
    Row("any certificate will do", get("/blind"), sees(sni="localhost", client=None), gets(200)),
    Row("verified, with our own", get("/checked"), sees(sni="s.test", client="me.test"), gets(200)),
    Row("another name", get("/wrong"), unseen(), gets(502)),
    backends=[
        Backend("secure", tls=("s.test",), ask_client=True),
        Backend("open", tls=("o.test",)),
    ],
)

WEBSOCKET = Group(
    "upgrades",
    routes(ws=TARGET),
    Row(
        "are passed on",
        get("/ws", "connection: Upgrade", "upgrade: websocket", "x-want-status: 400"),
        sees(headers={"upgrade": "websocket"}),
        gets(400),
    ),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(
    ("group", "row"), cases([HOSTS, BALANCING, HASHED, FAILING, SECURE, WEBSOCKET])
)
def test_upstream(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.mark.gateway
def test_a_cookie_leads_back_to_its_target(stage: Stage) -> None:
    run = stage.enter(BALANCING)
    first = run.send(get("/sticky"))
    cookie = (first.all("set-cookie") or [""])[0].partition(";")[0]
    names = {run.send(get("/sticky", f"cookie: {cookie}")).all("x-upstream")[0] for _ in range(6)}
    assert names == {first.all("x-upstream")[0]}


@pytest.mark.gateway
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/header/{n}", "x-user: {v}"),
        ("/query/{n}?u={v}", ""),
        ("/path/{v}?{n}", ""),
        ("/cookie/{n}", "cookie: c={v}"),
    ],
)
def test_equal_values_have_one_target(stage: Stage, path: str, headers: str) -> None:
    run = stage.enter(HASHED)
    taken: dict[int, set[str]] = {}
    for value in range(12):
        for number in range(3):
            fields = {"n": number, "v": f"value-{value}"}
            lines = [headers.format(**fields)] if headers else []
            answer = run.send(get(path.format(**fields), *lines))
            taken.setdefault(value, set()).update(answer.all("x-upstream"))
    assert all(len(names) == 1 for names in taken.values())
    assert len(Counter(name for names in taken.values() for name in names)) == 2
