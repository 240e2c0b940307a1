"""Plain data as YAML text, in PyYAML's own block style.

PyYAML's emitter takes three times as long for the same text, which for large files is most of a
conversion. Only the structure is written here. How a scalar is spelt, with or without quotes, is
asked of PyYAML, once for each distinct one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./\-]*(?:[: ](?=[A-Za-z0-9_./])[A-Za-z0-9_./\-]+)*")
"""Texts that no YAML reader takes for anything else, unless they are one of its words."""

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_LONGEST_KEY = 1000
"""YAML wants another form for keys of over 1024 characters."""


def yaml_text(data: dict[str, Any]) -> str:
    """The text of a mapping: block style, keys in their order, long lines as they are."""
    if not data:
        return "{}\n"
    return _Writer().text(data)


class _Writer:
    """Collects lines."""

    def __init__(self) -> None:
        self._spelt: dict[str, str] = {}
        self._spell: Callable[[Any], str] | None = None
        self._out: list[str] = []

    def text(self, data: dict[str, Any]) -> str:
        """The text of a mapping that is not empty."""
        self._mapping(data, "", first="")
        return "".join(self._out)

    def _mapping(self, data: dict[str, Any], indent: str, first: str) -> None:
        """`first` is the indentation of the first line, which may follow a dash."""
        write, lead = self._out.append, first
        for key, value in data.items():
            name = self._key(key, indent)
            if isinstance(value, dict) and value:
                write(f"{lead}{name}:\n")
                below = indent + "  "
                self._mapping(value, below, below)
            elif isinstance(value, list) and value:
                write(f"{lead}{name}:\n")
                self._sequence(value, indent, indent)
            else:
                write(f"{lead}{name}:{self._value(value, indent)}\n")
            lead = indent

    def _sequence(self, data: list[Any], indent: str, first: str) -> None:
        write, lead = self._out.append, first
        below = indent + "  "
        for value in data:
            if isinstance(value, dict) and value:
                self._mapping(value, below, f"{lead}- ")
            elif isinstance(value, list) and value:
                self._sequence(value, below, f"{lead}- ")
            else:
                write(f"{lead}-{self._value(value, indent)}\n")
            lead = indent

    def _key(self, key: Any, indent: str) -> str:
        name = self._scalar(key)
        return name if len(name) <= _LONGEST_KEY else f"? {name}\n{indent}"

    def _value(self, value: Any, indent: str) -> str:
        """A scalar or an empty collection, with the space before it."""
        if isinstance(value, str) and "\n" in value and _fits_a_block(value):
            return _block(value, indent)
        return " " + self._scalar(value)

    def _scalar(self, value: Any) -> str:
        kind = type(value)
        if kind is str:
            known = self._spelt.get(value)
            if known is None:
                plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
                known = self._spelt[value] = value if plain else self._asked(value)
            return known
        if kind is bool:
            return "true" if value else "false"
        if kind is int:
            return str(value)
        return self._asked(value)

    def _asked(self, value: Any) -> str:
        if self._spell is None:
            self._spell = _speller()
        return self._spell(value)


def _fits_a_block(text: str) -> bool:
    """Whether a literal block keeps the text as it is, and needs no indentation indicator."""
    lines = text.split("\n")
    printable = all(line.isprintable() and line == line.rstrip() for line in lines)
    return printable and bool(lines[0]) and not lines[0].startswith(" ")


def _block(text: str, indent: str) -> str:
    """A literal block, its lines under the key or the dash."""
    kept = text.rstrip("\n")
    breaks = len(text) - len(kept)
    chomping = {0: "-", 1: ""}.get(breaks, "+")
    lines = kept.split("\n") + [""] * max(0, breaks - 1)
    shown = (f"{indent}  {line}" if line else "" for line in lines)
    return f" |{chomping}\n" + "\n".join(shown)


def _speller() -> Callable[[Any], str]:
    """How PyYAML spells a scalar or an empty collection, on one line."""
    import yaml

    from gal.reading import Placeholder, Verbatim

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]  # the base depends on whether libyaml is there
        pass

    def represent_text(dumper: Any, text: str) -> Any:
        style = None
        if not text.isprintable():
            style = '"'  # no line breaks and control characters as they are
        elif text in ("y", "Y", "n", "N"):
            style = "'"  # booleans in YAML 1.1, as Envoy reads it, but PyYAML writes them bare
        elif "{{" in text:
            style = "'"  # what is filled in there may hold anything
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_plain(dumper: Any, text: object) -> Any:
        # The tag of the resolver's own guess: it is written without quotes and without a tag.
        tag = dumper.resolve(yaml.ScalarNode, str(text), (True, False))
        return dumper.represent_scalar(tag, str(text))

    Dumper.add_representer(str, represent_text)
    Dumper.add_representer(Verbatim, represent_plain)
    Dumper.add_representer(Placeholder, represent_plain)

    def spell(value: Any) -> str:
        text = yaml.dump(
            value, Dumper=Dumper, allow_unicode=True, default_flow_style=True, width=2**31 - 1
        )
        # A plain scalar alone is followed by the mark of a document's end.
        return str(text).removesuffix("\n").removesuffix("\n...")

    return spell
