"""What a configuration defines and nobody uses.

Whatever looks like the name of a definition counts as a use of it, wherever it stands: settings of
plugins and code name things, too. What is used only by what nobody uses is unused itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.controls import KINDS
from gal.lint.peeking import at, items, mappings
from gal.lint.references import APISIX_KEYS, Definition, names_of
from gal.reading import Mapping, Node, Scalar, Sequence
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.lint.subject import Subject

_JUDGED = {
    "kong": ("service", "upstream"),
    "apisix": ("service", "upstream", "plugin config", "consumer group"),
    "traefik": ("service", "middleware", "serversTransport", "TLS options"),
    "envoy": ("cluster", "secret", "JWT provider", "JWT requirement"),
}
_USERS = {
    "kong": ("routes",),
    "apisix": ("routes", "stream_routes"),
    "traefik": ("http.routers",),
    "envoy": ("static_resources.listeners",),
}
"""Where those stand that use the others; files without any are parts of something."""

_FROM_ELSEWHERE = frozenset(
    (
        *("rds", "scoped_routes", "config_discovery", "cluster_header", "cluster_specifier_plugin"),
        *("inline_cluster_specifier_plugin", "on_demand"),
    )
)
"""Keys of Envoy by which something that is not in the file names clusters."""

_WORD = re.compile(r"[\w.-]+")
_LONGEST = 20_000
_NAMED_THEMSELVES = {
    "kong": frozenset(("services", "routes", "upstreams", "plugins", "consumers", "targets")),
    "envoy": frozenset(
        (
            *("virtual_hosts", "listeners", "routes", "http_filters", "filters", "filter_chains"),
            *("listener_filters", "upstream_http_filters", "access_log"),
        )
    ),
}
"""Lists whose items have names that name nothing else."""


def unused(subject: Subject) -> list[Definition]:
    """The definitions that nothing uses, in the order of the files."""
    names = subject.once(names_of)
    kinds = set(_JUDGED.get(subject.provider, ())) & names.complete
    judged = [one for one in names.definitions if one.kind in kinds]
    if not judged or not _has_users(subject) or _is_named_elsewhere(subject):
        return []
    reached = _reached(subject, judged)
    return [one for one in judged if id(one.node) not in reached and not _protects(one)]


def _has_users(subject: Subject) -> bool:
    for root in subject.roots():
        if any(at(root, path) is not None for path in _USERS[subject.provider]):
            return True
        if subject.provider == "kong" and any(
            items(one, "routes") for one in items(root, "services")
        ):
            return True
    return False


def _is_named_elsewhere(subject: Subject) -> bool:
    if subject.provider != "envoy":
        return False
    return any(
        isinstance(node, Mapping) and any(snake_case(key) in _FROM_ELSEWHERE for key in node)
        for node in subject.walk()
    )


def _protects(one: Definition) -> bool:
    """Whether it holds what GAL012 speaks of."""
    holder = one.node
    if one.kind in ("plugin config", "consumer group"):
        return any(name in KINDS for name, _ in mappings(holder, "plugins"))
    known = {name.lower() for name in KINDS}
    return one.kind == "middleware" and any(key.lower() in known for key in holder)


# -- who uses what


@dataclass(frozen=True, slots=True)
class _Use:
    """A text that may name something.

    Attributes:
        words: what it may name.
        by: the identity of the definition that it stands in; 0 for none.
    """

    words: Iterable[str]
    by: int


def _reached(subject: Subject, judged: list[Definition]) -> set[int]:
    """The definitions, by identity of their nodes, to which a way leads from what is no
    definition.
    """
    by_name: dict[str, set[int]] = {}
    for one in judged:
        for name in one.names:
            by_name.setdefault(_key(subject, one.kind, name), set()).add(id(one.node))
    uses: dict[int, set[int]] = {}
    for use in _uses(subject, {id(one.node) for one in judged}):
        for word in use.words:
            if word in by_name:
                uses.setdefault(use.by, set()).update(by_name[word])
    pending = [0, *(id(one.node) for one in judged if _uses_itself(subject, one))]
    reached: set[int] = set()
    while pending:
        one_id = pending.pop()
        if one_id in reached:
            continue
        reached.add(one_id)
        pending.extend(uses.get(one_id, ()))
    return reached


def _uses_itself(subject: Subject, one: Definition) -> bool:
    """Whether it needs nobody: a service of Kong that has routes, the TLS options that Traefik
    takes for all others, and the cluster of Envoy itself.
    """
    if subject.provider == "kong":
        return one.kind == "service" and bool(items(one.node, "routes"))
    return one.kind == "TLS options" and "default" in one.names


def _key(subject: Subject, kind: str, name: str) -> str:
    """How a definition is looked up. Ids of APISIX may be numbers, of which files are full, so
    only fields for ids name them there.
    """
    return f"{kind} {name}" if subject.provider == "apisix" else name


def _uses(subject: Subject, definitions: set[int]) -> Iterator[_Use]:
    for document in subject.documents:
        pending: list[tuple[Node, int]] = [(document.root, 0)]
        seen: set[tuple[int, int]] = set()
        while pending:
            node, by = pending.pop()
            by = id(node) if id(node) in definitions else by
            if id(node) in document.shared:
                if (id(node), by) in seen:
                    continue  # an alias of what was visited
                seen.add((id(node), by))
            if isinstance(node, Mapping):
                pending.extend((one, by) for one in node.entries.values())
            elif isinstance(node, Sequence):
                pending.extend((one, by) for one in node.items)
            elif isinstance(node, Scalar) and not node.is_null:
                yield _Use(_words(subject, node), by)


def _words(subject: Subject, node: Scalar) -> Iterable[str]:
    """What a text may name."""
    if subject.provider == "apisix":
        kind = APISIX_KEYS.get(node.key) if isinstance(node.key, str) else None
        return (f"{kind} {node.text}",) if kind is not None else ()
    if _names_itself(subject, node):
        return ()
    whole = node.text.removesuffix("@file") if subject.provider == "traefik" else node.text
    return {whole, *_WORD.findall(node.text[:_LONGEST])}


def _names_itself(subject: Subject, node: Scalar) -> bool:
    """Whether a text names what it stands in, and nothing else."""
    if node.key in ("stat_prefix", "statPrefix", "alt_stat_name"):
        return True
    holder = node.parent
    if isinstance(node.key, int):
        return subject.provider == "kong" and holder is not None and holder.key == "tags"
    if node.key not in ("name", "id") or holder is None or not isinstance(holder.key, int):
        return False
    known = _NAMED_THEMSELVES.get(subject.provider, frozenset())
    above = holder.parent.key if holder.parent is not None else None
    return isinstance(above, str) and snake_case(above) in known
