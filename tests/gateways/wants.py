"""What a table may want of a value, and how the difference is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from types import EllipsisType
from typing import Any, Final

ANY: Final = re.compile(r".*", re.DOTALL)
"""Wants a value, whatever it is."""

Want = EllipsisType | str | bytes | None | re.Pattern[str] | Sequence[Any] | Mapping[str, Any]
"""`...` wants nothing in particular; None wants absence; text and bytes want exactly that; a
pattern wants a full match. Of headers, a list wants exactly these values in this order. Of
bodies, data wants that JSON."""


def mismatch(what: str, got: str | bytes | list[str] | None, want: Want) -> list[str]:
    """Compare a value with what is wanted; return no sentence, or one that tells the difference.

    Args:
        what: the value's name.
        got: a text, a body as bytes, or all values of a header.
        want: what it should be.
    """
    if want is ... or _fits(got, want):
        return []
    wanted = f"text like {want.pattern!r}" if isinstance(want, re.Pattern) else repr(want)
    return [f"{what} is {_told(got)}, wanted {'none' if want is None else wanted}"]


def _fits(got: str | bytes | list[str] | None, want: Want) -> bool:
    if want is None:
        return not got
    if isinstance(got, bytes):
        return _body_fits(got, want)
    if isinstance(got, list) and not isinstance(want, str | bytes | re.Pattern):
        return got == want
    text = ", ".join(got) if isinstance(got, list) and got else got
    if isinstance(want, re.Pattern):
        return isinstance(text, str) and bool(want.fullmatch(text))
    return text == want


def _body_fits(got: bytes, want: Want) -> bool:
    if isinstance(want, bytes):
        return got == want
    text = got.decode("utf-8", "replace")
    if isinstance(want, re.Pattern):
        return bool(want.fullmatch(text))
    if isinstance(want, str):
        return text == want
    try:
        return bool(json.loads(text) == want)
    except ValueError:
        return False


def _told(got: str | bytes | list[str] | None) -> str:
    return repr(got) if got else "none"
