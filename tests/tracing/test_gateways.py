"""What is particular to a gateway, as the real ones were seen to do it."""

from __future__ import annotations

import json

import pytest

from gal.tracing.decision import Decision
from gal.tracing.json import data
from gal.tracing.request import parse_request
from gal.tracing.text import render
from gal.tracing.tracer import trace
from tests.tracing.traced import gateway

KONG = """\
_format_version: "3.0"
services:
- name: s
  url: http://s.test:8080
  routes:
  - {name: exact, hosts: [a.test], paths: [/], strip_path: false, preserve_host: true}
  - {name: wild, hosts: ["*.w.test"]}
  - {name: beta, hosts: [a.test], paths: [/], headers: {x-v: ["1"]}, strip_path: false}
  plugins:
  - {name: cors, config: {origins: ["https://app.test"]}}
  - {name: request-transformer, config: {add: {headers: ["Authorization:Basic aHVzaDpodXNo"]}}}
"""
APISIX = """\
routes:
- {id: beta, uri: /v/*, host: a.test, vars: [["http_x_v", "==", "1"]], priority: 1,
   upstream: {nodes: {"b.test:80": 1}}}
- {id: rest, uri: /*, host: a.test, upstream: {nodes: {"s.test:80": 1}},
   plugins: {cors: {allow_origins: "https://app.test"}}}
- {id: moved, uri: /m/*, upstream: {nodes: {"s.test:80": 1}},
   plugins: {proxy-rewrite: {regex_uri: ["^/m/(.*)", "/n/$1"]}}}
"""
TRAEFIK = """\
http:
  routers:
    s: {rule: "Host(`a.test`) && PathPrefix(`/s`)", service: s, middlewares: [strip]}
    any: {rule: "PathPrefix(`/`)", service: s, priority: 1}
  middlewares:
    strip: {stripPrefix: {prefixes: [/s]}}
  services:
    s: {loadBalancer: {servers: [{url: "http://s.test:80"}]}}
"""
ENVOY = """\
static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: 0.0.0.0, port_value: 80}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": NETWORK.HttpConnectionManager
          stat_prefix: main
          SETTINGS
          http_filters:
          - name: cors
            typed_config: {"@type": HTTP.cors.v3.Cors}
          - name: router
            typed_config: {"@type": HTTP.router.v3.Router}
          route_config:
            virtual_hosts:
            - name: v
              domains: ["*"]
              typed_per_filter_config:
                cors:
                  "@type": HTTP.cors.v3.CorsPolicy
                  allow_origin_string_match: [{exact: "https://app.test"}]
              routes: [{name: s, match: {prefix: /s}, route: {cluster: s}}]
  clusters:
  - {name: s, type: STRICT_DNS, load_assignment: {cluster_name: s, endpoints: [{lb_endpoints:
     [{endpoint: {address: {socket_address: {address: s.test, port_value: 80}}}}]}]}}
"""
ENVOY = ENVOY.replace(
    "NETWORK.", "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
).replace("HTTP.", "type.googleapis.com/envoy.extensions.filters.http.")
NORMAL = "normalize_path: true\n          merge_slashes: true"
FILES = {
    "kong": KONG,
    "apisix": APISIX,
    "traefik": TRAEFIK,
    "envoy": ENVOY.replace("SETTINGS", "use_remote_address: true"),
    "envoy, normal": ENVOY.replace("SETTINGS", NORMAL),
}


def traced(name: str, method: str, url: str, *headers: str) -> Decision:
    model = gateway(FILES[name], name.partition(",")[0])
    return trace(model, parse_request(method, url, headers))


def outcome(decision: Decision) -> str:
    """The status that the gateway answers, else what the upstream sees."""
    if decision.answer is not None:
        return str(decision.answer.status)
    return decision.upstream.path if decision.upstream is not None else ""


@pytest.mark.parametrize(
    ("name", "method", "url", "wanted"),
    [
        ("kong", "GET", "http://a.test/x//y", "/x/y"),
        ("kong", "GET", "http://A.test/x", "404"),
        ("kong", "GET", "http://a.test./x", "404"),
        ("kong", "GET", "http://.w.test/x", "/x"),
        ("kong", "GET", "http://a.test/..", "400"),
        ("kong", "GET", "http://a.test/%zz", "400"),
        ("kong", "GET", "http://a.test/%00", "400"),
        ("kong", "get", "http://a.test/", "400"),
        ("kong", "FOO", "http://a.test/", "/"),
        ("apisix", "GET", "http://A.test./x//%79", "/x//%79"),
        ("apisix", "GET", "http://a.test/x/%2e./..", "400"),
        ("apisix", "GET", "/m//%79%3F%25", "/n/y%3F%25"),
        ("traefik", "GET", "http://a.test./s/x", "/x"),
        ("traefik", "GET", "http://a.test/s/%2e%2e/x", "/x"),
        ("traefik", "GET", "http://a.test/t/.", "/t"),
        ("traefik", "GET", "http://a.test/s%2Fx", "/x"),
        ("traefik", "GET", "http://a.test/s/%zz", "400"),
        ("traefik", "get", "http://a.test/s/a%7Cb", "/a%7Cb"),
        ("envoy", "GET", "/s//x/../%79", "/s//x/../%79"),
        ("envoy", "GET", "//s", "404"),
        ("envoy", "GET", "/%73", "404"),
        ("envoy", "get", "/s", "400"),
        ("envoy", "GET", "/s|x", "/s|x"),
        ("envoy, normal", "GET", "/s//x/../%79", "/s/y"),
        ("envoy, normal", "GET", "//%73", "/s"),
    ],
)
def test_path(name: str, method: str, url: str, wanted: str) -> None:
    assert outcome(traced(name, method, url)) == wanted


@pytest.mark.parametrize(
    ("name", "headers", "route"),
    [
        ("kong", ["X-V: 2", "X-V: 1"], "beta"),
        ("apisix", ["X-V: 1"], "beta"),
        ("apisix", ["X-V: 2", "X-V: 1"], "rest"),
    ],
)
def test_repeated_headers(name: str, headers: list[str], route: str) -> None:
    found = traced(name, "GET", "http://a.test/v/x", *headers).route
    assert found is not None
    assert (found.name or found.id) == route


ASKS = "Access-Control-Request-Method: GET"


@pytest.mark.parametrize(
    ("name", "headers", "wanted", "allowed"),
    [
        ("kong", ["Origin: https://b.test", ASKS], "200", "https://app.test"),
        ("kong", ["Origin: https://b.test"], "/s", None),
        ("apisix", ["Origin: https://b.test"], "200", None),
        ("apisix", [], "200", "https://app.test"),
        ("envoy", ["Origin: https://b.test", ASKS], "/s", None),
        ("envoy", ["Origin: https://app.test", ASKS], "200", "https://app.test"),
    ],
)
def test_preflight(name: str, headers: list[str], wanted: str, allowed: str | None) -> None:
    decision = traced(name, "OPTIONS", "http://a.test/s", *headers)
    assert outcome(decision) == wanted
    told = dict(decision.answer.headers) if decision.answer is not None else {}
    assert told.get("Access-Control-Allow-Origin") == allowed


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("kong", "http://a.test/", "it has fewer kinds of match"),
        ("traefik", "http://a.test/s", "its priority is lower"),
        ("apisix", "http://a.test/v/x", "less of the path is fixed at its start"),
        ("apisix", "http://a.test/m/x", "its hosts are wider"),
    ],
)
def test_why_another_route_comes_later(name: str, url: str, reason: str) -> None:
    choice = traced(name, "GET", url, "X-V: 1").choice
    assert [choice.why(one) for one in choice.beaten][:1] == [reason]


def test_the_upstream_sees_the_port_of_host() -> None:
    sent = traced("kong", "GET", "http://a.test:8000/").upstream
    assert sent is not None
    assert sent.host == "a.test:8000"


def test_no_secret_is_shown() -> None:
    decision = traced(
        "kong", "GET", "http://a.test/?apikey=hush&x=1", "Cookie: hush", "apikey: hush"
    )
    for text in (render(decision), json.dumps(data(decision))):
        assert "hush" not in text
        assert "aHVzaDpodXNo" not in text
        assert "/?apikey=[hidden]&x=1" in text


@pytest.mark.parametrize(
    ("policy", "position"), [("rewrite", "traefik.yaml:6:26"), ("route", "traefik.yaml:3:8")]
)
def test_each_step_has_its_line(policy: str, position: str) -> None:
    steps = data(traced("traefik", "GET", "http://a.test/s/x"))["steps"]
    assert {one["policy"]: one["position"] for one in steps}[policy] == position


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/t/x", "/api/v1"),
        ("/t/x/", "/api/v1/"),
        ("/t/x/a/b/", "/api/v1/"),
        ("/t/", "/api/v1/"),
        ("/t", "/api/v1"),
    ],
)
def test_what_kong_leaves_of_a_path_that_is_taken_whole(path: str, seen: str) -> None:
    """The slash at its end stays (seen in Kong 3.10, `get_upstream_uri_v0`)."""
    text = (
        '_format_version: "3.0"\nservices:\n- name: s\n  url: http://a.test/api/v1\n  routes:\n'
        "  - {name: prefix, paths: [/t]}\n  - {name: regex, paths: ['~/t/(\\S+)$']}\n"
    )
    decision = trace(gateway(text, "kong"), parse_request("GET", f"http://a.test{path}"))
    assert decision.upstream is not None
    assert decision.upstream.path == seen
