"""What GAL writes for Envoy is read back as the policies that it was written for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.codec import decode, encode
from gal.convert import convert
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render
from tests.importers.envoy.placed import read

CONSUMERS = """
consumers:
- name: acme
  groups: [partners]
  credentials:
    api_keys: [{key: k1}]
    basic: [{username: ann, password: example}]
    jwt: [{key: issuer, secret: example-secret}]
"""


def back(route: str, more: str = "") -> dict[str, Any]:
    """The route as it comes back, and `consumers`."""
    model = f"""
version: '1.0'
services:
- name: s
  upstream: {{host: 10.0.0.1, port: 80}}
  routes:
  - name: r
    path_prefix: /api
    {route}
{more}
"""
    documents = read_documents(model, "gal.yaml", "yaml")
    (written,) = convert(documents, "envoy", source="gal").files
    gateway, ledger = read(render(written.data, "yaml"))
    assert not [entry.path for entry in ledger if "not understood" in entry.message]
    plain = encode(gateway)
    assert decode(read_documents(render(plain, "yaml"), "x", "yaml")[0].root, Gateway) == gateway
    return {**plain["routes"][-1], "consumers": plain.get("consumers")}


@pytest.mark.parametrize(
    ("key", "policy"),
    [
        ("ip_access", {"allow": ["10.0.0.0/8"], "deny": ["10.9.0.0/16"]}),
        ("ip_access", {"deny": ["10.0.0.0/8"], "status_code": 404, "message": "no"}),
        ("size_limit", {"max_body": "1MiB", "require_content_length": True}),
        ("cors", {"allowed_origins": ["https://a"], "allowed_headers": ["X-A"]}),
        ("cors", {"allow_credentials": True}),
        ("request_id", {"header_name": "X-Id", "echo": True}),
        ("request_line", {"method": "PUT"}),
        ("query", {"rename": {"a": "b"}, "set": {"c": "d e"}}),
        ("headers", {"request_rename": {"A": "B"}, "response_rename": {"C": "D"}}),
        ("headers", {"request_set": {"A": "{{uuid}}"}, "response_remove": ["B"]}),
        (
            "transformation",
            {
                "defaults": {"a": 1.5},
                "computed_fields": [{"field": "id", "prefix": "x"}],
                "metadata": {"X-M": "1"},
                "validation": {"required_fields": ["b"]},
                "response": {"remove": ["secret"]},
            },
        ),
        ("compression", {"algorithms": ["br", "gzip"], "level": 9}),
        (
            "rate_limit",
            {
                "limits": ["10/1m"],
                "algorithm": "token_bucket",
                "key_type": "header",
                "key_header": "X-Key",
                "response": {"status_code": 503, "message": "later"},
            },
        ),
        (
            "authentication",
            {"type": "api_key", "api_key": {"keys": [{"key": "k", "name": "ann"}]}},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_policies(key: str, policy: dict[str, Any]) -> None:
    assert back(f"{key}: {json.dumps(policy)}")[key] == policy


@pytest.mark.parametrize(
    "match",
    [
        {"name": "a", "kind": "present", "invert": True},
        {"name": "a b", "values": ["admin", "b c/|x", "ü"], "invert": True},
        {"name": "a", "values": ["\\\\", "y"], "invert": True},
        {"name": "a.b", "values": ["(x)", "%41"], "ignore_case": True, "invert": True},
        {"name": "a", "values": ["b c/ü"]},
    ],
    ids=["present", "values", "a backslash", "signs", "not inverted"],
)
def test_query_parameters(match: dict[str, Any]) -> None:
    found = back(f"query_matches: [{json.dumps(match)}]")
    assert found.get("authentication") is None
    if match.get("invert"):
        assert found["query_matches"] == [match]


@pytest.mark.parametrize("kind", ["api_key", "basic", "jwt"])
def test_consumers(kind: str) -> None:
    found = back(f"authentication: {{type: {kind}}}\n    acl: {{allow: [partners]}}", CONSUMERS)
    assert found["authentication"]["type"] == kind
    assert found["acl"] == {"allow": ["partners"]}
    (consumer,) = found["consumers"]
    assert (consumer["name"], consumer["groups"]) == ("acme", ["partners"])
    assert list(consumer["credentials"]) == ["api_keys" if kind == "api_key" else kind]


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        ("ip_access", {"allow": ["10.0.0.0/8"], "deny": ["10.9.0.0/16"]}),
        (
            "rate_limit",
            {"limits": ["10/1m"], "algorithm": "token_bucket", "key_type": "consumer"},
        ),
    ],
)
def test_policies_of_a_consumer(kind: str, policy: dict[str, Any]) -> None:
    limited = CONSUMERS + f"  policies: {{{kind}: {json.dumps(policy)}}}\n"
    found = back("authentication: {type: api_key}", limited)
    assert found["consumers"][0]["policies"][kind] == policy
