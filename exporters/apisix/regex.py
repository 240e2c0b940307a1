r"""Regular expressions in PCRE, as APISIX runs them: by bytes, searched anywhere (`ngx.re.find`
with the options `jo`, https://github.com/openresty/lua-nginx-module#ngxrefind).

PCRE has all that RE2, Go and Rust have, but reads some of it in another way: `$` is also before a
last line break, `\v` is a class, `\s` has one character more than in RE2, and what repeats a
repetition is possessive.

Sources: https://github.com/google/re2/wiki/Syntax, https://docs.rs/regex/latest/regex/#syntax,
https://www.pcre.org/current/doc/html/pcre2syntax.html
"""

from __future__ import annotations

import re

from gal.model import Anchor, Dialect, Regex

_TOKEN = re.compile(
    r"""\\Q(?P<quoted>.*?)(?:\\E|$)
    |\\(?P<octal>0[0-7]{0,2}|[1-7][0-7]{1,2})
    |\\[xuU](?:\{(?P<long>[0-9A-Fa-f]{1,8})\}|(?P<short>[0-9A-Fa-f]{2,8}))
    |(?P<escape>\\.)
    |\((?P<open>\?P?<[A-Za-z_]\w*>|\?[a-zA-Z]*(?:-[a-zA-Z]+)?[:)])
    |(?P<count>\{\d+(?:,\d*)?\}|[*+?])
    |(?P<class>\[\^?\]?(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])*\])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_IN_CLASS = re.compile(
    r"\[:\^?[a-z]+:\]|\\x\{[0-9A-Fa-f]+\}|\\x[0-9A-Fa-f]{2}|\\0[0-7]{0,2}|\\.|[^\\]", re.DOTALL
)
_META = frozenset("\\.+*?()|[]{}^$#")
_KNOWN = frozenset("dDwWSbBAzaftnr")
_SPACE = r"\t\n\f\r "
_VERTICAL_TAB = r"\x0b"
_LAST_ASCII = 0x7F
_UNICODE = "APISIX goes by bytes, and cannot have a character outside of ASCII here"
_LITERAL = re.compile(r"(?:[A-Za-z0-9/_\-%~@:,;=&!'\"<> ]|\\[^A-Za-z0-9]|\\x[2-7][0-9a-fA-F])+")


class UntranslatableError(ValueError):
    """An expression that PCRE, as APISIX runs it, cannot say; the text says why."""


def escaped(text: str) -> str:
    """The expression for exactly this text."""
    return "".join(f"\\{one}" if one in _META else one for one in text)


def searched(regex: Regex, ignore_case: bool = False) -> str:
    """The expression with its anchoring, for where APISIX searches.

    Raises:
        UntranslatableError: PCRE cannot say it; the text says why.
    """
    pattern = translate(regex)
    flags = "(?i)" if ignore_case and not pattern.startswith("(?i)") else ""
    if regex.anchor is Anchor.SEARCH:
        return flags + pattern
    bare = pattern.removeprefix("^")
    if has_alternatives(bare):
        bare = f"(?:{bare})"
    return f"{flags}^{bare}" + (r"\z" if regex.anchor is Anchor.FULL else "")


def translate(regex: Regex) -> str:
    """The pattern in PCRE, without its anchoring.

    Raises:
        UntranslatableError: PCRE cannot say it; the text says why.
    """
    if regex.dialect is Dialect.PCRE:
        return regex.pattern
    reader = _Reader(regex.dialect)
    for token in _TOKEN.finditer(regex.pattern):
        reader.read(token)
    return reader.written()


def has_alternatives(pattern: str) -> bool:
    """Whether a `|` stands outside of all groups."""
    depth = 0
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if text == "|" and depth == 0:
            return True
        depth += (text[0] == "(" and text[-1] != ")") - (text == ")")
    return False


def literal_start(pattern: str) -> str:
    """The plain text that everything starts with that an expression in PCRE finds; `/` where
    nothing is known of it.
    """
    if not pattern.startswith("^") or has_alternatives(pattern):
        return "/"
    found = _LITERAL.match(pattern, 1)
    if found is None or not found[0].startswith("/"):
        return "/"
    text = found[0]
    if pattern[found.end() : found.end() + 1] in ("*", "?", "{"):
        text = re.sub(r"(?:\\x..|\\.|.)$", "", text)
    text = re.sub(r"\\x(..)", lambda one: chr(int(one[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", text) or "/"


class _Reader:
    """Goes through a pattern token by token."""

    __slots__ = ("_again", "_dialect", "_lines", "_parts")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._parts: list[str] = []
        self._lines = False  # `$` stands at every end of a line
        self._again = False  # the last token repeats something

    def written(self) -> str:
        """The pattern so far."""
        return "".join(self._parts)

    def read(self, token: re.Match[str]) -> None:
        """One token more."""
        kind, text = token.lastgroup or "other", token[0]
        if kind == "count":
            self._count(text)
            return
        self._again = False
        self._parts.append(self._converted(kind, text, token))

    def _converted(self, kind: str, text: str, token: re.Match[str]) -> str:
        if kind == "quoted":
            return escaped(token["quoted"])
        if kind in ("octal", "long", "short"):
            return _character(int(token[kind], 8 if kind == "octal" else 16))
        if kind == "escape":
            return self._escape(text)
        if kind == "open":
            return self._open(text)
        return self._class(text) if kind == "class" else self._other(text, token)

    def _other(self, text: str, token: re.Match[str]) -> str:
        if text == "$" and not self._lines:
            return r"\z"
        if text == "(" and token.string[token.end() : token.end() + 1] in ("?", "*"):
            following = token.string[token.start() : token.end() + 2]
            raise UntranslatableError(f'the group "{following}" means something else in PCRE')
        if text == "[":
            raise UntranslatableError('a "]" is missing')
        if text == "{":
            return r"\{"
        if ord(text) > _LAST_ASCII:
            return f"(?:{text})"
        return text

    def _count(self, text: str) -> None:
        if self._again and text != "?":
            raise UntranslatableError("what repeats a repetition is possessive in PCRE")
        self._again = not self._again
        self._parts.append(text)

    def _open(self, text: str) -> str:
        if "<" in text:
            return text
        on, _, off = text[2:-1].partition("-")
        if "x" in on + off or "R" in on + off:
            raise UntranslatableError(f'PCRE has other rules for "{text}"')
        if "m" in on:
            self._lines = True
        on, off = on.replace("u", ""), off.replace("u", "")
        if not on and not off:
            return "" if text.endswith(")") else "(?:"
        return f"(?{on}{'-' if off else ''}{off}{text[-1]}"

    def _escape(self, text: str) -> str:
        letter = text[1]
        if letter == "s":
            return r"\s" if self._dialect is Dialect.RUST else f"[{_SPACE}]"
        if letter == "S" and self._dialect is not Dialect.RUST:
            return f"[^{_SPACE}]"
        if letter == "v":
            return _VERTICAL_TAB
        if letter == "C" and self._dialect is Dialect.RE2:
            return r"[\s\S]"
        if self._dialect is Dialect.RUST and letter in "<>":
            return r"\b(?=\w)" if letter == "<" else r"\b(?<=\w)"
        if letter in "pP":
            raise UntranslatableError(_UNICODE)
        if letter.isalnum() and letter not in _KNOWN:
            raise UntranslatableError(f'PCRE has another meaning for "{text}"')
        return f"(?:{letter})" if ord(letter) > _LAST_ASCII else text

    def _class(self, text: str) -> str:
        negative = text.startswith("[^")
        inner = text[2:-1] if negative else text[1:-1]
        if self._dialect is Dialect.RUST and re.search(r"&&|--|~~|\[(?!:)", inner):
            raise UntranslatableError("PCRE has no operations on classes of characters")
        parts: list[str] = []
        for token in _IN_CLASS.finditer(inner):
            parts.append(self._in_class(token[0], first=not parts))
        return f"[{'^' if negative else ''}{''.join(parts)}]"

    def _in_class(self, text: str, first: bool) -> str:
        if text.startswith("[:"):
            return text
        if text[0] == "\\" and (text[1] in "xu0"):
            digits = text[2:].strip("{}") if text[1] != "0" else text[1:]
            value = int(digits or "0", 8 if text[1] == "0" else 16)
            if value > _LAST_ASCII:
                raise UntranslatableError(_UNICODE)
            return f"\\x{value:02x}"
        if text[0] == "\\":
            if text[1] == "b":
                raise UntranslatableError('PCRE has another meaning for "\\b" in a class')
            if text[1] == "S" and self._dialect is not Dialect.RUST:
                raise UntranslatableError('PCRE has another meaning for "\\S" in a class')
            return self._escape(text).strip("[]") if text[1] == "s" else self._escape(text)
        if ord(text) > _LAST_ASCII:
            raise UntranslatableError(_UNICODE)
        return f"\\{text}" if text == "[" or (first and text == "]") else text


def _character(value: int) -> str:
    if value <= _LAST_ASCII:
        return f"\\x{value:02x}"
    try:
        encoded = chr(value).encode()
    except (ValueError, UnicodeEncodeError) as error:
        raise UntranslatableError(f"there is no character {value:x}") from error
    return f"(?:{''.join(f'{chr(92)}x{byte:02x}' for byte in encoded)})"
