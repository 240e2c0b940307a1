"""Texts that stand in a dynamic file as Go's templates have them, such as {{`{{`}}
(https://doc.traefik.io/traefik/reference/install-configuration/providers/others/file/#go-templating).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.reading import Mapping, Node, Scalar, Sequence

BRACES = "braces"
"""Key among what only Traefik knows: braces in its texts are no templates."""

_QUOTED = re.compile(r"""\{\{-?\s*(?:`(?P<raw>[^`]*)`|"(?P<text>[^"\\]*)")\s*-?\}\}""")


def as_read(root: Node) -> bool:
    """Put in the place of Go's texts what comes out of them.

    Returns:
        Whether two braces are among it.
    """
    found = False
    for scalar in _scalars(root):
        if "{{" in scalar.text and _QUOTED.search(scalar.text):
            found |= any("{{" in _text(one) for one in _QUOTED.finditer(scalar.text))
            scalar.text = _QUOTED.sub(_text, scalar.text)
    return found


def _text(found: re.Match[str]) -> str:
    return found["raw"] if found["raw"] is not None else found["text"]


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item)
    elif isinstance(node, Mapping):
        for below in node.entries.values():
            yield from _scalars(below)
