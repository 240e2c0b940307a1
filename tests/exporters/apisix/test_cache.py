"""Answers that are kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import route

MEMORY = {"cache_strategy": "memory", "cache_zone": "memory_cache"}


@pytest.mark.parametrize(
    ("policy", "config"),
    [
        ("{}", {}),
        ("{methods: [GET], status_codes: [200], ttl: 60s, respect_cache_control: true}",
         {"cache_method": ["GET"], "cache_http_status": [200], "cache_ttl": 60,
          "cache_control": True}),
        ("{vary_headers: [Accept-Language]}",
         {"cache_key": ["$host", "$request_uri", "$http_accept_language"]}),
        ("{vary_query_params: [q]}", {"cache_key": ["$host", "$uri", "$arg_q"]}),
    ],
)  # fmt: skip
def test_cache(policy: str, config: dict[str, Any]) -> None:
    assert route(f"cache: {policy}").plugins == {"proxy-cache": {**MEMORY, **config}}


@pytest.mark.parametrize(
    ("policy", "words", "fate"),
    [
        ("{methods: [GET, PUT]}", "answers to GET, POST, HEAD only", "warning approximated"),
        ("{content_types: [a/b]}", "all media types", "warning approximated"),
        ("{ignore_path_case: true}", "with case", "warning approximated"),
        ("{vary_query_params: [x-y]}", "cannot name one of these", "warning approximated"),
        ("{report_headers: [age]}", "Apisix-Cache-Status", "info approximated"),
        ("{methods: [PUT]}", "no answer is kept", "warning dropped"),
    ],
)
def test_differences(policy: str, words: str, fate: str) -> None:
    assert route(f"cache: {policy}").heard(words) == [fate]
