"""How consumers are told apart, and what their own policies become."""

from __future__ import annotations

import json

import pytest

from gal.convert import convert
from gal.exporters.envoy.consumer_policies import consumer_policies
from gal.exporters.envoy.consumers import find_consumer, identify, mark, quoted
from gal.ledger import Level
from gal.model import (
    Acl,
    Authentication,
    Consumer,
    DirectResponse,
    Gateway,
    Guard,
    IpAccess,
    Policies,
    Rate,
    RateLimit,
    ScopedPolicies,
)
from gal.reading import read_documents
from tests.exporters.envoy.built import Built, built


@pytest.mark.parametrize(
    ("text", "lua"),
    [
        ("alice", '"alice"'),
        ("a b@c.d", '"a b@c.d"'),
        ('x" .. os.exit() .. "', r'"x\034 .. os.exit() .. \034"'),
        ("a\\", r'"a\092"'),
        ("a\n]]--", r'"a\010]]--"'),
        ("ö%", r'"\195\182\037"'),
        ("\x001", r'"\0001"'),
        ("${NAME}", '"${NAME}"'),
    ],
)
def test_texts_in_the_script(text: str, lua: str) -> None:
    assert quoted(text) == lua


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("alice", 1, "alice"),
        ("alice", 2, "alice/2"),
        ("alice/2", 1, "alice%2F2"),
        ("ö\r\n", 1, "%C3%B6%0D%0A"),
        ("${NAME}", 1, "${NAME}"),
    ],
)
def test_marks(name: str, number: int, expected: str) -> None:
    assert mark(name, number) == expected


@pytest.mark.parametrize(
    ("name", "found"), [("a", "a"), ("id-of-b", "b"), ("id-of-a", "id-of-a"), ("c", None)]
)
def test_find(name: str, found: str | None) -> None:
    consumers = [Consumer("a", id="id-of-a"), Consumer("b", id="id-of-b"), Consumer("id-of-a")]
    consumer = find_consumer(Gateway(consumers=consumers), name)
    assert (consumer.name if consumer is not None else None) == found


def applied(policies: Policies, *scoped: ScopedPolicies) -> Built:
    gateway = Gateway(consumers=[Consumer("a", policies=policies)], scoped_policies=list(scoped))
    case = built(gateway=gateway, name="r")
    case.build.filters.update(identify(case.shared, ["key"]))
    consumer_policies(case.build, case.shared)
    return case


LIMIT = RateLimit(limits=[Rate.parse("1/1h")], hide_headers=True)


@pytest.mark.parametrize(
    ("policies", "filters"),
    [
        pytest.param(Policies(), [], id="none"),
        pytest.param(Policies(rate_limit=LIMIT), ["gal.rate_limit.1"], id="limit"),
        pytest.param(
            Policies(ip_access=IpAccess(allow=["::1"])), ["gal.consumer_access.1"], id="addresses"
        ),
        pytest.param(
            Policies(direct_response=DirectResponse()), ["gal.consumer_access.1"], id="refused"
        ),
        pytest.param(
            Policies(direct_response=DirectResponse(trigger="x")),
            ["gal.consumer_access.1"],
            id="refused at times",
        ),
        pytest.param(
            Policies(ip_access=IpAccess(allow=["nowhere"])), ["gal.consumer_access.1"], id="broken"
        ),
        pytest.param(Policies(acl=Acl(allow=["a"])), ["gal.consumer_access.1"], id="groups"),
        pytest.param(
            Policies(authentication=Authentication(guards=[Guard("x", "kong")])),
            ["gal.consumer_access.1"],
            id="guard",
        ),
        pytest.param(
            Policies(rate_limit=RateLimit(enabled=False, limits=[Rate.parse("1/1h")])),
            [],
            id="limit switched off",
        ),
    ],
)
def test_own_policies(policies: Policies, filters: list[str]) -> None:
    case = applied(policies)
    assert sorted(set(case.build.filters) - {"gal.consumer"}) == filters
    limited = case.filter("gal.consumer")["filter_context"].get("limited")
    assert limited == (["a"] if policies.rate_limit is not None else None)


def test_the_most_specific_limit_counts() -> None:
    other = Policies(rate_limit=RateLimit(limits=[Rate.parse("7/1h")], hide_headers=True))
    case = applied(
        Policies(rate_limit=LIMIT),
        ScopedPolicies("a", route="r", policies=other),
        ScopedPolicies("a", service="s", policies=Policies(rate_limit=LIMIT)),
    )
    settings = case.shared.filters.config("gal.rate_limit.1")
    assert settings is not None
    assert [one["token_bucket"]["max_tokens"] for one in settings["descriptors"]] == [7]


def test_a_key_with_an_end_is_left_away() -> None:
    text = (
        'version: "1.0"\n'
        "consumers: [{name: a, credentials: {api_keys: [{key: k, lifetime: 1h}]}}]\n"
        "services: [{name: s, upstream: {host: h}, routes: [{path_prefix: /, name: r,"
        " authentication: {api_key: {}}}]}]"
    )
    found = convert(read_documents(text, "gal.yaml"), "envoy")
    assert '"k"' not in json.dumps(found.files[0].data)
    assert any("have no end" in one.message for one in found.ledger if one.level is Level.ERROR)


KONG = """
_format_version: "3.0"
services:
- name: s
  url: http://127.0.0.1:9
  routes:
  - {name: a, paths: [/a], plugins: [{name: key-auth}, {name: acl, config: {allow: [g]}}]}
  - {name: b, paths: [/b], plugins: [{name: jwt}, {name: rate-limiting, config: {minute: 5}}]}
  - {name: c, paths: [/c], plugins: [{name: basic-auth}, {name: ldap-auth, config:
      {ldap_host: h, base_dn: d, attribute: a}}]}
consumers:
- username: one
  keyauth_credentials: [{key: secret-key}]
  basicauth_credentials: [{username: u, password: secret-password}]
  jwt_secrets: [{key: k, secret: secret-secret}]
  acls: [{group: g}]
  plugins: [{name: rate-limiting, config: {minute: 1}}]
- username: two
  jwt_secrets: [{key: l, algorithm: RS256, rsa_public_key: broken}]
"""


def test_the_same_twice_and_no_secret_told() -> None:
    first, second = (convert(read_documents(KONG, "kong.yaml"), "envoy") for _ in range(2))
    assert json.dumps(first.files[0].data) == json.dumps(second.files[0].data)
    told = " ".join(entry.message for entry in first.ledger)
    assert "secret-" not in told
    assert first.ledger.worst() is Level.ERROR
