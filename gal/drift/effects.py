"""What differs in what two routes do with a request, with the scope that says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gal.drift import entering
from gal.drift.catalogue import kind_of
from gal.drift.change import Level, Security
from gal.drift.compare import POLICIES, ROUTES, UPSTREAMS, WITH_UPSTREAM, tls, upstreams
from gal.drift.compare.finding import Finding
from gal.drift.compare.opaque import extensions, plugins
from gal.drift.compare.upstreams import pairs
from gal.drift.effective import NOTHING, SERVICE, UPSTREAM, Place, Scoped
from gal.model import Authentication, Policy

ANSWERS: Final = ("redirect", "direct_response")
"""Policies behind which nothing goes to an upstream."""

_ENTERING: Final = (
    *("request_id", "user_agent", "cors", "ip_access", "authentication", "acl"),
    *("size_limit", "rate_limit", *ANSWERS),
)
"""Policies that act before the gateway answers itself."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A finding, and who says it on each side.

    Attributes:
        finding: what differs.
        old: the scope of the old side that says it.
        new: likewise of the new side.
    """

    finding: Finding
    old: Scoped
    new: Scoped


Compare = Callable[[Any, Any], Iterator[Finding]]


@dataclass(slots=True)
class Effects:
    """Compares routes; parts that many routes share are compared once.

    Attributes:
        provider: the gateway of both sides, None where they differ.
        own: the gateways whose own settings both sides can say.
    """

    provider: str | None
    own: tuple[str, ...] = ()
    _known: dict[tuple[str, int, int], list[Finding]] = field(default_factory=dict)

    def between(self, old: Place, new: Place) -> list[Effect]:
        """What differs between two routes, their matches left aside."""
        if not old.enabled or not new.enabled:
            return self._of_route(old, new, ROUTES[:1])
        answering = [_answers(one) for one in (old, new)]
        if answering[0] is not answering[1]:
            return [one for name in ANSWERS for one in self._policy(name, old, new)]
        found: list[Effect] = []
        if answering[0]:
            for name in _ENTERING:
                found += self._policy(name, old, new)
            return found
        for name in POLICIES:
            found += self._policy(name, old, new)
        if self.provider is None and found:
            found = _without_same_entry(found, old, new)
        found += self._of_route(old, new, ROUTES)
        for name, compare in WITH_UPSTREAM.items():
            left, right = old.resilience(name), new.resilience(name)
            found += [*self._scoped(name, compare, left, right), *self._own_of(name, left, right)]
        for name in ("headers", "mirror"):
            found += self._own_of(name, old.policy(name), new.policy(name))
        found = _without_consequences(found)
        found += self._upstreams(old, new)
        if self.own:
            found += self._own(old, new)
        return found

    def _policy(self, name: str, old: Place, new: Place) -> Iterable[Effect]:
        left, right = old.policy(name), new.policy(name)
        if left.node is right.node:
            return ()
        return [
            *self._scoped(name, POLICIES[name], left, right),
            *self._own_of(name, left, right),
        ]

    def _own_of(self, name: str, old: Scoped, new: Scoped) -> list[Effect]:
        """What only this gateway can say of a policy that both sides have."""
        if not self.own or old.node is None or new.node is None:
            return []
        return self._scoped(f"{name} extensions", self._extended, old, new)

    def _extended(self, old: Policy, new: Policy) -> Iterator[Finding]:
        yield from extensions(old.extensions, new.extensions, self.own, (old, new))
        if isinstance(old, Authentication) and isinstance(new, Authentication):
            inner = old.oauth2, new.oauth2
            if inner[0] is not None and inner[1] is not None:
                both = inner[0].extensions, inner[1].extensions
                yield from extensions(*both, self.own, (inner[0], inner[1]))

    def _scoped(self, name: str, compare: Compare, old: Scoped, new: Scoped) -> list[Effect]:
        findings = self._once(name, compare, old.node, new.node)
        return [Effect(one, old, new) for one in findings]

    def _once(self, name: str, compare: Compare, old: Any, new: Any) -> list[Finding]:
        if old is new or old == new:
            return []
        key = name, id(old), id(new)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = list(compare(old, new))
        return found

    def _of_route(
        self,
        old: Place,
        new: Place,
        compares: Iterable[Callable[[Place, Place], Iterator[Finding]]],
    ) -> list[Effect]:
        found = []
        for compare in compares:
            scope = _upstream_scope if compare is upstreams.targets else _route_scope
            found += [Effect(one, scope(old), scope(new)) for one in compare(old, new)]
        return found

    def _upstreams(self, old: Place, new: Place) -> list[Effect]:
        found = []
        for left, right in pairs(old, new):
            scopes = Scoped(left, UPSTREAM, left), Scoped(right, UPSTREAM, right)
            for number, compare in enumerate(UPSTREAMS):
                findings = self._once(f"upstream {number}", compare, left, right)
                found += [Effect(one, *scopes) for one in findings]
            if left.tls != right.tls and tls.secure(old) and tls.secure(new):
                views = tls.UpstreamView(left, old.side), tls.UpstreamView(right, new.side)
                found += [Effect(one, *scopes) for one in self._tls(*views)]
            if self.own:
                findings = self._once("upstream own", self._own_upstream, left, right)
                found += [Effect(one, *scopes) for one in findings]
        return found

    def _tls(self, old: tls.UpstreamView, new: tls.UpstreamView) -> list[Finding]:
        key = "tls", id(old.upstream), id(new.upstream)
        if key not in self._known:
            self._known[key] = list(tls.upstream_tls(old, new))
        return self._known[key]

    def _own_upstream(self, old: Any, new: Any) -> Iterator[Finding]:
        yield from extensions(old.extensions, new.extensions, self.own, (old, new))

    def _own(self, old: Place, new: Place) -> list[Effect]:
        """Plugins and extensions of the route and its service."""
        found = []
        owners: list[tuple[Any, Any, str]] = [(old.route, new.route, "route")]
        if old.service is not None and new.service is not None:
            owners.append((old.service, new.service, SERVICE))
        for left, right, scope in owners:
            scopes = Scoped(left, scope, left), Scoped(right, scope, right)
            findings = self._once(f"own {scope}", self._own_parts, left, right)
            found += [Effect(one, *scopes) for one in findings]
        return found

    def _own_parts(self, old: Any, new: Any) -> Iterator[Finding]:
        yield from extensions(old.extensions, new.extensions, self.own, (old, new))
        yield from plugins(old.policies, new.policies, self.own)


def _without_same_entry(found: list[Effect], old: Place, new: Place) -> list[Effect]:
    """The findings, without those of two ways to let the same credentials in."""
    fields = [one for one in found if one.finding.field in entering.FIELDS]
    if not fields:
        return found
    before, after = entering.opened(old), entering.opened(new)
    if not before or before != after:
        return found
    return [one for one in found if one not in fields]


def _without_consequences(found: list[Effect]) -> list[Effect]:
    """The findings, without attempts that no file says: they follow from the number of targets."""
    if not any(one.finding.id in ("D006", "D070", "D075", "D076") for one in found):
        return found
    return [
        one
        for one in found
        if not (one.finding.field == "retry.attempts" and one.finding.from_defaults)
    ]


def _route_scope(place: Place) -> Scoped:
    return Scoped(place.route, NOTHING.scope, place.route)


def _upstream_scope(place: Place) -> Scoped:
    upstream = place.upstream
    return _route_scope(place) if upstream is None else Scoped(upstream, UPSTREAM, upstream)


def _answers(place: Place) -> bool:
    """Whether no request of the route goes to an upstream."""
    if place.policy("redirect").node is not None:
        return True
    direct = place.policy("direct_response").node
    return direct is not None and direct.trigger is None


def level_of(finding: Finding) -> Level:
    """The level of a finding."""
    return finding.level or kind_of(finding.id).level


def worst_security(effects: Iterable[Effect]) -> Security:
    """The worst security label of several findings."""
    labels = (
        one.finding.security or kind_of(one.finding.id).security
        for one in effects
        if level_of(one.finding) is not Level.INFO
    )
    return max(labels, key=lambda one: one.rank, default=Security.NEUTRAL)
