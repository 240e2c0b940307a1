"""Gateways that are started on loopback with a user's own files: what listens and what is called is
moved to this machine, everything else stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from gal.verify.recorder import Target

HOST = "127.0.0.1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Door:
    """Where a running gateway takes requests.

    Attributes:
        wanted: the port in the configuration.
        port: the port on 127.0.0.1.
        secure: TLS is spoken.
    """

    wanted: int
    port: int
    secure: bool


class Running(Protocol):
    """A gateway that runs."""

    doors: tuple[Door, ...]


class Startable(Protocol):
    """A configuration that can be started."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """Hosts and ports that it would send requests to."""

    def start(self, ports: Mapping[Target, int], timeout: float) -> AbstractContextManager[Running]:
        """Start it with its targets on these ports of 127.0.0.1.

        Raises:
            NotStartedError: it does not come up in so many seconds.
        """


def door(doors: tuple[Door, ...], scheme: str, port: int | None) -> Door | None:
    """Where a request goes: the listener of its port, else the first that speaks its scheme."""
    fitting = [one for one in doors if one.secure == (scheme == "https")]
    named = [one for one in fitting if one.wanted == port]
    return next(iter([*named, *fitting]), None)
