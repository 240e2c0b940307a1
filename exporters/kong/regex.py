r"""Regular expressions in the syntax of Kong's router, the Rust crate `regex`
(https://docs.rs/regex/latest/regex/#syntax).

It has neither look-around nor back-references. Classes such as `\d` are written out where the
source means ASCII by them, because Rust means Unicode.
"""

from __future__ import annotations

import re

from gal.model import Anchor, Dialect, Regex

_ASCII = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r"\t\n\f\r ",
    "h": r"\t ",
}
_PLAIN_ESCAPES = frozenset("tnrfvabBxu")
_GROUP = re.compile(r"\(\?(?:P?<([A-Za-z_][A-Za-z0-9_]*)>|[imsUx]*(?:-[imsUx]+)?[:)]|:)")
_COUNT = re.compile(r"\{\d+(?:,\d*)?\}")
_POSIX = re.compile(r"\[:\^?[a-z]+:\]")
_PROPERTY = re.compile(r"[pP](?:\{[^}]*\}|[A-Za-z])")


class UntranslatableError(ValueError):
    """Kong's router has nothing that means the same; the message says what for."""


def escaped(text: str) -> str:
    """An expression that matches exactly this text."""
    return re.sub(r"([\\.+*?()|\[\]{}^$#&~\-])", r"\\\1", text)


def translate(regex: Regex) -> str:
    """The pattern in Rust's syntax, without anchoring.

    Raises:
        UntranslatableError: it holds something that Rust has not.
    """
    if regex.dialect is Dialect.RUST:
        return regex.pattern
    return _Translator(regex.pattern).whole()


def has_alternatives(pattern: str) -> bool:
    """Whether a `|` stands outside of all groups."""
    depth = 0
    for token in _tokens(pattern):
        if token == "|" and depth == 0:
            return True
        depth += (token[0] == "(") - (token == ")")
    return False


def from_start(regex: Regex) -> str:
    """The expression as it is written after `~`, where Kong anchors it at the start: it has to
    start with a slash.

    Raises:
        UntranslatableError: it holds something that Rust has not.
    """
    pattern = translate(regex)
    loose = has_alternatives(pattern)
    rust = regex.dialect is Dialect.RUST
    if rust and regex.anchor is Anchor.START and pattern[:1] == "/" and not loose:
        return pattern
    if regex.anchor is Anchor.SEARCH:
        if rust and loose and pattern[:2] == "^/":
            return pattern[1:]  # Kong anchors only the first of the alternatives
        return rf"/{{0}}(?s:.*?)(?:{pattern})"
    bare = pattern.removeprefix("^")
    end = "$" if regex.anchor is Anchor.FULL and (loose or not _ends(bare)) else ""
    if loose or not bare.startswith("/") or bare[1:2] in ("*", "+", "?", "{"):
        return f"/{{0}}(?:{pattern}){end}"
    return bare + end


def _ends(pattern: str) -> bool:
    backslashes = len(pattern[:-1]) - len(pattern[:-1].rstrip("\\"))
    return pattern.endswith("$") and backslashes % 2 == 0


def search(regex: Regex) -> str:
    """The expression for where Kong searches.

    Raises:
        UntranslatableError: it holds something that Rust has not.
    """
    pattern = translate(regex)
    if regex.anchor is Anchor.SEARCH:
        return pattern
    end = "$" if regex.anchor is Anchor.FULL else ""
    inner = f"(?:{pattern})" if has_alternatives(pattern) else pattern
    return f"^{inner}{end}"


def literal_prefix(regex: Regex) -> str:
    """The plain text that everything starts with that an expression matches."""
    if regex.anchor is Anchor.SEARCH or has_alternatives(regex.pattern):
        return "/"
    found = re.match(r"\^?(/[A-Za-z0-9_/\-]*)", regex.pattern)
    if found is None:
        return "/"
    text = found.group(1)
    if regex.pattern[found.end() : found.end() + 1] in ("*", "?", "{"):
        text = text[:-1]
    return text or "/"


def _tokens(pattern: str) -> list[str]:
    tokens, index = [], 0
    while index < len(pattern):
        if pattern[index] == "\\":
            tokens.append(pattern[index : index + 2])
            index += 2
        elif pattern[index] == "[":
            end = _end_of_class(pattern, index)
            tokens.append(pattern[index:end])
            index = end
        else:
            tokens.append(pattern[index])
            index += 1
    return tokens


def _end_of_class(pattern: str, start: int) -> int:
    index = start + 1
    if pattern[index : index + 1] == "^":
        index += 1
    if pattern[index : index + 1] == "]":
        index += 1  # in first place it belongs to the class
    while index < len(pattern) and pattern[index] != "]":
        posix = _POSIX.match(pattern, index)
        if posix is not None:
            index = posix.end()
        else:
            index += 2 if pattern[index] == "\\" else 1
    return index + 1


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.index = 0

    def whole(self) -> str:
        written = []
        while self.index < len(self.pattern):
            written.append(self._next())
        return "".join(written)

    def _next(self) -> str:
        character = self.pattern[self.index]
        if character == "\\":
            return self._escape(in_class=False)
        if character == "[":
            return self._class()
        if character == "(":
            return self._group()
        if character == "{" and not _COUNT.match(self.pattern, self.index):
            self.index += 1
            return r"\{"
        if character in "*+?}" and self.pattern[self.index + 1 : self.index + 2] == "+":
            raise UntranslatableError("Kong's router knows no possessive repetition")
        if character == "}" and not self._closes_count():
            self.index += 1
            return r"\}"
        self.index += 1
        return character

    def _closes_count(self) -> bool:
        return re.search(r"\{\d+(?:,\d*)?\}$", self.pattern[: self.index + 1]) is not None

    def _group(self) -> str:
        if self.pattern[self.index + 1 : self.index + 2] == "*":
            raise UntranslatableError("Kong's router knows no verbs such as (*FAIL)")
        if self.pattern[self.index + 1 : self.index + 2] != "?":
            self.index += 1
            return "("
        found = _GROUP.match(self.pattern, self.index)
        if found is None:
            raise UntranslatableError("Kong's router knows no look-around and no such group")
        self.index = found.end()
        return found.group()

    def _escape(self, *, in_class: bool) -> str:
        following = self.pattern[self.index + 1 : self.index + 2]
        property_ = _PROPERTY.match(self.pattern, self.index + 1)
        self.index += 2
        if following.lower() in _ASCII:
            letters = _ASCII[following.lower()]
            if following.islower():
                return letters if in_class else f"[{letters}]"
            return f"[^{letters}]"
        if following in ("A", "z", "Z"):
            return "^" if following == "A" else "$"
        if following == "Q":
            end = self.pattern.find(r"\E", self.index)
            end = len(self.pattern) if end < 0 else end
            text = self.pattern[self.index : end]
            self.index = end + 2
            return escaped(text)
        if property_ is not None:
            self.index = property_.end()
            return "\\" + property_.group()
        if following in ("<", ">"):
            return following
        if following.isalnum() and following not in _PLAIN_ESCAPES:
            raise UntranslatableError(rf"Kong's router knows no \{following}")
        return "\\" + following

    def _class(self) -> str:
        end = _end_of_class(self.pattern, self.index)
        self.index += 1
        written = "["
        if self.pattern[self.index : self.index + 1] == "^":
            written += "^"
            self.index += 1
        first = True
        while self.index < end - 1:
            posix = _POSIX.match(self.pattern, self.index)
            character = self.pattern[self.index]
            if posix is not None:
                written += posix.group()
                self.index = posix.end()
            elif character == "\\":
                written += self._escape(in_class=True)
            else:
                special = character in "[&~" or (first and character == "]")
                written += f"\\{character}" if special else character
                self.index += 1
            first = False
        self.index = end
        return written + "]"
