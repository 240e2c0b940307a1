"""Syntax errors of the YAML parser, in words for people who write configuration."""

from __future__ import annotations

import re
from typing import Any

from gal.errors import InputError
from gal.reading.aliases import too_deep
from gal.reading.nodes import Node, Scalar
from gal.reading.source import Source

__all__ = ["apply_tag", "unreadable_character", "yaml_error"]

_CORE = "tag:yaml.org,2002:"
_KINDS = {
    "!!str": ("string",),
    "!!int": ("integer",),
    "!!float": ("number", "integer"),
    "!!bool": ("boolean",),
    "!!null": ("null",),
    "!!map": ("mapping",),
    "!!seq": ("sequence",),
}
_QUOTE = "put the text in quotes"
_INDENT = "check the indentation of this line and of the lines above it"
_ADVICE = (
    # part of the parser's words, better words ("" keeps the parser's), hint
    (
        "mapping values are not allowed",
        'unexpected ":"',
        'put text that contains ": " in quotes, and indent keys of one mapping alike',
    ),
    ("that cannot start any token", "", _QUOTE),
    ("found unexpected end of stream", "the closing quote is missing", None),
    ("did not find expected key", "a key is expected here", _INDENT),
    ("expected <block end>", "a key is expected here", _INDENT),
    ("did not find expected '-' indicator", 'a "- " is expected here', _INDENT),
    ("expected node content", "a value is expected here", None),
    ("could not find expected ':'", 'a key without a ":"', _INDENT),
    ("unknown escape character", "", "write \\\\ for a backslash, or use single quotes"),
    ("did not find expected <document start>", '"---" is expected before a new document', None),
    ("expected '<document start>'", '"---" is expected before a new document', None),
    ("incompatible YAML document", "this version of YAML is not supported", "remove the line"),
)
_CONTEXT = re.compile(r"^while (?:parsing|scanning) (?:an? |the )?")
_WORDS = (
    ("block mapping", "mapping"),
    ("flow mapping", "mapping"),
    ("flow sequence", "list"),
    ("block sequence", "list"),
    ("block collection", "list"),
    ("double-quoted scalar", "string"),
    ("quoted scalar", "string"),
    ("plain scalar", "text"),
    ("block scalar", "block of text"),
    ("did not find expected ", "expected "),
    ("did not find the expected ", "expected "),
    ("could not find expected ", "expected "),
    ("found ", ""),
)


def yaml_error(source: Source, error: Any) -> InputError:
    """The input error for a `yaml.MarkedYAMLError`, at the place where the parser stopped."""
    mark = error.problem_mark or error.context_mark
    line = source.line(mark.line + 1)
    indentation = re.match(r"[ \t]*", line).group()  # type: ignore[union-attr]
    if "\t" in indentation and mark.column <= len(indentation):
        place = source.position(mark.line + 1, indentation.index("\t") + 1)
        return InputError("a tab is used for indentation", place, "indent with spaces")
    if "maximum nesting depth" in str(error.problem):
        return too_deep(source.position(mark.line + 1, mark.column + 1))
    message, hint = _reworded(str(error.problem), line[mark.column : mark.column + 1])
    place = source.position(mark.line + 1, mark.column + 1)
    end = source.end()
    if (place.line, place.column) > (end.line, end.column):
        place = end  # the parser counts a line more than there is
    return InputError(message + _started(error, mark), place, hint)


def _reworded(problem: str, character: str) -> tuple[str, str | None]:
    for part, words, hint in _ADVICE:
        if part in problem:
            if part == "that cannot start any token":
                return f'a value cannot start with "{character}"', hint
            return words or _plainly(problem), hint
    return _plainly(problem), None


def _plainly(text: str) -> str:
    for parser_words, words in _WORDS:
        text = text.replace(parser_words, words)
    return text.replace("'", '"')


def _started(error: Any, mark: Any) -> str:
    """Where the mapping, list or string starts in which the parser stopped."""
    start = error.context_mark
    if start is None or not error.context or (start.line, start.column) == (mark.line, mark.column):
        return ""
    what = _plainly(_CONTEXT.sub("", error.context))
    return f" (in the {what} that starts at line {start.line + 1}, column {start.column + 1})"


def unreadable_character(source: Source) -> InputError:
    """The error for a text with a character that YAML excludes."""
    found = re.search(
        "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", source.text
    )
    if found is None:
        return InputError("the text holds a character that YAML excludes", source.position(1, 1))
    return InputError(
        f"the character U+{ord(found.group()):04X} is not allowed in YAML",
        source.position_at(found.start()),
        "remove it, or write it as an escape in double quotes",
    )


def apply_tag(node: Node, tag: str) -> None:
    """Obey the tag of a node, which is one of the core schema.

    Raises:
        InputError: for any other tag, and for a value that does not fit its tag.
    """
    if tag == "!":  # "not specific": for a scalar that means a string
        tag = f"{_CORE}str"
    written = f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag
    if written not in _KINDS:
        hint = "resolve the tags of the file first" if not written.startswith("!!") else None
        raise node.error(f'tag "{written}" is not supported', hint)
    if isinstance(node, Scalar):
        node.quoted = written == "!!str"
    if node.kind not in _KINDS[written]:
        raise node.error(f'tag "{written}" does not fit the value')
