"""Policies of single consumers on a route: their limits and addresses, and who of them is refused.

They act where authentication finds a consumer, behind it. What is not dealt with here is reported
as dropped, like everything that an exporter does not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.envoy import limiter
from gal.exporters.envoy.access import addresses, both, either, rules
from gal.exporters.envoy.build import HTTP_FILTER, Json, RouteBuild, Shared
from gal.exporters.envoy.consumer_scopes import Levels, consumer_levels, first, has_scoped
from gal.exporters.envoy.consumers import (
    consumer_value,
    contexts,
    find_consumer,
    is_identified,
    plain,
)
from gal.exporters.envoy.limiter import Key, Limiter
from gal.exporters.envoy.rate_limit import keys_of, report_limit, switch_on
from gal.exporters.envoy.regex_text import escaped
from gal.model import Policies, Policy, RateLimit, RateLimitKey


@dataclass(slots=True)
class _Labels:
    """The filters by the consumers' policies that they stand for."""

    found: dict[tuple[int, str | None], str] = field(default_factory=dict)

    def of(self, levels: Levels, spared: str | None) -> str:
        key = (id(levels), spared)
        return self.found.setdefault(key, str(len(self.found) + 1))


def consumer_policies(build: RouteBuild, shared: Shared) -> None:
    """Have the policies of consumers act on a route."""
    if not is_identified(build):
        return
    levels = consumer_levels(build, shared)
    if not levels:
        return
    _limits(levels, build, shared)
    _access(levels, build, shared)


def _limits(levels: Levels, build: RouteBuild, shared: Shared) -> None:
    """Consumers with limits of their own do not count in the route's."""
    exempt = [
        name
        for name, policies in levels.items()
        if any(unwrap(one).rate_limit is not None for one in policies)
    ]
    if not exempt:
        return
    for context in contexts(build):
        context["limited"] = [plain(name) for name in exempt]
    for members in _together(levels, exempt, shared):
        counts = Limiter()
        for name, limit in members:
            report_limit(limit, shared)
            counts.add(_keys(name, limit, build, shared), limit)
        identity = tuple((name, id(unwrap(limit))) for name, limit in members)
        switch_on(counts, identity, members[0][1], build, shared)


def _together(
    levels: Levels, names: list[str], shared: Shared
) -> Iterable[list[tuple[str, RateLimit]]]:
    """The limits that one filter can do, which answers all of the refused alike. A consumer that
    has another limit elsewhere is alone, so that the others share their counts everywhere.
    """
    groups: dict[object, list[tuple[str, RateLimit]]] = {}
    for name in names:
        limit = first(levels[name], lambda policies: policies.rate_limit)
        if limit is None or not limit.limits:
            continue
        response = limit.response
        alone = name if has_scoped(name, shared) else None
        key = (response.status_code, response.message, limit.hide_headers, alone)
        groups.setdefault(key, []).append((name, limit))
    return groups.values()


def _keys(name: str, limit: RateLimit, build: RouteBuild, shared: Shared) -> list[Key]:
    own = limiter.of_consumer(plain(name))
    if limit.key_type in (RateLimitKey.CONSUMER, RateLimitKey.NONE):
        return [own]
    if limit.key_type is RateLimitKey.SERVICE:
        message = "all services of the consumer are counted together"
        shared.context.report.approximated(limit, "rate_limit", message, "key_type")
        return [own]
    return [own + key for key in keys_of(limit, build, shared)]


def _access(levels: Levels, build: RouteBuild, shared: Shared) -> None:
    """Refuse consumers, as their policies say or as they cannot be kept (law 2)."""
    spared = _replaced_anonymous(build, shared)
    denied = [
        principal
        for name, policies in levels.items()
        if name != spared
        for principal in _denied(name, policies, shared)
    ]
    if not denied:
        return
    label = shared.state(_Labels).of(levels, spared)
    base = {"@type": HTTP_FILTER + "rbac.v3.RBAC", "rules": rules("DENY", *denied)}
    build.switch_on(shared.filters.ensure("consumer_access", base, label))


def _replaced_anonymous(build: RouteBuild, shared: Shared) -> str | None:
    """The anonymous consumer whose refusal is that of missing credentials already."""
    policy = build.scopes.find(lambda policies: policies.authentication)
    if policy is None or policy.anonymous is None:
        return None
    consumer = find_consumer(shared.gateway, policy.anonymous)
    entered = {context.get("anonymous") for context in contexts(build)}
    return consumer.name if consumer is not None and consumer.name not in entered else None


def _denied(name: str, policies: tuple[Policies, ...], shared: Shared) -> Iterator[Json]:
    """Principals for a consumer, or for it from certain addresses, that are refused."""
    report = shared.context.report
    who = consumer_value("name", {"string_match": {"exact": plain(name)}})
    answer = first(policies, lambda one: one.direct_response)
    if answer is not None:
        shared.context.claims.claim(answer)
        message = "the consumer is refused with 403 and Envoy's own text"
        report.approximated(answer, "direct_response", message)
        yield who if answer.trigger is None else both(who, _triggered(answer.trigger))
    for control in _impossible(policies):
        message = "Envoy cannot keep this access control of one consumer: it is refused with 403"
        report.refused(control, "consumer", message)
        shared.context.claims.claim(control)
        yield who
    addressed = first(policies, lambda one: one.ip_access)
    if addressed is None or not (addressed.allow or addressed.deny):
        return
    try:
        yield both(who, {"not_id": addresses(addressed)})
    except ValueError as error:
        report.refused(addressed, "ip_access", f"{error}: the consumer is refused with 403")
        yield who


def _triggered(name: str) -> Json:
    """A request with a header or a query parameter of that name."""
    parameter = rf"\C*[?&]{escaped(name)}(?:[=&]\C*)?"
    in_query = {"name": ":path", "string_match": {"safe_regex": {"regex": parameter}}}
    return either([{"header": {"name": name, "present_match": True}}, {"header": in_query}])


def _impossible(policies: tuple[Policies, ...]) -> Iterator[Policy]:
    """Access controls that nobody can keep here."""
    for control in (
        first(policies, lambda one: one.authentication),
        first(policies, lambda one: one.acl),
        first(policies, lambda one: one.user_agent),
    ):
        if control is not None:
            yield control
