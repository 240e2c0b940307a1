"""Changes of JSON bodies."""

from __future__ import annotations

import pytest

from tests.exporters.apisix.placed import route


def test_fields_that_have_to_be_there() -> None:
    placed = route("transformation: {validation: {required_fields: [a, b]}}")
    assert placed.plugins == {
        "request-validation": {
            "body_schema": {"type": "object", "required": ["a", "b"]},
            "rejected_code": 400,
            "_meta": {"priority": 2000},
        }
    }
    assert placed.heard("no JSON") == ["warning approximated"]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("defaults: {a: 1}", "APISIX puts no fields into a body"),
        ("computed_fields: [{field: id}]", "APISIX makes up no fields of a body"),
        ("request: {remove: [a]}", "APISIX does not change the fields of a request's body"),
        ("response: {remove: [a]}", "APISIX does not change the fields of an answer's body"),
    ],
)
def test_bodies_stay_as_they_are(field: str, message: str) -> None:
    placed = route(f"transformation: {{{field}}}")
    assert placed.plugins == {}
    assert placed.said == [f"warning dropped: {message}"]
