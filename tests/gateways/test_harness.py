"""The harness judges every converter, so it is judged first, with Envoy's own language."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.gateways.cases import (
    ANY,
    Backend,
    Group,
    Reply,
    Row,
    Stage,
    Want,
    cases,
    filled,
    get,
    gets,
    post,
    request,
    sees,
    unseen,
)
from tests.gateways.certificates import authority
from tests.gateways.client import send
from tests.gateways.envoy import RunningEnvoy, validate
from tests.gateways.processes import binary
from tests.gateways.recorder import Upstream, refused_port
from tests.gateways.wants import mismatch

ENVOY = """
static_resources:
  listeners:
    - address: {socket_address: {address: 0.0.0.0, port_value: 8000}}
      filter_chains:
        - filters: &filters
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_\
manager.v3.HttpConnectionManager
                stat_prefix: main
                use_remote_address: true
                route_config:
                  virtual_hosts:
                    - name: main
                      domains: ["*"]
                      routes:
                        - match: {path: /direct}
                          direct_response: {status: 418, body: {inline_string: short}}
                        - match: {prefix: /strip/}
                          route: {cluster: upstream, prefix_rewrite: /}
                        - match: {prefix: /retry}
                          route:
                            cluster: upstream
                            retry_policy: {retry_on: 5xx, num_retries: 2}
                        - match: {prefix: /mirror}
                          route:
                            cluster: upstream
                            request_mirror_policies: [{cluster: mirror}]
                        - match: {prefix: /secure}
                          route: {cluster: secure}
                        - match: {prefix: /refused}
                          route: {cluster: refused}
                        - match: {prefix: /}
                          route: {cluster: upstream}
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
    - name: secure
      address: {socket_address: {address: 0.0.0.0, port_value: 8443}}
      filter_chains:
        - filters: *filters
          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.\
DownstreamTlsContext
              require_client_certificate: true
              common_tls_context:
                validation_context: {trusted_ca: {filename: "{ca_file}"}}
                tls_certificates:
                  - certificate_chain: {inline_string: "{cert_pem:shop.test}"}
                    private_key: {inline_string: "{key_pem:shop.test}"}
  clusters:
    - name: upstream
      load_assignment: &to_upstream
        cluster_name: upstream
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: {upstream_host}, port_value: {upstream_port}}}}
    - name: mirror
      load_assignment:
        cluster_name: mirror
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: {mirror_host}, port_value: {mirror_port}}}}
    - name: refused
      load_assignment:
        cluster_name: refused
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: {refused_port}}}}
    - name: secure
      load_assignment:
        cluster_name: secure
        endpoints:
          - lb_endpoints:
              - endpoint: {address: {socket_address: {address: {secure_host}, port_value: {secure_port}}}}
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: secure.test
          common_tls_context:
            validation_context: {trusted_ca: {inline_string: "{ca_pem}"}}
            tls_certificates:
              - certificate_chain: {inline_string: "{cert_pem:gateway.test}"}
                private_key: {inline_string: "{key_pem:gateway.test}"}
"""  # noqa: E501 - one endpoint a line

WITH_EVERYTHING = Group(
    "envoy",
    ENVOY,
    Row("direct", get("/direct"), unseen(), gets(418, body="short")),
    Row("plain", get("/a?b=c"), sees("/a?b=c", method="GET", host="localhost"), gets(200)),
    Row("rewritten", get("/strip/x"), sees("/x"), gets(200, headers={"x-upstream": "upstream"})),
    Row("odd path", get("//a/../b%2Fc"), sees("//a/../b%2Fc")),
    Row("odd method", request("PROPFIND", "/"), sees(method="PROPFIND"), gets(200)),
    Row("host", get("/", host="shop.test"), sees(host="shop.test")),
    Row(
        "duplicate headers",
        get("/", "X-A: 1", "X-A: 2"),
        sees(headers={"x-a": ["1", "2"], "x-b": None, "x-request-id": ANY}),
    ),
    Row(
        "another client address",
        get("/", source="127.0.0.2"),
        sees(headers={"x-forwarded-for": "127.0.0.2"}),
    ),
    Row("body", post("/", body="text"), sees(body="text", headers={"content-length": "4"})),
    Row("body in chunks", post("/", body=[b"te", b"xt"]), sees(body=b"text")),
    Row("JSON body", post("/", body='{"a": [1]}'), sees(body={"a": [1]})),
    Row("status", get("/", "x-want-status: 404", "x-want-body: no"), gets(404, body="no")),
    Row("no content", get("/", "x-want-status: 204"), gets(204, body=b"")),
    Row("head", request("HEAD", "/"), sees(method="HEAD"), gets(200, body=b"")),
    Row("delay", get("/", "x-want-delay: 0.2"), gets(200, within=(0.2, 2))),
    Row(
        "response headers",
        get("/", "x-want-header: Set-Cookie: a=1", "x-want-header: Set-Cookie: b=2; Path=/"),
        gets(200, headers={"set-cookie": ["a=1", "b=2; Path=/"], "x-none": None}),
    ),
    Row("no answer", get("/", "x-want-status: reset"), gets(503, body=re.compile("upstream.*"))),
    Row("retried", get("/retry", "x-want-status: 503 503 200"), sees(count=3), gets(200)),
    Row("retried in vain", get("/retry", "x-want-status: 503"), sees(count=3), gets(503)),
    Row("refused", get("/refused"), unseen(), gets(503)),
    Row("several", get("/direct", times=2), gets(418)),
    Row("several paths", [get("/direct"), get("/a")], sees("/a", count=1), gets(418, 200)),
    Row(
        "mirrored",
        get("/mirror"),
        sees(upstream="upstream", host="localhost"),
        sees(upstream="mirror", host="localhost-shadow"),
        gets(200),
    ),
    Row(
        "TLS to the upstream",
        get("/secure"),
        sees(upstream="secure", sni="secure.test", client="gateway.test"),
        gets(200, body=re.compile('.*"path": "/secure".*')),
    ),
    Row(
        "TLS from the client",
        get("/", host="shop.test", tls=True, client="me.test", listener=8443),
        sees(headers={"x-forwarded-proto": "https"}),
        gets(200),
    ),
    Row("no client certificate", get("/", tls=True, listener=8443), unseen(), gets(0)),
    backends=[
        Backend(),
        Backend("mirror"),
        Backend("secure", tls=("secure.test",), ask_client=True),
    ],
)

FIXED_ANSWER = Group(
    "fixed answer",
    ENVOY,
    Row("as the backend says", get("/"), gets(401, headers={"x-why": "because"}, body={"a": 1})),
    backends=[
        Backend(respond=lambda _: Reply(401, (("x-why", "because"),), b'{"a": 1}')),
        Backend("mirror"),
        Backend("secure"),
    ],
)

pytestmark = pytest.mark.gateway


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(convert=str) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([WITH_EVERYTHING, FIXED_ANSWER]))
def test_row(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (Row("status", get("/direct"), gets(200)), "status (418,), wanted (200,)"),
        (Row("too few", get("/direct"), sees()), "saw 0 requests, wanted 1"),
        (Row("too many", get("/"), unseen()), "saw 1 requests, wanted 0"),
        (Row("path", get("/a"), sees("/b")), "path is '/a', wanted '/b'"),
        (Row("header", get("/", "A: 1"), sees(headers={"a": None})), "is ['1'], wanted none"),
        (
            Row("body", get("/direct"), gets(418, body=re.compile("x"))),
            "body is b'short', wanted text",
        ),
        (Row("too early", get("/direct"), gets(418, within=(1, 2))), "wanted (1, 2)"),
    ],
    ids=lambda value: value.name if isinstance(value, Row) else "",
)
def test_row_that_does_not_hold_fails(stage: Stage, row: Row, complaint: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        stage.check(WITH_EVERYTHING, row)


@pytest.mark.parametrize(
    ("got", "want", "fits"),
    [
        (["1"], ..., True),
        ([], None, True),
        (["1"], None, False),
        (["1"], "1", True),
        ([], "", False),
        (["1", "2"], "1, 2", True),
        (["1", "2"], ["1", "2"], True),
        (["2", "1"], ["1", "2"], False),
        ([], ANY, False),
        (["any"], ANY, True),
        (["abc"], re.compile("b"), False),
        (b"abc", "abc", True),
        (b"abc", b"ab", False),
        (b'{"a": 1}', {"a": 1}, True),
        (b"no JSON", {"a": 1}, False),
        (b"", None, True),
        (None, None, True),
        (None, "name", False),
    ],
)
def test_want(got: bytes | list[str] | None, want: Want, fits: bool) -> None:
    assert (mismatch("value", got, want) == []) is fits


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("http://{a_host}:{a_port}", "http://127.0.0.1:80"),
        ("{unknown} {{uuid}} {} {a_port:x}", "{unknown} {{uuid}} {} {a_port:x}"),
        ("{a: {a_port}}", "{a: 80}"),
    ],
)
def test_placeholders(text: str, result: str) -> None:
    assert filled(text, {"a_host": "127.0.0.1", "a_port": "80"}) == result


def test_header_without_colon_is_refused() -> None:
    with pytest.raises(ValueError, match="`Name: value`"):
        get("/", "Name")


def test_envoy_complains_about_a_bad_bootstrap() -> None:
    complaint = validate("static_resources: {listener: []}")
    assert complaint is not None
    assert "listener" in complaint


def test_start_of_a_bad_bootstrap_shows_the_log() -> None:
    bad = RunningEnvoy("static_resources: {listeners: [], clusters: [{name: a, typ: b}]}")
    with pytest.raises(AssertionError, match="'typ'"), bad:
        pass


def test_refused_bootstrap_fails_every_row_of_its_group() -> None:
    group = Group("bad", "static_resources: {listener: []}", Row("any", get("/"), gets(200)))
    with Stage(convert=str) as stage:
        with pytest.raises(AssertionError, match="Envoy refuses it"):
            stage.check(group, group.rows[0])
        with pytest.raises(pytest.fail.Exception, match="did not start"):
            stage.check(group, group.rows[0])


def test_refused_port_refuses() -> None:
    with refused_port() as port:
        assert send(port, "GET", "/").error.startswith("ConnectionRefusedError")


def test_upstream_waits_and_forgets() -> None:
    with Upstream("a") as upstream:
        assert send(upstream.port, "GET", "/1", host=None).status == 200
        assert [seen.target for seen in upstream.wait_for(1)] == ["/1"]
        with pytest.raises(AssertionError, match="a saw 1 requests, not 2"):
            upstream.wait_for(2, timeout=0.01)
        upstream.clear()
        assert upstream.requests == []


@pytest.mark.parametrize(
    ("make", "answer"),
    [
        (lambda: authority().client(), 200),
        (lambda: authority().client("me.test", verify=False), 200),
        (ssl.create_default_context, 0),
    ],
    ids=["trusting", "careless", "distrustful"],
)
def test_client_speaks_tls(make: Callable[[], ssl.SSLContext], answer: int) -> None:
    with Upstream("a", tls=("a.test",)) as upstream:
        response = send(upstream.port, "GET", "/", host="a.test:8443", tls=make())
        assert response.status == answer
        assert [seen.sni for seen in upstream.requests] == ["a.test"] * bool(answer)


@pytest.mark.parametrize(
    ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
)
def test_missing_gateway(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(outcome, match="GAL_NOWHERE"):
        binary("nowhere")
