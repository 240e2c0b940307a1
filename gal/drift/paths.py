"""Which path the upstream sees: two spellings are the same where they give the same paths."""

from __future__ import annotations

from typing import Final

from gal.drift.effective import Place
from gal.drift.shown import NONE, shown
from gal.model import PathMatch, Rewrite
from gal.model.route import PathKind
from gal.ranking import Candidate
from gal.tracing.counters import Counters
from gal.tracing.decision import Decision
from gal.tracing.exchange import Exchange
from gal.tracing.matching import asked, path_taken
from gal.tracing.policies.upstream import upstream_path
from gal.tracing.request import Request
from gal.tracing.routing import Choice
from gal.verify.derive.base import sampled_path

_TAILS: Final = ("", "/", "/drift-probe", "/a/b/", "x")


def told_rewrite(place: Place) -> str:
    """What becomes of the path, in the model's words."""
    base = place.service.path if place.service is not None else None
    words = [f"base path {base}"] if base not in (None, "", "/") else []
    rewrite = place.route.rewrite
    if rewrite is not None and rewrite != Rewrite():
        words.append(shown("", rewrite))
    line = place.policy("request_line").node
    if line is not None and line.path is not None:
        words.append(f"path {line.path}")
    return ", ".join(words) or NONE


def same_paths(old: Place, new: Place) -> bool:
    """Whether the upstream sees the same paths for some that both routes take."""
    if told_rewrite(old) == told_rewrite(new) == NONE:
        return True
    tried = [path for match in old.route.paths or (None,) for path in _tried(match)]
    tried = [path for path in tried if _taken(old, path) and _taken(new, path)]
    if not tried:
        return False
    return all(_same(_seen(old, path), _seen(new, path)) for path in dict.fromkeys(tried))


def _same(old: str, new: str) -> bool:
    """Whether two paths are equal; one slash at the end more is what joining leaves."""
    return old == new or old.rstrip("/") == new.rstrip("/")


def _tried(match: PathMatch | None) -> list[str]:
    path = sampled_path(match)
    if path is None:
        return []
    if match is not None and match.kind is PathKind.EXACT:
        return [path]
    return [f"{path.rstrip('/') if tail.startswith('/') else path}{tail}" for tail in _TAILS]


def _taken(place: Place, path: str) -> bool:
    paths = place.route.paths
    return not paths or any(path_taken(one, path) is not None for one in paths)


def _seen(place: Place, path: str) -> str:
    """The path that the upstream sees."""
    request = Request("GET", "http", "localhost", None, path)
    candidate = Candidate(place.service, place.route, tuple(place.route.paths))
    of = asked(request, place.side.gateway.settings.route_order)
    decision = Decision(Choice(of, candidate, (), ()))
    exchange = Exchange(
        place.side.gateway,
        place.route,
        place.service,
        request,
        decision,
        Counters(),
        request.method,
        of.path,
        None,
        [],
    )
    return upstream_path(exchange)
