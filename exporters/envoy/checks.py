"""What each kind of authentication makes of a route, before they are put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.exporters.envoy.build import FILTER_CONFIG, Json
from gal.model import ModelNode


@dataclass(slots=True)
class Presented:
    """How a request shows that it has a credential of a kind.

    Attributes:
        headers: Envoy's header matches.
        query_parameters: Envoy's query matches.
    """

    headers: list[Json] = field(default_factory=list)
    query_parameters: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Check:
    """A kind of authentication as Envoy's filters.

    Attributes:
        feature: the kind, for messages.
        filters: settings by name of the filters that ask for the credential, all of them together.
        presented: any of them shows that there is one; empty where nobody can tell.
        consumers: what the script of `consumers` calls the kind, where consumers' credentials
            let in.
        skips_preflight: OPTIONS passes without.
        removed_headers: request headers that the upstream does not get.
    """

    feature: str
    filters: Json
    presented: list[Presented] = field(default_factory=list)
    consumers: str | None = None
    skips_preflight: bool = False
    removed_headers: list[str] = field(default_factory=list)


class ImpossibleError(Exception):
    """A kind of authentication that Envoy cannot do.

    Args:
        control: what asks for it.
        reason: why, for people.
    """

    def __init__(self, control: ModelNode, reason: str) -> None:
        super().__init__(reason)
        self.control = control
        self.reason = reason


def as_it_is() -> Json:
    """A filter with the settings that it has in the chain."""
    return {"@type": FILTER_CONFIG, "config": {}}


def header_presented(name: str, prefix: str = "") -> Presented:
    """There is a header, whose value starts with a prefix."""
    match: Json = {"name": name}
    match |= {"string_match": {"prefix": prefix}} if prefix else {"present_match": True}
    return Presented(headers=[match])


def query_presented(name: str) -> Presented:
    """There is a query parameter."""
    return Presented(query_parameters=[{"name": name, "present_match": True}])
