r"""An entry of the allowed origins lets in more than its author wanted, although it is compared
with whole origins.

- **Other domains.** In `https://app.example\.com` the dot stands for any letter, so
  `https://appxexample.com` fits. `.*example\.com` fits `https://evilexample.com`. Envoy's
  `suffix: example.com` fits the same; `prefix: https://example.com` and `contains` fit
  `https://example.com.evil.net`.
- **Domains that are shared**, such as `github.io` and `vercel.app`: anybody gets a name there, so
  an expression for all names below it allows anybody.
- **Pages without TLS**, where credentials are allowed: whoever sits between such a page and its
  visitor can put a script into it, which then reads what the visitor may read.
- **The machine itself** (`http://localhost:3000`), where credentials are allowed: any program of a
  visitor's machine that serves pages. Such entries are usually left over from development, so the
  finding is low, and there is none in files whose name says `dev`, `local` or `test`.

What gateways compare: Kong `origins`, plain or expressions; APISIX `allow_origins`,
`allow_origins_by_regex` and what `allow_origins_by_metadata` names; Traefik
`accessControlAllowOriginList` and `...ListRegex`; Envoy `allow_origin_string_match`.

Name the origins, or write the expression so that only their own labels vary:
`https://[a-z0-9-]+\.example\.com`. Expressions that are too broad only because the gateway searches
for them are GAL002. Without credentials the first two are low.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from gal.lint.automata import matched_by
from gal.lint.finding import Finding, finding, place_of
from gal.lint.hosts import SHARED, host_of, is_machine
from gal.lint.origins import BEFORE, BEHIND, Entry, accepts_any, described, entries
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_CORS as _APISIX
from gal.lint.samples import ENVOY_CORS as _ENVOY
from gal.lint.samples import KONG_CORS as _KONG
from gal.lint.samples import TRAEFIK_CORS as _TRAEFIK
from gal.lint.standing import Standing, standing
from gal.lint.subject import Subject
from gal.model import Anchor, Cors, Regex

RULE = Rule(
    code="GAL003",
    name="cors-regex-too-broad",
    title="More origins are allowed than was meant",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(942, 185),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/cors/",
        "https://apisix.apache.org/docs/apisix/plugins/cors/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto",
        "https://publicsuffix.org/list/",
    ),
)

_SHARED = (rf"[a-z0-9-]*evil[a-z0-9-]*[.]({'|'.join(SHARED).replace('.', '[.]')})",)
_ANY_HOST = (r"[a-z0-9.-]+",)
_DOT = re.compile(r"(?<=[a-z0-9)\]-])(?<!\\)\.(?=[a-z0-9(\[])")
_MOST_DOTS = 8
_MARKS = "7qzxj93"
_FOR_DEVELOPMENT = re.compile(
    r"(?:^|[^a-z])(?:dev|develop|development|local|test|testing)(?:[^a-z]|$)"
)


def check(subject: Subject) -> Iterator[Finding]:
    """Entries that allow strangers, pages without TLS, or the machine itself."""
    for one in standing(subject, Cors):
        cors = one.policy
        if accepts_any(cors) is not None:
            continue  # the whole policy is another rule's
        listed = entries(cors)
        narrow = []
        for entry in listed:
            why = _too_broad(entry)
            if why is None:
                narrow.append(entry)
            else:
                yield _broad(one, entry, why)
        if cors.allow_credentials:
            yield from _plain(one, narrow)
            yield from _machines(one, narrow)


def _broad(one: Standing[Cors], entry: Entry, why: str) -> Finding:
    return finding(
        RULE,
        f"{described(entry)} {why}",
        entry.where,
        owner=one.owner,
        value="an origin pattern that is too broad",
        severity=Severity.MEDIUM if one.policy.allow_credentials else Severity.LOW,
        related=[place_of(one.policy, message="the policy")],
        help="name the origins, or let only labels below your own domain vary",
    )


def _too_broad(entry: Entry) -> str | None:
    if entry.regex is None:
        return None
    origin = entry.takes((*BEHIND, *BEFORE), whole=True) or _dotted(entry)
    if origin is not None:
        return f"allows {origin}, too"
    origin = entry.takes(_SHARED, whole=True)
    if origin is not None:
        return f"allows every name below a shared domain, such as {origin}"
    return None


def _dotted(entry: Entry) -> str | None:
    """An origin of another domain, which has a letter where a dot is meant."""
    if entry.kind != "regex" or entry.regex is None:
        return None
    text = entry.regex.pattern
    mark = next((one for one in _MARKS if one not in text), None)
    if mark is None:
        return None
    host = rf"[a-z0-9-]*{mark}[a-z0-9-]*[.][a-z]+"
    shape = host if entry.host_only else rf"https?://{host}(:[0-9]+)?"
    for number, dot in enumerate(_DOT.finditer(text)):
        if number == _MOST_DOTS:
            break
        before, after = (_DOT.sub(r"\\.", one) for one in (text[: dot.start()], text[dot.end() :]))
        variant = f"{before}{mark}{after}"
        found = matched_by(Regex(variant, entry.regex.dialect, Anchor.FULL), [Regex(shape)])
        if found is not None:
            return f"https://{found}" if entry.host_only else found
    return None


def _plain(policy: Standing[Cors], listed: list[Entry]) -> Iterator[Finding]:
    found = [(entry, origin) for entry in listed if (origin := _without_tls(entry)) is not None]
    if not found:
        return
    entry, origin = found[0]
    yield finding(
        RULE,
        f"credentials are allowed to pages without TLS: {described(entry)} allows {origin}",
        entry.where,
        owner=policy.owner,
        value="an origin without TLS",
        related=[place_of(one.where, message="and here") for one, _ in found[1:]],
        help="allow https:// only",
        count=len(found),
    )


def _without_tls(entry: Entry) -> str | None:
    if entry.regex is not None:
        return entry.takes(_ANY_HOST, "http", whole=True)
    host = host_of(entry.text) if entry.text.lower().startswith("http://") else None
    return entry.text if host and not is_machine(host) else None


def _machines(policy: Standing[Cors], listed: list[Entry]) -> Iterator[Finding]:
    found = [
        one
        for one in listed
        if one.kind == "exact" and (host := host_of(one.text)) is not None and is_machine(host)
    ]
    if not found or _FOR_DEVELOPMENT.search(_file_of(found[0])):
        return
    yield finding(
        RULE,
        f"credentials are allowed to pages of the visitor's own machine: {found[0].text}",
        found[0].where,
        owner=policy.owner,
        value="an origin of the machine itself",
        severity=Severity.LOW,
        related=[place_of(one.where, message="and here") for one in found[1:]],
        help="leave origins of development to files of development",
        count=len(found),
    )


def _file_of(entry: Entry) -> str:
    return PurePath(place_of(entry.where).position.file).name.lower()


def _kong(*origins: str) -> str:
    return _KONG + "".join(f"      - {one}\n" for one in origins)


def _apisix(*patterns: str, origins: str = "https://a.test") -> str:
    text = f"{_APISIX}      allow_origins: {origins}\n"
    if not patterns:
        return text
    return f"{text}      allow_origins_by_regex:\n" + "".join(
        f"      - {one}\n" for one in patterns
    )


def _traefik(field: str, *origins: str) -> str:
    return f"{_TRAEFIK}        {field}:\n" + "".join(f"        - {one}\n" for one in origins)


def _envoy(*matchers: str) -> str:
    return _ENVOY + "".join(f"      - {one}\n" for one in matchers)


_LIST = "accessControlAllowOriginList"
_REGEX = "accessControlAllowOriginListRegex"

EXAMPLES = (
    bad("kong", _kong(r"https://app.shop\.test  # <-"), "a dot is any letter"),
    bad("kong", _kong(r"https://.*shop\.test  # <-"), "evilshop.test fits"),
    bad("kong", _kong(r"https://[a-z-]+\.github\.io  # <-"), "anybody has a name there"),
    bad("kong", _kong("https://a.test", "http://b.test  # <-", "http://c.test"), "without TLS"),
    good("kong", _kong(r"https://[a-z-]+\.shop\.test"), "labels below the own domain"),
    good("kong", _kong(r"https://a.b.shop\.test"), "no other domain: a letter in a label below"),
    good("kong", _kong("https://shop.github.io"), "one name of a shared domain"),
    good("kong", _kong("https://a.test")),
    bad("apisix", _apisix(r"^https://app.shop\.test$  # <-"), "a dot is any letter"),
    bad("apisix", _apisix(r"^https://[a-z-]+\.vercel\.app$  # <-")),
    bad("apisix", _apisix(origins="http://a.test,https://b.test  # <-"), "without TLS"),
    bad("apisix", _apisix(origins="http://localhost:3000,https://b.test  # <-")),
    good("apisix", _apisix(r"^https://[a-z-]+\.shop\.test$")),
    good("apisix", _apisix(r"^https://shop-[0-9]+\.a\.test$")),
    good("apisix", _apisix(r"https://shop\.test"), "not anchored, but that is another rule"),
    bad("traefik", _traefik(_REGEX, r"^https://app.shop\.test$  # <-")),
    bad("traefik", _traefik(_REGEX, r"^https?://[a-z-]+\.shop\.test$  # <-"), "without TLS, too"),
    bad("traefik", _traefik(_LIST, "http://shop.test  # <-")),
    good("traefik", _traefik(_REGEX, r"^https://[a-z-]+\.shop\.test$")),
    good("traefik", _traefik(_LIST, "https://shop.test")),
    good("traefik", _traefik(_LIST, "https://localhost.shop.test"), "not the machine itself"),
    bad("envoy", _envoy("{suffix: shop.test}  # <-"), "evilshop.test fits"),
    bad("envoy", _envoy("{prefix: https://shop.test}  # <-"), "https://shop.test.evil.net fits"),
    bad("envoy", _envoy("{contains: shop.test}  # <-")),
    bad("envoy", _envoy(r"{safe_regex: {regex: 'https://app.shop\.test'}}  # <-")),
    good("envoy", _envoy(r"{safe_regex: {regex: 'https://[a-z-]+\.shop\.test'}}")),
    good("envoy", _envoy("{exact: https://shop.test}")),
    good("envoy", _envoy("{prefix: 'https://shop.test:'}"), "only ports can follow"),
)
