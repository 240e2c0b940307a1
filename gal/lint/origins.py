"""What is asked of origins by more than one rule.

Entries of a list of origins are read from the file, with what the gateway does with them: importers
may have to say them stricter than they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass

from gal.lint.automata import matched_by
from gal.lint.finding import Where, place_of
from gal.model import Anchor, Cors, Dialect, Regex
from gal.reading import Mapping, Node, Scalar, Sequence

_PORT = "(:[0-9]+)?"
_OPEN = "com|net|org|io|dev|app|info|biz|cloud|online|shop|xyz|tech|site|store|invalid"
_SECOND = "(co|com|org|net|ac|gov)[.][a-z][a-z]"
ANYBODYS = (r"evil[.](com|net|org|io|invalid)",)
"""Hosts, as expressions, that anybody may have bought."""
BEHIND = (r"[a-z0-9.-]+[.]evil[.]invalid",)
"""Hosts that start like another one."""
BEFORE = (rf"evil[a-z0-9-]+[.]({_OPEN}|test|example|[a-z][a-z])", rf"evil[a-z0-9-]+[.]{_SECOND}")
"""Hosts that end like another one without being below it."""
NULL = "null"
_KONG_PLAIN = re.compile(r"[A-Za-z0-9.:/-]+")
_ENVOY_KINDS = ("exact", "prefix", "suffix", "contains")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of what a policy allows.

    Attributes:
        text: as it stands in the file.
        where: where it stands.
        regex: what it matches, for all that is not one origin.
        kind: `exact`, `prefix`, `suffix`, `contains` or `regex`.
        host_only: the expression is tried on the host alone, whatever scheme and port.
    """

    text: str
    where: Where
    regex: Regex | None = None
    kind: str = "exact"
    host_only: bool = False

    def takes(
        self, hosts: tuple[str, ...], scheme: str = "https?", *, whole: bool = False
    ) -> str | None:
        """An origin that it allows whose host is one of some expressions; None where there is
        none, or where this cannot be judged.

        Args:
            hosts: expressions on hosts.
            scheme: expression on schemes.
            whole: ask what it would allow if it had to match from end to end.
        """
        regex = self.regex
        if regex is None:
            return None
        if whole:
            regex = Regex(regex.pattern, regex.dialect, Anchor.FULL)
        before, after = ("", "") if self.host_only else (f"{scheme}://", _PORT)
        shapes = [Regex(f"{before}(?:{host}){after}") for host in hosts]
        found = matched_by(regex, shapes)
        return f"https://{found}" if found is not None and self.host_only else found

    @property
    def takes_null(self) -> bool:
        """Whether it allows the origin `null`."""
        if self.regex is None:
            return self.text == NULL
        return matched_by(self.regex, [Regex(NULL)]) is not None

    @property
    def takes_anybody(self) -> str | None:
        """An origin that anybody may have and that it allows."""
        if self.kind == "exact":
            return None
        return self.takes(ANYBODYS)


def accepts_any(cors: Cors) -> str | None:
    """In words, how a policy comes to allow any origin; None where it does not."""
    if cors.reflect_any_origin:
        return "every origin is answered with its own name"
    if "*" in cors.allowed_origins:
        return 'the origins hold "*"'
    for entry in entries(cors):
        origin = entry.takes_anybody
        if origin is not None:
            return f"{described(entry)} allows {origin}, too"
    return None


def described(entry: Entry) -> str:
    """An entry for people."""
    if entry.kind == "regex":
        return f'the expression "{entry.text}"'
    return f'"{entry.text}"' if entry.kind == "exact" else f'{entry.kind} "{entry.text}"'


def entries(cors: Cors) -> list[Entry]:
    """What a policy allows, entry by entry; nothing for `*`."""
    found: list[Entry] = []
    if cors.origin is not None and isinstance(cors.origin.node, Mapping):
        found = list(_written(cors, cors.origin.node))
    return found or list(_of_model(cors))


def _written(cors: Cors, node: Mapping) -> Iterator[Entry]:
    config = node.peek("config")
    if isinstance(config, Mapping) and node.peek("name") is not None:
        yield from _kong(config.peek("origins"))
    elif node.peek("allow_origins_by_regex") is not None:
        for item in _items(node.peek("allow_origins_by_regex")):
            yield _regex(item, Dialect.PCRE, Anchor.SEARCH)
        yield from _listed(cors, node)
    elif node.peek("allow_origin_string_match") is not None:
        for item in _items(node.peek("allow_origin_string_match")):
            if isinstance(item, Mapping):
                yield from _envoy(item)


def _kong(origins: Node | None) -> Iterator[Entry]:
    for item in _items(origins):
        text = item.text if isinstance(item, Scalar) else ""
        if _KONG_PLAIN.fullmatch(text):
            yield Entry(text, item)
        elif text and text != "*":
            whole = (text if text.endswith("$") else f"{text}$").removeprefix("^")
            regex = Regex(whole, Dialect.PCRE, Anchor.START)
            yield Entry(text, item, regex, "regex", host_only=":" not in text)


def _envoy(item: Mapping) -> Iterator[Entry]:
    case = item.peek("ignore_case")
    fold = "(?i)" if isinstance(case, Scalar) and case.text == "true" else ""
    for kind in _ENVOY_KINDS:
        value = item.peek(kind)
        if isinstance(value, Scalar):
            before = ".*" if kind in ("suffix", "contains") else ""
            after = ".*" if kind in ("prefix", "contains") else ""
            regex = Regex(f"{fold}{before}{re.escape(value.text)}{after}")
            yield Entry(value.text, value, None if kind == "exact" and not fold else regex, kind)
    below = item.peek("safe_regex")
    value = below.peek("regex") if isinstance(below, Mapping) else None
    if isinstance(value, Scalar):
        yield _regex(value, Dialect.RE2, Anchor.FULL)


def _regex(item: Node, dialect: Dialect, anchor: Anchor) -> Entry:
    text = item.text if isinstance(item, Scalar) else ""
    return Entry(text, item, Regex(text, dialect, anchor), "regex")


def _items(node: Node | None) -> list[Node]:
    return node.items if isinstance(node, Sequence) else []


def _of_model(cors: Cors) -> Iterator[Entry]:
    yield from _listed(cors, None)
    for text, where in _placed(cors, "allowed_origin_patterns", cors.allowed_origin_patterns):
        if isinstance(text, Regex):
            yield Entry(text.pattern, where, text, "regex")


def _listed(cors: Cors, node: Mapping | None) -> Iterator[Entry]:
    """The origins that stand there one by one, or that the plugin's metadata names."""
    named = node.peek("allow_origins_by_metadata") if node is not None else None
    for text, where in _placed(cors, "allowed_origins", cors.allowed_origins):
        if text != "*":
            yield Entry(str(text), named or where)


def _placed(
    cors: Cors, field: str, values: Several[str | Regex]
) -> Iterator[tuple[str | Regex, Where]]:
    node, there = (None, False) if cors.origin is None else cors.origin.locate(field)
    items = _items(node) if there else []
    fallback = place_of(cors, field)
    own: list[Where] = [*items] if len(items) == len(values) else [fallback] * len(values)
    yield from zip(values, own, strict=True)
