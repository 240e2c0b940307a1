"""Routes by which a client gets around the credentials that another route asks for.

Both go to the same targets, and what the guarded route shows there the open one shows, too. An open
route of the same host that is narrower than the guarded one is an exception that somebody made; an
open one that is wider is none where the guarded one wins.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.lint.asked import identity_asked, only_code_asks
from gal.lint.exposure import answered, is_public, limited_by_address, ranks_of
from gal.model import PathKind, PathMatch, RequestLine, Rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gal.lint.subject import RouteView, Subject
    from gal.model import Route, Upstream

_PROBES = ("/gal-probe", "/gal/probe/2")
_GROUP = re.compile(r"\\(\d)")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_LONGEST, _MOST_REPEATS = 120, 4
_MOST = 64
"""So many guarded routes are compared with an open one: more need not be looked at."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What of an upstream some requests of a route get to.

    Attributes:
        request: how the path of these requests starts; it is all of it for `whole`.
        there: how the path starts that the upstream sees.
        whole: there are no other requests than `request`.
    """

    request: str
    there: str
    whole: bool


@dataclass(frozen=True, slots=True, eq=False)
class Bypass:
    """A way around.

    Attributes:
        opened: the route that asks for nothing.
        guarded: the route that asks for credentials.
        upstream: where both go.
        path: how the path starts that the upstream sees by both.
    """

    opened: RouteView
    guarded: RouteView
    upstream: Upstream
    path: str


@dataclass(slots=True)
class _Group:
    """The routes that go to the same targets.

    Attributes:
        upstream: the first of the upstreams with these targets.
        guarded: those that ask, by the start of the path that the upstream sees.
        opened: those that do not.
    """

    upstream: Upstream
    guarded: list[tuple[str, int, Reach, RouteView]] = field(default_factory=list)
    opened: list[RouteView] = field(default_factory=list)


def bypasses(subject: Subject) -> list[Bypass]:
    """All ways around, at most one for each open route."""
    groups: dict[object, _Group] = {}
    for view in subject.routes:
        asks = identity_asked(view)
        if answered(view) or only_code_asks(view) or (not asks and _is_closed(view, subject)):
            continue
        for key, upstream in _targets(view):
            group = groups.setdefault(key, _Group(upstream))
            if not asks:
                group.opened.append(view)
                continue
            for reach in reaches(view):
                group.guarded.append((reach.there, len(group.guarded), reach, view))
    found: dict[int, Bypass] = {}
    for group in groups.values():
        group.guarded.sort(key=lambda one: one[:2])
        for view in group.opened if group.guarded else ():
            one = _around(view, group, subject)
            if one is not None:
                found.setdefault(id(view.route), one)
    return list(found.values())


def _is_closed(view: RouteView, subject: Subject) -> bool:
    return is_public(view, subject) or limited_by_address(view)


def _targets(view: RouteView) -> Iterator[tuple[object, Upstream]]:
    for upstream, _ in view.upstreams:
        targets = frozenset((one.host.lower(), one.port) for one in upstream.targets)
        yield targets or id(upstream), upstream


def _around(view: RouteView, group: _Group, subject: Subject) -> Bypass | None:
    """A guarded route that an open one leads around, if there is any."""
    for reach in reaches(view):
        start = bisect_left(group.guarded, (reach.there,))
        for there, _, guarded, other in group.guarded[start : start + _MOST]:
            if not there.startswith(reach.there) or (reach.whole and there != reach.there):
                break
            if reach.whole and not guarded.whole:
                continue  # one path out of those that are guarded
            if _meet(view.route, other.route) and not _wins(reach, guarded, view, other, subject):
                return Bypass(view, other, group.upstream, there)
    return None


def _meet(one: Route, other: Route) -> bool:
    """Whether both take some method alike."""
    return not one.methods or not other.methods or bool(set(one.methods) & set(other.methods))


def _wins(
    reach: Reach, guarded: Reach, view: RouteView, other: RouteView, subject: Subject
) -> bool:
    """Whether the guarded route takes those requests of the open one that get to the same."""
    request = reach.request + guarded.there[len(reach.there) :]
    if not request.startswith(guarded.request) or not _covers(other.route, view.route):
        return False
    ranks = subject.once(ranks_of)
    return ranks.get(id(other.route), 0) < ranks.get(id(view.route), 0)


def _covers(wide: Route, narrow: Route) -> bool:
    """Whether a route takes whatever else than the path another one takes."""
    if wide.headers or wide.query_params or wide.sources or wide.server_names:
        same = (wide.headers, wide.query_params, wide.sources, wide.server_names)
        if same != (narrow.headers, narrow.query_params, narrow.sources, narrow.server_names):
            return False
    only = set(wide.schemes) if wide.https_redirect is None else set()
    if only and not (narrow.schemes and set(narrow.schemes) <= only):
        return False
    ports = {one.port for one in wide.destinations}
    if ports and not {one.port for one in narrow.destinations} <= ports:
        return False
    if not wide.hosts:
        return True
    return bool(narrow.hosts) and all(
        any(_host_covers(one.lower(), host.lower()) for one in wide.hosts) for host in narrow.hosts
    )


def _host_covers(wide: str, narrow: str) -> bool:
    if wide.startswith("*"):
        return narrow.endswith(wide[1:])
    if wide.endswith("*"):
        return narrow.startswith(wide[:-1])
    return wide == narrow


# -- what the upstream sees


def reaches(view: RouteView) -> Iterator[Reach]:
    """What a route shows of its upstream, for each of its paths where that can be said."""
    for path in view.route.paths or [PathMatch(path_prefix="/")]:
        found = _reach(path, view)
        if found is not None:
            yield found


def _reach(path: PathMatch, view: RouteView) -> Reach | None:
    rewrite, line = view.route.rewrite or Rewrite(), view.policy(RequestLine)
    whole = path.kind is PathKind.EXACT
    fixed = line.path if line is not None and line.path is not None else rewrite.path
    if fixed is not None:
        return Reach(path.text, fixed, True)
    if path.kind is PathKind.REGEX:
        return None
    request = path.text if whole else path.text.rstrip("/")
    there = _rewritten(request, rewrite, whole=whole)
    if there is None:
        return None
    base = (view.service.path or "") if view.service is not None else ""
    there = _joined(base, _joined(rewrite.add_prefix or "", there))
    return Reach(request, (there or "/") if whole else there.rstrip("/"), whole)


def _rewritten(request: str, rewrite: Rewrite, *, whole: bool) -> str | None:
    """What becomes of a path, or of the start of paths; None where that cannot be said."""
    if rewrite.strip_prefix:
        return ""
    if rewrite.pattern is None:
        return request
    if not _is_tame(rewrite.pattern.pattern) or len(request) > _LONGEST:
        return None
    if whole:
        return _replaced(request, rewrite)
    found = set()
    for probe in _PROBES:
        path = _replaced(request + probe, rewrite)
        found.add(path.removesuffix(probe) if path is not None and path.endswith(probe) else None)
    return found.pop() if len(found) == 1 else None


def _replaced(path: str, rewrite: Rewrite) -> str | None:
    from gal.tracing.regexes import compiled

    pattern = compiled(rewrite.pattern) if rewrite.pattern is not None else None
    if pattern is None:
        return None
    replacement = _GROUP.sub(r"\\g<\1>", rewrite.replacement or "")
    try:
        return pattern.sub(replacement, path, count=1)
    except (re.error, IndexError):
        return None


def _is_tame(pattern: str) -> bool:
    """Whether an expression takes little time on any short text: nothing repeats a group, and
    little repeats at all.
    """
    few = sum(pattern.count(mark) for mark in "*+{") <= _MOST_REPEATS
    return few and len(pattern) <= _LONGEST and _REPEATED_GROUP.search(pattern) is None


def _joined(before: str, after: str) -> str:
    if not before.strip("/"):
        return after
    return f"{before.rstrip('/')}/{after.lstrip('/')}" if after else before.rstrip("/")
