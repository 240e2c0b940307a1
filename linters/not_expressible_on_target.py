"""The configuration has to fit another gateway as well (`targets` in `[tool.gal.lint]`),
and that one has nothing for what is used here. After a conversion it is gone; an access control
that is gone has `gal convert` refuse everybody instead.

This rule says what `gal compat` and the report of `gal convert` say, at the line that it is about.
Where an access control is lost the severity is high, otherwise medium. Where only a part of
something is lost, that part is a finding here, and what is done in another way is one of GAL101.
Some examples:

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
from gal.lint.samples import APISIX_PREFIX as _APISIX
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.samples import TRAEFIK_MIDDLEWARE as _TRAEFIK
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
    then = ", and everybody is refused instead" if one.closed and not one.partly else ""
    what = f"a part of {one.feature}" if one.partly else one.feature
    return finding(
        RULE,
        f"{what} is not possible on {one.target}{then}: {one.why}",
        place,
        owner=owner_of(subject, place.node) if place.node is not None else None,
        value=f"{one.target} {one.feature}",
        severity=Severity.HIGH if one.closed else Severity.MEDIUM,
        related=others[:5],
        help=f"do without it, or do it besides {one.target}",
        count=len(one.places),
    )


_ENVOY = "routes:\n- match: {prefix: /}\n"


def _to(*targets: str) -> dict[str, object]:
    return {"targets": targets}


_KEPT = "  - {name: proxy-cache, config: {strategy: memory}}"
_DIGEST = "      digestAuth: {users: ['anna:shop:a2688e031edb4be6a3797f3882655c05']}"
_HASHED = "      basicAuth: {users: ['anna:$2y$05$abcdefghijklmnopqrstuv']}"
_COPIES = "  route: {cluster: one, request_mirror_policies: [{cluster: one}]}"

EXAMPLES = (
    bad("kong", f"{_KONG}{_KEPT}  # <-\n", "Traefik keeps no answers", settings=_to("traefik")),
    bad(
        "kong",
        f"{_KONG}  - {{name: jwt}}  # <-\nconsumers: [{{username: anna, jwt_secrets: [{{key: a, "
        "secret: '{vault://env/a}'}]}]  # <-\n",
        "Traefik checks no tokens: severity high; it has no consumers either",
        settings=_to("traefik", "apisix"),
    ),
    good("kong", f"{_KONG}{_KEPT}\n", "nothing else has to fit"),
    good("kong", f"{_KONG}{_KEPT}\n", settings=_to("kong")),
    good(
        "kong",
        f"{_KONG}  - {{name: ip-restriction, config: {{allow: [10.0.0.0/8]}}}}\n",
        settings=_to("traefik", "apisix", "envoy"),
    ),
    bad("apisix", f"{_APISIX}    jwt-auth: {{}}  # <-\n", settings=_to("traefik")),
    bad("apisix", f"{_APISIX}    proxy-cache: {{}}  # <-\n", settings=_to("traefik")),
    good("apisix", f"{_APISIX}    jwt-auth: {{}}\n"),
    good("apisix", f"{_APISIX}    proxy-cache: {{}}\n", settings=_to("apisix")),
    good(
        "apisix",
        f"{_APISIX}    ip-restriction: {{whitelist: [10.0.0.0/8]}}\n",
        settings=_to("traefik", "kong", "envoy"),
    ),
    bad(
        "traefik",
        f"{_TRAEFIK.rstrip()}  # <-\n{_DIGEST}\n",
        "severity high",
        settings=_to("kong"),
    ),
    bad("traefik", f"{_TRAEFIK.rstrip()}  # <-\n{_DIGEST}\n", settings=_to("envoy")),
    good("traefik", f"{_TRAEFIK}{_DIGEST}\n"),
    good("traefik", f"{_TRAEFIK}{_DIGEST}\n", settings=_to("traefik")),
    good(
        "traefik",
        f"{_TRAEFIK}      ipAllowList: {{sourceRange: [10.0.0.0/8]}}\n",
        settings=_to("kong", "apisix", "envoy"),
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}{_HASHED}  # <-\n",
        "a part: Kong lets the user with this hash not in",
        settings=_to("kong"),
    ),
    bad("envoy", f"{_ENVOY}{_COPIES}  # <-\n", "Kong sends no copies", settings=_to("kong")),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /, runtime_fraction: {default_value: {numerator: 9}}}  # <-\n"
        "  route: {cluster: one}\n",
        "a share of the requests: severity high",
        settings=_to("traefik"),
    ),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /, query_parameters: [{name: a, string_match: {exact: b}}]}"
        "  # <-\n  route: {cluster: one}\n",
        "Kong does not look at queries, so everybody is refused: severity high",
        settings=_to("kong"),
    ),
    good("envoy", f"{_ENVOY}{_COPIES}\n"),
    good(
        "envoy",
        "cluster:\n  connect_timeout: 1s\n",
        "nobody asks the cluster: every route has the time by now",
        settings=_to("kong", "traefik"),
    ),
    good("envoy", f"{_ENVOY}{_COPIES}\n", settings=_to("envoy")),
    good("envoy", f"{_ENVOY}{_COPIES}\n", "Traefik has a mirror", settings=_to("traefik")),
)
