r"""An expression is meant for whole origins, but some gateways only search for it. There
`https://app\.example\.com` also allows `https://app.example.com.evil.net`, which anybody can have.

- **APISIX** searches: it joins the expressions of `allow_origins_by_regex` with `|` and looks for
  them anywhere in the origin.
- **Traefik** searches: each expression of `accessControlAllowOriginListRegex` may match anywhere.
- **Kong** matches from the start and adds a `$` at the end of the whole text. In
  `https://a\.com|https://b\.com` the `$` belongs to the last alternative only, so the first one
  allows whatever starts like it. An expression without a colon is tried on the host alone.
- **Envoy** has `safe_regex` match the whole origin: nothing can be missing there. The same
  expression becomes weaker when it is moved to another gateway as it stands.

There is a finding for an expression that allows a host of somebody else only because it need not
match the whole origin. What is missing is searched for, not guessed: `https://a\.test:8443` without
an end allows further digits of the port and no other host, so nothing is said of it.

Write `^(...)$` around the expression, and the scheme into it. The fix does so where an origin is
left that fits; what clients relied on beside it, such as a port, is refused from then on.
`timing_allow_origins_by_regex` of APISIX lets pages see how long an answer took and nothing of it,
so nothing is said of it.

Without credentials other pages can read only what anybody may ask for, so the finding is of medium
severity then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint.finding import Edit, Finding, Fix, finding, place_of
from gal.lint.origins import ANYBODYS, BEFORE, BEHIND, Entry, described, entries
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.samples import KONG_CORS as _KONG
from gal.lint.standing import standing
from gal.lint.subject import Subject
from gal.model import Anchor, Cors
from gal.reading import Scalar, Sequence

RULE = Rule(
    code="GAL002",
    name="cors-regex-not-anchored",
    title="An expression for origins need not match the whole origin, so other domains fit",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(777, 625, 346),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/cors/",
        "https://apisix.apache.org/docs/apisix/plugins/cors/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/regex.proto",
    ),
    fix=Safety.UNSAFE,
)
_ALL = (*ANYBODYS, *BEHIND, *BEFORE)
_NUMBERED = re.compile(r"\\\d|^\(\?[a-z]")
"""References back, and flags for the whole expression, which have to come first."""
_HOSTS = (r"[a-z0-9.-]+",)


def check(subject: Subject) -> Iterator[Finding]:
    """Expressions that allow a foreign host only because they need not match the whole origin."""
    for one in standing(subject, Cors):
        cors = one.policy
        for entry in entries(cors):
            origin = _stranger(entry)
            if origin is None:
                continue
            yield finding(
                RULE,
                f"{described(entry)} need not match the whole origin: {origin} is allowed",
                entry.where,
                owner=one.owner,
                value="an origin expression that is not anchored",
                severity=Severity.HIGH if cors.allow_credentials else Severity.MEDIUM,
                related=[place_of(cors, message="the policy")],
                help="put ^( before the expression and )$ behind it",
                fix=_fix(entry),
            )


def _stranger(entry: Entry) -> str | None:
    if entry.kind != "regex" or entry.regex is None or entry.regex.anchor is Anchor.FULL:
        return None
    if entry.takes(_ALL, whole=True) is not None:
        return None  # it would allow strangers even so: too broad, which is another rule
    return entry.takes((*BEHIND, *BEFORE))


def _fix(entry: Entry) -> Fix | None:
    """From end to end, where an origin is left that fits."""
    node = entry.where
    if not isinstance(node, Scalar) or not isinstance(node.parent, Sequence):
        return None
    if _NUMBERED.search(entry.text) or entry.takes(_HOSTS, whole=True) is None:
        return None
    inner = entry.text.removeprefix("^") if "|" not in entry.text else entry.text
    ended = inner.endswith("$") and not inner.endswith("\\$") and "|" not in inner
    whole = f"^({inner[:-1] if ended else inner})$"  # a colon more would change what Kong tries
    edit = Edit(node.parent, int(node.key or 0), whole)
    return Fix(f"have the whole origin match: {whole}", Safety.UNSAFE, (edit,))


_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    cors:
      allow_origins: https://a.test
      allow_methods: GET
      allow_headers: X-A
      allow_credential: true
      allow_origins_by_regex:
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [cors]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    cors:
      headers:
        accessControlAllowCredentials: true
        accessControlAllowOriginListRegex:
"""


def _kong(*origins: str) -> str:
    return _KONG + "".join(f"      - {one}\n" for one in origins)


def _apisix(origin: str) -> str:
    return f"{_APISIX}      - {origin}\n"


def _traefik(origin: str) -> str:
    return f"{_TRAEFIK}        - {origin}\n"


EXAMPLES = (
    bad("kong", _kong(r"https://a\.test|https://b\.test  # <-"), "the end is the last one's"),
    bad("kong", _kong(r"^a\.test|b\.test$  # <-"), "tried on the host alone"),
    bad("kong", _kong("https://c.test", r"https://a\.test|https://b\.test$  # <-")),
    good("kong", _kong(r"https://a\.test"), "Kong adds the end"),
    good("kong", _kong(r"(https://a|https://b)\.test"), "the end holds for both"),
    good("kong", _kong("https://c.test"), "no expression"),
    bad("apisix", _apisix(r"https://a\.test  # <-"), "anything may follow"),
    bad("apisix", _apisix(r"^https://.*\.shop\.test  # <-"), "anything may follow"),
    bad("apisix", _apisix(r"shop\.test$  # <-"), "evilshop.test ends so, too"),
    bad("apisix", _apisix(r"^https://a\.test|https://b\.test$  # <-"), "one alternative each"),
    good("apisix", _apisix(r"^https://a\.test$")),
    good("apisix", _apisix(r"https://[a-z-]+\.a\.test$"), "nothing stands before a scheme"),
    good("apisix", _apisix(r"\.a\.test$"), "hosts below a.test only"),
    good("apisix", _apisix(r"^https://a\.test:8443"), "only digits of a port can follow"),
    bad("traefik", _traefik(r"https://a\.test  # <-")),
    bad("traefik", _traefik(r"shop\.test$  # <-")),
    bad("traefik", _traefik(r"^(https://a|https://b)\.test  # <-")),
    good("traefik", _traefik(r"^https://a\.test$")),
    good("traefik", _traefik(r"^https://[a-z0-9-]+\.a\.test(:[0-9]+)?$")),
    good("traefik", _traefik(r"\Ahttps://a\.test\z")),
)
