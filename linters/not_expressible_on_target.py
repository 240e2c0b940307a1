"""The configuration has to fit another gateway as well (`targets` in `[tool.gal.lint]`, `--target`),
and that one has nothing for what is used here. After a conversion it is gone; an access control
that is gone has `gal convert` refuse everybody instead.

This rule says what `gal compat` and the report of `gal convert` say, at the line that it is about.
Where an access control is lost the severity is high, otherwise medium. Some examples:

- **Kong** has no audience check for JWTs in its free edition, and no SHA-1 or bcrypt users from
  elsewhere.
- **APISIX** has no checks of the upstream's name.
- **Traefik** has no JWTs, no consumers, no groups and no caches.
- **Envoy** has no consumers of its own, and basic authentication with SHA-1 only.

Without targets there is nothing to find. Do without it, or let another part of the system do it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.portability import Trouble, troubles
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject

RULE = Rule(
    code="GAL100",
    name="not-expressible-on-target",
    title="Another gateway that this has to fit has nothing for it",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(684,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/",
        "https://apisix.apache.org/docs/apisix/plugins/jwt-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/http_filters",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Features that a target does not have."""
    if not subject.settings.targets:
        return
    from gal.compat import Verdict

    for one in troubles(subject, Verdict.IMPOSSIBLE):
        yield _finding(subject, one)


def _finding(subject: Subject, one: Trouble) -> Finding:
    place, *others = one.places
    closed = one.answer.closed
    then = ", and everybody is refused instead" if closed else ""
    return finding(
        RULE,
        f"{one.feature} is not possible on {one.target}{then}: {one.reason.message}",
        place,
        owner=owner_of(subject, place.node) if place.node is not None else None,
        value=f"{one.target} {one.feature}",
        severity=Severity.HIGH if closed else Severity.MEDIUM,
        related=others[:5],
        help=f"do without it, or do it besides {one.target}",
        count=len(one.places),
    )


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins:
"""
EXAMPLES = ()
