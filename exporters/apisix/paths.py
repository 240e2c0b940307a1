r"""Paths of routes as APISIX spells them: `/a` is exact, `/a*` a start of the path, and anything
else a condition on the variable `uri` beside a start that takes more
(https://apisix.apache.org/docs/apisix/router-radixtree/).

A path that ends in `/*` is compared once more as an expression, in which the other segments stand
as they are (`fetch_pat` of lua-resty-radixtree): some characters would mean something there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from gal.exporters.apisix.plugin import Json
from gal.exporters.apisix.regex import escaped, literal_start, searched
from gal.model import Anchor, PathKind, PathMatch

Condition = list[object]

_SPECIAL = re.compile(r"[+?()\[\]{}|^$\\]")
_WHOLE_SEGMENTS = re.compile(r"(?:/(?:\.\*|(?:[^\\.^$*+?()\[\]{}|/]|\\[^A-Za-z0-9/])*))+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One path in APISIX's words.

    Attributes:
        uris: as they stand in the file.
        start: what everything starts with that it takes.
        condition: on the variable `uri`, where the uris take more.
    """

    uris: tuple[str, ...]
    start: str
    condition: Condition | None = None

    def looked_at(self) -> Iterator[tuple[str, bool]]:
        """What the router compares: texts, and whether they are whole paths."""
        for uri in self.uris:
            yield uri.removesuffix("*"), not uri.endswith("*")


def spelled(path: PathMatch | None) -> Spelling:
    """A path as it is spelled by itself.

    Raises:
        UntranslatableError: an expression that PCRE has not.
    """
    if path is None:
        return Spelling(("/*",), "/")
    if path.path_regex is not None:
        pattern = searched(path.path_regex)
        return _starting(literal_start(pattern), ["uri", "~~", pattern])
    text = path.text
    if path.kind is PathKind.EXACT:
        if "*" in text:
            return _starting(text, ["uri", "==", text])
        return Spelling((text,), text)
    if path.kind is PathKind.PREFIX:
        return _prefix(text)
    bare = text.rstrip("/")
    if not bare:
        return Spelling(("/*",), "/")
    if "*" in bare or _SPECIAL.search(bare):
        return _starting(bare, _segments(bare))
    return Spelling((bare, f"{bare}/*"), bare)


def under(start: str, path: PathMatch | None) -> Spelling:
    """The same path as a condition beside a start that takes more.

    Raises:
        UntranslatableError: an expression that PCRE has not.
    """
    own = spelled(path)
    if path is None:
        return own
    condition = own.condition
    if condition is None and path.kind is PathKind.EXACT:
        condition = ["uri", "==", path.text]
    elif condition is None and path.kind is PathKind.SEGMENTS:
        condition = _segments(path.text.rstrip("/"))
    elif condition is None and own.start != start:
        condition = ["uri", "~~", f"^{escaped(path.text)}"]
    return replace(_starting(start, condition), condition=condition)


def _prefix(text: str) -> Spelling:
    if "*" in text or (_SPECIAL.search(text) and text.endswith("/")):
        return _starting(text, ["uri", "~~", f"^{escaped(text)}"])
    start = text or "/"
    return Spelling((f"{start}*",), start)


def _segments(bare: str) -> Condition:
    return ["uri", "~~", rf"^{escaped(bare)}(?:/|\z)"]


def _starting(start: str, condition: Condition | None) -> Spelling:
    """A start of the path, cut where it would mean something else."""
    start = start.partition("*")[0]
    if _SPECIAL.search(start):
        start = start.rstrip("/")
    start = start or "/"
    return Spelling((f"{start}*",), start, condition=condition)


def native_uris(paths: list[PathMatch], kept: Json) -> list[Spelling]:
    """The paths of a route that comes from APISIX, as it had them."""
    given = kept.get("uris")
    if isinstance(given, list) and given and paths:
        uris = tuple(str(one) for one in given)
        texts = [path.text for path in paths if path.kind is PathKind.EXACT]
        if len(texts) == len(paths):
            condition: Condition = ["uri", "==", texts[0]]
            if len(texts) > 1:
                condition = ["uri", "in", texts]
            return [Spelling(uris, uris[0], condition=condition)]
        found = [spelled(path) for path in paths]
        return [replace(one, uris=uris) for one in found]
    plain: list[str] = []
    others: list[Spelling] = []
    for path in paths:
        own = spelled(path) if not _is_segments(path) else Spelling((_with_stars(path),), "/")
        if own.condition is None:
            plain += [uri for uri in own.uris if uri not in plain]
        elif path.path_regex is not None and path.path_regex.anchor is Anchor.SEARCH:
            others.append(replace(own, uris=("/*",)))
        else:
            others.append(own)
    return [*([Spelling(tuple(plain), "/")] if plain else []), *others]


def _is_segments(path: PathMatch) -> bool:
    """Whether an expression stands for a path with `*` as whole segments."""
    regex = path.path_regex
    if regex is None or regex.anchor is not Anchor.FULL or ".*" not in regex.pattern:
        return False
    return _WHOLE_SEGMENTS.fullmatch(regex.pattern) is not None


def _with_stars(path: PathMatch) -> str:
    return re.sub(r"\\(.)", r"\1", path.text.replace("/.*", "/*"))
