"""Texts that are compared.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/string.proto
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gal.importers.envoy.values import take_flag, take_regex
from gal.model import MatchKind, Regex, ValueMatch
from gal.reading import Mapping

_ESCAPED = re.compile(r"\\([^A-Za-z0-9])")
_META = re.compile(r"[.+*?()|\[\]{}^$\\]")


@dataclass(slots=True)
class StringMatch:
    """How a text is compared.

    Attributes:
        kind: the way.
        text: with what, for all but expressions.
        regex: the expression.
        ignore_case: without case.
        unsaid: an extension compares it.
    """

    kind: MatchKind
    text: str = ""
    regex: Regex | None = None
    ignore_case: bool = False
    unsaid: bool = False

    def of(self, name: str) -> ValueMatch:
        """The same for a header or query parameter."""
        one = ValueMatch(name, kind=self.kind, ignore_case=self.ignore_case)
        if self.regex is not None:
            one.regexes = [self.regex]
        else:
            one.values = [self.text]
        return one

    @property
    def takes_empty(self) -> bool:
        """Whether an empty text may match."""
        if self.regex is None:
            return not self.text
        try:
            return re.fullmatch(self.regex.pattern, "") is not None
        except re.error:
            return True


def string_match(node: Mapping) -> StringMatch:
    """A `StringMatcher`."""
    ignore = take_flag(node, "ignore_case") or False
    for kind in (MatchKind.EXACT, MatchKind.PREFIX, MatchKind.SUFFIX, MatchKind.CONTAINS):
        text = node.take_str(kind.value)
        if text is not None:
            return StringMatch(kind, text, ignore_case=ignore)
    regex = take_regex(node, "safe_regex") or take_regex(node, "regex")
    if regex is not None:
        return StringMatch(MatchKind.REGEX, regex=regex, ignore_case=False)
    custom = node.take("custom")
    if custom is not None:
        custom.take_all()
        return StringMatch(MatchKind.PRESENT, unsaid=True)
    return StringMatch(MatchKind.EXACT, "", ignore_case=ignore)


def literal_of(pattern: str) -> str | None:
    """The text that an expression without any operator stands for; None for other expressions."""
    bare = _ESCAPED.sub("", pattern)
    if _META.search(bare):
        return None
    return _ESCAPED.sub(lambda found: found[1], pattern)
