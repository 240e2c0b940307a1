"""`gal trace` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gal.cli.group import run

TEXT = """\
_format_version: "3.0"
services:
- name: orders
  url: http://orders.test:8080/v2
  routes:
  - {name: orders, paths: [/orders], methods: [GET]}
  - {name: export, paths: [/orders/export], methods: [POST]}
  plugins:
  - {name: key-auth, config: {key_names: [apikey]}}
consumers:
- {username: acme, keyauth_credentials: [{key: acme-secret}]}
"""


PASSED = """\
GET http://api.test/orders/export?x=1
├─ route: passed: the route orders takes the request  (kong.yaml:6:5)
├─ authentication: passed: API key: the key in the header apikey is that of acme  (kong.yaml:9:5)
├─ rewrite: changed: the path /orders/export becomes /v2/export  (kong.yaml:6:5)
├─ retry: noted: up to 5 further attempts  (kong.yaml:3:3)
├─ timeout: noted: connect 1m, send 1m, read 1m  (kong.yaml:3:3)
├─ the upstream sees GET /v2/export?x=1
│    Host: the target's own name
│    apikey: [hidden]
│    X-Consumer-Username: acme
│    X-Consumer-ID: 5fd13671-c5c4-56df-9b22-e5e826685754
└─ by http to
     orders.test:8080  100 %  (kong.yaml:3:3)
closer routes that do not take it:
   export: the method GET is not POST  (kong.yaml:7:54)
"""


@pytest.fixture
def kong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("kong.yaml").write_text(TEXT, encoding="utf-8")
    return "kong.yaml"


def test_a_request_that_gets_through(kong: str, capsys: pytest.CaptureFixture[str]) -> None:
    url = "http://api.test/orders/export?x=1"
    assert run(["trace", kong, "GET", url, "-H", "apikey: acme-secret"]) == 0
    told = capsys.readouterr()
    assert told.out == PASSED
    assert told.err == ""


def test_json(kong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", kong, "GET", "/orders", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["route"] == {"name": "orders", "position": "kong.yaml:6:5"}
    assert told["answer"]["status"] == 401
    assert told["steps"][-1]["outcome"] == "refused"
    assert told["upstream"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["GET"], "write gal trace CONFIG METHOD URL"),
        (["GET", "orders"], "is no URL and no path"),
        (["GET", "ftp://x/"], "is no URL and no path"),
        (["G T", "/"], "is no method"),
        (["GET", "/", "-H", "nothing"], "is no header"),
        (["GET", "/", "--client-ip", "x"], "does not appear to be an IPv4 or IPv6 address"),
    ],
)
def test_bad_usage(
    kong: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", kong, *arguments]) == 2
    assert message in capsys.readouterr().err
