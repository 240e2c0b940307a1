"""Changes of bodies: the scripts' data."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.transformation import BODY_LIMIT, transformation
from gal.model import BodyOperations, ComputedField, Transformation, Validation
from tests.exporters.envoy.built import built


@pytest.mark.parametrize(
    ("policy", "request_data", "response_data"),
    [
        pytest.param(Transformation(), None, None, id="nothing"),
        pytest.param(
            Transformation(defaults={'a"': {"b": [1, None, "é"]}}),
            {
                "changes": True,
                "defaults": [{"name": 'a"', "key": '"a\\""', "value": '{"b":[1,null,"é"]}'}],
            },
            None,
            id="values are JSON",
        ),
        pytest.param(
            Transformation(computed_fields=[ComputedField("id", "uuid", 'p"')]),
            {
                "changes": True,
                "computed": [{"name": "id", "key": '"id"', "generator": "uuid", "prefix": 'p\\"'}],
            },
            None,
            id="computed",
        ),
        pytest.param(
            Transformation(validation=Validation(required_fields=["a"])),
            {"required": [{"name": "a", "key": '"a"'}]},
            None,
            id="required alone changes nothing",
        ),
        pytest.param(
            Transformation(response=BodyOperations(remove=["a"], rename={"b": "c"})),
            None,
            {
                "changes": True,
                "remove": ["a"],
                "rename": [{"from": "b", "to": "c", "key": '"c"'}],
            },
            id="response",
        ),
    ],
)
def test_context(policy: Transformation, request_data: Any, response_data: Any) -> None:
    made = built()
    transformation(policy, made.build, made.shared)
    for side, wanted in (("request", request_data), ("response", response_data)):
        found = made.filter(f"gal.transformation.{side}")
        assert (found and found["filter_context"]) == wanted
    assert made.build.body_limit == (BODY_LIMIT if request_data or response_data else None)
    assert not made.messages


def test_metadata_are_headers() -> None:
    made = built()
    transformation(Transformation(metadata={"x-a": "{{uuid}}"}), made.build, made.shared)
    assert made.steps("gal.transformation.metadata", "request") == [
        "OVERWRITE_IF_EXISTS_OR_ADD x-a: %UNIQUE_ID%"
    ]


def test_unknown_generators_are_told() -> None:
    made = built()
    policy = Transformation(computed_fields=[ComputedField("id", "counter")])
    transformation(policy, made.build, made.shared)
    assert not made.build.filters
    assert made.messages == ['dropped warning: "counter" makes up nothing']
