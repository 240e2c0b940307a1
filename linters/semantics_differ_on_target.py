"""The configuration has to fit another gateway as well (`targets` in `[tool.gal.lint]`),
and that one does what is used here in another way. After a conversion requests are treated
differently.

This rule says what `gal compat` and the report of `gal convert` say, at the line that it is about.
Such as:

- **Kong** counts requests by the clock, so that a client may send twice as many around a full
  minute. Others refill what was used up, or count from the first request.
- **APISIX** answers 503 to requests above a limit unless `rejected_code` says otherwise; others
  answer 429.
- **Traefik** refills a limit by time and has a burst of one unless told otherwise; of a retry it
  knows neither the statuses nor the methods.
- **Envoy** adds headers of its own, and its limits belong to one instance.

Timeouts and retries that the file does not speak of are left out: every gateway has its own.
Where some who should enter are refused, the severity is high. Without targets there is nothing to
find.
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
    code="GAL101",
    name="semantics-differ-on-target",
    title="Another gateway that this has to fit does it in another way",
    severity=Severity.MEDIUM,
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
    """Features that a target has, and that do something else there."""
    if not subject.settings.targets:
        return
    from gal.compat import Verdict

    for one in troubles(subject, Verdict.APPROXIMATED):
        yield _finding(subject, one)


def _finding(subject: Subject, one: Trouble) -> Finding:
    place, *others = one.places
    return finding(
        RULE,
        f"{one.feature} is not the same on {one.target}: {one.why}",
        place,
        owner=owner_of(subject, place.node) if place.node is not None else None,
        value=f"{one.target} {one.feature}",
        severity=Severity.HIGH if one.closed else None,
        related=others[:5],
        help=f"look at whether this will do on {one.target}",
        count=len(one.places),
    )


_ENVOY = "routes:\n- match: {prefix: /}\n"


def _to(*targets: str) -> dict[str, object]:
    return {"targets": targets}


_COUNT = "    limit-count: {count: 5, time_window: 60}"
_AVERAGE = "      rateLimit: {average: 5}"
_QUERY = "{prefix: /, query_parameters: [{name: a, string_match: {exact: b}}]}"

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}  - {{name: proxy-cache, config: {{strategy: memory}}}}  # <-\n",
        "APISIX keeps answers of all media types",
        settings=_to("apisix"),
    ),
    bad(
        "kong",
        f"{_KONG}  - {{name: rate-limiting, config: {{minute: 5, policy: local}}}}  # <-\n",
        settings=_to("traefik"),
    ),
    good("kong", f"{_KONG}  - {{name: rate-limiting, config: {{minute: 5, policy: local}}}}\n"),
    good(
        "kong",
        f"{_KONG}  - {{name: rate-limiting, config: {{minute: 5, policy: local}}}}\n",
        settings=_to("kong"),
    ),
    good(
        "kong",
        f"{_KONG}  - {{name: ip-restriction, config: {{allow: [10.0.0.0/8]}}}}\n",
        "retries and timeouts are those of Kong, and not in the file",
        settings=_to("envoy"),
    ),
    bad("apisix", f"{_APISIX}{_COUNT}  # <-\n", settings=_to("traefik")),
    bad("apisix", f"{_APISIX}{_COUNT}  # <-\n", settings=_to("envoy")),
    good("apisix", f"{_APISIX}{_COUNT}\n"),
    good("apisix", f"{_APISIX}{_COUNT}\n", settings=_to("apisix")),
    good(
        "apisix",
        f"{_APISIX}    ip-restriction: {{whitelist: [10.0.0.0/8]}}\n",
        settings=_to("kong"),
    ),
    bad("traefik", f"{_TRAEFIK}{_AVERAGE}  # <-\n", settings=_to("kong")),
    bad(
        "traefik",
        f"{_TRAEFIK}      circuitBreaker: {{expression: NetworkErrorRatio() > 0.3}}  # <-\n",
        settings=_to("envoy"),
    ),
    good("traefik", f"{_TRAEFIK}{_AVERAGE}\n"),
    good(
        "traefik",
        f"{_TRAEFIK}      basicAuth: {{users: ['anna:$2y$05$abcdefghijklmnopqrstuv']}}\n",
        "Kong has nothing for this hash: that is GAL100",
        settings=_to("kong"),
    ),
    good("traefik", f"{_TRAEFIK}{_AVERAGE}\n", settings=_to("traefik")),
    good(
        "traefik",
        f"{_TRAEFIK}      ipAllowList: {{sourceRange: [10.0.0.0/8]}}\n",
        settings=_to("kong"),
    ),
    bad(
        "envoy",
        f"{_ENVOY}  route: {{cluster: one, retry_policy: {{retry_on: 5xx}}, timeout: 0s}}  # <-\n",
        "Traefik does not look at the status",
        settings=_to("traefik"),
    ),
    bad(
        "envoy",
        f"{_ENVOY}  route: {{cluster: one, timeout: 5s}}  # <-\n",
        "Kong limits the time between two reads",
        settings=_to("kong"),
    ),
    good("envoy", f"routes:\n- match: {_QUERY}\n  route: {{cluster: one}}\n"),
    good(
        "envoy",
        f"routes:\n- match: {_QUERY}\n  route: {{cluster: one}}\n",
        settings=_to("traefik"),
    ),
    good("envoy", f"{_ENVOY}  route: {{cluster: one}}\n", settings=_to("apisix")),
)
