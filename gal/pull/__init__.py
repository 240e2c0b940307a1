"""The configuration of a gateway that runs, read over its own API, as a file that GAL reads.

Nothing but GET is ever sent. What comes back is brought into one form: in the order of names and
ids, and without what the gateway notes for itself, such as when something was changed, so that the
same configuration gives the same file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from gal.errors import UsageError

if TYPE_CHECKING:
    from gal.pull.client import Client

PROVIDERS = ("apisix", "envoy", "kong", "traefik")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a gateway told.

    Attributes:
        data: a file of the provider, as plain data.
        counts: how many objects there are of each kind.
        notes: what the file does not hold, or holds otherwise than one would think; no secrets.
        last_line: what ends the file where it is YAML.
    """

    data: Json
    counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    last_line: str = ""


class Puller(Protocol):
    """What a module of a provider here offers.

    Attributes:
        API: what is asked, for messages.
        TOKEN_HEADER: the request header of a token. `Authorization` takes `Bearer TOKEN`, or
            `Basic` where the token is `USER:PASSWORD`.
        FORMAT: the format in which the file is written unless another one is asked for.
    """

    API: str
    TOKEN_HEADER: str
    FORMAT: str

    def pull(self, client: Client, workspace: str | None) -> Pulled:
        """Ask for everything.

        Raises:
            PullError: the gateway does not answer, or not as this provider does.
        """


def puller(provider: str) -> Puller:
    """How a provider is asked.

    Raises:
        UsageError: there is no such provider.
    """
    if provider not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise UsageError(f'there is nothing to pull from "{provider}"; there are: {known}')
    return cast(Puller, import_module(f"gal.pull.{provider}"))


def in_order(items: list[Json], *keys: str) -> list[Json]:
    """Objects by the first of their keys, then by the next; those that agree in all of them by the
    rest of what they say.
    """
    return sorted(
        items,
        key=lambda item: (
            [str(item.get(key) or "") for key in keys],
            json.dumps(item, sort_keys=True),
        ),
    )


def by_key(value: Any, *first: str) -> Any:
    """The same data with the keys of all mappings in one order: `first` at the start, then by name.
    For gateways that keep them in no order at all.
    """
    if isinstance(value, list):
        return [by_key(item, *first) for item in value]
    if not isinstance(value, dict):
        return value
    leading = [key for key in first if key in value]
    order = [*leading, *sorted(value.keys() - set(leading))]
    return {key: by_key(value[key], *first) for key in order}
