"""What a user tells the linter about a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """Facts that no file of a gateway holds.

    Attributes:
        public_paths: patterns (`*` stands for any text) of paths that need no authentication.
        internal_hosts: patterns of hosts that are not reached from outside.
        tls_terminated: TLS ends before the gateway, so plain listeners are no finding.
        targets: gateways that the configuration has to fit as well (GAL100 and GAL101).
        versions: versions of the gateways by provider, such as `{"kong": "3.9"}`.
        options: of rules, by the rule's name.
    """

    public_paths: tuple[str, ...] = ()
    internal_hosts: tuple[str, ...] = ()
    tls_terminated: bool = False
    targets: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
