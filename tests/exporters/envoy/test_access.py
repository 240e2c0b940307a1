"""What rules on addresses, groups and kinds of client become."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.access import acl, ip_access, user_agent
from gal.exporters.envoy.authentication import authentication
from gal.model import (
    Acl,
    Anchor,
    ApiKeyAuth,
    Authentication,
    Consumer,
    Credentials,
    Dialect,
    Gateway,
    IpAccess,
    KeyCredential,
    Policies,
    Regex,
    Secret,
    UserAgentAccess,
)
from tests.exporters.envoy.built import Built, built

ALICE = Consumer(
    "alice", groups=["a"], credentials=Credentials(api_keys=[KeyCredential(Secret("k"))])
)
LAW_2 = "; everybody is refused with 403"


def address(prefix: str, length: int) -> dict[str, Any]:
    return {"direct_remote_ip": {"address_prefix": prefix, "prefix_len": length}}


def principals(case: Built, name: str) -> Any:
    return case.filter(name)["rbac"]["rules"]["policies"]["gal"]["principals"]


@pytest.mark.parametrize(
    ("policy", "principal"),
    [
        pytest.param(IpAccess(allow=["10.0.0.1"]), address("10.0.0.1", 32), id="address"),
        pytest.param(IpAccess(allow=["10.1.2.3/8"]), address("10.0.0.0", 8), id="range"),
        pytest.param(IpAccess(allow=["2001:DB8::1/32"]), address("2001:db8::", 32), id="IPv6"),
        pytest.param(IpAccess(allow=["${IP}/8"]), address("${IP}", 8), id="placeholder"),
        pytest.param(
            IpAccess(allow=["10.0.0.1", "::1"]),
            {"or_ids": {"ids": [address("10.0.0.1", 32), address("::1", 128)]}},
            id="several",
        ),
        pytest.param(IpAccess(deny=["::1"]), {"not_id": address("::1", 128)}, id="deny"),
        pytest.param(
            IpAccess(allow=["10.0.0.0/8"], deny=["10.0.0.1"]),
            {
                "and_ids": {
                    "ids": [address("10.0.0.0", 8), {"not_id": address("10.0.0.1", 32)}],
                }
            },
            id="both",
        ),
    ],
)
def test_addresses(policy: IpAccess, principal: dict[str, Any]) -> None:
    case = built(policies=Policies(ip_access=policy))
    ip_access(policy, case.build, case.shared)
    assert principals(case, "gal.ip_access") == [principal]
    assert case.filter("gal.ip_access")["rbac"]["rules"]["action"] == "ALLOW"
    assert case.messages == []


def test_rules_of_a_wider_scope_stand_in_the_file_once() -> None:
    policy = IpAccess(allow=["10.0.0.1"])
    case = built(gateway=Gateway(policies=Policies(ip_access=policy)))
    for _ in range(2):
        ip_access(policy, case.build, case.shared)
    chain = case.shared.filters.render()
    assert [one["name"] for one in chain] == ["gal.ip_access.1"]
    assert chain[0]["typed_config"]["rules"]["action"] == "ALLOW"


@pytest.mark.parametrize(
    ("policy", "reply", "messages"),
    [
        pytest.param(IpAccess(allow=["::1"]), [], [], id="Envoy's own"),
        pytest.param(
            IpAccess(allow=["::1"], message="no"), [(403, 403, '{"message":"no"}')], [], id="text"
        ),
        pytest.param(
            IpAccess(allow=["::1"], status_code=404),
            [(403, 404, '{"message":"Forbidden"}')],
            [],
            id="status",
        ),
        pytest.param(
            IpAccess(allow=["::1"], status_code=302),
            [(403, 403, '{"message":"Forbidden"}')],
            ["approximated warning: the refused get 403"],
            id="no status of a refusal",
        ),
    ],
)
def test_refusals(policy: IpAccess, reply: list[tuple[int, int, str]], messages: list[str]) -> None:
    case = built(policies=Policies(ip_access=policy))
    ip_access(policy, case.build, case.shared)
    found = [(was, status, body) for _, was, status, body, _ in case.shared.replies.items()]
    assert (found, case.messages) == (reply, messages)


@pytest.mark.parametrize("text", ["example.com", "10.0.0.0/40", "10.0.0.0/${N}", "${RANGE}"])
def test_no_address_closes(text: str) -> None:
    policy = IpAccess(allow=[text])
    case = built(policies=Policies(ip_access=policy))
    ip_access(policy, case.build, case.shared)
    assert case.build.refusal is not None
    assert case.messages[0].endswith(LAW_2)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        pytest.param(Acl(allow=["a"]), True, id="allow"),
        pytest.param(Acl(deny=["a"]), True, id="deny"),
        pytest.param(Acl(deny=["a"], hide_groups_header=True), None, id="hidden"),
    ],
)
def test_groups(policy: Acl, told: bool | None) -> None:
    checked = Authentication(api_key=ApiKeyAuth())
    case = built(gateway=Gateway(consumers=[ALICE]), policies=Policies(acl=policy))
    authentication(checked, case.build, case.shared)
    acl(policy, case.build, case.shared)
    known, *rest = principals(case, "gal.acl")[0]["and_ids"]["ids"]
    assert known["sourced_metadata"]["metadata_matcher"]["path"] == [{"key": "name"}]
    assert ("not_id" in rest[0]) is bool(policy.deny)
    assert case.filter("gal.consumer")["filter_context"].get("groups") is told
    assert case.messages == []


def test_groups_without_a_consumer() -> None:
    policy = Acl(deny=["a"])
    case = built(policies=Policies(acl=policy))
    acl(policy, case.build, case.shared)
    assert "gal.acl" in case.build.filters
    assert case.messages == [
        "approximated warning: without a consumer nobody has a group: everybody is refused"
    ]


def search(pattern: str) -> Regex:
    return Regex(pattern, Dialect.PCRE, Anchor.SEARCH)


@pytest.mark.parametrize(
    ("policy", "filtered", "messages"),
    [
        pytest.param(UserAgentAccess(deny=[search("bot")]), True, [], id="deny"),
        pytest.param(
            UserAgentAccess(allow=[search("good")], deny_known_bots=True),
            True,
            ["approximated warning: the known robots are those of a list of GAL's own"],
            id="the source's list",
        ),
        pytest.param(
            UserAgentAccess(deny=[search("(?=a)b")]),
            False,
            ["dropped error: Envoy cannot say an expression: "],
            id="impossible",
        ),
    ],
)
def test_clients(policy: UserAgentAccess, filtered: bool, messages: list[str]) -> None:
    case = built(policies=Policies(user_agent=policy))
    user_agent(policy, case.build, case.shared)
    assert ("gal.user_agent" in case.build.filters) is filtered
    assert len(case.messages) == len(messages)
    assert all(map(str.startswith, case.messages, messages))
    assert (case.build.refusal is not None) is any("error" in one for one in messages)
