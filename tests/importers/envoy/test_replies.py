"""Texts of refusals: those that GAL writes come back as policies, of others the ledger speaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.convert import convert
from gal.reading import read_documents
from gal.writing import render
from tests.exporters.envoy.exported import exported
from tests.importers.envoy.placed import file, read

Json = dict[str, Any]

LIMITED = """
services:
- name: s
  upstream: {host: 10.0.0.1, port: 80}
  routes:
  - name: r
    path_prefix: /
    rate_limit: {limits: [10/1m], algorithm: token_bucket, response: {message: later}}
"""
FORBIDDEN = LIMITED.partition("    rate_limit")[0] + (
    "    ip_access: {deny: [10.0.0.0/8], status_code: 404, message: nothing here}\n"
)
LABELLED = LIMITED.partition("    rate_limit")[0] + (
    "    user_agent: {deny: [bad], status_code: 404}\n"
)


def own(text: str = LIMITED) -> Json:
    """A file that GAL wrote, with one reply of a route's own."""
    return exported(text).data


def manager(data: Json) -> Json:
    found: Json = data["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][-1]
    return dict(found["typed_config"])


def mappers(data: Json) -> list[Json]:
    return list(manager(data)["local_reply_config"]["mappers"])


def route(data: Json) -> Json:
    return dict(manager(data)["route_config"]["virtual_hosts"][0]["routes"][0])


def said(data: Json) -> list[tuple[str, str]]:
    """(fate, message) of what is told of texts."""
    _, ledger = read(render(data, "yaml"))
    return [(entry.fate.value, entry.message) for entry in ledger if entry.feature == "local_reply"]


def test_what_gal_writes_says_nothing() -> None:
    gateway, _ = read(render(own(), "yaml"))
    limit = gateway.routes[0].policies.rate_limit
    assert limit is not None
    assert limit.response is not None
    assert (limit.response.status_code, limit.response.message) == (429, "later")
    assert [said(own(text)) for text in (LIMITED, FORBIDDEN, LABELLED)] == [[], [], []]
    assert "metadata" not in json.dumps(gateway.routes[0].extensions)


OTHERS = ("carried", "elsewhere the refused get other texts and statuses")
CHANGED = [
    ("content type", {"body_format_override": {"content_type": "text/html"}}, [OTHERS]),
    ("a header more", {"headers_to_add": [{"header": {"key": "a", "value": "b"}}]}, [OTHERS]),
    ("a format by name", {"body_format_override": {"json_format": {"a": "b"}}}, [OTHERS]),
    ("a body in a file", {"body": {"filename": "b.json"}}, [OTHERS]),
    ("another condition", {"filter": {"not_health_check_filter": {}}}, [OTHERS]),
]


@pytest.mark.parametrize(
    ("change", "want"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED]
)
def test_a_reply_that_says_more_is_carried(change: Json, want: list[tuple[str, str]]) -> None:
    data = own()
    mappers(data)[0].update(change)
    assert said(data) == want
    (again,) = convert(
        read_documents(render(data, "yaml"), "in.yaml", "yaml"), "envoy", source="envoy"
    ).files
    assert mappers(again.data)[0] == mappers(data)[0]


def test_a_mark_of_a_carried_reply_is_not_given_to_another() -> None:
    data = own(LIMITED + "    ip_access: {deny: [10.0.0.0/8], message: no}\n")
    first, second, _ = mappers(data)
    first["headers_to_add"] = [{"header": {"key": "a", "value": "b"}}]
    (again,) = convert(
        read_documents(render(data, "yaml"), "in.yaml", "yaml"), "envoy", source="envoy"
    ).files
    marks = route(again.data)["metadata"]["filter_metadata"]["gal"]
    labels = [one["filter"]["and_filter"]["filters"][1] for one in mappers(again.data)[:2]]
    assert first in mappers(again.data)
    assert len({json.dumps(one) for one in labels}) == 2
    assert len(marks) == 2
    assert second["body"] in [one["body"] for one in mappers(again.data)]


UNUSED = [
    ("no limit is left", LIMITED, '429 and "later"', 429),
    ("no address is asked for", FORBIDDEN, '404 and "nothing here"', 403),
]


@pytest.mark.parametrize(
    ("text", "lost", "original"), [row[1:] for row in UNUSED], ids=[row[0] for row in UNUSED]
)
def test_a_text_that_no_policy_has(text: str, lost: str, original: int) -> None:
    data = own(text)
    found = route(data)
    found["typed_per_filter_config"].clear()
    message = f"the gateway's own answer comes instead of {lost} where a filter says {original}"
    assert said(data) == [("dropped", message)]


def test_a_text_of_a_policy_that_has_a_status_only() -> None:
    data = own(LABELLED)
    mappers(data)[0]["body"] = {"inline_string": '{"message":"go away"}'}
    message = 'the gateway\'s own answer comes instead of "go away" where a filter says 403'
    assert said(data) == [("dropped", message)]


def test_a_mark_that_no_route_has_does_nothing() -> None:
    data = own()
    del route(data)["metadata"]
    assert said(data) == []


@pytest.mark.parametrize(
    ("config", "want"),
    [
        ("{}", []),
        ("{mappers: [{filter: {status_code_filter: {}}, status_code: 500}]}", [OTHERS]),
        (
            "{body_format: {json_format: {a: b}}}",
            [("carried", "elsewhere the refused get other texts")],
        ),
    ],
    ids=["empty", "foreign", "format"],
)
def test_replies_of_other_files(config: str, want: list[tuple[str, str]]) -> None:
    _, ledger = read(file(manager=f"local_reply_config: {config}"))
    told = [(one.fate.value, one.message) for one in ledger if one.feature == "local_reply"]
    assert told == want
    assert [one.message for one in ledger if "not understood" in one.message] == []
