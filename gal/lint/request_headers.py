"""What becomes of a client's headers on the way to the upstream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gal.model import Headers, Operations

if TYPE_CHECKING:
    from gal.lint.subject import RouteView


def operations(view: RouteView) -> Iterator[Operations]:
    """The changes of request headers that act on a route."""
    for _, policies in view.levels:
        headers = policies.headers
        if headers is not None and headers.request is not None:
            if headers.enabled:
                yield headers.request
            break
    changes = view.service.transformation if view.service is not None else None
    below = view.route.policies.transformation
    for one in (changes, below):
        headers = one.headers if one is not None else None
        if isinstance(headers, Headers) and headers.request is not None:
            yield headers.request


def taken_away(view: RouteView, names: Iterable[str]) -> bool:
    """Whether a route takes all of these headers away, or sets them itself."""
    gone: set[str] = set()
    for one in operations(view):
        gone.update(name.lower() for name in (*one.remove, *one.rename, *one.set, *one.replace))
    return all(name.lower() in gone for name in names)
