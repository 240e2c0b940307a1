"""Envoy's order: the virtual host with the narrowest domain, then the order of the file.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`config.route.v3.VirtualHost.domains`: exact, then suffix wildcards, then prefix wildcards, the
longest first, then `*`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.ranking import Candidate

if TYPE_CHECKING:
    from gal.model import Route, Service

_EXACT, _SUFFIX, _PREFIX, _ANY = range(4)


def rank(service: Service | None, route: Route) -> Iterator[tuple[tuple[object, ...], Candidate]]:
    """The narrowest host first, then the order of the file. Importers give the hosts of a virtual
    host apart where they rank differently.
    """
    key = min((_host(host) for host in route.hosts), default=(_ANY, 0))
    yield key, Candidate(service, route, tuple(route.paths))


def _host(host: str) -> tuple[int, int]:
    if host.startswith("*"):
        return _SUFFIX, -len(host)
    if host.endswith("*"):
        return _PREFIX, -len(host)
    return _EXACT, 0
