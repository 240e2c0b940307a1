"""Entry points: the ports that Traefik listens on."""

from __future__ import annotations

from dataclasses import dataclass

from gal.exporters.traefik.build import Names, Shared
from gal.exporters.traefik.carried import whole_points
from gal.exporters.traefik.tls import shown

_HTTPS_OFFSET = 443
_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A port to listen on.

    Attributes:
        name: of Traefik's entry point.
        host: address; empty is every one.
        port: TCP port.
        secure: TLS is spoken.
    """

    name: str
    host: str
    port: int
    secure: bool

    @property
    def address(self) -> str:
        """As Traefik takes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def entry_points(shared: Shared) -> list[EntryPoint]:
    """The listeners of the model, or one for plain HTTP, and one for HTTPS where there are
    certificates to show. The user's choice takes the place of the first plain one's address.
    """
    gateway, listen = shared.gateway, shared.context.options.listen
    names = Names()
    for name in dict.fromkeys(("traefik", *whole_points(shared))):
        names.free(name)  # the first is what Traefik calls its own
    found = [
        EntryPoint(names.free(one.name), one.host, one.port, one.protocol == "https")
        for one in gateway.listeners
    ]
    if not found:
        settings = gateway.settings
        found.append(EntryPoint(names.free("web"), settings.host, settings.port, False))
        if shown(shared):
            port = found[0].port + _HTTPS_OFFSET
            port = port if port <= _LARGEST_PORT else _HTTPS_OFFSET
            found.append(EntryPoint(names.free("websecure"), settings.host, port, True))
    if listen is not None:
        for number, point in enumerate(found):
            if not point.secure:
                found[number] = EntryPoint(point.name, *listen, False)
                break
    return found
