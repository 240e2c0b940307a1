"""From Kong to the model and back to Kong: the model stays equal, the second file is the first."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.codec import encode
from gal.writing import render
from tests.exporters.kong.exported import export, from_kong
from tests.importers.kong.test_every_field import WHOLE

FIXTURES = Path(__file__).parents[3] / "fixtures" / "kong"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.yaml"))}
TEXTS["every field"] = WHOLE
TEXTS["transformers in two scopes"] = """
_format_version: "3.0"
services:
- name: s
  host: h.test
  plugins:
  - {name: request-transformer, config: {add: {headers: ["a:b"], querystring: ["q:1"]},
     replace: {uri: /x}}}
  - {name: response-transformer, config: {add: {headers: ["c:d"], json: ["j:1"],
     json_types: [number]}}}
  routes:
  - {name: own, paths: [/own], plugins: [{name: request-transformer}]}
  - {name: other, paths: [/other], plugins: [{name: response-transformer,
     config: {remove: {headers: [e]}}}]}
"""
TEXTS["several credentials"] = """
_format_version: "3.0"
consumers: [{username: nobody, plugins: [{name: request-termination, config: {status_code: 401}}]}]
services:
- name: s
  host: h.test
  plugins: [{name: key-auth, id: 00000000-0000-4000-8000-000000000001}]
  routes:
  - {name: all, paths: [/all], plugins: [{name: basic-auth}]}
  - {name: inherits, paths: [/inherits]}
- name: t
  host: t.test
  plugins: [{name: key-auth, config: {anonymous: nobody}}]
  routes:
  - {name: any, paths: [/any], plugins: [{name: basic-auth, config: {anonymous: nobody}}]}
  - {name: insists, paths: [/insists], plugins: [{name: jwt}]}
  - {name: left-out, paths: [/left], plugins: [{name: hmac-auth}]}
"""
TEXTS["origins"] = """
_format_version: "3.0"
plugins: [{name: cors, config: {origins: ["https://a.test", "https://.*\\\\.b\\\\.test",
  "c\\\\.test", "https://d|https://e"], credentials: true, max_age: 5}}]
"""
TEXTS["hashes"] = """
_format_version: "3.0"
_transform: false
consumers: [{username: c, basicauth_credentials: [{username: u, password: abcdef}]}]
"""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_model_stays_equal(text: str) -> None:
    gateway = from_kong(text)
    back = from_kong(render(export(gateway).data))
    assert encode(back) == encode(gateway)
    assert back == gateway


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_second_trip_gives_the_same_bytes(text: str) -> None:
    first = render(export(from_kong(text)).data)
    assert render(export(from_kong(first)).data) == first


def test_nothing_is_lost_on_the_way_back() -> None:
    assert export(from_kong(TEXTS["shop.yaml"])).said == []


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_two_runs_give_the_same_bytes(text: str) -> None:
    assert render(export(from_kong(text)).data) == render(export(from_kong(text)).data)
