"""One instance of a Kong plugin runs, that of the most specific scope; one that is off is none.

Source: https://developer.konghq.com/gateway/entities/plugin/#plugin-precedence
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways.cases import Group, Row, Stage, cases, get, gets, sees
from tests.gateways.kong_text import to_envoy

pytestmark = pytest.mark.gateway

SCOPES = Group(
    "scopes",
    """
_format_version: "3.0"
services:
- name: plain
  host: "{upstream_host}"
  port: {upstream_port}
  routes:
  - {name: everywhere, paths: [/everywhere]}
  - name: route
    paths: [/route]
    plugins:
    - {name: response-transformer, config: {add: {headers: ["X-From:route"]}}}
  - name: "off"
    paths: [/off]
    plugins:
    - name: response-transformer
      enabled: false
      config: {add: {headers: ["X-From:off"]}}
  - name: query
    paths: [/query]
    plugins:
    - {name: request-transformer, config: {add: {querystring: ["a:1"]}}}
- name: own
  host: "{upstream_host}"
  port: {upstream_port}
  plugins:
  - {name: response-transformer, config: {add: {headers: ["X-From:service"]}}}
  routes:
  - {name: service, paths: [/service]}
  - name: narrow
    paths: [/narrow]
    plugins:
    - {name: response-transformer, config: {add: {headers: ["X-From:narrow"]}}}
  - name: referred
    paths: [/referred]
plugins:
- {name: response-transformer, config: {add: {headers: ["X-From:global"]}}}
- {name: request-transformer, config: {add: {headers: ["X-To:global"]}}}
- name: response-transformer
  route: referred
  service: own
  config: {add: {headers: ["X-From:referred"]}}
""",
    Row("global", get("/everywhere"), gets(200, headers={"x-from": ["global"]})),
    Row("route before global", get("/route"), gets(200, headers={"x-from": ["route"]})),
    Row(
        "a plugin that is off is not there", get("/off"), gets(200, headers={"x-from": ["global"]})
    ),
    Row("service before global", get("/service"), gets(200, headers={"x-from": ["service"]})),
    Row("route before service", get("/narrow"), gets(200, headers={"x-from": ["narrow"]})),
    Row("route and service", get("/referred"), gets(200, headers={"x-from": ["referred"]})),
    Row("the global one acts", get("/everywhere"), sees("/", headers={"x-to": ["global"]})),
    Row(
        "another instance hides all of it, not only what it changes itself",
        get("/query"),
        sees("/?a=1", headers={"x-to": None}),
        gets(200),
    ),
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as started:
        yield started


@pytest.mark.parametrize(("group", "row"), cases([SCOPES]))
def test_scope(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
