"""`ip-restriction`, `acl` and `bot-detection`."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.importers.kong.access import acl, ip_access, user_agent
from gal.model import Acl, Anchor, Dialect, IpAccess, Regex, UserAgentAccess
from tests.importers.kong.plugins import APPROXIMATED, Said, check, read_with


def search(pattern: str) -> Regex:
    return Regex(pattern, Dialect.PCRE, Anchor.SEARCH)


@pytest.mark.parametrize(
    ("config", "expected", "said"),
    [
        (
            "allow: [10.0.0.0/8, 192.0.2.1, '2001:db8::/32', '::1', '${OFFICE}']",
            IpAccess(allow=["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "${OFFICE}"]),
            (),
        ),
        (
            "allow: [10.0.0.0/8]\ndeny: [10.1.2.3/16]\nstatus: 404\nmessage: Nothing here",
            IpAccess(["10.0.0.0/8"], ["10.1.2.3/16"], 404, "Nothing here"),
            (),
        ),
        ("whitelist: [10.0.0.1]", IpAccess(allow=["10.0.0.1"]), ()),
        ("blacklist: [10.0.0.1]", IpAccess(deny=["10.0.0.1"]), ()),
        ("allow: [10.0.0.1]\nwhitelist: [10.0.0.1]", IpAccess(allow=["10.0.0.1"]), ()),
        ("deny: []", IpAccess(), ()),
        (
            "deny: [10.0.0.1]\nstatus: 200",
            IpAccess(deny=["10.0.0.1"], status_code=200),
            ((*APPROXIMATED, "config.status", "answers 500"),),
        ),
    ],
    ids=["allow", "all fields", "whitelist", "blacklist", "both names", "empty", "status 200"],
)
def test_ip_access(config: str, expected: IpAccess, said: tuple[Said, ...]) -> None:
    check(ip_access, "ip-restriction", config, expected, said)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("allow: [gold, silver]", Acl(allow=["gold", "silver"])),
        ("deny: [banned]", Acl(deny=["banned"])),
        (
            "allow: [gold]\nhide_groups_header: true\nalways_use_authenticated_groups: true",
            Acl(allow=["gold"], hide_groups_header=True, authenticated_groups=True),
        ),
        ("whitelist: [gold]", Acl(allow=["gold"])),
        ("blacklist: [banned]", Acl(deny=["banned"])),
        ("allow: [gold]\ndeny: null", Acl(allow=["gold"])),
    ],
)
def test_acl(config: str, expected: Acl) -> None:
    check(acl, "acl", config, expected)


def test_consumer_groups_of_an_acl() -> None:
    config = "allow: [gold]\ninclude_consumer_groups: true"
    said = (*APPROXIMATED, "config.include_consumer_groups", "is refused elsewhere")
    check(acl, "acl", config, Acl(allow=["gold"]), (said,))
    check(acl, "acl", "allow: [gold]\ninclude_consumer_groups: false", Acl(allow=["gold"]))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("", UserAgentAccess(deny_known_bots=True)),
        (
            "allow: [curl]\ndeny: ['^Evil/\\d']",
            UserAgentAccess([search("curl")], [search(r"^Evil/\d")], True),
        ),
        (
            "whitelist: [curl]\nblacklist: [Evil]",
            UserAgentAccess([search("curl")], [search("Evil")], True),
        ),
    ],
    ids=["defaults", "both", "old names"],
)
def test_user_agent(config: str, expected: UserAgentAccess) -> None:
    check(user_agent, "bot-detection", config, expected)


@pytest.mark.parametrize(
    ("kind", "config", "where", "message"),
    [
        (ip_access, "", "1:1", 'one of "allow" and "deny"'),
        (ip_access, "status: 403", "3:3", 'one of "allow" and "deny"'),
        (ip_access, "allow: [10.0.0.0/33]", "3:11", "no IP address"),
        (ip_access, "allow: [10.0.0.0/255.0.0.0]", "3:11", "no IP address"),
        (ip_access, "deny: [10.0.0.1, localhost]", "3:20", "no IP address"),
        (ip_access, "allow: 10.0.0.1", "3:10", "must be a list"),
        (ip_access, "allow: [10.0.0.1]\nwhitelist: [10.0.0.2]", "4:14", 'old name of "allow"'),
        (acl, "allow: [a]\ndeny: [b]", "3:3", "only one of"),
        (acl, "whitelist: [a]\ndeny: [b]", "3:3", "only one of"),
        (acl, "hide_groups_header: true", "3:3", 'one of "allow" and "deny"'),
        (acl, "deny: [a]\ninclude_consumer_groups: true", "4:28", "would enter elsewhere"),
        (acl, "allow: []", "3:3", "everybody is refused"),
        (acl, "deny: []", "3:3", "everybody is refused"),
        (user_agent, "deny: ['*bot']", "3:10", "no regular expression"),
    ],
)
def test_refused(kind: object, config: str, where: str, message: str) -> None:
    assert callable(kind)
    with pytest.raises(InputError, match=message) as caught:
        read_with(kind, "x", config)
    assert str(caught.value.position) == f"kong.yaml:{where}"


@pytest.mark.parametrize(
    ("config", "path"),
    [("allow: [10.0.0.1]", "config.allow"), ("whitelist: [10.0.0.1]", "config.whitelist")],
)
def test_origins_point_at_the_list(config: str, path: str) -> None:
    made, _, _ = read_with(ip_access, "ip-restriction", config)
    assert made.origin.locate("allow")[0].path == path
