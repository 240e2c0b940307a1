r"""What an entry of `origins` of the `cors` plugin matches, as an expression on whole origins.

Kong appends `$` to an expression that does not end in one, drops one leading `^`, and matches from
the start. The subject is the origin (scheme, host, and port unless it is the scheme's own) if the
expression holds a colon, otherwise only the host. The `$` binds to the last alternative alone:
`https://a\.com|https://b\.com` also takes `https://a.com.evil.net`.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from gal.model import Anchor, Dialect, Regex

_PLAIN = re.compile(r"[A-Za-z0-9.:/-]+")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/:]+)(?::([0-9]*))?(?:/.*)?")
_OWN_PORT = {"http": "80", "https": "443"}

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*://"
_PORT = ":[0-9]+"
_ANY_HOST = frozenset((".*", ".+"))
_UNUSUAL = re.compile(r"\\[QEK]|\(\*|\(\?[#a-zA-Z^-]|\[\[")
_TAKES_COLON = re.compile(
    r"\\[^A-Za-z0-9]|\\[wdhs]|[0-9]-[0-9]|[a-z]-[a-z]|[A-Z]-[A-Z]"
    r"|(\.|\[\^|\\[A-Za-z0-9]|[^\[]-[^\]])"
)
"""Group 1 is what may match a colon: a dot, what is not in a class, an odd range, an odd escape."""
_TAIL = re.compile(r"(\\?[^|()])\)*(?:\||$)")


@dataclass(frozen=True, slots=True)
class OriginPattern:
    """An entry that is an expression.

    Attributes:
        regex: the expression on whole origins; unset where it matches all of them.
        difference: how it differs from Kong's, empty where it does not.
    """

    regex: Regex | None
    difference: str = ""


def literal_origin(text: str) -> str | None:
    """The origin that a plain entry among several means, None for an expression.

    Kong compares with scheme, host and a port that is not the scheme's own; an entry that names no
    scheme equals no origin that a browser sends, and stays as it is.
    """
    if not _PLAIN.fullmatch(text):
        return None
    parts = _URL.fullmatch(text)
    if parts is None:
        return text
    scheme, host, port = parts.groups()
    if not port or _OWN_PORT.get(scheme) == port:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{port}"


def origin_pattern(entry: str) -> OriginPattern:
    """The expression on whole origins that means the same as Kong's entry."""
    text = entry if entry.endswith("$") else f"{entry}$"
    text = text.removeprefix("^")
    ends_open = _odd_backslashes(text[:-1])  # the last character is a dollar sign, not the end
    if ":" in entry:
        if ends_open or _has_alternatives(text):
            return OriginPattern(Regex(text, Dialect.PCRE, Anchor.START))
        return OriginPattern(Regex(text[:-1], Dialect.PCRE, Anchor.FULL))
    return _host_pattern(text if ends_open else text[:-1])


def _host_pattern(host: str) -> OriginPattern:
    if host in _ANY_HOST:
        return OriginPattern(None)
    difference = ""
    if _has_alternatives(host):
        difference = (
            "stricter: every alternative has to match the whole host; Kong binds the end to the "
            "last one only, so hosts that merely start with another one are allowed there"
        )
    if _stays_in_host(host):
        text = f"{_SCHEME}(?:{host})(?:{_PORT})?"
    else:
        # What could run over the port is tried on hosts without one, and before the only colon.
        text = f"{_SCHEME}(?:(?=[^:]*$)(?:{host})|(?:{host}){_PORT})"
    if _matches(host, "null"):
        text = f"(?:{text}|null)"  # an opaque origin is its own host
    return OriginPattern(Regex(text, Dialect.PCRE, Anchor.FULL), difference)


def _stays_in_host(host: str) -> bool:
    """Whether an expression on hosts cannot also match a port: it takes no colon, or ends in
    letters.
    """
    if _UNUSUAL.search(host):
        return False
    if not any(found.group(1) for found in _TAKES_COLON.finditer(host)):
        return True
    return all(tail.isascii() and tail.isalpha() for tail in _TAIL.findall(host))


def _has_alternatives(text: str) -> bool:
    """Whether a `|` stands outside of all groups; true where this cannot be told."""
    if _UNUSUAL.search(text):
        return True
    depth, index = 0, 0
    while index < len(text):
        character = text[index]
        if character == "\\":
            index += 1
        elif character == "[":
            index = _end_of_class(text, index)
        elif character == "|" and depth == 0:
            return True
        else:
            depth += (character == "(") - (character == ")")
        index += 1
    return False


def _end_of_class(text: str, start: int) -> int:
    index = start + 1
    if text[index : index + 1] == "^":
        index += 1
    index += 1  # a bracket in first place belongs to the class
    while index < len(text) and text[index] != "]":
        index += 2 if text[index] == "\\" else 1
    return index


def _odd_backslashes(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _matches(pattern: str, text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what Python's own expressions may mean one day
        try:
            return re.fullmatch(pattern, text) is not None
        except (re.error, RecursionError):
            return False
