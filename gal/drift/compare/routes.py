"""What a route does with a request beside its policies: match, path, Host, answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gal.drift.atoms import ALL_SCHEMES, Atom, path_text
from gal.drift.compare.finding import At, Finding, fields_of, of_field
from gal.drift.effective import Place
from gal.drift.lattice import Direction, by_inclusion, combined, of_bounded
from gal.drift.normalise import ANY, EVERY_PATH, PathKey
from gal.drift.shown import NONE, joined
from gal.model import HostHeader, HostMode, RequestLine

_MATCH: Final = {Direction.WIDER: "D004", Direction.NARROWER: "D005", Direction.OTHER: "D121"}


# -- which requests it takes


def match_changed(
    old: Iterable[Atom], new: Iterable[Atom], old_at: Place, new_at: Place
) -> Iterator[Finding]:
    """One finding for each kind of match in which two sets of atomic matches differ."""
    before, after = list(old), list(new)
    for field, attribute in (("hosts", "host"), ("methods", "method")):
        left, right = ({getattr(one, attribute) for one in side} for side in (before, after))
        direction = of_bounded(left, right, everything=[ANY])
        yield from _told(field, direction, (left, right), old_at, new_at)
    paths = [{one.path for one in side} for side in (before, after)]
    texts = tuple({path_text(one) for one in side} for side in paths)
    yield from _told("paths", _by_paths(*paths), (texts[0], texts[1]), old_at, new_at)
    conditions = [conditions_of(side) for side in (before, after)]
    direction = _by_conditions(*conditions)
    yield from _told("conditions", direction, (conditions[0], conditions[1]), old_at, new_at)
    yield from _schemes(before, after, old_at, new_at)


def _told(
    field: str,
    direction: Direction,
    sides: tuple[set[str], set[str]],
    old: Place,
    new: Place,
) -> Iterator[Finding]:
    if direction is Direction.SAME:
        return
    name = {"conditions": "headers"}.get(field, field)
    yield Finding(
        _MATCH[direction],
        field,
        joined(sorted(sides[0])),
        joined(sorted(sides[1])),
        (old.route, name),
        (new.route, name),
    )


def conditions_of(atoms: Iterable[Atom]) -> set[str]:
    """Every condition of some atomic matches."""
    return {one for atom in atoms for one in atom.conditions}


def _by_conditions(old: set[str], new: set[str]) -> Direction:
    """Fewer conditions, or more values for one, take more requests."""
    before, after = (dict(map(_parts, one)) for one in (old, new))
    directions = [Direction.WIDER for name in before if name not in after]
    directions += [Direction.NARROWER for name in after if name not in before]
    directions += [by_inclusion(before[name], after[name]) for name in before if name in after]
    return combined(directions)


def _parts(condition: str) -> tuple[str, frozenset[str]]:
    """What a condition is about, and the values of which one does."""
    name, equals, values = condition.partition("=")
    if not equals:
        name, _, values = condition.rpartition(" ")
    if "~" in values:
        return name, frozenset({values})  # an expression may hold the sign between values
    return name, frozenset(values.split("|"))


def _by_paths(old: set[PathKey], new: set[PathKey]) -> Direction:
    if old == new:
        return Direction.SAME
    if all(_covered(one, new) for one in old):
        return Direction.WIDER
    return Direction.NARROWER if all(_covered(one, old) for one in new) else Direction.OTHER


def _covered(path: PathKey, by: set[PathKey]) -> bool:
    return any(_covers(one, path) for one in by)


def _covers(outer: PathKey, inner: PathKey) -> bool:
    """Whether a path match takes everything that another one takes, as far as texts tell."""
    if outer in (inner, EVERY_PATH):
        return True
    (kind, text), (inner_kind, inner_text) = outer, inner
    if inner_kind == "regex" or kind not in ("prefix", "segments"):
        return False
    if kind == "prefix":
        return inner_text.startswith(text)
    return inner_text.startswith(f"{text}/") or (inner_text == text and inner_kind != "prefix")


def _schemes(
    old: Iterable[Atom], new: Iterable[Atom], old_at: Place, new_at: Place
) -> Iterator[Finding]:
    before, after = (
        {one for atom in side for one in atom.schemes.split(",")} for side in (old, new)
    )
    listened = [one for one in (old_at.side.protocols, new_at.side.protocols) if one]
    for known in listened:
        before, after = before & known, after & known
    if before == after:
        return
    places = (old_at.route, "schemes"), (new_at.route, "schemes")
    texts = (ALL_SCHEMES if len(one) == 2 else next(iter(one), NONE) for one in (before, after))
    left, right = texts
    if "https" in before and "https" in after:
        yield Finding("D045" if "http" in after else "D048", "schemes", left, right, *places)
    else:
        direction = by_inclusion(before, after)
        yield Finding(_MATCH[direction], "schemes", left, right, *places)


# -- what becomes of its path


def rewrite(old: Place, new: Place) -> Iterator[Finding]:
    """The path that the upstream sees, told by asking both sides for some paths."""
    from gal.drift.paths import same_paths, told_rewrite

    texts = told_rewrite(old), told_rewrite(new)
    if texts[0] == texts[1] or same_paths(old, new):
        return
    yield Finding("D007", "rewrite", *texts, _rewrite_at(old), _rewrite_at(new))


def _rewrite_at(place: Place) -> At:
    if place.route.rewrite is not None:
        return place.route.rewrite, ""
    return (place.service, "path") if place.service is not None else (place.route, "")


def host_header(old: Place, new: Place) -> Iterator[Finding]:
    """The Host that the upstream sees; a request header that is set to it says the same."""
    before, after = _effective_host(old), _effective_host(new)
    sides = _host(before, old), _host(after, new)
    if sides[0] == sides[1] or (_of_target(before, old) and _of_target(after, new)):
        return  # where it follows the target, another target is told as that
    texts = _host_text(before, sides[0][1]), _host_text(after, sides[1][1])
    yield Finding("D007", "host_header", *texts, _host_at(old), _host_at(new))


def _host_text(header: HostHeader, name: str) -> str:
    if not name:
        return header.mode.value
    return f"{name} (target)" if header.mode is HostMode.TARGET else name


def _effective_host(place: Place) -> HostHeader:
    for _, operations in place.headers("request"):
        for name, values in operations.set.items():
            if name.lower() == "host" and values:
                return HostHeader(mode=HostMode.REWRITE, value=values[-1])
    return place.host_header


def _host(header: HostHeader, place: Place) -> tuple[str, str]:
    """Mode and value; the name of the only target is the same, said or taken from it."""
    if header.mode is HostMode.REWRITE:
        return "rewrite", (header.value or "").lower()
    name = _target_name(place) if header.mode is HostMode.TARGET else None
    return ("rewrite", name) if name is not None else (header.mode.value, "")


def _of_target(header: HostHeader, place: Place) -> bool:
    """Whether it is the name of the target, by its mode or because the same is said."""
    if header.mode is HostMode.REWRITE:
        return (header.value or "").lower() == _target_name(place)
    return header.mode is HostMode.TARGET


def _target_name(place: Place) -> str | None:
    """The Host of the only target, None where there are several or none."""
    upstream = place.upstream
    if upstream is None or len(upstream.targets) != 1:
        return None
    target = upstream.targets[0]
    secure = place.service is not None and place.service.protocol.value.endswith("s")
    own = target.port == (443 if secure else 80)
    return f"{target.host.lower()}{'' if own else f':{target.port}'}"


def _host_at(place: Place) -> At:
    upstream = place.upstream
    own = place.route.host_header or (upstream.host_header if upstream is not None else None)
    return (own, "mode") if own is not None else (place.route, "host_header")


def request_line(old: RequestLine | None, new: RequestLine | None) -> Iterator[Finding]:
    """Another method for the upstream; its path is compared with the rewriting."""
    yield from fields_of(old, new, {"method": "D007"}, "request_line")


def buffering(old: Place, new: Place) -> Iterator[Finding]:
    """Whether bodies are read whole before they go on."""
    for name in ("request_buffering", "response_buffering"):
        if getattr(old.route, name) is not getattr(new.route, name):
            yield of_field("D084", old.route, new.route, name, "")


def enabled(old: Place, new: Place) -> Iterator[Finding]:
    """Whether its service is switched off."""
    if old.enabled is not new.enabled:
        yield of_field("D120" if new.enabled else "D009", old.service, new.service, "enabled", "")
