"""Names of Traefik's objects: `NAME@PROVIDER` in the API, `NAME` in a file.

In a file all objects are of one provider. Where two providers have an object of one name, the
provider becomes a part of it, and everything that names it follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gal.pull import Json

_ONE = {"service": "services", "serversTransport": "serversTransports", "fallback": "services"}
_MANY = {"middlewares": "middlewares", "parentRefs": "routers"}
_LISTED = ("services", "mirrors")
"""Keys whose items name a service each."""

_NAMING = frozenset(
    (
        *("loadBalancer", "weighted", "mirroring", "failover", "highestRandomWeight"),
        *("chain", "errors"),
    )
)
"""Kinds of services and middlewares that name others. In other settings, such as those of headers
and plugins, the same keys mean something else.
"""

_INTERNAL = "internal"
_FILE = "file"
_UNSEEN = "unseen"


@dataclass(slots=True)
class Names:
    """The names of one protocol.

    Attributes:
        keys: by kind of object, name in the API -> name in the file.
        missing: services, middlewares and routers that are named but not there.
        transports: what the API does not tell: servers transports, by their names in the file.
        options: TLS options, which the API does not tell either.
    """

    keys: dict[str, dict[str, str]]
    missing: set[str] = field(default_factory=set)
    transports: dict[str, str] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)

    def key(self, part: str, name: str) -> str:
        """An object's name in the file."""
        return self.keys[part][name]

    def renamed(self, part: str, owner: str, item: Json) -> Json:
        """An object with everything that it names as in the file."""
        provider = owner.rpartition("@")[2]
        if part != "routers":
            return {
                kind: self._named(below, provider)
                if kind in _NAMING and isinstance(below, dict)
                else below
                for kind, below in item.items()
            }
        named = self._named(item, provider)
        tls = item.get("tls")
        options = tls.get("options") if isinstance(tls, dict) else None
        if isinstance(options, str) and options not in ("", "default"):
            named["tls"] = {**item["tls"], "options": self._unseen_options(options, provider)}
        return named

    def _named(self, holder: Json, provider: str) -> Json:
        """A mapping, with what its own keys name."""
        return {key: self._value(key, below, provider) for key, below in holder.items()}

    def _value(self, key: str, value: Any, provider: str) -> Any:
        if key in _ONE:
            return self._reference(_ONE[key], value, provider)
        if not isinstance(value, list):
            return value
        if key in _MANY:
            return [self._reference(_MANY[key], one, provider) for one in value]
        return [self._listed(one, provider) for one in value] if key in _LISTED else value

    def _listed(self, value: Any, provider: str) -> Any:
        """`{name: ...}` in a list."""
        if isinstance(value, dict) and "name" in value:
            return {**value, "name": self._reference("services", value["name"], provider)}
        return value

    def _reference(self, part: str, name: Any, provider: str) -> Any:
        if not isinstance(name, str) or not name:
            return name
        whole = name if "@" in name else f"{name}@{provider}"
        if whole.endswith(f"@{_INTERNAL}"):
            return whole
        if part == "serversTransports":
            return self._transport(whole)
        known = self.keys.get(part, {}).get(whole)
        if known is None:
            self.missing.add(f"{part} {whole}")
        return known or whole

    def _transport(self, whole: str) -> str:
        name, _, provider = whole.rpartition("@")
        key = name if provider == _FILE else f"{name}-{provider}"
        self.transports[key] = whole
        return key

    def _unseen_options(self, options: str, provider: str) -> str:
        """A name of which it is clear that nobody here has it: whether the options ask clients for
        a certificate is not known.
        """
        name, _, given = options.rpartition("@")
        whole = options if name else f"{options}@{provider}"
        self.options.add(whole)
        return f"{name or options}@{_UNSEEN}" if (given if name else provider) == _FILE else whole


def names_of(objects: Mapping[str, Iterable[str]]) -> Names:
    """The names of the objects of one protocol, given by their kind."""
    return Names({kind: _keys(list(names)) for kind, names in objects.items()})


def _keys(names: Sequence[str]) -> dict[str, str]:
    """Name in the API -> name in the file."""
    short = Counter(name.rpartition("@")[0] or name for name in names)
    taken = {name for name, count in short.items() if count == 1}
    keys = {}
    for whole in sorted(names):
        name, _, provider = whole.rpartition("@")
        key = name or whole
        if short[key] > 1:
            key = f"{key}-{provider}"
            while key in taken:
                key += "-"
            taken.add(key)
        keys[whole] = key
    return keys
