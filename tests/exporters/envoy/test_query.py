"""Changes of query parameters: the script's data."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.query import query
from gal.model import Operations, Query
from tests.exporters.envoy.built import built


@pytest.mark.parametrize(
    ("operations", "context"),
    [
        pytest.param(Operations(), None, id="nothing"),
        pytest.param(Operations(remove=["a b"]), {"remove": ["a b"]}, id="remove"),
        pytest.param(
            Operations(rename={"a&": "b="}),
            {"rename": [{"from": "a&", "to": "b=", "text": "b%3D"}]},
            id="rename",
        ),
        pytest.param(
            Operations(set={"é": ["a b", "&"]}, add={"x": []}),
            {"set": [{"name": "é", "text": "%C3%A9=a%20b&%C3%A9=%26"}]},
            id="values are encoded",
        ),
    ],
)
def test_context(operations: Operations, context: Any) -> None:
    made = built()
    query(Query(request=operations), made.build, made.shared)
    found = made.filter("gal.query")
    assert (found and found["filter_context"]) == context
