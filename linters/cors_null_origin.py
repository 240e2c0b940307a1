"""Browsers send the origin `null` for pages that have none of their own: sandboxed frames, files,
redirected requests. Any page can put such a frame into itself, so whoever allows `null` allows any
page.

- **Kong**: `null` among `origins`; alone, it is sent to everybody.
- **APISIX**: `allow_origins: "null"`. It stands alone: the schema refuses it in a list with commas.
- **Traefik**: `null` in `accessControlAllowOriginList`.
- **Envoy**: `exact: "null"` in `allow_origin_string_match`.

An expression that allows `null` and no foreign page counts as well. Expressions that allow every
origin are another matter (GAL001).

Take the entry away, and serve the page that needs it from an origin of its own. Without credentials
such pages can read only what anybody may ask for, so the finding is of medium severity then.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import REMOVE, Edit, Finding, Fix, finding, place_of
from gal.lint.origins import NULL, Entry, described, entries
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.samples import APISIX_CORS as _APISIX
from gal.lint.samples import ENVOY_CORS as _ENVOY
from gal.lint.samples import KONG_CORS as _KONG
from gal.lint.samples import TRAEFIK_CORS as _TRAEFIK
from gal.lint.standing import standing
from gal.lint.subject import Subject
from gal.model import Cors
from gal.reading import Node, Sequence

RULE = Rule(
    code="GAL004",
    name="cors-null-origin",
    title="The origin null is allowed, which any page can have",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(346,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/cors/",
        "https://apisix.apache.org/docs/apisix/plugins/cors/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter",
    ),
    fix=Safety.TIGHTEN,
)


def check(subject: Subject) -> Iterator[Finding]:
    """Entries that allow `null`, where not every origin is allowed."""
    for one in standing(subject, Cors):
        cors = one.policy
        listed = [] if cors.reflect_any_origin or "*" in cors.allowed_origins else entries(cors)
        for entry in listed:
            if not entry.takes_null or entry.takes_anybody is not None:
                continue
            yield finding(
                RULE,
                f"{described(entry)} allows pages without an origin, which any page can make",
                entry.where,
                owner=one.owner,
                value="the null origin",
                severity=Severity.HIGH if cors.allow_credentials else Severity.MEDIUM,
                related=[place_of(cors, message="the policy")],
                help="take the entry away, and give the page that needs it an origin",
                fix=_fix(entry, len(listed)),
            )


def _fix(entry: Entry, number: int) -> Fix | None:
    """Without the entry. The last one stays: without any, some gateways allow every origin."""
    node = entry.where
    if entry.text != NULL or number < 2 or not isinstance(node, Node):
        return None  # an expression for null and others is for its author to mend
    while not isinstance(node.parent, Sequence):  # Envoy's entries are mappings
        if node.parent is None:
            return None
        node = node.parent
    edit = Edit(node.parent, int(node.key or 0), REMOVE)
    return Fix("take the entry away", Safety.TIGHTEN, (edit,))


def _kong(*origins: str) -> str:
    return _KONG + "".join(f"      - {one}\n" for one in origins)


def _apisix(line: str) -> str:
    return f"{_APISIX}      {line}\n"


def _traefik(*lines: str) -> str:
    return _TRAEFIK + "".join(f"        {one}\n" for one in lines)


def _envoy(*matchers: str) -> str:
    return _ENVOY + "".join(f"      - {one}\n" for one in matchers)


EXAMPLES = (
    bad("kong", _kong("https://a.test", '"null"  # <-')),
    bad("kong", _kong('"null"  # <-'), "alone, it is sent to everybody"),
    bad("kong", _kong("https://a.test", "https://(a|b)\\.test|null  # <-")),
    good("kong", _kong("https://a.test", "https://null.test"), "a host of this name"),
    good("kong", _kong(r"https://nullable\.test")),
    good("kong", _kong("https://a.test")),
    bad("apisix", _apisix('allow_origins: "null"  # <-')),
    bad(
        "apisix",
        _apisix("allow_origins: https://a.test") + "      allow_origins_by_regex:\n"
        r"      - ^(https://a\.test|null)$  # <-" + "\n",
    ),
    good("apisix", _apisix("allow_origins: https://null.test"), "a host of this name"),
    good("apisix", _apisix('allow_origins: "**"'), "any origin is another matter"),
    good(
        "apisix",
        _apisix("allow_origins: https://a.test") + "      allow_origins_by_regex:\n"
        r"      - ^https://null\.test$" + "\n",
    ),
    bad("traefik", _traefik("accessControlAllowOriginList:", "- https://a.test", '- "null"  # <-')),
    bad("traefik", _traefik("accessControlAllowOriginListRegex:", "- ^(null|https://a)$  # <-")),
    good("traefik", _traefik("accessControlAllowOriginList: [https://null.test]")),
    good("traefik", _traefik("accessControlAllowOriginList: [https://a.test]")),
    good("traefik", _traefik(r"accessControlAllowOriginListRegex: ['^https://null\.test$']")),
    bad("envoy", _envoy('{exact: "null"}  # <-')),
    bad("envoy", _envoy("{exact: https://a.test}", '{safe_regex: {regex: "null"}}  # <-')),
    good("envoy", _envoy("{exact: https://null.test}"), "a host of this name"),
    good("envoy", _envoy("{suffix: .null.test}")),
    good("envoy", _envoy("{exact: https://a.test}")),
)
