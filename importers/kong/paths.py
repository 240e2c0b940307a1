"""Paths of routes: which are expressions, and how Kong writes them in its normal form.

https://developer.konghq.com/gateway/entities/route/ (`paths`), and for files older than 3.0 what
Kong does to them while it loads them.
"""

from __future__ import annotations

import re

from gal.errors import InputError
from gal.model import Anchor, Dialect, PathMatch, Regex
from gal.reading import Node, is_placeholder

_PLAIN = re.compile(r"[a-zA-Z0-9.\-_~/%]*\Z")
_TRIPLET = re.compile(rb"%([0-9a-fA-F]{2})")
_BROKEN_TRIPLET = re.compile(r"%(?![0-9a-fA-F]{2})")
_GROUPED = re.compile(r"\[[^\]]*\]|\([^()\[\]]*\)")
_KEPT_IN_PATHS = frozenset(b"!*'();:@&=+$,/?%#[]")
_KEPT_IN_REGEXES = frozenset(b"!#$%&'()*+,/:;=?@[]")
_META = frozenset(b".^-{}\\|")


def read_path(node: Node, *, old: bool) -> PathMatch:
    """One of a route's `paths`.

    Args:
        node: the text.
        old: the file is older than 3.0: a path with other than the plain characters is an
            expression.

    Raises:
        InputError: Kong would refuse the path.
    """
    text = node.as_str()
    if is_placeholder(text):
        return PathMatch(path_prefix=text)
    path = migrated(text) if old else text
    if path.startswith("~/"):
        dialect = Dialect.PCRE if old else Dialect.RUST
        if has_loose_alternatives(path[1:]):
            return PathMatch(path_regex=Regex(f"^{path[1:]}", dialect, Anchor.SEARCH))
        return PathMatch(path_regex=Regex(path[1:], dialect, Anchor.START))
    if not path.startswith("/"):
        raise node.error(
            f'the path "{text}" must start with "/", or with "~/" for an expression',
            f'write "/{text.lstrip("~/")}"',
        )
    _check_plain(node, path)
    return PathMatch(path_prefix=path)


def has_loose_alternatives(pattern: str) -> bool:
    """Whether an expression has a `|` outside of all groups: Kong anchors only what is before."""
    bare = _GROUPED.sub("", re.sub(r"\\.", "", pattern))
    while (inner := _GROUPED.sub("", bare)) != bare:
        bare = inner
    return "|" in bare


def _check_plain(node: Node, path: str) -> None:
    if _BROKEN_TRIPLET.search(path):
        raise node.error(f'the path "{path}" holds a "%" that is not followed by two hex digits')
    normal = normalized(path)
    if normal != path:
        raise _not_normal(node, path, normal)


def _not_normal(node: Node, path: str, normal: str) -> InputError:
    return node.error(
        f'the path "{path}" is not in its normal form, in which requests are compared',
        f'write "{normal}"',
    )


def migrated(path: str) -> str:
    """A path of a 1.1 or 2.1 file as a 3.0 file has it: other characters make an expression."""
    if _PLAIN.match(path):
        return normalized(path)
    return "~" + _decoded(path, _KEPT_IN_REGEXES, _META)


def normalized(path: str) -> str:
    """Kong's normal form: unreserved characters decoded, dots and double slashes resolved."""
    text = _decoded(path, _KEPT_IN_PATHS, frozenset())
    kept: list[str] = []
    head, *segments = text.split("/")
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment in (".", ".."):
            if segment == ".." and kept:
                kept.pop()
            if last:
                kept.append("")
        elif segment or last:
            kept.append(segment)
    return f"{head}/{'/'.join(kept)}" if segments else text


def _decoded(text: str, kept: frozenset[int], escaped: frozenset[int]) -> str:
    if "%" not in text:
        return text

    def one(match: re.Match[bytes]) -> bytes:
        value = int(match.group(1), 16)
        if value in kept:
            return match.group().upper()
        return (b"\\" if value in escaped else b"") + bytes([value])

    try:
        return _TRIPLET.sub(one, text.encode()).decode()
    except UnicodeDecodeError:
        return text  # the decoded bytes are no text, so no file can hold them
