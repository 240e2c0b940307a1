"""Expressions of every dialect as RE2 that has to match the whole text."""

from __future__ import annotations

import re

import pytest

from gal.exporters.envoy.regex import UntranslatableError, escaped, full_match, translate
from gal.model import Anchor, Dialect, Regex
from tests.gateways.envoy import validate

FULL, START, SEARCH = Anchor.FULL, Anchor.START, Anchor.SEARCH
PCRE, RUST, RE2, GO = Dialect.PCRE, Dialect.RUST, Dialect.RE2, Dialect.GO

ANCHORS = [
    (FULL, "/a", "/a"),
    (FULL, "^/a$", "/a"),
    (FULL, "/a|/b", "/a|/b"),
    (FULL, "^/a|/b$", "^/a|/b$"),
    (START, "/a", "/a.*"),
    (START, "^/a", "/a.*"),
    (START, "/a$", "/a"),
    (START, "/a|/b", "(?:/a|/b).*"),
    (START, "^/a|b", "(?:^/a|b).*"),
    (START, "(/a|/b)$", "(/a|/b)"),
    (START, "", ".*"),
    (SEARCH, "a", ".*a.*"),
    (SEARCH, "^/a", "/a.*"),
    (SEARCH, "a$", ".*a"),
    (SEARCH, "^a$", "a"),
    (SEARCH, "^a|b$", ".*(?:^a|b$).*"),
    (SEARCH, "(?m)^a$", ".*(?m)^a$.*"),
    (SEARCH, r"a\$", r".*a\$.*"),
]


@pytest.mark.parametrize(("anchor", "pattern", "expected"), ANCHORS)
def test_anchors(anchor: Anchor, pattern: str, expected: str) -> None:
    assert full_match(Regex(pattern, PCRE, anchor), path=True) == expected


SAME = [
    (RUST, r"/users/(?<id>\d+)", r"/users/(\d+)"),
    (PCRE, r"(?P<a>x)(?'b'y)", "(x)(y)"),
    (PCRE, r"a(?#comment)b", "ab"),
    (PCRE, r"a\/b\-c\_d\~", "a/b-c_d~"),
    (PCRE, r"\x41\x{2f}\012\e", r"A/\x{a}\x{1b}"),
    (RUST, r"\u0041\u{42}\U00000043", "ABC"),
    (PCRE, r"\Qa.b\E+", r"a\.b+"),
    (GO, r"\Q[a-b", r"\[a-b"),
    (PCRE, r"\Aa\z|b\Z", r"\Aa\z|b$"),
    (PCRE, r"\N+", r"[^\n]+"),
    (RUST, r"a{2}{3}", "(?:a{2}){3}"),
    (RUST, r"a*+", "(?:a*)+"),
    (PCRE, r"a{x}{", r"a\{x\}\{"),
    (PCRE, r"a{2,}?b??", "a{2,}?b??"),
    (PCRE, r"[]a]", r"[\]a]"),
    (PCRE, r"[^]-]", r"[^\]\-]"),
    (PCRE, r"[a\-z\]\b]", r"[a\-z\]\x{8}]"),
    (PCRE, r"[[:alpha:]\w.+-]", r"[[:alpha:]\w.+\-]"),
    (PCRE, r"[\x41-\x43]", "[A-C]"),
    (RUST, r"\pL\p{Greek}\P{Lu}[^\p{Nd}]", r"\p{L}\p{Greek}\P{Lu}[^\p{Nd}]"),
    (GO, r"(?i)a(?-i:b)(?i:c)", "(?i)a(?-i:b)(?i:c)"),
    (RUST, r"(?u)a(?-u:b)(?iu)c", "a(?:b)(?i)c"),
    (RE2, r"(?P<x>a)\C\_", r"(?P<x>a)\C\_"),
]


@pytest.mark.parametrize(("dialect", "pattern", "expected"), SAME)
def test_says_the_same(dialect: Dialect, pattern: str, expected: str) -> None:
    assert full_match(Regex(pattern, dialect, FULL)) == expected


REFUSED = [
    (PCRE, "a(?=b)", "look-around"),
    (PCRE, "a(?!b)", "look-around"),
    (PCRE, "(?<=a)b", "look-around"),
    (PCRE, "(?<!a)b", "look-around"),
    (PCRE, r"(a)\1", r"\1"),
    (PCRE, r"(?P<n>a)\k<n>", r"\k"),
    (PCRE, "(?P<n>a)(?P=n)", "no group"),
    (PCRE, "a++", "possessive"),
    (PCRE, "a{2}+", "possessive"),
    (PCRE, "(?>a)", "no group"),
    (PCRE, "(?|a)", "no group"),
    (PCRE, "(?R)", 'flag "R"'),
    (PCRE, "(?1)", "no group"),
    (PCRE, "(?x) a", 'flag "x"'),
    (PCRE, "(*UTF)a", "verbs"),
    (PCRE, r"\h", r"\h"),
    (PCRE, r"\v", r"\v"),
    (PCRE, r"\R", r"\R"),
    (PCRE, r"\Ka", r"\K"),
    (PCRE, r"\Ga", r"\G"),
    (PCRE, r"\Xa", r"\X"),
    (PCRE, "a{,2}", "disagree"),
    (PCRE, "[[.a.]]", "collating"),
    (RUST, "[a&&b]", "&&"),
    (RUST, "[a--b]", "--"),
    (RUST, "[a~~b]", "~~"),
    (RUST, "[a[bc]]", "classes within"),
    (RUST, r"\b{start}a", "word boundaries"),
    (RUST, r"\<a", r"\<"),
    (RUST, r"\p{Alphabetic}", "class of characters"),
    (RUST, "a{", "repeats nothing"),
    (RE2, r"\h", r"\h"),
    (GO, "a**", "repeated"),
    (GO, "*a", "repeats nothing"),
    (GO, "(?i)*a", "repeats nothing"),
    (GO, "{2}a", "repeats nothing"),
    (GO, "(a", '")" is missing'),
    (GO, "a)", "too many"),
    (GO, "[a", '"]" is missing'),
    (GO, "[b-a]", "empty"),
    (GO, "a{3,2}", "empty"),
    (GO, "a{1001}", "1000"),
    (GO, "(a{100}){100}", "1000"),
    (GO, r"(\pL{100})", "too large"),
    (GO, "(?P<n>a)(?P<n>b)", "twice"),
    (GO, "a\\", "ends with"),
    (GO, "(" * 200 + ")" * 200, "deeply"),
]


@pytest.mark.parametrize(("dialect", "pattern", "reason"), REFUSED, ids=lambda one: str(one)[:20])
def test_refused(dialect: Dialect, pattern: str, reason: str) -> None:
    with pytest.raises(UntranslatableError, match=re.escape(reason)):
        full_match(Regex(pattern, dialect, FULL))


ENCODED = [
    (RUST, "/a b", "/a%20b"),
    (RUST, "/é+", "/(?:%C3%A9)+"),
    (GO, "/<x>", "/%3Cx%3E"),
    (RE2, "/é", "/é"),
    (PCRE, '[^"]', '[^"]'),
]


@pytest.mark.parametrize(("dialect", "pattern", "expected"), ENCODED)
def test_paths_come_encoded(dialect: Dialect, pattern: str, expected: str) -> None:
    assert full_match(Regex(pattern, dialect, FULL), path=True) == expected


@pytest.mark.parametrize("pattern", ["[é]", "[ a]"])
def test_classes_cannot_be_encoded(pattern: str) -> None:
    with pytest.raises(UntranslatableError, match="encoded"):
        full_match(Regex(pattern, RUST, FULL), path=True)


def test_headers_hold_any_bytes() -> None:
    assert full_match(Regex("bot", PCRE, SEARCH)) == r"\C*bot\C*"


def test_groups() -> None:
    found = translate(Regex("(a)(?<n>b)(?:c)", RUST))
    assert (found.groups, found.names) == (2, {"n": 2})
    assert translate(Regex("(a)(?<n>b)", RUST), capture=False).text == "(?:a)(?:b)"


@pytest.mark.parametrize("text", ["/a.b", r"a\b", "[x]{2}^$|(a)*+?", "a\nb", "/é~_-"])
def test_escaped_matches_itself_only(text: str) -> None:
    python = re.sub(r"\\x\{(\w+)\}", lambda found: f"\\x{found[1]:0>2}", escaped(text))
    assert re.fullmatch(python, text)


@pytest.mark.gateway
def test_envoy_takes_them_all() -> None:
    patterns = [
        Regex(pattern, dialect, anchor) for dialect, pattern, _ in SAME for anchor in Anchor
    ]
    patterns += [Regex(pattern, PCRE, anchor) for anchor, pattern, _ in ANCHORS]
    routes = [
        {"match": {"safe_regex": {"regex": full_match(one)}}, "direct_response": {"status": 200}}
        for one in patterns
    ]
    assert validate(_bootstrap(routes)) is None


def _bootstrap(routes: list[dict[str, object]]) -> str:
    import json

    kind = "type.googleapis.com/envoy.extensions.filters."
    router = {"name": "r", "typed_config": {"@type": f"{kind}http.router.v3.Router"}}
    manager = {
        "@type": f"{kind}network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "x",
        "route_config": {"virtual_hosts": [{"name": "x", "domains": ["*"], "routes": routes}]},
        "http_filters": [router],
    }
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}},
        "filter_chains": [{"filters": [{"name": "x", "typed_config": manager}]}],
    }
    return json.dumps({"static_resources": {"listeners": [listener]}})
