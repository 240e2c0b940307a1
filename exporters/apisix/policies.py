"""What the policies make of a route: each kind, from the most specific scope that sets it
(https://apisix.apache.org/docs/apisix/terminology/plugin/#plugins-execution-order).

All plugins of a route stand at the route. APISIX runs them in an order of its own: first all that
act in the `rewrite` phase (credentials among them), then those of the `access` phase (addresses,
groups, limits). Where that can be seen, a plugin gets another priority, or the ledger says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from gal.claims import unwrap
from gal.exporters.apisix import access, answers, traffic, transformation
from gal.exporters.apisix.authentication import Asked, authentication
from gal.exporters.apisix.cache import cache
from gal.exporters.apisix.cors import cors
from gal.exporters.apisix.headers import headers, request_line
from gal.exporters.apisix.people import people_of
from gal.exporters.apisix.plugin import CannotGuardError, Json, Plugins, differs, native, note
from gal.exporters.apisix.rate_limit import rate_limit, unlimited
from gal.exporters.apisix.resilience import circuit_breaker
from gal.model import Policy

if TYPE_CHECKING:
    from gal.exporters.apisix.build import RouteBuild, Shared
    from gal.exporters.apisix.people import People
    from gal.model import Acl, Policies, RateLimit

P = TypeVar("P", bound=Policy)
_BEFORE_ANSWERS = frozenset(
    (
        *("cors", "ip-restriction", "ua-restriction", "consumer-restriction", "multi-auth"),
        *("basic-auth", "key-auth", "jwt-auth", "openid-connect", "forward-auth", "hmac-auth"),
        *("client-control", "limit-count", "limit-req"),
    )
)
"""Plugins that the model has before answers of the gateway itself."""

_AFTER_REDIRECTS = ("ip-restriction", "ua-restriction", "consumer-restriction", "forward-auth")
_CREDENTIALS = frozenset(("basic-auth", "key-auth", "jwt-auth", "openid-connect", "multi-auth"))


def place_policies(build: RouteBuild, shared: Shared) -> None:
    """Have all policies of a route act on it, in its `plugins`."""
    people = people_of(shared)
    scopes = build.scopes
    if (ids := scopes.find(lambda policies: policies.request_id)) is not None:
        _put(build, traffic.request_id(ids, shared))
    if (sharing := scopes.find(lambda policies: policies.cors)) is not None:
        _put(build, cors(sharing, shared))
    _enter(build, people, shared)
    _limit(build, shared)
    _transform(build, shared)
    _answer(build, shared)
    _forward(build, shared)
    _put_carried(build, shared)
    people.placed.update(build.plugins)


def _put(build: RouteBuild, plugins: Plugins) -> None:
    build.plugins.update(plugins)


def _enter(build: RouteBuild, people: People, shared: Shared) -> None:
    """Who may enter."""
    scopes = build.scopes
    addresses = scopes.find(lambda policies: policies.ip_access)
    if addresses is not None:
        _guard(build, addresses, "ip_access", access.ip_access, shared)
    if (agents := scopes.find(lambda policies: policies.user_agent)) is not None:
        _guard(build, agents, "user_agent", access.user_agent, shared)
    asked = Asked()
    credentials = scopes.find(lambda policies: policies.authentication)
    if credentials is not None:
        try:
            preflights = "cors" not in build.plugins
            asked = authentication(credentials, people, preflights, shared)
            _put_guards(build, asked.plugins)
        except CannotGuardError as error:
            shared.refuse(build, credentials, "authentication", str(error))
    groups = scopes.find(lambda policies: policies.acl)
    if groups is not None or asked.inline is not None or asked.consumers:
        _restrict(build, groups or credentials, groups, asked, people, shared)
    if addresses is not None and not _CREDENTIALS.isdisjoint(build.plugins):
        message = "APISIX asks for credentials before it looks at the address"
        note(shared, addresses, "ip_access", message)


def _guard(
    build: RouteBuild,
    policy: P,
    feature: str,
    make: Callable[[P, Shared], Plugins],
    shared: Shared,
) -> None:
    try:
        _put_guards(build, make(policy, shared))
    except CannotGuardError as error:
        shared.refuse(build, policy, feature, str(error))


def _put_guards(build: RouteBuild, plugins: Plugins) -> None:
    """Access controls, of which none may hide another.

    Raises:
        CannotGuardError: one of this name is there already.
    """
    for name, config in plugins.items():
        if build.plugins.get(name, config) != config:
            raise CannotGuardError(f"APISIX has one {name} on a route, and two are asked for")
    build.plugins.update(plugins)


def _restrict(
    build: RouteBuild,
    subject: Policy | None,
    groups: Acl | None,
    asked: Asked,
    people: People,
    shared: Shared,
) -> None:
    """Which consumers may enter."""
    if subject is None:
        return
    try:
        if groups is not None and groups.authenticated_groups and not _by_consumers(asked):
            raise CannotGuardError("APISIX knows the groups of consumers only")
        _put_guards(build, access.acl(groups, people, asked.inline, shared))
    except CannotGuardError as error:
        shared.refuse(build, subject, "acl", str(error))


def _by_consumers(asked: Asked) -> bool:
    return asked.consumers and asked.inline is None


def _limit(build: RouteBuild, shared: Shared) -> None:
    scopes = build.scopes
    if (size := scopes.find(lambda policies: policies.size_limit)) is not None:
        guarded = not _CREDENTIALS.isdisjoint(build.plugins)
        _put(build, traffic.size_limit(size, shared, guarded))
    if (limit := scopes.find(lambda policies: policies.rate_limit)) is not None:
        _put(build, rate_limit(limit, shared, _group(build, limit, shared)))
    if (counted := scopes.find(lambda policies: policies.response_rate_limit)) is not None:
        unlimited(counted, "response_rate_limit", shared)


def _group(build: RouteBuild, limit: RateLimit, shared: Shared) -> str | None:
    """The name of what counts together: a wider scope than the route. What comes from APISIX stands
    where it stood, and needs none.
    """
    if native(shared):
        return None
    if unwrap(build.route.policies.rate_limit) is unwrap(limit):
        return None
    service = build.service
    if service is not None and unwrap(service.policies.rate_limit) is unwrap(limit):
        return f"gal-service-{service.name}" if service.name else None
    return "gal-gateway" if unwrap(shared.gateway.policies.rate_limit) is unwrap(limit) else None


def _transform(build: RouteBuild, shared: Shared) -> None:
    """What the upstream sees, and what of its answer the client sees."""
    scopes = build.scopes
    if (line := scopes.find(lambda policies: policies.request_line)) is not None:
        request_line(line, build.plugins, shared)
    changes = transformation.acting(build)
    headers(build, shared, changes)
    if (parameters := scopes.find(lambda policies: policies.query)) is not None:
        message = "APISIX does not change query parameters"
        shared.context.report.dropped(parameters, "query", message)
        shared.context.claims.claim(parameters)
    if changes is not None:
        _put(build, transformation.transformation(changes, shared))


def _answer(build: RouteBuild, shared: Shared) -> None:
    """Answers that the upstream does not make."""
    scopes = build.scopes
    if (elsewhere := scopes.find(lambda policies: policies.redirect)) is not None:
        later = [name for name in _AFTER_REDIRECTS if name in build.plugins]
        if later:
            message = f"APISIX redirects before {', '.join(later)} decides who enters"
            differs(shared, elsewhere, "redirect", message)
        schemes = list(build.route.schemes)
        build.plugins.setdefault(
            "redirect", answers.redirect(elsewhere, schemes, shared)["redirect"]
        )
    if (kept := scopes.find(lambda policies: policies.cache)) is not None:
        _put(build, cache(kept, shared))
    if (answer := scopes.find(lambda policies: policies.direct_response)) is not None:
        guarded = not _BEFORE_ANSWERS.isdisjoint(build.plugins)
        for name, config in answers.direct_response(answer, shared, guarded).items():
            build.plugins.setdefault(name, config)


def _forward(build: RouteBuild, shared: Shared) -> None:
    """How the upstream is asked, and how its answer gets to the client."""
    scopes = build.scopes
    if (small := scopes.find(lambda policies: policies.compression)) is not None:
        _put(build, traffic.compression(small, shared))
    if (breaker := scopes.find(lambda policies: policies.circuit_breaker)) is not None:
        _put(build, circuit_breaker(breaker, shared))
    if (copies := scopes.find(lambda policies: policies.mirror)) is not None:
        _put(build, traffic.mirror(copies, shared))


def _put_carried(build: RouteBuild, shared: Shared) -> None:
    """Plugins that only APISIX knows. Those of the whole gateway are global rules."""
    everywhere = unwrap(shared.gateway.policies)
    for policies in build.scopes.levels:
        if unwrap(policies) is not everywhere:
            for name, config in carried(policies):
                build.plugins.setdefault(name, config)


def carried(policies: Policies) -> list[tuple[str, Json]]:
    """What is kept of plugins that only APISIX knows: names and settings."""
    found = []
    for item in policies.plugins.get("apisix", []):
        if isinstance(item, dict) and "name" in item:
            config = item.get("config")
            found.append((str(item["name"]), dict(config) if isinstance(config, dict) else {}))
    return found


def global_rules(shared: Shared) -> list[Json]:
    """Plugins for all requests: those of the whole gateway that only APISIX knows. Of two of one
    name each has a rule of its own.
    """
    rules: list[Json] = []
    for name, config in carried(shared.gateway.policies):
        free = next((rule for rule in rules if name not in rule["plugins"]), None)
        if free is None:
            free = {"id": f"gal-{len(rules) + 1}", "plugins": {}}
            rules.append(free)
        free["plugins"][name] = config
    return rules
