"""`header_mutation`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.envoy.placed import file, http, policies

KIND = "header_mutation.v3.HeaderMutation"


def append(name: str, value: str, action: str = "") -> str:
    more = f", append_action: {action}" if action else ""
    return f"{{append: {{header: {{key: {name}, value: '{value}'}}{more}}}}}"


@pytest.mark.parametrize(
    ("request_side", "expected"),
    [
        pytest.param("{remove: x-a}", {"request_remove": ["x-a"]}, id="remove"),
        pytest.param(append("x-a", "1"), {"request_add": {"x-a": "1"}}, id="add"),
        pytest.param(
            append("x-a", "1", "OVERWRITE_IF_EXISTS_OR_ADD"),
            {"request_set": {"x-a": "1"}},
            id="set",
        ),
        pytest.param(
            append("x-a", "1", "OVERWRITE_IF_EXISTS"),
            {"request_replace": {"x-a": "1"}},
            id="replace",
        ),
        pytest.param(
            append("x-a", "%UNIQUE_ID%", "ADD_IF_ABSENT"),
            {"request_default": {"x-a": "{{uuid}}"}},
            id="default",
        ),
        pytest.param(
            f"{{remove: x-a}}, {append('x-a', '100%%')}",
            {"request_set": {"x-a": "100%"}},
            id="remove and add",
        ),
    ],
)
def test_requests(request_side: str, expected: dict[str, Any]) -> None:
    found = policies(file(http(KIND, f"mutations: {{request_mutations: [{request_side}]}}")))
    assert found == {"headers": expected}


def test_before_the_changes_of_the_route() -> None:
    chain = http(
        KIND,
        f"mutations: {{request_mutations: [{append('x-a', '1')}],"
        f" response_mutations: [{append('x-b', '2', 'OVERWRITE_IF_EXISTS_OR_ADD')}]}}",
    )
    route = (
        "route: {cluster: s}, request_headers_to_add:"
        " [{header: {key: x-a, value: '3'}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}],"
        " response_headers_to_add: [{header: {key: x-b, value: '4'}}]"
    )
    assert policies(file(chain, route=route)) == {
        "headers": {"request_set": {"x-a": "3"}, "response_set": {"x-b": "2"}}
    }


def test_what_only_envoy_can_fill_in_is_carried() -> None:
    chain = http(KIND, f"mutations: {{request_mutations: [{append('x-a', '%REQ(x-b)%')}]}}")
    assert list(policies(file(chain))) == ["plugins"]
