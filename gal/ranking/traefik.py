"""Traefik's order: the higher priority wins. Importers give every route the priority that Traefik
itself computes, so no length of a rule is compared here.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.ranking import Candidate

if TYPE_CHECKING:
    from gal.model import Route, Service


def rank(service: Service | None, route: Route) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """The higher `priority` first, then the order of the file. A route is not split: its matches
    are one rule.
    """
    yield (-route.priority,), Candidate(service, route, tuple(route.paths))
