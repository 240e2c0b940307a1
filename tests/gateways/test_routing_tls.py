"""HTTPS for clients: GAL's YAML, converted, on a running Envoy."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from tests.gateways.cases import Group, Row, Stage, cases, get, gets, sees
from tests.gateways.certificates import authority
from tests.gateways.gal_text import TARGET, to_envoy

FILE = f"""
version: "1.0"
global: {{port: 8000}}
certificates:
- name: other
  server_names: [o.test]
  certificate: "{{cert_pem:o.test}}"
  key: "{{key_pem:o.test}}"
- name: default
  server_names: ["*", d.test]
  certificate: "{{cert_pem:d.test}}"
  key: "{{key_pem:d.test}}"
- name: wild
  server_names: ["*.w.test"]
  certificate: "{{cert_pem:*.w.test}}"
  key: "{{key_pem:*.w.test}}"
- {{name: authority, certificate: "{{ca_pem}}"}}
%s
services:
- name: main
  upstream: {TARGET}
  routes:
  - {{path_prefix: /}}
  - {{path_prefix: /301, schemes: [https], https_redirect: {{status_code: 301}}}}
  - {{path_prefix: /302, schemes: [https], https_redirect: {{status_code: 302}}}}
  - {{path_prefix: /307, schemes: [https], https_redirect: {{status_code: 307}}}}
  - {{path_prefix: /426, schemes: [https], https_redirect: {{}}}}
"""
APART = """
- name: apart
  server_names: [x.test]
  certificate: "{cert_pem:y.test}"
  key: "{key_pem:y.test}"
"""

BY_NAME = Group(
    "certificates by the names in them",
    FILE % "",
    Row(
        "https is forwarded",
        get("/", listener=8443, tls=True, sni="o.test"),
        sees(headers={"x-forwarded-proto": "https"}),
        gets(200),
    ),
    *(
        Row(
            f"plain requests are sent to https: {status}",
            get(f"/{status}/x?y=z", host="a.test:8000"),
            gets(
                status, headers={"location": re.compile(rf"https://a\.test(:443)?/{status}/x\?y=z")}
            ),
        )
        for status in (301, 302, 307)
    ),
    Row(
        "plain requests are refused",
        get("/426"),
        gets(
            426,
            headers={"content-type": "application/json; charset=utf-8"},
            body={"message": "Please use HTTPS protocol"},
        ),
    ),
)
BY_CHAIN = Group("a certificate for another name than its own", FILE % APART)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.parametrize(("group", "row"), cases([BY_NAME]))
def test_redirects(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.mark.gateway
@pytest.mark.parametrize(
    ("group", "asked", "shown"),
    [
        (BY_NAME, "o.test", "o.test"),
        (BY_NAME, "d.test", "d.test"),
        (BY_NAME, "a.w.test", "*.w.test"),
        (BY_NAME, "unknown.test", "d.test"),
        (BY_CHAIN, "x.test", "y.test"),
        (BY_CHAIN, "a.w.test", "*.w.test"),
        (BY_CHAIN, "unknown.test", "d.test"),
    ],
    ids=str,
)
def test_certificate(stage: Stage, group: Group, asked: str, shown: str) -> None:
    port = stage.enter(group).envoy.ports[8443]
    context = authority().client(verify=True)
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=asked) as secure,
    ):
        found = secure.getpeercert() or {}
    assert ("DNS", shown) in found.get("subjectAltName", ())
