"""Cross-origin resource sharing.

Envoy's filter decides which origins are allowed and answers preflights. Two header mutations
around it do the rest: what the upstream says of origins is taken away before, and `*`, `Vary` and
repeated request headers are put in after.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/cors/v3/cors.proto
"""

from __future__ import annotations

from gal.exporters.envoy.build import HTTP_FILTER, Alternative, Json, RouteBuild, Shared
from gal.exporters.envoy.headers import ADD, DEFAULT, OVERWRITE, REPLACE, mutate, mutation
from gal.exporters.envoy.regex import UntranslatableError, full_match
from gal.model import Cors

ORIGIN = "access-control-allow-origin"
_PREFLIGHT = ("origin", "access-control-request-method")
_FILTERS = ("gal.cors_answer", "gal.cors", "gal.cors_upstream")
_NOTHING = r"[^\s\S]"


def cors(policy: Cors, build: RouteBuild, shared: Shared) -> None:
    """CORS headers on answers, and preflights answered here, before anything else is asked."""
    origins = _origins(policy, shared)
    settings: Json = {
        "@type": HTTP_FILTER + "cors.v3.CorsPolicy",
        "allow_origin_string_match": origins,
        "forward_not_matching_preflights": False,
    }
    if policy.allowed_methods:
        settings["allow_methods"] = ",".join(policy.allowed_methods)
    if policy.allowed_headers:
        settings["allow_headers"] = ",".join(policy.allowed_headers)
    if policy.expose_headers:
        settings["expose_headers"] = ",".join(policy.expose_headers)
    if policy.max_age is not None:
        settings["max_age"] = str(int(policy.max_age.in_seconds))
    if policy.allow_credentials:
        settings["allow_credentials"] = True
    if policy.private_network:
        settings["allow_private_network_access"] = True
    name = shared.filters.ensure("cors", {"@type": HTTP_FILTER + "cors.v3.Cors"})
    build.switch_on(name, settings)
    mutate(build, shared, "cors_upstream", response=[{"remove": ORIGIN}])
    mutate(build, shared, "cors_answer", response=_answer(policy))
    _forwarded_preflights(policy, build)
    _report_own_answers(policy, build, shared)


def _takes_any(policy: Cors) -> bool:
    return "*" in policy.allowed_origins or policy.reflect_any_origin


def _origins(policy: Cors, shared: Shared) -> list[Json]:
    """Matchers on the whole origin. An expression that Envoy cannot do allows nothing."""
    patterns = []
    for pattern in policy.allowed_origin_patterns:
        try:
            patterns.append({"safe_regex": {"regex": full_match(pattern)}})
        except UntranslatableError as error:
            shared.context.report.approximated(
                policy,
                "cors",
                f'"{pattern}" allows no origin: {error}',
                "allowed_origin_patterns",
            )
    if _takes_any(policy):
        return [{"safe_regex": {"regex": ".*"}}]
    exact: list[Json] = [{"exact": origin} for origin in policy.allowed_origins if origin]
    return exact + patterns or [{"safe_regex": {"regex": _NOTHING}}]


def _answer(policy: Cors) -> list[Json]:
    """Mutations of what Envoy's filter has answered."""
    steps: list[Json] = []
    if not _takes_any(policy):
        only = policy.allowed_origins[:1] if not policy.allowed_origin_patterns else []
        if policy.allow_origin_when_absent and len(policy.allowed_origins) == 1 and only:
            steps.append(mutation(ORIGIN, only[0].replace("%", "%%"), DEFAULT))
        steps.append(mutation("vary", "Origin", ADD))
    elif policy.reflect_any_origin:
        if policy.allow_origin_when_absent:
            steps.append(mutation(ORIGIN, "*", DEFAULT))
        steps.append(mutation("vary", "Origin", ADD))
    else:
        action = OVERWRITE if policy.allow_origin_when_absent else REPLACE
        steps.append(mutation(ORIGIN, "*", action))
    if not policy.allowed_headers:
        asked = "%REQ(access-control-request-headers)%"
        steps.append(mutation("access-control-allow-headers", asked, OVERWRITE))
    if policy.allow_credentials:  # with them Envoy would repeat what is asked for, instead of `*`
        for field, names in (
            ("headers", policy.allowed_headers),
            ("methods", policy.allowed_methods),
        ):
            if "*" in names:
                literal = ",".join(names).replace("%", "%%")
                steps.append(mutation(f"access-control-allow-{field}", literal, REPLACE))
    return steps


def _forwarded_preflights(policy: Cors, build: RouteBuild) -> None:
    """An entry without CORS for preflights that the upstream answers.

    A route that is limited to other methods takes no preflights, on any of the gateways.
    """
    methods = build.route.methods
    if not policy.forward_preflight or (methods and "OPTIONS" not in methods):
        return
    headers = [{"name": name, "present_match": True} for name in _PREFLIGHT]
    entry = Alternative(headers=headers, methods=["OPTIONS"], without=list(_FILTERS))
    build.alternatives.append(entry)


def _report_own_answers(policy: Cors, build: RouteBuild, shared: Shared) -> None:
    answer = build.scopes.find(lambda policies: policies.direct_response)
    redirect = build.scopes.find(lambda policies: policies.redirect)
    if redirect is not None or (answer is not None and answer.trigger is None):
        shared.context.report.approximated(
            policy,
            "cors",
            "Envoy does no CORS where it answers itself: preflights get that answer, too",
        )
