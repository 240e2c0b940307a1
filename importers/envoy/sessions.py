"""Cookies that bring clients back to their target: the filter `stateful_session`. In the model this
is the upstream's matter.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/stateful_session_filter
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.envoy.chain import take_typed
from gal.importers.envoy.use import Reading, carried, nothing
from gal.importers.envoy.values import take_flag

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.use import Use
    from gal.model import Gateway, Route, Upstream

_COOKIE = ".cookie."
STICKY = "sticky"


def read(use: Use) -> Reading:
    """The cookie, for the upstream of the route; other ways are Envoy's own."""
    settings = use.base
    if use.own is not None:
        if take_flag(use.own, "disabled"):
            return nothing(use)
        settings = use.own.take_mapping("stateful_session") or use.base
    state = settings.take_mapping("session_state")
    if state is None:
        return nothing(use, "it keeps nothing")
    typed = take_typed(state)
    cookie = typed.value.take_mapping("cookie") if typed is not None and typed.value else None
    if typed is None or cookie is None or _COOKIE not in typed.type:
        return carried(use, "elsewhere clients do not come back to their target")
    name = cookie.take_str("name", "")
    use.take_all()
    return Reading(use, marks={STICKY: name})


@dataclass(slots=True)
class _Upstreams:
    """The upstreams by the names that routes may use."""

    found: dict[str, Upstream] = field(default_factory=dict)
    known: int = -1

    def named(self, name: str | None, gateway: Gateway) -> Upstream | None:
        """The upstream that a route names, itself or by a service."""
        number = len(gateway.upstreams) + len(gateway.services)
        if self.known != number:
            self.known = number
            self.found = {one.name: one for one in gateway.upstreams if one.name is not None}
            for service in gateway.services:
                upstream = service.upstream
                if isinstance(upstream, str):
                    upstream = self.found.get(upstream)
                if service.name is not None and upstream is not None:
                    self.found.setdefault(service.name, upstream)
        return self.found.get(name or "")


def stick(route: Route, cookie: str, shared: Shared) -> None:
    """Have the upstreams of a route keep their clients."""
    index = shared.state(_Upstreams)
    for name in (route.upstream, *(backend.upstream for backend in route.backends)):
        upstream = index.named(name, shared.gateway)
        if upstream is not None:
            upstream.load_balancer.sticky_sessions = True
            upstream.load_balancer.cookie_name = cookie
