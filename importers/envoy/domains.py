"""Domains of virtual hosts: their ranks, and which of them take what others take, too.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`VirtualHost.domains`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gal.model import MatchKind, Regex, ValueMatch

EXACT, SUFFIX, PREFIX, ANY = range(4)
_PORT = re.compile(r":(\d+|\*)$")


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain in lower case.

    Attributes:
        kind: how it is compared.
        text: the name without its `*`.
        port: the port in `Host`; empty for none said, or any.
    """

    kind: int
    text: str
    port: str = ""

    @property
    def rank(self) -> tuple[int, int]:
        """The smaller is searched first."""
        return self.kind, 0 if self.kind == EXACT else -len(self.text)

    @property
    def is_label(self) -> bool:
        """Whether its `*` stands for whole labels, as in hosts of the model."""
        if self.kind == SUFFIX:
            return self.text.startswith(".")
        return self.kind != PREFIX or self.text.endswith(".")

    def host(self) -> str | None:
        """The host of the model that takes at least this; None where only every host does."""
        if self.kind == EXACT:
            return self.text
        if self.kind == PREFIX and "." in self.text:
            return f"{self.text[: self.text.rindex('.') + 1]}*"
        if self.kind == SUFFIX and "." in self.text:
            return f"*{self.text[self.text.index('.') :]}"
        return None

    def authority(self, *, with_port: bool) -> ValueMatch | None:
        """What the host of the model leaves open: a wildcard within a label, and the port."""
        ported = with_port and bool(self.port)
        if self.is_label and not ported:
            return None
        name = re.escape(self.text)
        name = {EXACT: name, SUFFIX: f".+{name}", PREFIX: f"{name}.+", ANY: ".*"}[self.kind]
        port = f":{self.port}" if ported else "(?::[0-9]+)?"
        return ValueMatch("host", kind=MatchKind.REGEX, regexes=[Regex(f"(?i){name}{port}")])


def parse(text: str) -> Domain:
    """The domain that a text says."""
    name, port = text.strip().lower(), ""
    found = _PORT.search(name)
    if found is not None and (name.count(":") == 1 or name.startswith("[")):
        name = name[: found.start()]
        port = found[1].strip("*")
    if name == "*":
        return Domain(ANY, "", port)
    if name.startswith("*"):
        return Domain(SUFFIX, name[1:], port)
    if name.endswith("*"):
        return Domain(PREFIX, name[:-1], port)
    return Domain(EXACT, name, port)


@dataclass(frozen=True, slots=True)
class Group:
    """Domains of a virtual host that rank alike.

    Attributes:
        owner: number of the virtual host; -1 where none takes them.
        rank: the smaller is searched first.
        domains: the domains.
        hosts: as the model has them; empty takes every host.
        authority: what else is compared of `Host`.
    """

    owner: int
    rank: tuple[int, int, int]
    domains: tuple[Domain, ...]
    hosts: tuple[str, ...]
    authority: ValueMatch | None = None


@dataclass(slots=True)
class Domains:
    """All domains of a table, with the numbers of their virtual hosts.

    Attributes:
        has_prefixes: a wildcard stands at the end of some.
    """

    _owners: dict[tuple[int, str], dict[int, set[str]]] = field(default_factory=dict)
    _lengths: dict[int, list[int]] = field(default_factory=dict)
    has_prefixes: bool = False

    def add(self, domain: Domain, owner: int) -> None:
        """Note a domain of a virtual host."""
        owners = self._owners.setdefault((domain.kind, domain.text), {})
        owners.setdefault(owner, set()).add(domain.port)
        self.has_prefixes |= domain.kind == PREFIX
        if domain.kind != EXACT:
            known, length = self._lengths.setdefault(domain.kind, []), len(domain.text)
            if length not in known:
                known.append(length)
                known.sort(reverse=True)

    def has(self, domain: Domain) -> bool:
        """Whether a virtual host has this name, with whatever port."""
        return (domain.kind, domain.text) in self._owners

    @property
    def has_wildcards(self) -> bool:
        """Whether any of them takes several hosts."""
        return bool(self._lengths)

    def prefixes(self) -> tuple[str, ...]:
        """The hosts of the model with a wildcard at the end."""
        names = (Domain(kind, text).host() for kind, text in self._owners if kind == PREFIX)
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def with_port(self, domain: Domain) -> bool:
        """Whether virtual hosts share the name, so that the port decides."""
        return bool(domain.port) and len(self._owners[domain.kind, domain.text]) > 1

    def wider(self, domain: Domain) -> int | None:
        """The virtual host that takes the requests of a domain where its own does not."""
        for key in self._above(domain):
            if key in self._owners:
                return min(self._owners[key])
        return None

    def _above(self, domain: Domain) -> Iterator[tuple[int, str]]:
        """The patterns that take all that a domain takes, the narrowest first; only those as long
        as any that is there.
        """
        text, size = domain.text, len(domain.text)
        if domain.kind in (EXACT, SUFFIX):
            for length in self._lengths.get(SUFFIX, ()):
                if 0 < length < size:
                    yield SUFFIX, text[size - length :]
        if domain.kind in (EXACT, PREFIX):
            for length in self._lengths.get(PREFIX, ()):
                if 0 < length < size:
                    yield PREFIX, text[:length]
        if domain.kind != ANY:
            yield ANY, ""

    def falls_through(self, group: Group) -> bool:
        """Whether requests that a group has no route for would find another virtual host."""
        if any(self.with_port(one) or self.wider(one) is not None for one in group.domains):
            return True
        inside = group.authority is not None or any(one.kind == SUFFIX for one in group.domains)
        return inside and self.has_prefixes


def grouped(owned: Iterable[tuple[int, Domain]], index: Domains) -> list[Group]:
    """The domains of a table by rank, the narrowest first; those of one virtual host that rank
    alike stand together.
    """
    together: dict[tuple[int, tuple[int, int]], list[Domain]] = {}
    found: list[Group] = []
    for owner, one in owned:
        with_port = index.with_port(one)
        authority = one.authority(with_port=with_port)
        if authority is None:
            together.setdefault((owner, one.rank), []).append(one)
            continue
        host = one.host()
        hosts: tuple[str, ...] = () if host is None else (host,)
        order = (*one.rank, 0 if with_port else 1)
        found.append(Group(owner, order, (one,), hosts, authority))
        prefixes = index.prefixes() if one.kind == SUFFIX and host is None else ()
        if prefixes:
            # The model has no host for it that ranks before those with a wildcard at the end.
            found.append(Group(owner, order, (one,), prefixes, authority))
    for (owner, rank), domains in together.items():
        names = [host for one in domains if (host := one.host()) is not None]
        hosts = tuple(dict.fromkeys(names))
        found.append(Group(owner, (*rank, 1), tuple(domains), hosts))
    return sorted(found, key=lambda one: one.rank)


def extended(
    own: Sequence[tuple[int, Domain]], index: Domains, foreign: Iterable[Domain]
) -> list[tuple[int, Domain]]:
    """Further domains for a table whose connections other tables would take, too: theirs, with the
    virtual host here that takes them (-1 for none), so that no host of theirs ranks before it.
    """
    added: list[tuple[int, Domain]] = []
    for domain in [*dict.fromkeys(Domain(one.kind, one.text) for one in foreign), Domain(ANY, "")]:
        if index.has(domain):
            continue
        owner = index.wider(domain)
        added.append((-1 if owner is None else owner, domain))
    for number, domain in added:
        index.add(domain, number)
    return [*own, *added]
