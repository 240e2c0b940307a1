"""Routes taken apart into atomic matches, so that one route with three paths equals three routes.

An atomic match has one host, one path and one method, and all conditions that a request has to
fulfil beside these. It is the same for every gateway that a route was read from.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from gal.drift.normalise import (
    ANY,
    EVERY_PATH,
    PathKey,
    host_key,
    methods_key,
    path_key,
    value_key,
)
from gal.model import AddressMatch, Route

MOST_ATOMS: Final = 1000
"""Above this a route is compared in groups: its methods, then its hosts, then its paths stay
together.
"""


class Atom(NamedTuple):
    """An atomic match.

    Attributes:
        host: a name, or "*".
        path: kind and text.
        method: a method, or "*"; several joined with commas in a route with too many atoms.
        conditions: on headers, parameters, addresses and server names, sorted.
        schemes: "http", "https", or both joined with a comma.
    """

    host: str
    path: PathKey
    method: str
    conditions: tuple[str, ...]
    schemes: str

    @property
    def without_schemes(self) -> tuple[object, ...]:
        """What it has in common with the same match for another scheme."""
        return self.host, self.path, self.method, self.conditions

    @property
    def without_method(self) -> tuple[object, ...]:
        """What it has in common with the same match for another method."""
        return self.host, self.path, self.conditions

    @property
    def place(self) -> tuple[object, ...]:
        """Host and path only."""
        return self.host, self.path


ALL_SCHEMES: Final = "http,https"


def atoms_of(route: Route) -> list[Atom]:
    """The atomic matches of a route, sorted, each once."""
    hosts = sorted({host_key(host) for host in route.hosts}) or [ANY]
    paths = sorted({path_key(path) for path in route.paths}) or [EVERY_PATH]
    methods = sorted(methods_key(route.methods)) or [ANY]
    if len(hosts) * len(paths) * len(methods) > MOST_ATOMS:
        methods = [",".join(methods)]
    if len(hosts) * len(paths) > MOST_ATOMS:
        hosts = [",".join(hosts)]
    if len(paths) > MOST_ATOMS:
        paths = [("regex", "|".join(text for _, text in paths))]
    conditions, schemes = tuple(_conditions(route)), _schemes(route.schemes)
    return [
        Atom(host, path, method, conditions, schemes)
        for host, path, method in product(hosts, paths, methods)
    ]


def _schemes(schemes: Iterable[str]) -> str:
    known = {"https" if scheme.endswith("s") else "http" for scheme in schemes}
    return ",".join(sorted(known)) or ALL_SCHEMES


def _conditions(route: Route) -> Iterator[str]:
    if not (
        route.headers
        or route.query_params
        or route.server_names
        or route.sources
        or route.destinations
    ):
        return
    found = [value_key("header", one) for one in route.headers]
    found += [value_key("query", one) for one in route.query_params]
    if route.server_names:
        found.append(f"sni {'|'.join(sorted(host_key(one) for one in route.server_names))}")
    for kind, addresses in (("source", route.sources), ("destination", route.destinations)):
        if addresses:
            found.append(f"{kind} {'|'.join(sorted(map(_address, addresses)))}")
    yield from sorted(found)


def _address(match: AddressMatch) -> str:
    text = ANY
    if match.ip is not None:
        try:
            text = str(ipaddress.ip_network(match.ip, strict=False))
        except ValueError:
            text = match.ip
    return text if match.port is None else f"{text}:{match.port}"


# -- in words


@lru_cache(maxsize=4096)
def path_text(path: PathKey) -> str:
    """A path in words: `/a` exactly, `/a*` by text, `/a/*` by segments, `~x` by expression."""
    kind, text = path
    return {"exact": text, "prefix": f"{text}*", "segments": f"{text}/*"}.get(kind, f"~{text}")


def in_words(atoms: Iterable[Atom]) -> list[str]:
    """The atoms as texts such as "route GET,POST api.example.com /orders*", sorted; methods and
    schemes of the same place stand together.
    """
    places: dict[tuple[str, PathKey, tuple[str, ...]], tuple[set[str], set[str]]] = {}
    for atom in atoms:
        key = atom.host, atom.path, atom.conditions
        methods, schemes = places.setdefault(key, (set(), set()))
        methods.add(atom.method)
        schemes.add(atom.schemes)
    found = []
    for (host, path, conditions), (methods, schemes) in places.items():
        method = ANY if ANY in methods else ",".join(sorted(methods))
        words = ["route", method, host, path_text(path), *(f"[{one}]" for one in conditions)]
        only = set(",".join(schemes).split(","))
        if len(only) == 1:
            words.append(f"by {only.pop()}")
        found.append(" ".join(words))
    return sorted(found)
