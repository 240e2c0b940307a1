"""Formulas of `rbac` over one kind of property: addresses, kinds of clients, or groups.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto (`Principal`)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gal.importers.envoy.strings import StringMatch, string_match
from gal.importers.envoy.values import as_regex, take_flag
from gal.model import Dialect, MatchKind, Regex
from gal.reading import Mapping

ADDRESS, AGENT, GROUP = "address", "user agent", "group"
MISSING = "\0"
"""In place of an expression on `User-Agent`: there is none."""
_PRESENT = "present"
_OWN = "gal.consumer"
_TRUSTED = "remote_ip"
_IPS = ("direct_remote_ip", _TRUSTED, "source_ip")


class UnsayableError(Exception):
    """The model has no words for a formula; the text says why."""


@dataclass(frozen=True, slots=True)
class Term:
    """Any of some values, and none of others.

    Attributes:
        kind: of what; empty for a term that every request fits.
        allow: any of these; empty for any at all.
        deny: none of these.
    """

    kind: str = ""
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether every request fits."""
        return not self.allow and not self.deny and self.kind != _PRESENT

    def both(self, other: Term) -> Term:
        """Requests that fit both.

        Raises:
            UnsayableError: there are no words for it.
        """
        if self.is_any or (self.kind == _PRESENT and other.kind == GROUP):
            return other
        if other.is_any or (other.kind == _PRESENT and self.kind == GROUP):
            return self
        if self.kind != other.kind or (self.allow and other.allow):
            raise UnsayableError("several things have to be true at once")
        return Term(self.kind, self.allow or other.allow, (*self.deny, *other.deny))

    def inverted(self) -> Term:
        """All other requests.

        Raises:
            UnsayableError: there are no words for it.
        """
        if self.allow and not self.deny:
            return Term(self.kind, (), self.allow)
        if self.deny and not self.allow:
            return Term(self.kind, self.deny, ())
        raise UnsayableError("it is a formula within a formula")

    def patterns(self, texts: Iterable[str]) -> Iterator[Regex]:
        """Texts of kinds of clients as the expressions that they are."""
        for text in texts:
            if text != MISSING:
                yield Regex(text, Dialect.RE2)


def either(terms: Iterable[Term]) -> Term:
    """Requests that fit any of these.

    Raises:
        UnsayableError: there are no words for it.
    """
    found = list(terms)
    if not found:
        raise UnsayableError("it names nobody")
    if any(term.is_any for term in found):
        return Term()
    first, *others = found
    if not others:
        return first
    kinds = {term.kind for term in found}
    if len(kinds) > 1 or any(term.deny or not term.allow for term in found):
        raise UnsayableError("any of several things lets in")
    values = dict.fromkeys(value for term in found for value in term.allow)
    return Term(first.kind, tuple(values))


def every(terms: Iterable[Term]) -> Term:
    """Requests that fit all of these.

    Raises:
        UnsayableError: there are no words for it.
    """
    whole = Term()
    for term in terms:
        whole = whole.both(term)
    return whole


def principal(node: Mapping, trusting: list[Mapping]) -> Term:
    """A principal; those that take addresses from X-Forwarded-For are noted.

    Raises:
        UnsayableError: it looks at something that the model does not.
    """
    if take_flag(node, "any"):
        return Term()
    for key in _IPS:
        below = node.take_mapping(key)
        if below is not None:
            if key == _TRUSTED:
                trusting.append(below)
            return Term(ADDRESS, (_range(below),))
    for key in ("and_ids", "or_ids"):
        below = node.take_mapping(key)
        if below is not None:
            terms = [principal(one, trusting) for one in below.take_mappings("ids")]
            return either(terms) if key == "or_ids" else every(terms)
    below = node.take_mapping("not_id") or node.take_mapping("not_rule")
    if below is not None:
        return _other(below, trusting)
    header = node.take_mapping("header")
    if header is not None:
        return _header(header)
    sourced = node.take_mapping("sourced_metadata")
    matcher = sourced.take_mapping("metadata_matcher") if sourced is not None else None
    if matcher is not None:
        return _metadata(matcher)
    what = next(iter(node), "nothing")
    raise UnsayableError(f"it looks at {what}")


def _range(node: Mapping) -> str:
    address = node.take_str("address_prefix", "")
    length = node.take("prefix_len")
    if isinstance(length, Mapping):
        length = length.take("value")
    bits = length.as_int() if length is not None else 0
    whole = 128 if ":" in address else 32
    return address if bits == whole else f"{address}/{bits}"


def _other(node: Mapping, trusting: list[Mapping]) -> Term:
    """Everybody whom a principal does not describe."""
    if _is_any_agent(node):
        return Term(AGENT, (MISSING,))
    return principal(node, trusting).inverted()


def _is_any_agent(node: Mapping) -> bool:
    """Whether a principal is everybody who sends a `User-Agent`, and nothing else is asked."""
    if node.plain() != {"header": {"name": "user-agent", "present_match": True}}:
        return False
    node.take_all()
    return True


def _header(node: Mapping) -> Term:
    """A header, of which the model compares `User-Agent` only."""
    name = node.take_str("name", "").lower()
    if name != "user-agent":
        raise UnsayableError(f"it looks at the header {name}")
    invert = take_flag(node, "invert_match")
    below = node.take_mapping("string_match")
    match = string_match(below) if below is not None else _old(node)
    if invert or take_flag(node, "treat_missing_header_as_empty"):
        raise UnsayableError("it looks at a header that is not there")
    return Term(AGENT, (_expression(match),))


def _old(node: Mapping) -> StringMatch:
    """The fields of earlier versions."""
    for kind in (MatchKind.EXACT, MatchKind.PREFIX, MatchKind.SUFFIX, MatchKind.CONTAINS):
        text = node.take_str(f"{kind.value}_match")
        if text is not None:
            return StringMatch(kind, text)
    for key in ("safe_regex_match", "regex_match"):
        below = node.take(key)
        if below is not None:
            return StringMatch(MatchKind.REGEX, regex=as_regex(below))
    raise UnsayableError("it looks at whether a header is there")


def _expression(match: StringMatch) -> str:
    if match.unsaid:
        raise UnsayableError("an extension compares a header")
    if match.regex is not None:
        return match.regex.pattern
    text = re.escape(match.text).replace(r"\-", "-").replace(r"\ ", " ")
    before = r"\C*" if match.kind in (MatchKind.SUFFIX, MatchKind.CONTAINS) else ""
    after = r"\C*" if match.kind in (MatchKind.PREFIX, MatchKind.CONTAINS) else ""
    return f"{'(?i)' if match.ignore_case else ''}{before}{text}{after}"


def _metadata(node: Mapping) -> Term:
    """What GAL's own script has found out about the consumer."""
    if node.take_str("filter") != _OWN:
        raise UnsayableError("it looks at what another filter has found out")
    path = [one.take_str("key", "") for one in node.take_mappings("path")]
    value = node.take_mapping("value")
    plain = value.plain() if value is not None else {}
    if value is not None:
        value.take_all()
    if path == ["name"] and plain == {"present_match": True}:
        return Term(_PRESENT)
    text = _exact(plain.get("list_match", {}).get("one_of", {}))
    if path == ["groups"] and text is not None:
        return Term(GROUP, (text,))
    raise UnsayableError("it looks at a single consumer")


def _exact(value: object) -> str | None:
    match = value.get("string_match") if isinstance(value, dict) else None
    text = match.get("exact") if isinstance(match, dict) else None
    return text if isinstance(text, str) else None
