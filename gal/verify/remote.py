"""A gateway that already runs somewhere: only what the client sees of it is known."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from gal.errors import UsageError
from gal.verify.client import send
from gal.verify.probe import Observation, Probe

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RemoteSide:
    """A gateway at a URL that the user has given.

    Attributes:
        host: where it is.
        port: its port.
        secure: TLS is spoken.
        timeout: seconds for one step of a request.
    """

    host: str
    port: int
    secure: bool
    timeout: float

    def __call__(self, probe: Probe) -> list[Observation]:
        """Send the probe's requests, those of its own scheme only."""
        request = replace(probe.request, client_ip="")
        if (request.scheme == "https") != self.secure:
            return [Observation(0, known=False)] * probe.repeat
        found = []
        for number in range(1, probe.repeat + 1):
            if number == probe.repeat and probe.pause:
                time.sleep(probe.pause)
            response = send(request, (self.host, self.port), (), self.timeout)
            found.append(Observation(response.status, response.headers, visible=False))
        return found


def remote(url: str, timeout: float) -> RemoteSide:
    """The gateway at a URL.

    Raises:
        UsageError: it is no URL of HTTP, or nobody listens there.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f'"{url}" is no URL: {error}') from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f'"{url}" is no URL such as http://127.0.0.1:8000')
    found = port or _PORTS[parts.scheme]
    try:
        socket.create_connection((parts.hostname, found), timeout).close()
    except OSError as error:
        raise UsageError(f"nobody answers at {url}: {error.strerror or error}") from None
    return RemoteSide(parts.hostname, found, parts.scheme == "https", timeout)
