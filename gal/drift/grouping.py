"""Findings as changes: each told once, at the highest scope that explains all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gal.drift.atoms import Atom, in_words
from gal.drift.catalogue import kind_of
from gal.drift.change import MOST_OBJECTS, Assumption, Change, Level
from gal.drift.compare.finding import At, Finding, position
from gal.drift.effective import GATEWAY, SERVICE, UPSTREAM, Place, Scoped
from gal.drift.effects import Effect, level_of
from gal.drift.matching import Link, family
from gal.drift.presence import Told
from gal.drift.shown import NONE, cut
from gal.errors import Position
from gal.model import Service, Upstream

_UNSAID = "its own settings"
_RANK = {GATEWAY: 0, SERVICE: 1, UPSTREAM: 2}


@dataclass(slots=True)
class _Occurrence:
    """A finding at one pair of routes."""

    effect: Effect
    link: Link

    @property
    def owner(self) -> Scoped:
        """The wider of the scopes that say it."""
        said = [one for one in (self.effect.old, self.effect.new) if one.owner is not None]
        return min(said, key=lambda one: _RANK.get(one.scope, 3), default=self.effect.old)


@dataclass(slots=True)
class Grouping:
    """Collects findings about pairs of routes.

    Attributes:
        links: all pairs.
    """

    links: list[Link]
    _found: dict[tuple[object, ...], list[_Occurrence]] = field(default_factory=dict)
    _by_service: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for link in self.links:
            key = _service_key(link)
            self._by_service[key] = self._by_service.get(key, 0) + 1

    def add(self, effect: Effect, link: Link) -> None:
        """A finding about a pair."""
        one = effect.finding
        key = (one.id, one.field, one.old, one.new, one.message, one.security, one.traffic)
        self._found.setdefault((*key, one.level), []).append(_Occurrence(effect, link))

    def changes(self) -> Iterator[Change]:
        """The changes, each at its scope."""
        for occurrences in self._found.values():
            yield from self._scoped(occurrences)

    def assumptions(self, old: str, new: str) -> Iterator[Assumption]:
        """The findings as defaults of two gateways that differ, one a topic."""
        for occurrences in self._found.values():
            one = occurrences[0].effect.finding
            count = len({id(occurrence.link.old) for occurrence in occurrences})
            level = level_of(one)
            texts = _said(one.old), _said(one.new)
            if _UNSAID in texts and level.rank > Level.MEDIUM.rank:
                level = Level.MEDIUM  # what the gateway's own settings say is not known here
            yield Assumption(one.field, *texts, old, new, level, count)

    def _scoped(self, occurrences: list[_Occurrence]) -> Iterator[Change]:
        owners: dict[tuple[str, int], list[_Occurrence]] = {}
        for one in occurrences:
            owner = one.owner
            shared = owner.scope in _RANK
            key = (owner.scope, id(owner.owner) if shared else id(one.link))
            owners.setdefault(key, []).append(one)
        if len(owners) == 1:
            yield self._owned(next(iter(owners)), occurrences)
            return
        if _routes(occurrences) == len(self.links):
            yield _grouped("gateway", occurrences)
            return
        for below in _by_service(occurrences).values():
            service = _service_label(below[0].link)
            all_of_it = _routes(below) == self._by_service[_service_key(below[0].link)]
            if all_of_it and _parts(below) > 1 and service is not None:
                yield _grouped(service, below)
                continue
            apart: dict[tuple[str, int], list[_Occurrence]] = {}
            for one in below:
                scope = one.owner.scope
                about = id(one.owner.owner) if scope in _RANK else _cluster(one.link)
                apart.setdefault((scope, about), []).append(one)
            for key, own in apart.items():
                yield self._owned(key, own)

    def _owned(self, key: tuple[str, int], occurrences: list[_Occurrence]) -> Change:
        first = occurrences[0]
        label = None
        if _parts(occurrences) > 1:
            label = _label(key[0], first)
        if label is None:
            return _of_route(occurrences)
        return _grouped(label, occurrences)


def _said(text: str) -> str:
    return _UNSAID if text == NONE else text


def _service_key(link: Link) -> int:
    return id(link.old.service or link.old.upstream)


def _by_service(occurrences: list[_Occurrence]) -> dict[int, list[_Occurrence]]:
    found: dict[int, list[_Occurrence]] = {}
    for one in occurrences:
        found.setdefault(_service_key(one.link), []).append(one)
    return found


def _cluster(link: Link) -> int:
    """What the pairs of one route with several counterparts, or written as several, share."""
    return hash(family(link.old)) if family(link.old) is not None else id(link.old)


def _routes(occurrences: Iterable[_Occurrence]) -> int:
    return len({id(one.link) for one in occurrences})


def _parts(occurrences: Iterable[_Occurrence]) -> int:
    """The number of routes, those that were written as one counted once."""
    return len({_cluster(one.link) for one in occurrences})


def _label(scope: str, one: _Occurrence) -> str | None:
    if scope == GATEWAY:
        return "gateway"
    if scope == SERVICE:
        return _service_label(one.link)
    if scope == UPSTREAM:
        owner = one.owner.owner
        return _upstream_label(owner) if isinstance(owner, Upstream) else None
    return None


def _service_label(link: Link) -> str | None:
    """What a service is called: where it leads, since names of services are each gateway's own."""
    upstream = link.old.upstream or link.new.upstream
    if upstream is not None:
        return _upstream_label(upstream)
    service: Service | None = link.old.service or link.new.service
    return None if service is None or service.name is None else f"service {service.name}"


def _upstream_label(upstream: Upstream) -> str:
    return f"upstream {_targets(upstream) or upstream.name or '?'}"


def _targets(upstream: Upstream) -> str:
    return cut(", ".join(sorted(f"{one.host.lower()}:{one.port}" for one in upstream.targets)))


# -- changes


def _of_route(occurrences: list[_Occurrence]) -> Change:
    first = occurrences[0]
    atoms = [atom for one in occurrences for atom in link_atoms(one.link)]
    return change(first.effect.finding, atoms, first.link.old, first.link.new)


def _grouped(label: str, occurrences: list[_Occurrence]) -> Change:
    first = occurrences[0]
    links = {id(one.link): one.link for one in occurrences}
    texts = [in_words(link_atoms(link))[0] for link in links.values()]
    made = change(first.effect.finding, [], first.link.old, first.link.new)
    return with_objects(made, label, texts)


def of_matches(told: Iterable[Told]) -> Iterator[Change]:
    """Findings about matches; the same of routes that were written as one is told once."""
    found: dict[tuple[object, ...], list[Told]] = {}
    for one in told:
        place = one.old or one.new
        own = family(place) if place is not None else None
        finding = one.finding
        values = (finding.old, finding.new) if finding.field != "routes" else ()
        key = (finding.id, finding.field, values, finding.security, own)
        found.setdefault(key if own is not None else (*key, id(place)), []).append(one)
    for group in found.values():
        first = group[0]
        atoms = [atom for one in group for atom in one.atoms]
        yield change(first.finding, atoms, first.old, first.new)


def link_atoms(link: Link) -> list[Atom]:
    """The atomic matches that a pair is called by."""
    return link.atoms or [atom for _, atom in link.gone] or link.old.atoms


def change(
    finding: Finding, atoms: Iterable[Atom], old: Place | None = None, new: Place | None = None
) -> Change:
    """A finding about a route as a change; without atoms its object is yet to be named."""
    texts = in_words(atoms)
    named = texts[0] if texts else ""
    made = about(finding, named, _near(old), _near(new))
    return with_objects(made, named, texts, count=1) if texts else made


def _near(place: Place | None) -> Position | None:
    return position((place.route, "")) if place is not None else None


def about(
    finding: Finding, object_: str, old: Position | None = None, new: Position | None = None
) -> Change:
    """A finding about an object as a change.

    Args:
        finding: what differs.
        object_: the object in words.
        old: where the old object stands, for a finding that has no place of its own.
        new: likewise.
    """
    kind = kind_of(finding.id)
    return Change(
        id=kind.id,
        name=kind.name,
        object=object_,
        field=finding.field,
        old=finding.old,
        new=finding.new,
        old_position=_position(finding.old_at, old),
        new_position=_position(finding.new_at, new),
        security=finding.security or kind.security,
        traffic=finding.traffic or kind.traffic,
        behaviour=kind.behaviour,
        operations=kind.operations,
        level=level_of(finding),
        message=finding.message or f"{finding.field}: {finding.old} -> {finding.new}",
        objects=(object_,),
    )


def _position(at: At, near: Position | None) -> Position | None:
    return position(at) or near


def with_objects(made: Change, label: str, texts: list[str], count: int | None = None) -> Change:
    """The change about several objects."""
    from dataclasses import replace

    listed = tuple(sorted(dict.fromkeys(texts)))[:MOST_OBJECTS]
    return replace(made, object=label, objects=listed, count=count or len(texts))
