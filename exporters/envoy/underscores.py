"""Headers with underscores in their names, where another spelling of a name would pass by a route
that controls access: Envoy drops them all, as it cannot take one spelling for the other
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto,
`headers_with_underscores_action`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gal.claims import unwrap
from gal.exporters.envoy.build import Json, Shared
from gal.model import Policies
from gal.underscores import guarding_matches


@dataclass(slots=True)
class _Decided:
    """What was decided for the whole file; None before that."""

    drops: bool | None = None


def underscores(shared: Shared) -> Json:
    """Settings of a connection manager; says once what it means."""
    decided = shared.state(_Decided)
    if decided.drops is None:
        decided.drops = _decide(shared)
    if not decided.drops:
        return {}
    return {"common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"}}


def _decide(shared: Shared) -> bool:
    gateway = unwrap(shared.gateway)
    matches = guarding_matches(gateway)
    wanted = any("_" in name for name in _names(shared))
    for match in matches:
        if wanted:
            message = (
                f'with "_" for "-" in its name, the header "{match.name}" is another one to Envoy:'
                " such a request passes by this route, which controls access"
            )
        else:
            message = (
                "Envoy drops all headers with underscores in their names, so that no other"
                f' spelling of "{match.name}" passes by this route, which controls access'
            )
        shared.context.report.approximated(match, "headers", message)
    return bool(matches) and not wanted


def _names(shared: Shared) -> Iterator[str]:
    """Headers that a client has to send."""
    gateway = unwrap(shared.gateway)
    levels: list[Policies] = [gateway.policies]
    levels += [service.policies for service in gateway.services]
    for _, route in gateway.walk_routes():
        levels.append(route.policies)
        yield from (match.name for match in route.headers)
    for policies in levels:
        asked = policies.authentication
        for section in (asked.api_key, asked.jwt) if asked is not None else ():
            yield from section.header_names if section is not None else ()
