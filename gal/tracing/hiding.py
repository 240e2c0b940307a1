"""What is left out where requests are shown: values of credentials."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote_plus

from gal.model import Authentication, Gateway, Policies

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"(?:^|[-_])(?:authorization|cookie|password|passwd|secret|token|credential|signature)"
    r"|(?:private|api|access|auth)[-_]?key",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"(^|[?&])([^=&?#\s]+)=([^&#\s\"]+)")


@dataclass(frozen=True, slots=True)
class Hiding:
    """Which headers and parameters hold secrets.

    Attributes:
        names: those that configurations take credentials from, in lower case; names that speak for
            themselves, such as `Authorization`, need not be among them.
    """

    names: frozenset[str] = frozenset()

    def is_secret(self, name: str) -> bool:
        """Whether a header or parameter of this name holds a secret."""
        lower = name.lower()
        if lower.startswith("access-control-"):
            return False
        return lower in self.names or _SECRET_NAME.search(name) is not None

    def value(self, name: str, value: str) -> str:
        """The value of a header as it may be shown."""
        if value and self.is_secret(name):
            return HIDDEN
        return self.query(value) if name.lower() in ("location", "referer") else value

    def query(self, text: str) -> str:
        """A query, or a URL with one, as it may be shown."""

        def shown(found: re.Match[str]) -> str:
            is_secret = self.is_secret(unquote_plus(found[2]))
            return f"{found[1]}{found[2]}={HIDDEN}" if is_secret else found[0]

        return _PARAMETER.sub(shown, text)

    def secrets(self, headers: Iterable[tuple[str, str]], query: str | None) -> Iterator[str]:
        """The values that must not be shown, of headers and of a query."""
        for name, value in headers:
            if value and self.is_secret(name):
                yield value
        for found in _PARAMETER.finditer(query or ""):
            if self.is_secret(unquote_plus(found[2])):
                yield found[3]
                yield unquote_plus(found[3])


def hiding(*gateways: Gateway) -> Hiding:
    """What has to be hidden of requests to these gateways."""
    return Hiding(
        frozenset(
            name.lower()
            for gateway in gateways
            for policies in _all_policies(gateway)
            if policies.authentication is not None
            for name in _names(policies.authentication)
        )
    )


def _all_policies(gateway: Gateway) -> Iterator[Policies]:
    yield gateway.policies
    yield from (service.policies for service in gateway.services)
    yield from (route.policies for _, route in gateway.walk_routes())
    yield from (scoped.policies for scoped in gateway.scoped_policies)


def _names(policy: Authentication) -> Iterator[str]:
    for kind in (policy.api_key, policy.jwt):
        if kind is not None:
            yield from (*kind.header_names, *kind.query_params, *kind.cookie_names)
