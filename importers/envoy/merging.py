"""What the filters of a chain do together on a route.

Filters act one after the other, and all of them: two of one kind become one policy where that says
exactly the same. Where it does not, the second one is kept for Envoy, and closes the route for
everybody else if it is an access control (law 2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, cast

from gal.importers.envoy import consumers, cors, header_mutation, replies, sessions
from gal.importers.envoy.classify import inversions
from gal.importers.envoy.disguise import disguises
from gal.importers.envoy.use import AUTHENTICATION, CLOSED
from gal.ledger import Fate, Level
from gal.model import (
    Acl,
    Authentication,
    Compression,
    Cors,
    DirectResponse,
    Guard,
    Headers,
    IpAccess,
    Origin,
    Policies,
    Policy,
    RateLimit,
    Require,
    SizeLimit,
    Transformation,
    UserAgentAccess,
)

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Chain, Shared
    from gal.importers.envoy.headers import Step
    from gal.importers.envoy.use import Reading
    from gal.model import Route
    from gal.reading import Mapping

_ACCESS = ("ip_access", "user_agent", "acl", AUTHENTICATION)
_EVERYWHERE = ["0.0.0.0/0", "::/0"]


@dataclass(slots=True)
class Merged:
    """The policies of routes on which the same filters act.

    Attributes:
        policies: what they set.
        request: changes of request headers, the first applied first.
        response: changes of response headers, the first applied first.
        headers: changes that only GAL's own scripts make.
        people: policies of single consumers, by their names.
        identified: GAL's own script finds out the consumer.
        cookie: brings clients back to their target.
    """

    policies: Policies = field(default_factory=Policies)
    request: list[list[Step]] = field(default_factory=list)
    response: list[list[Step]] = field(default_factory=list)
    headers: Headers | None = None
    people: dict[str, Policies] = field(default_factory=dict)
    identified: bool = False
    cookie: str | None = None
    _answered: dict[tuple[Any, ...], Policy] = field(default_factory=dict)

    def put(self, route: Route, where: Mapping, chain: Chain, shared: Shared) -> None:
        """Set the policies of a route."""
        texts = replies.of_route(where, chain, shared)
        for item in fields(Policies):
            policy = getattr(self.policies, item.name)
            if not isinstance(policy, Policy):
                continue
            policy = self._for_route(item.name, policy, texts)
            if item.name == "cors" and _answers_itself(route):
                message = "Envoy does no CORS where it answers itself"
                shared.report.about(policy, Fate.EXACT, Level.INFO, "cors", message)
                continue
            setattr(route.policies, item.name, policy)
        if texts:
            breaker = route.policies.circuit_breaker
            if breaker is not None:
                route.policies.circuit_breaker = replies.answered("circuit_breaker", breaker, texts)
            replies.unused(self._all(route), texts, where, shared)
        for provider, items in self.policies.plugins.items():
            route.policies.plugins.setdefault(provider, []).extend(items)
        header_mutation.put(route, self, shared)
        if self.cookie is not None:
            sessions.stick(route, self.cookie, shared)
        if self.identified:
            consumers.note_policies(route, self._answered_people(texts), shared)

    def _for_route(self, name: str, policy: Policy, texts: replies.Texts) -> Policy:
        if name == AUTHENTICATION:  # others add to it
            return replace(policy)
        return self._answering(name, policy, texts) if texts else policy

    def _all(self, route: Route) -> Policies:
        """The route's policies, with limits that only single consumers have."""
        if route.policies.rate_limit is None:
            limits = (one.rate_limit for one in self.people.values())
            return replace(route.policies, rate_limit=next(filter(None, limits), None))
        return route.policies

    def _answered_people(self, texts: replies.Texts) -> dict[str, Policies]:
        """The consumers' policies, with the texts that a route has for refusals."""
        found = {}
        for name, known in self.people.items():
            limit = known.rate_limit
            if limit is not None and texts:
                limit = cast("RateLimit", self._answering("rate_limit", limit, texts, name))
            found[name] = replace(known, rate_limit=limit)
        return found

    def _answering(
        self, name: str, policy: Policy, texts: replies.Texts, consumer: str = ""
    ) -> Policy:
        """The policy with the texts that a route has for its refusals."""
        key = (name, consumer, *sorted(texts.items()))
        if key not in self._answered:
            self._answered[key] = replies.answered(name, policy, texts)
        return self._answered[key]


def _answers_itself(route: Route) -> bool:
    policies = route.policies
    return policies.redirect is not None or policies.direct_response is not None


def merge(readings: list[Reading], shared: Shared) -> Merged:
    """Put together what the filters of a chain are, in their order."""
    found = Merged()
    for reading in readings:
        for item in fields(Policies):
            policy = getattr(reading.policies, item.name)
            if isinstance(policy, Policy):
                _add(found.policies, item.name, policy, reading, shared)
        for provider, items in reading.policies.plugins.items():
            found.policies.plugins.setdefault(provider, []).extend(items)
        if reading.nobody:
            found.policies.ip_access = IpAccess(
                deny=list(_EVERYWHERE), origin=Origin(reading.use.node, {})
            )
        if reading.request:
            found.request.append(reading.request)
        if reading.response:
            found.response.insert(0, reading.response)
    for control in disguises(readings, shared):
        add_guard(found.policies, control)
    marks = _marks(readings, found)
    if found.policies.cors is not None:
        cors.settle(found.policies.cors, marks.get("cors_answer"), shared)
    found.identified = "consumer" in marks
    found.cookie = marks.get(sessions.STICKY)
    _settle_claims(found.policies, marks, shared)
    _settle_consumer(found.policies, marks, shared)
    _tell_order(readings, shared)
    return found


def _marks(readings: list[Reading], found: Merged) -> dict[str, Any]:
    """What readings say to others. Scripts change the headers of one side each."""
    marks: dict[str, Any] = {}
    for reading in readings:
        for name, known in reading.marks.get("people", {}).items():
            consumers.join(found.people.setdefault(name, Policies()), known)
        scripted = reading.marks.get("headers")
        if scripted is not None and found.headers is not None:
            scripted = replace(
                found.headers,
                request=scripted.request or found.headers.request,
                response=scripted.response or found.headers.response,
            )
        found.headers = scripted or found.headers
        marks |= reading.marks
    return marks


def _settle_claims(policies: Policies, marks: dict[str, Any], shared: Shared) -> None:
    """What a token has to say besides being valid belongs to the policy that checks it."""
    from gal.importers.envoy import jwt_auth

    claims = marks.get("claims")
    if claims is not None:
        jwt_auth.settle_claims(policies, claims, shared)


def _settle_consumer(policies: Policies, marks: dict[str, Any], shared: Shared) -> None:
    """What GAL's own scripts do for the policies that have let a request in."""
    known = policies.authentication
    if marks.get("hides_query") and known is not None and known.api_key is not None:
        section = replace(known.api_key, hide_credentials=True)
        known = policies.authentication = replace(known, api_key=section)
    use, context = marks.get("consumer", (None, {}))
    if policies.acl is not None:
        hidden = "groups" not in context
        policies.acl = replace(policies.acl, hide_groups_header=hidden)
    if use is not None and context.get("anonymous") is not None:
        message = "elsewhere who has no credentials is not told to be an anonymous consumer"
        shared.report.at(use.node, Fate.DROPPED, Level.WARNING, "consumers", message, whole=False)


def _tell_order(readings: list[Reading], shared: Shared) -> None:
    """Say what a client can see of it that the model has another order."""
    earlier: set[str] = set()
    for reading in readings:
        for message in inversions(earlier, reading.groups):
            node = reading.use.node
            shared.report.at(node, Fate.APPROXIMATED, Level.WARNING, "order", message, whole=False)
        earlier |= reading.groups


def _add(policies: Policies, name: str, policy: Policy, reading: Reading, shared: Shared) -> None:
    known = getattr(policies, name)
    if known is None:
        setattr(policies, name, policy)
        return
    both = _BOTH[name](known, policy) if name in _BOTH else None
    if both is not None:
        setattr(policies, name, both)
        return
    use = reading.use
    if name in _ACCESS:
        message = f"there are two filters of this kind, of which the model has one: {CLOSED}"
        shared.report.at(use.node, Fate.CARRIED, Level.WARNING, AUTHENTICATION, message)
        control = Guard(use.short, "envoy", use.plain(), origin=Origin(use.node, {}))
        add_guard(policies, control)
        return
    message = "there are two filters of this kind, of which the model has one: the first"
    shared.report.at(use.node, Fate.CARRIED, Level.WARNING, name, message)
    policies.plugins.setdefault("envoy", []).append(use.plain())


def add_guard(policies: Policies, control: Guard) -> None:
    """Let nobody in without a control that only Envoy knows."""
    known = policies.authentication
    if known is None:
        policies.authentication = Authentication(guards=[control], origin=control.origin)
        return
    guards = [*known.guards, control]
    policies.authentication = replace(known, guards=guards, require=Require.ALL, type=None)


def _addresses(one: IpAccess, other: IpAccess) -> IpAccess | None:
    if one.allow and other.allow:
        return None
    if (one.status_code, one.message) != (other.status_code, other.message):
        return None
    deny = list(dict.fromkeys([*one.deny, *other.deny]))
    return replace(one, allow=one.allow or other.allow, deny=deny)


def _agents(one: UserAgentAccess, other: UserAgentAccess) -> UserAgentAccess | None:
    if one.allow or other.allow:
        return None
    missing = one.refuse_missing or other.refuse_missing
    return replace(one, deny=[*one.deny, *other.deny], refuse_missing=missing)


def _groups(one: Acl, other: Acl) -> Acl | None:
    if one.allow and other.allow:
        return None
    deny = list(dict.fromkeys([*one.deny, *other.deny]))
    return replace(one, allow=one.allow or other.allow, deny=deny)


def _checks(one: Authentication, other: Authentication) -> Authentication | None:
    if set(one.kinds()) & set(other.kinds()):
        return None
    extensions = {**one.extensions}
    for provider, values in other.extensions.items():
        extensions[provider] = {**extensions.get(provider, {}), **values}
    return Authentication(
        require=Require.ALL,
        basic=one.basic or other.basic,
        api_key=one.api_key or other.api_key,
        jwt=one.jwt or other.jwt,
        oauth2=one.oauth2 or other.oauth2,
        forward=one.forward or other.forward,
        guards=[*one.guards, *other.guards],
        extensions=extensions,
        origin=one.origin,
    )


def _sizes(one: SizeLimit, other: SizeLimit) -> SizeLimit:
    least = min(one, other, key=lambda limit: limit.max_body)
    needs = one.require_content_length or other.require_content_length
    return replace(least, require_content_length=needs)


def _limits(one: RateLimit, other: RateLimit) -> RateLimit | None:
    alike = replace(other, limits=one.limits, origin=one.origin) == one
    if not alike or (one.burst and len({rate.period for rate in one.limits}) > 1):
        return None
    return replace(one, limits=[*one.limits, *other.limits])


def _compressions(one: Compression, other: Compression) -> Compression | None:
    level = one.level if one.level is not None else other.level
    if replace(other, algorithms=one.algorithms, level=level) != replace(one, level=level):
        return None
    return replace(one, algorithms=[*one.algorithms, *other.algorithms], level=level)


def _changes(one: Transformation, other: Transformation) -> Transformation:
    found = replace(one)
    for item in fields(Transformation):
        value = getattr(other, item.name)
        if value and not getattr(found, item.name):
            setattr(found, item.name, value)
    return found


def _answers(one: DirectResponse, other: DirectResponse) -> DirectResponse:
    del other
    return one


def _sharing(one: Cors, other: Cors) -> Cors | None:
    return one if one == other else None


_BOTH: dict[str, Callable[[Any, Any], Policy | None]] = {
    "ip_access": _addresses,
    "user_agent": _agents,
    "acl": _groups,
    AUTHENTICATION: _checks,
    "size_limit": _sizes,
    "rate_limit": _limits,
    "compression": _compressions,
    "transformation": _changes,
    "direct_response": _answers,
    "cors": _sharing,
}
"""How two policies of a kind that both act become one; None where they cannot."""
