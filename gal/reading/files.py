"""From a path or a text to documents: the way in of everything that is read."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable

from gal.errors import InputError, Position
from gal.garbage import without_collection
from gal.reading.decode import MAX_BYTES, decode
from gal.reading.document import Document, Format
from gal.reading.source import Source

__all__ = ["read_documents", "read_file"]

_BY_SUFFIX: dict[str, Format] = {".json": "json", ".toml": "toml"}
_YAML_SUFFIXES = (".yaml", ".yml")
_FIRST_LINE = re.compile(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t]*([^\n]*)")
_TOML_LINE = re.compile(r"""\[\[?[\w."' -]+\]\]?\s*(?:#.*)?|[\w."'-]+\s*=\s*\S.*""")


def read_file(path: str) -> list[Document]:
    """The documents of a file; `-` is standard input.

    Raises:
        InputError: when the file cannot be read, or not be understood; see `read_documents`.
    """
    if path == "-":
        return read_documents(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f'cannot read "{path}": {_reason(error)}') from None
    return read_documents(data, path)


def read_documents(data: str | bytes, name: str, format: Format | None = None) -> list[Document]:
    """The documents of a text, of which there is at least one.

    Without `format`, the name decides (`.json`, `.toml`), then the text. What starts with a bracket
    is read as JSON if it is sound JSON, and as YAML otherwise.

    Raises:
        InputError: for bad syntax, for an empty input, and for one that is no text.
    """
    source = decode(data, name)
    with without_collection():
        documents = _reader(format)(source) if format else _guessed(source)
    if not documents:
        raise InputError("the file is empty", Position(name, 1, 1))
    return documents


def _guessed(source: Source) -> list[Document]:
    suffix = os.path.splitext(source.name)[1].lower()
    if suffix in _BY_SUFFIX:
        return _reader(_BY_SUFFIX[suffix])(source)
    first = _FIRST_LINE.match(source.text)
    line = first.group(1).rstrip() if first else ""
    as_json: InputError | None = None
    if line.startswith(("{", "[")) and not line.startswith(("{{", "{%")):
        try:
            return _reader("json")(source)
        except InputError as error:
            as_json = error
    if suffix not in _YAML_SUFFIXES and _TOML_LINE.fullmatch(line):
        return _reader("toml")(source)
    try:
        return _reader("yaml")(source)
    except InputError as error:
        raise _further(as_json, error) from None


def _further(as_json: InputError | None, as_yaml: InputError) -> InputError:
    """Of two errors the one that came later: its format is the one that was meant."""
    if as_json is None or as_json.position is None or as_yaml.position is None:
        return as_yaml
    json_place = as_json.position.line, as_json.position.column
    yaml_place = as_yaml.position.line, as_yaml.position.column
    return as_yaml if yaml_place > json_place else as_json


def _reader(format: Format) -> Callable[[Source], list[Document]]:
    if format == "json":
        from gal.reading.json_reader import read_json

        return read_json
    if format == "toml":
        from gal.reading.toml_reader import read_toml

        return read_toml
    from gal.reading.yaml_reader import read_yaml

    return read_yaml


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "permission denied"
    return (getattr(error, "strerror", None) or str(error)).lower()
