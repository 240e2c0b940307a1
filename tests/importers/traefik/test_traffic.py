"""`buffering` and `compress`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import fates, file, policies, read

BUFFERED = {"request_buffering": True, "response_buffering": True}
DEFAULTS = {"algorithms": ["gzip", "br", "zstd"]}


@pytest.mark.parametrize(
    ("middlewares", "expected"),
    [
        pytest.param(
            ["{buffering: {maxRequestBodyBytes: 1024, memRequestBodyBytes: 10}}"],
            {
                **BUFFERED,
                "size_limit": {
                    "max_body": "1KiB",
                    "extensions": {"traefik": {"memRequestBodyBytes": 10}},
                },
            },
            id="size",
        ),
        pytest.param(
            [
                "{buffering: {maxRequestBodyBytes: 1024}}",
                "{buffering: {maxRequestBodyBytes: '512'}}",
            ],
            {**BUFFERED, "size_limit": {"max_body": "512B"}},
            id="the smaller one",
        ),
        pytest.param(["{buffering: {}}"], BUFFERED, id="only buffered"),
        pytest.param(
            ["{buffering: {maxResponseBodyBytes: 9}}"],
            {
                **BUFFERED,
                "plugins": {"traefik": [{"name": "m1", "buffering": {"maxResponseBodyBytes": 9}}]},
            },
            id="size of answers",
        ),
        pytest.param(
            ["{buffering: {retryExpression: IsNetworkError() && Attempts() <= 2}}"],
            {**BUFFERED, "retry": {"attempts": 2, "status_codes": [502, 504]}},
            id="further attempts",
        ),
        pytest.param(
            ["{buffering: {retryExpression: IsNetworkError() && Attempts() < 2}}"],
            {**BUFFERED, "retry": {"attempts": 1, "status_codes": [502, 504]}},
            id="one further attempt",
        ),
        pytest.param(["{compress: {}}"], {"compression": DEFAULTS}, id="compression"),
        pytest.param(["{compress: true}"], {"compression": DEFAULTS}, id="as a label"),
        pytest.param(
            [
                (
                    "{compress: {encodings: [br], includedContentTypes: [text/html],"
                    " minResponseBodyBytes: 10}}"
                )
            ],
            {
                "compression": {
                    "algorithms": ["br"],
                    "content_types": ["text/html"],
                    "min_size": "10B",
                }
            },
            id="its settings",
        ),
        pytest.param(
            ["{compress: {excludedContentTypes: [text/event-stream]}}"],
            {
                "compression": {
                    **DEFAULTS,
                    "extensions": {"traefik": {"excludedContentTypes": ["text/event-stream"]}},
                }
            },
            id="its settings that others lack",
        ),
    ],
)
def test_policy(middlewares: list[str], expected: dict[str, Any]) -> None:
    """The policy that middlewares become."""
    assert policies(*middlewares) == expected


@pytest.mark.parametrize(
    ("middleware", "expected"),
    [
        ("{compress: {}}", []),
        (
            "{compress: {excludedContentTypes: [a/b]}}",
            ["warning carried m1.compress.excludedContentTypes"],
        ),
        (
            "{buffering: {memRequestBodyBytes: 1, retryExpression: 'Attempts() < 2'}}",
            [
                "warning carried m1.buffering.retryExpression",
                "info carried m1.buffering.memRequestBodyBytes",
            ],
        ),
    ],
)
def test_ledger(middleware: str, expected: list[str]) -> None:
    """What the ledger says."""
    assert fates(middleware) == expected


@pytest.mark.parametrize(
    "middleware",
    [
        "{compress: {encodings: [lzma]}}",
        "{compress: {includedContentTypes: [a/b], excludedContentTypes: [c/d]}}",
    ],
)
def test_refused_by_traefik(middleware: str) -> None:
    """Traefik takes such a router away."""
    gateway, _ = read(file(middleware))
    assert all(route.policies.direct_response is not None for route in gateway.routes)
