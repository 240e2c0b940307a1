"""Bytes to text: encodings, byte order marks, and files that are no text at all."""

from __future__ import annotations

import codecs
import re

from gal.errors import InputError, Position
from gal.reading.source import Source

__all__ = ["MAX_BYTES", "decode"]

MAX_BYTES = 256 * 1024 * 1024
"""Largest input that is read."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY = "the file is binary, not text"
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(data: str | bytes, name: str) -> Source:
    """The text of an input, its byte order mark removed.

    Text is UTF-8 unless a byte order mark says UTF-16 or UTF-32.

    Raises:
        InputError: for more than `MAX_BYTES`, for binary data, and for bytes that are no text, at
            the line and column of the first such byte.
    """
    if len(data) > MAX_BYTES:
        size = MAX_BYTES // 1024 // 1024
        raise InputError(f"{name} is larger than {size} MiB, the most that is read")
    if isinstance(data, str):
        text = data
    else:
        encoding = "utf-8"
        for mark, encoding_of_mark in _MARKS:
            if data.startswith(mark):
                data, encoding = data[len(mark) :], encoding_of_mark
                break
        text = _decoded(data, encoding, name)
    source = Source(name, text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    if (nul := source.text.find("\0")) >= 0:
        # Without its line: nobody wants to see that.
        raise InputError(_BINARY, Position(name, *source.place(nul)))
    if not text.isascii() and (half := _SURROGATE.search(source.text)):
        raise InputError("half of a surrogate pair is no text", source.position_at(half.start()))
    return source


def _decoded(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if b"\0" in data and encoding == "utf-8":
            raise InputError(_BINARY, Position(name, 1, 1)) from None
        # The offset in the text: what precedes the byte is sound.
        offset = len(data[: error.start].decode(encoding))
        source = Source(name, data.decode(encoding, errors="replace"))
        message = f"byte 0x{data[error.start]:02X} is not valid {encoding.upper()[:6].rstrip('-')}"
        position = source.position_at(offset)
        raise InputError(message, position, "save the file as UTF-8") from None
