"""Whether two models answer alike, asked with requests, where they say a thing in other words.

Gateways say one access control in different ways: a consumer's key is a condition on a header, a
refused address is a route of its own. What such a difference means is found out by asking both
sides with the same requests: without and with each credential, from addresses at the edges of
each range, by each kind of client.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl

from gal.drift.effective import Place, SideView
from gal.model import IpAccess, Regex, UserAgentAccess
from gal.ranking import Candidate, ranked
from gal.tracing.counters import Counters
from gal.tracing.decision import Decision, Outcome
from gal.tracing.request import Request
from gal.tracing.tracer import Tracer
from gal.verify.compare import differences, watched
from gal.verify.derive import matching, policies
from gal.verify.derive.base import Ground, fitting
from gal.verify.derive.entering import entries
from gal.verify.probe import Kind, Observation, Probe, Steering
from gal.verify.sample import sample
from gal.verify.side import predicted

_REFUSALS: Final = frozenset({401, 403, 404, 407})
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_WAYS: Final = (matching.matches, policies.credentials, matching.rewrites, matching.near_misses)
_OTHER_SPELLINGS: Final = ("//", "/..", "/./", "%", ";")
"""Paths that each gateway brings to a form of its own, whatever the configuration says."""


@dataclass(slots=True)
class Probing:
    """Both sides, to be asked.

    Attributes:
        old: one side.
        new: the other.
    """

    old: SideView
    new: SideView
    _tracers: list[Tracer] = field(default_factory=list)
    _candidates: dict[int, list[Candidate]] = field(default_factory=dict)
    _by_match: dict[tuple[object, ...], list[Place]] = field(default_factory=dict)
    _known: dict[tuple[int, int, bool], bool] = field(default_factory=dict)

    def alike(self, places: Iterable[Place], *, rewritten: bool = False) -> bool:
        """Whether the requests of some old routes, and those of the new routes for the same hosts
        and paths, come out alike on both sides: let in to the same targets, refused, or given the
        same answer; with `rewritten`, also with the same method, path, query and `Host`. False
        where nothing could be asked, or where only a gateway itself can say.
        """
        asked = [self._alike(place, rewritten=rewritten) for place in places]
        return bool(asked) and all(asked)

    def opened(self, places: Iterable[Place]) -> bool | None:
        """Whether the new side lets in a request of some routes that the old one does not; None
        where nothing could be asked, or where only a gateway itself can say.
        """
        found = [self._opened(place) for place in places]
        return True if True in found else None if None in found or not found else False

    def _opened(self, place: Place) -> bool | None:
        self._prepare()
        requests = dict.fromkeys(self._requests(place))
        doubt = not requests
        for request in requests:
            old, new = (_outcome(tracer.trace(request)) for tracer in self._afresh())
            if new is not None and new[0] != "let in":
                continue
            if new is not None and old is not None and old[0] != "let in":
                return True
            doubt = doubt or (old is None) is not (new is None)
        return None if doubt else False

    def _afresh(self) -> list[Tracer]:
        """Both sides, with nothing counted yet."""
        for tracer in self._tracers:
            tracer.counters = Counters()  # no request uses up the limit of another
        return self._tracers

    def refused(self, place: Place) -> bool:
        """Whether the new side refuses every request of an old route."""
        self._prepare()
        outcomes = [_outcome(self._tracers[1].trace(one)) for one in self._entering(place)]
        return bool(outcomes) and all(one == ("refused",) for one in outcomes)

    def same_header(self, places: Iterable[Place], side: str, name: str) -> bool:
        """Whether a header of requests or answers (`request`, `response`) comes out alike, sent by
        the other end or not.
        """
        return self._same(places, lambda one: _with_header(one, side, name), side, name)

    def same_query(self, places: Iterable[Place], name: str) -> bool:
        """Whether the upstream sees a parameter alike, sent by the client or not."""
        return self._same(places, lambda one: _with_parameter(one, name), "query", name)

    def same_cors(self, places: Iterable[Place]) -> bool:
        """Whether pages of the origins that either side speaks of get the same answers."""
        self._prepare()
        names = watched(self.old.gateway, self.new.gateway)
        asked = False
        for place in places:
            for one in (place, *self._there(place)):
                for probe in (
                    probe for ground in self._grounds(one) for probe in policies.cors(ground)
                ):
                    asked = True
                    found = [
                        [predicted(tracer.trace(probe.request), probe)] for tracer in self._afresh()
                    ]
                    if differences(probe, found[0], found[1], names) != []:
                        return False
        return asked

    def _same(
        self, places: Iterable[Place], variants: Callable[[Request], Iterable[Probe]], *seen: str
    ) -> bool:
        self._prepare()
        asked = False
        for place in places:
            for ground in self._grounds(place):
                for probe in variants(ground.entering()):
                    asked = True
                    found = [
                        predicted(tracer.trace(probe.request), probe) for tracer in self._afresh()
                    ]
                    if not all(one.known and one.by_upstream for one in found):
                        return False
                    if _seen(found[0], *seen) != _seen(found[1], *seen):
                        return False
        return asked

    def _entering(self, place: Place) -> Iterator[Request]:
        for ground in self._grounds(place):
            yield ground.request
            yield ground.entering()

    def _alike(self, place: Place, *, rewritten: bool) -> bool:
        key = id(place.side), place.number, rewritten
        if key not in self._known:
            self._known[key] = self._asked(place, rewritten=rewritten)
        return self._known[key]

    def _asked(self, place: Place, *, rewritten: bool) -> bool:
        self._prepare()
        requests = dict.fromkeys(self._requests(place))
        for request in requests:
            outcomes = []
            for tracer in self._afresh():
                decision = tracer.trace(request)
                seen = _upstream_sees(decision) if rewritten else ()
                outcomes.append((_outcome(decision), seen))
            if outcomes[0][0] is None or outcomes[0] != outcomes[1]:
                return False
        return bool(requests)

    def _prepare(self) -> None:
        if self._tracers:
            return
        self._tracers += [Tracer(self.old.gateway), Tracer(self.new.gateway)]
        for side in (self.old, self.new):
            for candidate in ranked(side.gateway):
                self._candidates.setdefault(id(candidate.route), []).append(candidate)
        for place in self.new.places:
            for key in {atom.place for atom in place.atoms}:
                self._by_match.setdefault(key, []).append(place)

    def _requests(self, place: Place) -> Iterator[Request]:
        both = [place, *self._there(place)]
        addresses = sorted({text for one in both for text in _addresses(one)})
        agents = sorted({text for one in both for text in _agents(one)})
        for one in both:
            for ground in self._grounds(one):
                for way in _WAYS:
                    yield from (
                        probe.request
                        for probe in way(ground)
                        if _is_usual(probe.request, ground.request.host)
                    )
                entering = ground.entering()
                if one is place:
                    yield from self._from_inside(ground, addresses)
                yield from (replace(entering, client_ip=text) for text in addresses)
                for agent in agents:
                    headers = [pair for pair in entering.headers if pair[0].lower() != "user-agent"]
                    yield replace(entering, headers=(*headers, ("User-Agent", agent)))

    def _from_inside(self, ground: Ground, addresses: Iterable[str]) -> Iterator[Request]:
        """What comes close, from an address that may enter: from others both sides refuse it."""
        for text in addresses:
            outcome = _outcome(self._tracers[0].trace(replace(ground.entering(), client_ip=text)))
            if outcome is not None and outcome[0] == "let in":
                inside = replace(ground, request=replace(ground.request, client_ip=text))
                yield from (
                    probe.request
                    for probe in matching.near_misses(inside)
                    if _is_usual(probe.request, ground.request.host)
                )
                return

    def _there(self, place: Place) -> list[Place]:
        """The new routes for the hosts and paths of an old one."""
        keys = {atom.place for atom in place.atoms}
        found = {one.number: one for key in keys for one in self._by_match.get(key, ())}
        return [found[number] for number in sorted(found)]

    def _grounds(self, place: Place) -> Iterator[Ground]:
        gateway = place.side.gateway
        for candidate in self._candidates.get(id(place.route), ()) if place.enabled else ():
            for path in candidate.paths or (None,):
                request = fitting(candidate.route, path)
                if request is not None:
                    found = next(entries(gateway, candidate.service, candidate.route), None)
                    yield Ground(gateway, candidate, request, found)


def _is_usual(request: Request, host: str) -> bool:
    """Whether it is none that each gateway brings to a form of its own: the path, or the host's
    capital letters.
    """
    capitals = request.host != host and request.host.lower() == host.lower()
    return not capitals and not any(sign in request.path for sign in _OTHER_SPELLINGS)


def _outcome(decision: Decision) -> tuple[Any, ...] | None:
    """What becomes of a request; None where only the gateway itself can say."""
    if any(step.outcome is Outcome.UNKNOWN and step.policy != "plugins" for step in decision.steps):
        return None
    answer = decision.answer
    if answer is None:
        targets = _targets(decision)
        return ("let in", targets) if targets else ("refused",)  # there is nobody behind it
    if answer.status in _REFUSALS:
        return ("refused",)
    location = [value for name, value in answer.headers if name.lower() == "location"]
    return "answered", answer.status, tuple(location)


def _targets(decision: Decision) -> frozenset[tuple[str, int]]:
    return frozenset((one.host, one.port) for one in decision.targets)


def _upstream_sees(decision: Decision) -> tuple[str | None, ...]:
    """Method, path, query and `Host` that the upstream sees; nothing where it sees no request."""
    sent = decision.upstream
    if sent is None:
        return ()
    return sent.method, sent.path, sent.query or "", _host(sent.host, _targets(decision))


def _host(name: str | None, targets: frozenset[tuple[str, int]]) -> str | None:
    """The `Host` that an upstream sees; None for the name of the target itself."""
    own = {text for host, port in targets for text in (host, f"{host}:{port}")}
    return None if name is None or name in own else name


def _with_header(request: Request, side: str, name: str) -> Iterator[Probe]:
    yield Probe(Kind.HEADERS, "", request)
    sent = ((name, "probe"),)
    if side == "response":
        yield Probe(Kind.HEADERS, "", request, steering=Steering(headers=sent))
    elif request.header(name) is None:
        yield Probe(Kind.HEADERS, "", replace(request, headers=(*request.headers, *sent)))


def _with_parameter(request: Request, name: str) -> Iterator[Probe]:
    yield Probe(Kind.HEADERS, "", request)
    query = f"{request.query}&{name}=probe" if request.query else f"{name}=probe"
    yield Probe(Kind.HEADERS, "", replace(request, query=query))


def _seen(observation: Observation, what: str, name: str) -> list[str]:
    if what == "response":
        pairs: Iterable[tuple[str, str | None]] = observation.headers
    elif what == "request":
        pairs = observation.seen[-1].headers
    else:
        pairs = parse_qsl(observation.seen[-1].query or "", keep_blank_values=True)
    return sorted(str(value) for one, value in pairs if one.lower() == name.lower())


def _addresses(place: Place) -> Iterator[str]:
    """Addresses at the edges of every range that a route speaks of, and just beside it."""
    policy: IpAccess | None = place.policy("ip_access").node
    ranges = [one.ip for one in place.route.sources if one.ip is not None]
    ranges += [*policy.allow, *policy.deny] if policy is not None else []
    for text in ranges:
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            continue
        kind = type(network.network_address)
        first, last = int(network.network_address), int(network.broadcast_address)
        for number in (first - 1, first, last, last + 1):
            if 0 < number < 2**network.max_prefixlen:
                yield str(kind(number))


def _agents(place: Place) -> Iterator[str]:
    """Names of clients that the expressions of a route take, and one of a browser."""
    policy: UserAgentAccess | None = place.policy("user_agent").node
    regexes = [*policy.allow, *policy.deny] if policy is not None else []
    for match in place.route.headers:
        if match.name.lower() == "user-agent":
            regexes += match.regexes
    for text in filter(None, map(_sampled, regexes)):
        yield from (text, f"x {text}", f"{text}/1.0 (+x)", text.swapcase())
    if regexes:
        yield _BROWSER


def _sampled(regex: Regex) -> str | None:
    text = sample(regex)
    return text if text is not None and text.isprintable() and text.isascii() else None
