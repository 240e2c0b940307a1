"""Headers that a filter changes, or a script speaks of, before an access control looks at them.

In the model access controls act first. Where a filter sets, or takes away, what one of them looks
at, they would see what the client says instead, which may let in whom Envoy refuses (law 2).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gal.importers.envoy.use import AUTHENTICATION
from gal.ledger import Fate, Level
from gal.model import Guard, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.use import Reading
    from gal.model import Policies

_EVERY = "*"
_CHANGING = ("set", "replace", "remove")
"""What takes away the client's own value."""

_TOLD_ALL = ("ext_authz", "ext_proc")
"""Guards that are told all headers."""


def disguises(readings: Sequence[Reading], shared: Shared) -> Iterator[Guard]:
    """A guard for each access control that looks at changed headers."""
    changed: set[str] = set()
    for reading in readings:
        looked = set(_looked_at(reading.policies, changed))
        both = sorted(changed if _EVERY in looked else changed & looked)
        if both:
            node = reading.use.node
            names = ", ".join(both)
            message = (
                f"a filter before it may change {names}, here it would see the client's own:"
                " everybody is refused"
            )
            shared.report.at(
                node, Fate.DROPPED, Level.WARNING, AUTHENTICATION, message, whole=False
            )
            yield Guard("filter-order", "envoy", {"headers": both}, origin=Origin(node, {}))
        changed |= {step.name.lower() for step in reading.request if step.kind in _CHANGING}
        changed |= reading.marks.get("mentioned", set())


def _looked_at(policies: Policies, changed: set[str]) -> Iterator[str]:
    """The headers, in lower case, that decide who enters."""
    if policies.user_agent is not None:
        yield "user-agent"
    asked = policies.authentication
    if asked is None:
        return
    if asked.basic is not None:
        yield "authorization"
    for section in (asked.api_key, asked.jwt):
        if section is not None:
            yield from map(str.lower, section.header_names)
            if section.cookie_names:
                yield "cookie"
    if asked.forward is not None:
        yield from map(str.lower, asked.forward.request_headers or [_EVERY])
    for control in asked.guards:
        if control.name in _TOLD_ALL:
            yield _EVERY
        text = json.dumps(control.config, default=str).lower() if changed else ""
        yield from (name for name in changed if f'"{name}"' in text)
