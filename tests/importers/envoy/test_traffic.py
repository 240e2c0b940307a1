"""`buffer`, `compressor`, `fault` and the router."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.envoy.placed import file, http, per_route, policies

BUFFER = "buffer.v3.Buffer"
COMPRESSOR = "compressor.v3.Compressor"
LIBRARY = "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"
GZIP = f"compressor_library: {{name: g, typed_config: {{'@type': {LIBRARY}}}}}"
ABORT = "abort: {http_status: 418, percentage: {numerator: %s}}"


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        pytest.param(
            BUFFER, "max_request_bytes: 1024", {"size_limit": {"max_body": "1KiB"}}, id="size"
        ),
        pytest.param(COMPRESSOR, GZIP, {"compression": {}}, id="gzip"),
        pytest.param(
            COMPRESSOR,
            f"{GZIP}, response_direction_config: {{common_config:"
            " {min_content_length: 100, content_type: [text/html]}}",
            {"compression": {"content_types": ["text/html"], "min_size": "100B"}},
            id="its settings",
        ),
        pytest.param(
            "fault.v3.HTTPFault",
            ABORT % 100,
            {"direct_response": {"status_code": 418, "body": "fault filter abort"}},
            id="every request fails",
        ),
        pytest.param("fault.v3.HTTPFault", ABORT % 0, {}, id="no request fails"),
    ],
)
def test_filters(kind: str, settings: str, expected: dict[str, Any]) -> None:
    assert policies(file(http(kind, settings))) == expected


def test_some_requests_fail() -> None:
    found = policies(file(http("fault.v3.HTTPFault", ABORT % 5)))
    assert list(found) == ["plugins"]


def test_size_of_a_route() -> None:
    chain = http(BUFFER, "max_request_bytes: 1024", name="b")
    own = per_route("buffer.v3.BufferPerRoute", "buffer: {max_request_bytes: 10}")
    assert policies(file(chain, per_filter={"b": own})) == {"size_limit": {"max_body": "10B"}}
    off = per_route("buffer.v3.BufferPerRoute", "disabled: true")
    assert policies(file(chain, per_filter={"b": off})) == {}


def test_the_smaller_of_two() -> None:
    text = file(
        http(BUFFER, "max_request_bytes: 1024", name="a"),
        http(BUFFER, "max_request_bytes: 512", name="b"),
    )
    assert policies(text) == {"size_limit": {"max_body": "512B"}}
