"""HTTP statuses in ranges, and the texts that Go sends with them.

Source: https://www.iana.org/assignments/http-status-codes/http-status-codes.xhtml
"""

from __future__ import annotations

from collections.abc import Iterable

_FEW = 10
_REGISTERED = (
    *(100, 101, 102, 103, *range(200, 209), 226, *range(300, 309)),
    *(*range(400, 419), *range(421, 427), 428, 429, 431, 451),
    *(*range(500, 509), 510, 511),
)
_PHRASES = {
    403: "Forbidden",
    404: "Not Found",
    418: "I'm a teapot",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def between(first: int, last: int) -> list[int]:
    """The statuses of a range; of a long one those that are registered."""
    codes: Iterable[int] = range(first, last + 1)
    if last - first >= _FEW:
        codes = _REGISTERED
    return [code for code in codes if first <= code <= last]


def phrase(status: int) -> str:
    """The text of an answer with this status, as far as it is worth keeping."""
    return _PHRASES.get(status, "")
