"""Policies on single requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.exporters.apisix.placed import route


@pytest.mark.parametrize(
    ("policy", "plugins", "said"),
    [
        ("request_id: {}",
         {"request-id": {"header_name": "X-Request-ID", "include_in_response": False}}, []),
        ("request_id: {header_name: X-Request-Id, echo: true}", {"request-id": {}}, []),
        ("request_id: {format: tracker, header_name: A, echo: true}",
         {"request-id": {"header_name": "A"}}, ["warning approximated: APISIX makes a UUID"]),
        ("request_id: {keep_existing: false, header_name: A, echo: true}",
         {"request-id": {"header_name": "A"}},
         ["warning approximated: APISIX keeps an id that the client sends"]),
        ("size_limit: {max_body: 8MiB}", {"client-control": {"max_body_size": 8388608}}, []),
        ("size_limit: {max_body: 0}", {"client-control": {"max_body_size": 1}},
         ["warning approximated: APISIX has no limit of 0: a body of one byte is let in"]),
        ("size_limit: {max_body: 10, require_content_length: true}",
         {"client-control": {"max_body_size": 10}},
         [("warning approximated: APISIX lets in requests that do not say their length, and"
           " measures them")]),
        ("size_limit: {max_body: 10}, authentication: {type: basic}",
         {"basic-auth": {}, "client-control": {"max_body_size": 10, "_meta": {"priority": 2000}}},
         []),
        ("compression: {}", {"gzip": {"vary": True}}, []),
        ("compression: {algorithms: [br, gzip], content_types: [a/b], min_size: 1kB, level: 5}",
         {"brotli": {"types": ["a/b"], "min_length": 1000, "vary": True},
          "gzip": {"types": ["a/b"], "min_length": 1000, "comp_level": 5, "vary": True}}, []),
        ("compression: {algorithms: [zstd, gzip, br], content_types: ['*']}",
         {"gzip": {"types": "*", "vary": True}, "brotli": {"types": "*", "vary": True}},
         ['warning dropped: APISIX does not compress with "zstd"',
          "info approximated: APISIX prefers brotli"]),
    ],
)  # fmt: skip
def test_policy(policy: str, plugins: dict[str, Any], said: list[str]) -> None:
    placed = route(policy)
    assert placed.plugins == plugins
    assert placed.said == said


UPSTREAMS = """upstreams:
- {name: one, host: m.test, port: 81}
- {name: two, targets: [{host: a.test, weight: 0}, {host: b.test}, {host: c.test}]}
- {name: six, host: '::1', port: 82}
- {name: odd, host: a_b.test}
"""


@pytest.mark.parametrize(
    ("policy", "config", "said"),
    [
        ("{upstream: one}", {"host": "http://m.test:81"}, []),
        ("{upstream: one, percent: 12.5}",
         {"host": "http://m.test:81", "sample_ratio": 0.125}, []),
        ("{upstream: six}", {"host": "http://[::1]:82"}, []),
        ("{upstream: s}", {"host": "http://h.test:80"}, []),
        ("{upstream: two}", {"host": "http://b.test:80"},
         ["warning approximated: APISIX copies to one address: the first one"]),
        ("{upstream: odd}", None,
         ['warning dropped: APISIX takes "a_b.test" for no host that copies could go to']),
        ("{upstream: nobody}", None,
         ['warning dropped: there is no "nobody" that copies could go to']),
        ("{upstream: one, percent: 0}", None, []),
    ],
)  # fmt: skip
def test_mirror(policy: str, config: dict[str, Any] | None, said: list[str]) -> None:
    placed = route(f"mirror: {policy}", UPSTREAMS)
    assert placed.plugins.get("proxy-mirror") == config
    assert [line for line in placed.said if "cop" in line] == said
