"""Values with the place where they stand: the base of all nodes, scalars and sequences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gal.errors import InputError, Position
from gal.reading import scalars
from gal.reading.placeholders import Placeholder, is_placeholder
from gal.reading.source import Source

__all__ = ["Node", "Scalar", "Sequence"]

_ARTICLES = {
    "mapping": "a mapping",
    "sequence": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "a boolean",
    "null": "null",
}


class Node:
    """A value of the input.

    Attributes:
        source: the input it comes from.
        line: line of its first character, from 1.
        column: column of its first character, from 1.
        parent: the mapping or sequence that holds it; None for the root. A node that aliases share
            has the parent of its anchor.
        key: its key in the parent, or its index; None for the root.
    """

    __slots__ = ("column", "key", "line", "parent", "source")

    def __init__(
        self, source: Source, line: int, column: int, parent: Node | None, key: str | int | None
    ) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.parent = parent
        self.key = key

    def __copy__(self) -> Node:
        return self  # a node is a place in a file: what is copied around it still comes from there

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        return self

    @property
    def kind(self) -> str:
        """One of mapping, sequence, string, integer, number, boolean, null."""
        raise NotImplementedError

    @property
    def position(self) -> Position:
        """Where the value starts."""
        return Position(self.source.name, self.line, self.column, source=self.source)

    @property
    def path(self) -> str:
        """The way from the root, such as `services[0].routes[1].strip_path`; empty for the root."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None and node.key is not None:
            steps.append(step_text(node.key))
            node = node.parent
        steps.reverse()
        return "".join(steps).removeprefix(".")

    def plain(self) -> Any:
        """The value as plain Python data."""
        raise NotImplementedError

    def take_all(self) -> None:
        """Mark everything below as read."""

    def error(self, message: str, hint: str | None = None) -> InputError:
        """An error that points at this value, to be raised by the caller."""
        return InputError(message, self.position, hint)

    def mismatch(self, wanted: str, hint: str | None = None) -> InputError:
        """The error for a value of the wrong kind; `wanted` comes with its article."""
        if self.key is None:
            subject = "the document"
        elif isinstance(self.key, str):
            subject = f'field "{self.key}"'
        else:
            subject = f'field "{getattr(self.parent, "key", None) or ""}[{self.key}]"'
        return self.error(f"{subject} must be {wanted}, not {self._described()}", hint)

    def _described(self) -> str:
        return _ARTICLES[self.kind]

    def as_str(self) -> str:
        """The text of a scalar, whatever its kind: `on` and `1.10` stay as they are written.

        Raises:
            InputError: for null, a mapping and a sequence.
        """
        raise self.mismatch("a string")

    def as_bool(self) -> bool:
        """A boolean: `true` or `false`, or one of YAML 1.1's words for them, without quotes.

        Raises:
            InputError: for anything else.
        """
        raise self.mismatch("a boolean")

    def as_int(self) -> int:
        """An integer, also one written as `1e3` or `60000.0`, or a `Placeholder`.

        Raises:
            InputError: for anything else.
        """
        raise self.mismatch("an integer")

    def as_float(self) -> float:
        """A number, or a `Placeholder`.

        Raises:
            InputError: for anything else.
        """
        raise self.mismatch("a number")


def step_text(key: str | int) -> str:
    """One step of a path: `.name`, `["a-b"]` or `[0]`."""
    if isinstance(key, int):
        return f"[{key}]"
    if key.isidentifier() and key.isascii():
        return f".{key}"
    import json

    return f"[{json.dumps(key, ensure_ascii=False)}]"


class Scalar(Node):
    """A single value.

    Attributes:
        text: its text as written, after the escapes of quoted strings.
        quoted: whether it is a string whatever its text looks like: it stands in quotes, is a block
            scalar, or is tagged `!!str`.
    """

    __slots__ = ("quoted", "text")

    def __init__(
        self,
        source: Source,
        line: int,
        column: int,
        parent: Node | None,
        key: str | int | None,
        text: str,
        quoted: bool,
    ) -> None:
        # Written out: a call of super() costs half as much as all the rest.
        self.source = source
        self.line = line
        self.column = column
        self.parent = parent
        self.key = key
        self.text = text
        self.quoted = quoted

    @property
    def kind(self) -> str:
        """One of string, integer, number, boolean, null."""
        return "string" if self.quoted else scalars.scalar_kind(self.text)

    @property
    def is_null(self) -> bool:
        """Whether the value is null: the word, `~`, or nothing at all."""
        return not self.quoted and self.text in scalars.NULL

    def plain(self) -> Any:
        """A str, int, float, bool or None, or `Verbatim` where readers disagree on the spelling."""
        text = self.text
        if self.quoted:
            return text
        if is_placeholder(text):
            return scalars.Verbatim(text)
        return scalars.plain_value(text)

    def as_str(self) -> str:  # noqa: D102 - documented at Node
        if self.is_null:
            raise self.mismatch("a string")
        return self.text

    def as_bool(self) -> bool:  # noqa: D102
        if not self.quoted:
            if self.text in scalars.TRUE or self.text in scalars.OLD_TRUE:
                return True
            if self.text in scalars.FALSE or self.text in scalars.OLD_FALSE:
                return False
        would_fit = self.text in scalars.TRUE or self.text in scalars.FALSE
        raise self._refusal("a boolean", would_fit)

    def as_int(self) -> int:  # noqa: D102
        value = self._number("an integer")
        if isinstance(value, int):
            return value
        if not value.is_integer():
            raise self.mismatch("an integer")
        return int(value)

    def as_float(self) -> float:  # noqa: D102
        value = self._number("a number")
        return value if isinstance(value, Placeholder) else float(value)

    def _number(self, wanted: str) -> int | float:
        kind = self.kind
        if kind == "string" and is_placeholder(self.text):
            return Placeholder(self.text, self.position)
        if kind not in ("integer", "number"):
            would_fit = scalars.scalar_kind(self.text) in ("integer", "number")
            raise self._refusal(wanted, would_fit)
        value = scalars.parse_number(self.text)
        if value is None:
            raise self.error("this number has too many digits")
        return value

    def _refusal(self, wanted: str, would_fit: bool) -> InputError:
        if self.quoted and would_fit:
            return self.mismatch(wanted, f"remove the quotes: {self.text}")
        if is_placeholder(self.text):
            return self.mismatch(wanted, "fill in the placeholder first")
        return self.mismatch(wanted)

    def _described(self) -> str:
        if self.kind == "string" and is_placeholder(self.text):
            return "a placeholder"
        return _ARTICLES[self.kind]

    def __repr__(self) -> str:
        return f"<Scalar {self.text!r} at {self.position}>"


class Sequence(Node):
    """A list of nodes."""

    __slots__ = ("items",)

    def __init__(
        self, source: Source, line: int, column: int, parent: Node | None, key: str | int | None
    ) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.parent = parent
        self.key = key
        self.items: list[Node] = []

    @property
    def kind(self) -> str:
        """Always `sequence`."""
        return "sequence"

    def plain(self) -> list[Any]:
        """A list of plain Python data."""
        return [item.plain() for item in self.items]

    def take_all(self) -> None:
        """Mark everything below as read."""
        for item in self.items:
            item.take_all()

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        return True  # an empty list in a file is still there

    def __repr__(self) -> str:
        return f"<Sequence of {len(self.items)} at {self.position}>"
