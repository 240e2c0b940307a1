"""From APISIX to the model and back: the model stays equal, the second file is the first."""

from __future__ import annotations

import pytest

from gal.codec import encode
from gal.convert import convert, read_gateway
from gal.ledger import Level
from gal.reading import read_documents
from gal.writing import render
from tests.exporters.apisix.placed import own, place

UP = "{type: roundrobin, nodes: {'h.test:80': 1}}"
PEM = "-----BEGIN CERTIFICATE-----\\n" + "A" * 128 + "\\n-----END CERTIFICATE-----\\n"
KEY = "-----BEGIN PRIVATE KEY-----\\n" + "B" * 128 + "\\n-----END PRIVATE KEY-----\\n"

TEXTS = {
    "a route with its upstream": f"routes: [{{id: r, uri: /x, upstream: {UP}}}]",
    "a named upstream": (
        "upstreams: [{id: u, nodes: [{host: h.test, port: 80, weight: 1}]}]\n"
        "routes: [{id: r, name: n, uris: [/x, /y/*, /z*], upstream_id: u}]"
    ),
    "a service": (
        f"services: [{{id: s, name: shop, hosts: [a.test], upstream: {UP}, labels: {{a: b}},"
        " plugins: {cors: {}, limit-count: {count: 1, time_window: 60}}}]\n"
        "routes:\n- {id: r, uri: /x, service_id: s}\n"
        "- {id: q, uri: /y, service_id: s, plugins: {cors: {max_age: 9}}}"
    ),
    "values that are there several times": (
        r"routes: [{id: r, uri: /x, vars: [[OR, [http_x_a, ==, '1'],"
        r" [http_x_a, '~~', '(?:^|, )(?:1)(?:, |\z)']], [OR, [http_x_b, '~*', '^b\z'],"
        r" [http_x_b, '~*', '(?:^|, )b(?:, |\z)']], ['!OR', [arg_q, ==, '1'],"
        r" [args, '~~', '(?:^|&)(?:(?i:%71)|q)=(?:(?:(?i:%31)|1))(?:&|$)']]],"
        f" upstream: {UP}}}]"
    ),
    "a host with a port": (
        r"routes: [{id: r, uri: /x, host: a.test, vars: [[AND, [host, ==, a.test],"
        r" [OR, [http_host, '~~', ':80\z'], [AND, [http_host, '!', '~~', ':\d+\z'],"
        f" [server_port, ==, '80']]]]], upstream: {UP}}}]"
    ),
    "matches": (
        f"routes: [{{id: r, uri: /x*, hosts: [a.test, '*.b.test'], methods: [GET, PURGE],"
        " remote_addrs: [10.0.0.0/8, '::1'], priority: 7, desc: words, labels: {a: b},"
        " enable_websocket: true, timeout: {connect: 1, send: 2, read: 3},"
        " vars: [[http_x_a, ==, '1'], [arg_b, in, ['1', '2']], [http_c, '!', '~~', ^d],"
        f" [arg_e, '~*', f], [http_g, '~~', ^], [scheme, ==, https]], upstream: {UP}}}]"
    ),
    "conditions on the path": (
        f"routes:\n- {{id: r, uri: /*, vars: [[uri, '~~', '^/v[0-9]/']], upstream: {UP}}}\n"
        f"- {{id: q, uri: /a*, vars: [[uri, in, [/a/b, /a/c]]], upstream: {UP}}}\n"
        f"- {{id: s, uri: /a/*/c, upstream: {UP}}}"
    ),
    "conditions on the connection": (
        f"routes: [{{id: r, uri: /*, vars: [[OR, [host, ==, a.test], [host, '~~', '^b\\..']],"
        " [ssl_server_name, in, [a.test, b.test]], [server_port, in, ['80', '81']],"
        " [OR, [AND, [remote_addr, ipmatch, [10.0.0.0/8]], [remote_port, ==, '9']],"
        f" [remote_addr, ipmatch, [10.0.0.1]]]], upstream: {UP}}},\n"
        f" {{id: q, uri: /*, host: a.test, vars: [[AND, [host, ==, a.test],"
        f" [server_port, ==, '81']]], upstream: {UP}}}]"
    ),
    "rewriting": (
        f"routes:\n- {{id: r, uri: /a, upstream: {UP}, plugins: {{proxy-rewrite: {{uri: /b,"
        " host: other.test, method: POST, headers: {set: {A: b}, remove: [C]}}}}\n"
        f"- {{id: q, uri: /c*, upstream: {UP}, plugins: {{proxy-rewrite:"
        " {regex_uri: ['^/c/(.*)', '/d/$1']}}}\n"
        f"- {{id: s, uri: /e*, upstream: {UP}, plugins: {{proxy-rewrite:"
        " {regex_uri: [^/e/a, /b, ^/e/c, /d]}}}"
    ),
    "to https": (
        f"routes: [{{id: r, uri: /a, upstream: {UP},"
        " plugins: {redirect: {http_to_https: true}}}]"
    ),
    "several upstreams": (
        "upstreams: [{id: u, nodes: {'u.test:80': 1}},"
        " {id: v, scheme: https, nodes: {'v.test:443': 1}}]\n"
        f"routes: [{{id: r, name: r, uri: /a, upstream: {UP}, plugins: {{traffic-split: {{rules:"
        " [{weighted_upstreams: [{upstream_id: u, weight: 2}, {upstream_id: v, weight: 1},"
        " {weight: 3}]}]}}}]"
    ),
    "a split by conditions": (
        "upstreams: [{id: u, nodes: {'u.test:80': 1}}]\n"
        f"routes: [{{id: r, name: r, uri: /a, upstream: {UP}, plugins: {{traffic-split: {{rules:"
        " [{match: [{vars: [[arg_a, ==, b]]}], weighted_upstreams: [{upstream_id: u}]}]}}}]"
    ),
    "an upstream with everything": (
        "upstreams: [{id: u, name: up, desc: words, type: chash, hash_on: header, key: X-User,"
        " scheme: https, pass_host: rewrite, upstream_host: o.test, retries: 4, retry_timeout: 5,"
        " timeout: {connect: 1, send: 2.5, read: 3}, keepalive_pool: {size: 3}, labels: {a: b},"
        " nodes: [{host: a.test, port: 8443, weight: 3, priority: 1},"
        " {host: b.test, port: 8444, weight: 0}],"
        " checks: {active: {type: https, http_path: /h, host: c.test, timeout: 2, port: 99,"
        " http_method: HEAD, req_headers: ['A: b'], https_verify_certificate: false,"
        " healthy: {interval: 3, successes: 1, http_statuses: [201]},"
        " unhealthy: {interval: 4, http_failures: 6, tcp_failures: 7, timeouts: 8}},"
        " passive: {healthy: {successes: 2}, unhealthy: {http_failures: 1, timeouts: 3}}},"
        f' tls: {{client_cert: "{PEM}", client_key: "{KEY}", verify: true}}}}]\n'
        "routes: [{id: r, uri: /a, upstream_id: u}]"
    ),
    "from a registry": (
        "upstreams: [{id: u, type: ewma, service_name: s, discovery_type: nacos,"
        " discovery_args: {group_name: g}},"
        " {id: v, service_name: 'd.test:81', discovery_type: dns}]\n"
        "routes: [{id: r, uri: /a, upstream_id: u}, {id: q, uri: /b, upstream_id: v}]"
    ),
    "certificates": (
        f'ssls: [{{id: c, snis: [a.test, "*.b.test"], cert: "{PEM}", key: "{KEY}",'
        f' certs: ["{PEM}"], keys: ["{KEY}"], client: {{ca: "{PEM}", depth: 2}},'
        " ssl_protocols: [TLSv1.3], labels: {a: b}}]\n"
        f"routes: [{{id: r, uri: /a, host: a.test, upstream: {UP}}},"
        f" {{id: q, uri: /a, host: o.test, upstream: {UP}, plugins: {{key-auth: {{}}}}}}]"
    ),
    "a certificate for an upstream": (
        f'ssls: [{{id: c, type: client, cert: "{PEM}", key: "{KEY}"}}]\n'
        "upstreams: [{id: u, scheme: https, nodes: {'h.test:443': 1}, tls: {client_cert_id: c}}]\n"
        "routes: [{id: r, uri: /a, upstream_id: u}]"
    ),
    "carried": (
        f"routes:\n- {{id: r, uri: /a, upstream: {UP}, plugins: {{ext-plugin-pre-req: {{conf: []}},"
        " my-logger: {a: 1}}}\n"
        f"- {{id: f, uri: /b, filter_func: 'function(vars) return true end', upstream: {UP}}}\n"
        f"- {{id: off, uri: /c, status: 0, upstream: {UP}}}\n"
        "stream_routes: [{id: s, server_port: 9100, upstream: {nodes: {'t.test:1': 1}}}]\n"
        "plugin_metadata: [{id: http-logger, log_format: {a: b}}]\n"
        "secrets: [{id: vault/1, uri: http://v.test, prefix: p, token: t}]"
    ),
    "global rules": (
        "global_rules: [{id: g, plugins: {cors: {max_age: 3}, prometheus: {}, ip-restriction:"
        " {whitelist: [10.0.0.0/8]}}}]\n"
        f"routes: [{{id: r, uri: /a, upstream: {UP}}}, {{id: q, uri: /b, upstream: {UP}}}]"
    ),
    "placeholders": (
        "routes: [{id: r, uri: /a, upstream: {nodes: {'${{HOST}}:80': 1}}, plugins:"
        " {key-auth: {header: $env://HEADER}}}]\n"
        "consumers: [{username: u, plugins: {key-auth: {key: $secret://vault/1/k}}}]"
    ),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_model_stays_equal(text: str) -> None:
    gateway = own(f"{text}\n#END\n")
    back = own(render(place(gateway).data))
    assert encode(back) == encode(gateway)
    assert back == gateway


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_second_trip_gives_the_same_bytes(text: str) -> None:
    first = render(place(own(text)).data)
    assert render(place(own(first)).data) == first


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_nothing_is_said(text: str) -> None:
    """What comes from APISIX goes there without a loss."""
    assert place(own(text)).said == []


def test_another_router_stays() -> None:
    documents = read_documents(f"{TEXTS['a route with its upstream']}\n", "apisix.yaml", "yaml")
    settings = "apisix: {router: {http: radixtree_uri_with_parameter}}"
    documents += read_documents(settings, "config.yaml", "yaml")
    gateway = read_gateway(documents).gateway
    assert "router" not in place(gateway).data


def test_a_guarded_route_that_only_apisix_can_say_comes_back_alone() -> None:
    text = (
        "routes:\n"
        f"- {{id: f, uri: /b, filter_func: 'function(vars) return true end', upstream: {UP},\n"
        "   plugins: {key-auth: {}}}\n"
        f"- {{id: g, uri: /*, upstream: {UP}}}\n"
    )
    made = convert(read_documents(text, "apisix.yaml", "yaml"), "apisix", source="apisix")
    found = {one["id"]: one for one in made.files[0].data["routes"]}
    assert list(found) == ["g", "f"]
    assert found["f"]["plugins"] == {"key-auth": {}}
    assert not [one for one in made.ledger.sorted() if one.level is Level.ERROR]
    for target in ("kong", "traefik", "envoy"):
        other = convert(read_documents(text, "apisix.yaml", "yaml"), target, source="apisix")
        assert [one for one in other.ledger.sorted() if one.level is Level.ERROR]
