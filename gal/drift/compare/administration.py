"""Where a gateway's own administration listens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gal.drift.change import Level
from gal.drift.compare.finding import At, Finding
from gal.drift.effective import SideView
from gal.drift.shown import NONE
from gal.reading import Mapping

_WITH_PORTS: Final = frozenset({"gal", "envoy", "traefik"})
_LOOPBACK: Final = ("127.", "::1", "localhost")
_GAL: Final = "gal"
_TRAEFIK: Final = "traefik"
_TRAEFIK_PORT: Final = 8080
"""Port of the entry point `traefik` where no file says another one
(https://doc.traefik.io/traefik/reference/install-configuration/api-dashboard/).
"""


@dataclass(frozen=True, slots=True)
class Administration:
    """A port of the administration.

    Attributes:
        host: address; empty is every one.
        port: TCP port; 0 is one that the system chooses.
        at: where it stands.
    """

    host: str
    port: int
    at: At

    @property
    def own_machine(self) -> bool:
        """Whether only the machine itself reaches it."""
        return self.host.startswith(_LOOPBACK)

    @property
    def text(self) -> str:
        """Address and port."""
        return f"{self.host or '*'}:{self.port or 'any free port'}"


def administration(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """Opened, reachable from further away, elsewhere, or closed, where both files can say it."""
    if not {old.provider, new.provider} <= _WITH_PORTS:
        return
    before, after = _of(old), _of(new)
    texts = _text(before), _text(after)
    if texts[0] == texts[1]:
        return
    ports = {one.port for one in (before, after) if one is not None}
    both = before is not None and after is not None
    if both and len(ports) == 1 and _GAL in (old.provider, new.provider):
        return  # GAL's own format says no address
    level, id_ = None, "D144"
    if after is not None and (before is None or (before.own_machine and not after.own_machine)):
        id_ = "D061"
        level = Level.MEDIUM if after.own_machine else None
    at = (
        (old.gateway, "") if before is None else before.at,
        (new.gateway, "") if after is None else after.at,
    )
    message = f"the administration listens on {texts[1]}, before on {texts[0]}"
    yield "gateway", Finding(id_, "administration", *texts, *at, message, level=level)


def _text(one: Administration | None) -> str:
    return NONE if one is None else one.text


def _of(side: SideView) -> Administration | None:
    if side.provider in (_TRAEFIK, _GAL):
        found = _of_traefik(side)
        if found is not None:
            return found
    settings = side.gateway.settings
    if settings.admin_port is None:
        return None
    at: At = (settings, "admin_port")
    return Administration(_host_of(side), settings.admin_port, at)


def _host_of(side: SideView) -> str:
    """The address as an Envoy file says it; GAL has the administration on the loopback address."""
    origin = side.gateway.settings.origin
    if side.provider == "envoy" and origin is not None and isinstance(origin.node, Mapping):
        socket = origin.node.peek("socket_address")
        host = socket.peek("address") if isinstance(socket, Mapping) else None
        if host is not None:
            return host.as_str()
    return "127.0.0.1"


def _of_traefik(side: SideView) -> Administration | None:
    """The API without any router: `api.insecure` of the static configuration."""
    static = _mapping(side.gateway.extensions.get(_TRAEFIK), "static")
    api = _mapping(static, "api")
    if str(api.get("insecure", "")).lower() != "true":
        return None
    at: At = (side.gateway, "api.insecure")
    for one in side.gateway.listeners:
        if one.name == _TRAEFIK:
            return Administration(one.host, one.port, at)
    own = _mapping(_mapping(static, "entryPoints"), _TRAEFIK)
    host, _, port = str(own.get("address", "")).partition("/")[0].rpartition(":")
    return Administration(host.strip("[]"), int(port) if port.isdigit() else _TRAEFIK_PORT, at)


def _mapping(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return {str(name): one for name, one in found.items()} if isinstance(found, dict) else {}
