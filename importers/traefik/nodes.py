"""Nodes for what a file says in another form than the configuration's own: labels, command lines,
and manifests. They stand where the file says it, so that messages point there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gal.reading import Mapping, Node, Scalar, Sequence

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def mapping_at(at: Node, key: str | int | None = None, parent: Node | None = None) -> Mapping:
    """An empty mapping at the place of a node."""
    made = Mapping(at.source, at.line, at.column, parent, key)
    made.fold = str.lower
    return made


def scalar_at(at: Node, text: str, key: str | int | None, parent: Node | None) -> Scalar:
    """A text at the place of a node."""
    return Scalar(at.source, at.line, at.column, parent, key, text, True)


def put_path(root: Mapping, steps: list[str | int], text: str, at: Node) -> None:
    """Add a text below a path such as `["http", "routers", "web", "entryPoints", 0]`."""
    node: Mapping | Sequence = root
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        below = None if last else _below(node, step)
        if last:
            made: Node = scalar_at(at, text, step, node)
        elif below is None or isinstance(below, Scalar):
            made = _container(at, step, node, steps[number + 1])
        else:
            made = below
        if made is not below:
            _put_step(node, step, made)
        if isinstance(made, (Mapping, Sequence)):
            node = made


def _container(at: Node, key: str | int, parent: Node, following: str | int) -> Mapping | Sequence:
    if isinstance(following, int):
        return Sequence(at.source, at.line, at.column, parent, key)
    return mapping_at(at, key, parent)


def _below(node: Mapping | Sequence, step: str | int) -> Node | None:
    if isinstance(node, Mapping):
        return node.entries.get(node.spelt(str(step)))
    place = int(step)
    return node.items[place] if place < len(node.items) else None


def _put_step(node: Mapping | Sequence, step: str | int, made: Node) -> None:
    if isinstance(node, Mapping):
        node.put(str(step), made)
    elif int(step) < len(node.items):
        node.items[int(step)] = made
    else:
        node.items.append(made)


def steps_of(key: str) -> list[str | int]:
    """The steps of `http.tls.domains[0].main`."""
    return [int(found[2]) if found[2] else found[1] for found in _STEP.finditer(key)]


def untaken(roots: Iterable[Mapping]) -> Iterable[tuple[str, Node]]:
    """Paths and values that nobody took below nodes that are no part of a document."""
    from gal.reading.untaken import walk_tree

    for root in roots:
        for path, _, node in walk_tree(root):
            yield path, node
