"""`cors`: every branch of how Kong reads `origins`, and what its expressions match."""

from __future__ import annotations

import re

import pytest

from gal.errors import InputError
from gal.importers.kong.cors import METHODS, cors
from gal.importers.kong.cors_origins import literal_origin, origin_pattern
from gal.model import Anchor, Cors, Dialect, Duration, Regex
from tests.importers.kong.plugins import APPROXIMATED, IDLE, Said, check, read_with


def wanted(**more: object) -> Cors:
    """CORS with Kong's defaults."""
    policy = Cors(allowed_methods=list(METHODS), max_age=None, allow_origin_when_absent=True)
    for name, value in more.items():
        setattr(policy, name, value)
    return policy


def full(pattern: str) -> Regex:
    return Regex(pattern, Dialect.PCRE, Anchor.FULL)


def start(pattern: str) -> Regex:
    return Regex(pattern, Dialect.PCRE, Anchor.START)


HOST = r"[A-Za-z][A-Za-z0-9+.-]*://(?:{})(?::[0-9]+)?"
LOOSE = r"[A-Za-z][A-Za-z0-9+.-]*://(?:(?=[^:]*$)(?:{0})|(?:{0}):[0-9]+)"
NO_CREDENTIALS: dict[str, bool] = {"reflect_any_origin": True}
REFLECT = {"reflect_any_origin": True, "allow_credentials": True}

ROWS: list[tuple[str, str, Cors, tuple[Said, ...]]] = [
    ("nothing", "", wanted(), ()),
    ("no origin", "origins: []", wanted(), ()),
    ("any", "origins: ['*']", wanted(), ()),
    ("any with credentials", "origins: ['*']\ncredentials: true", wanted(**REFLECT), ()),
    ("unset with credentials", "credentials: true", wanted(**REFLECT), ()),
    (
        "any besides others",
        "origins: [https://a.test, '*']",
        wanted(),
        ((*IDLE, "config.origins[0]", "without effect"),),
    ),
    (
        "one literal as it is",
        "origins: ['https://a.test:443/']\ncredentials: true",
        wanted(allowed_origins=["https://a.test:443/"], allow_credentials=True),
        (),
    ),
    (
        "several literals without own ports and paths",
        "origins: ['https://a.test:443/', 'http://b.test:8080', bare.test]",
        wanted(allowed_origins=["https://a.test", "http://b.test:8080", "bare.test"]),
        (),
    ),
    (
        "expressions",
        r"origins: ['^https://.*\.a\.test$', https://b.test, 'https?://c\.test']",
        wanted(
            allowed_origins=["https://b.test"],
            allowed_origin_patterns=[full(r"https://.*\.a\.test"), full(r"https?://c\.test")],
        ),
        (),
    ),
    (
        "alternatives keep Kong's own end",
        r"origins: ['https://a\.test|https://b\.test']",
        wanted(
            allowed_origins=[], allowed_origin_patterns=[start(r"https://a\.test|https://b\.test$")]
        ),
        (),
    ),
    (
        "a host",
        r"origins: ['.*\.a\.test']",
        wanted(allowed_origins=[], allowed_origin_patterns=[full(HOST.format(r".*\.a\.test"))]),
        (),
    ),
    (
        "alternative hosts",
        r"origins: ['a\.test|b\.test']",
        wanted(allowed_origins=[], allowed_origin_patterns=[full(HOST.format(r"a\.test|b\.test"))]),
        ((*APPROXIMATED, "config.origins[0]", "stricter"),),
    ),
    ("any host", "origins: ['.*']", wanted(**NO_CREDENTIALS), ()),
    (
        "a placeholder",
        "origins: ['${ORIGIN}']",
        wanted(allowed_origins=["${ORIGIN}"]),
        ((*APPROXIMATED, "config.origins[0]", "one plain origin"),),
    ),
    (
        "the other fields",
        (
            "methods: [GET, POST]\nheaders: [X-A]\nexposed_headers: [X-B]\nmax_age: 60\n"
            "preflight_continue: true\nprivate_network: true\nallow_origin_absent: false"
        ),
        wanted(
            allowed_methods=["GET", "POST"],
            allowed_headers=["X-A"],
            expose_headers=["X-B"],
            max_age=Duration.seconds(60),
            forward_preflight=True,
            private_network=True,
            allow_origin_when_absent=False,
        ),
        (),
    ),
    (
        "negative age",
        "max_age: -1",
        wanted(max_age=Duration(0)),
        ((APPROXIMATED[0], IDLE[1], "config.max_age", "sent as 0"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_cors(config: str, expected: Cors, said: tuple[Said, ...]) -> None:
    check(cors, "cors", config, expected, said)


@pytest.mark.parametrize(
    ("config", "where", "message"),
    [
        ("methods: [GET, get]", "3:18", "must be one of GET"),
        ("origins: ['*.a.test']", "3:13", "no regular expression"),
        ("origins: https://a.test", "3:12", "must be a list"),
        ("max_age: long", "3:12", "must be a number"),
    ],
)
def test_refused(config: str, where: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_with(cors, "cors", config)
    assert str(caught.value.position) == f"kong.yaml:{where}"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (r"https://a\.test", full(r"https://a\.test")),
        (r"^https://a\.test$", full(r"https://a\.test")),
        (r"^^https://a\.test", full(r"^https://a\.test")),
        (r"https://(a|b)\.test", full(r"https://(a|b)\.test")),
        (r"https://[|a]\.test", full(r"https://[|a]\.test")),
        (r"https://[]|]\.test", full(r"https://[]|]\.test")),
        (r"https://a\|b", full(r"https://a\|b")),
        (r"https://a\.test\$", start(r"https://a\.test\$")),
        (r"(?i)https://a\.test", start(r"(?i)https://a\.test$")),
        (r"(?:a|b)\.test", full(r"(?:a|b)\.test")),  # a colon: the subject is the origin
        (r"[a-z]+\.test", full(HOST.format(r"[a-z]+\.test"))),
        (r"[a-z0-9-]+", full(f"(?:{HOST.format('[a-z0-9-]+')}|null)")),
        (r".*\.(com|net)", full(HOST.format(r".*\.(com|net)"))),
        (r".*\.test[0-9]", full(LOOSE.format(r".*\.test[0-9]"))),
        (r"[!-~]+", full(f"(?:{LOOSE.format(r'[!-~]+')}|null)")),
        (r"(.*)", full(f"(?:{LOOSE.format('(.*)')}|null)")),
        (r"n[u]ll", full(f"(?:{HOST.format('n[u]ll')}|null)")),
    ],
)
def test_patterns(entry: str, expected: Regex) -> None:
    assert origin_pattern(entry).regex == expected


def kong_allows(entry: str, origin: str) -> bool:
    """Kong's own way, with Python's expressions."""
    text = entry if entry.endswith("$") else entry + "$"
    parts = re.fullmatch(r"[a-z]+://([^:]*)(:[0-9]+)?", origin)
    host = parts.group(1) if parts else origin
    subject = origin if ":" in entry else host
    return re.match(text.removeprefix("^"), subject) is not None


def model_allows(entry: str, origin: str) -> bool:
    regex = origin_pattern(entry).regex
    if regex is None:
        return True
    match = re.fullmatch if regex.anchor is Anchor.FULL else re.match
    return match(regex.pattern, origin) is not None


ENTRIES = (
    r"https://.*\.a\.test",
    r"^https://a\.test$",
    r"https://a\.test|https://b\.test",
    r"https?://[^.]+\.a\.test(:[0-9]+)?",
    r".*\.a\.test",
    r"a[.]test",
    r"[a-z]*",
    r"[^x]+",
    r".+0",
    r".*\.a\.test[0-9]*",
    r"(.*\.)?a\.test",
    r".*",
    r"nul.",
    r"(a|b)\.test(80)?",
)
ORIGINS = (
    "https://a.test",
    "http://a.test",
    "https://x.a.test",
    "https://x.a.test:8080",
    "http://a.test:8080",
    "https://a.test.evil.net",
    "https://xa.test",
    "https://b.test",
    "https://b.test.evil.net",
    "https://a.test80",
    "https://A.test",
    "https://x.a.test5:80",
    "null",
)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("origin", ORIGINS)
def test_the_same_origins_match(entry: str, origin: str) -> None:
    assert model_allows(entry, origin) == kong_allows(entry, origin)


@pytest.mark.parametrize("origin", ORIGINS)
def test_what_differs_is_stricter(origin: str) -> None:
    entry = r"a\.test|b\.test"
    assert origin_pattern(entry).difference
    assert model_allows(entry, origin) <= kong_allows(entry, origin)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.test", "https://a.test"),
        ("https://a.test:443", "https://a.test"),
        ("http://a.test:80/x", "http://a.test"),
        ("http://a.test:443", "http://a.test:443"),
        ("a.test", "a.test"),
        ("localhost:3000", "localhost:3000"),
        ("https://a_b.test", None),
        ("https://*.a.test", None),
    ],
)
def test_literal_origins(text: str, expected: str | None) -> None:
    assert literal_origin(text) == expected
