"""Changes of headers: the mutations and the script's data."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.headers import headers, template
from gal.model import Operations
from tests.exporters.envoy.built import built


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("50% of {x}", "50%% of {x}"),
        ("%REQ(x)%", "%%REQ(x)%%"),
        ("a-{{uuid}}", "a-%UNIQUE_ID%"),
        ("{{timestamp}}", "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%"),
    ],
)
def test_template(value: str, text: str) -> None:
    assert template(value) == text


@pytest.mark.parametrize(
    ("operations", "steps", "script"),
    [
        pytest.param(Operations(), [], None, id="nothing"),
        pytest.param(
            Operations(
                remove=["a"],
                replace={"b": ["1"]},
                set={"c": ["1", "2"]},
                default={"d": ["1"]},
                add={"e": ["1", "2"]},
            ),
            [
                "remove a",
                "OVERWRITE_IF_EXISTS b: 1",
                "OVERWRITE_IF_EXISTS_OR_ADD c: 1",
                "APPEND_IF_EXISTS_OR_ADD c: 2",
                "ADD_IF_ABSENT d: 1",
                "APPEND_IF_EXISTS_OR_ADD e: 1",
                "APPEND_IF_EXISTS_OR_ADD e: 2",
            ],
            None,
            id="in order",
        ),
        pytest.param(
            Operations(remove=["a"], rename={"b": "c"}, set={"d": ["1"]}),
            ["OVERWRITE_IF_EXISTS_OR_ADD d: 1"],
            {"remove": ["a"], "rename": [{"from": "b", "to": "c"}]},
            id="rename",
        ),
        pytest.param(
            Operations(replace={"a": ["1", "2"], "b": ["1"]}, default={"c": ["1", "2"]}),
            ["OVERWRITE_IF_EXISTS b: 1"],
            {
                "replace": [{"name": "a", "values": ["1", "2"]}],
                "default": [{"name": "c", "values": ["1", "2"]}],
            },
            id="several values",
        ),
    ],
)
@pytest.mark.parametrize("side", ["request", "response"])
def test_steps(operations: Operations, steps: list[str], script: Any, side: str) -> None:
    made = built()
    request = operations if side == "request" else None
    response = operations if side == "response" else None
    headers(request, response, made.build, made.shared)
    assert made.steps("gal.headers", side) == steps
    found = made.filter(f"gal.headers_{side}")
    assert (found and found["filter_context"]["steps"]) == (script and [script])
    assert not made.messages


def test_a_second_call_acts_after_the_first() -> None:
    made = built()
    headers(Operations(set={"a": ["1"]}, rename={"b": "c"}), None, made.build, made.shared)
    headers(Operations(remove=["a"]), Operations(add={"d": ["1"]}), made.build, made.shared)
    headers(Operations(rename={"c": "d"}), None, made.build, made.shared)
    assert made.steps("gal.headers", "request") == [
        "OVERWRITE_IF_EXISTS_OR_ADD a: 1",
        "remove a",
    ]
    assert made.steps("gal.headers", "response") == ["APPEND_IF_EXISTS_OR_ADD d: 1"]
    assert made.filter("gal.headers_request")["filter_context"]["steps"] == [
        {"rename": [{"from": "b", "to": "c"}]},
        {"rename": [{"from": "c", "to": "d"}]},
    ]


@pytest.mark.parametrize(
    ("operations", "host", "message"),
    [
        pytest.param(Operations(set={"Host": ["a:1"]}), "a:1", None, id="set"),
        pytest.param(Operations(replace={"host": ["a"]}), "a", None, id="replace"),
        pytest.param(Operations(default={"host": ["a"]}), None, None, id="default"),
        pytest.param(Operations(remove=["host"]), None, None, id="remove is only told"),
        pytest.param(Operations(rename={"host": "x"}), None, "Host", id="rename"),
    ],
)
def test_host(operations: Operations, host: str | None, message: str | None) -> None:
    made = built()
    headers(operations, None, made.build, made.shared)
    assert made.build.action.get("host_rewrite_literal") == host
    assert not made.build.filters
    assert bool(made.messages) == bool(message)


@pytest.mark.parametrize(
    "operations",
    [
        Operations(remove=["a b"]),
        Operations(set={"": ["1"]}),
        Operations(add={":path": ["/"]}),
        Operations(set={"a": ["1\r\nb: 2"]}),
    ],
    ids=["space", "empty", "pseudo header", "line break"],
)
def test_what_envoy_refuses_is_left_out(operations: Operations) -> None:
    made = built()
    headers(operations, None, made.build, made.shared)
    assert not made.build.filters
    assert [message.partition(":")[0] for message in made.messages] == ["dropped warning"]
