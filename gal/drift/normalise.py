"""Spellings that mean the same brought to one form: hosts, paths, expressions, methods, sets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from gal.model import Anchor, Duration, ModelNode, PathMatch, Rate, Regex, Secret, Size, ValueMatch
from gal.model.route import MatchKind, PathKind
from gal.reading import Placeholder

ANY: Final = "*"
"""Stands for any host or any method."""

ALL_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}
)
_USUAL_METHODS: Final = ALL_METHODS - {"TRACE", "CONNECT"}

SETS: Final = frozenset(
    {
        *("allow", "deny", "allowed_origins", "allowed_origin_patterns", "allowed_methods"),
        *("allowed_headers", "expose_headers", "audiences", "scopes", "required_scopes", "groups"),
        *("methods", "status_codes", "healthy_status_codes", "unhealthy_status_codes", "tags"),
        *("content_types", "request_headers", "upstream_headers", "client_headers", "limits"),
        *("vary_headers", "vary_query_params", "report_headers", "verify_claims", "server_names"),
        *("grants", "claims_to_headers", "counters", "ca_certificates", "redirect_uris"),
        *("required_fields", "hosts", "users", "keys", "body_fields", "cookie_names"),
    }
)
"""Fields whose lists are sets: their order means nothing. Every other list is ordered."""

_WITHOUT_CASE: Final = frozenset(
    {
        *("allowed_headers", "expose_headers", "request_headers", "upstream_headers"),
        *("client_headers", "vary_headers", "header_names", "header_name", "key_header", "host"),
        *("server_names", "hosts", "sni"),
    }
)
_LITERAL: Final = re.compile(r"(?:[^.^$*+?()\[\]{}|\\]|\\[^A-Za-z0-9])*")
_ESCAPE: Final = re.compile(r"\\(.)")
_SEGMENT_ENDS: Final = ("(/|$)", "($|/)", "(/.*)?$", "(/.*|$)", "(/|$)(.*)", "(|/.*)$", "(/|\\z)")
_HEX: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


# -- the parts of a match


def host_key(host: str) -> str:
    """A host without case, default port and final dot, in its ASCII form."""
    name = host.strip().lower()
    for port in (":80", ":443"):
        name = name.removesuffix(port)
    name = name.rstrip(".")
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return name
    return name or ANY


def methods_key(methods: Iterable[str]) -> frozenset[str]:
    """The methods in capitals; empty stands for all of them, and so do all that are usual."""
    given = frozenset(method.upper() for method in methods)
    return frozenset() if given >= _USUAL_METHODS else given


PathKey = tuple[str, str]
"""Kind (`exact`, `prefix`, `segments`, `regex`) and text."""

EVERY_PATH: Final[PathKey] = ("prefix", "/")


def path_key(path: PathMatch) -> PathKey:
    """A path in one form; an expression that says no more than a start or a whole path is one."""
    if path.path_regex is not None:
        return regex_key(path.path_regex)
    text = unquoted(path.text)
    if path.kind is PathKind.EXACT:
        return "exact", text
    if path.kind is PathKind.SEGMENTS:
        return _segments(text)
    return "prefix", text or "/"


def _segments(text: str) -> PathKey:
    return ("segments", text.rstrip("/")) if text.strip("/") else EVERY_PATH


def unquoted(path: str) -> str:
    """A path whose percent signs are in capitals, and stand only where they are needed."""

    def plain(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if character in _UNRESERVED else found[0].upper()

    return _HEX.sub(plain, path) if "%" in path else path


@lru_cache(maxsize=4096)
def regex_key(regex: Regex) -> PathKey:
    """An expression on a path as a kind and a text, without anchors that say nothing."""
    body, start, end = _unanchored(regex)
    for tail in _SEGMENT_ENDS:
        literal = literal_text(body.removesuffix(tail)) if body.endswith(tail) and start else None
        if literal is not None:
            return _segments(literal)
    if end and body.endswith("(/.*)?") and start:
        literal = literal_text(body.removesuffix("(/.*)?"))
        if literal is not None:
            return _segments(literal)
    literal = literal_text(body)
    if literal is not None and start and literal.startswith("/"):
        return ("exact" if end else "prefix"), literal
    return "regex", f"{'^' if start else ''}{body}{'$' if end else ''}"


def _unanchored(regex: Regex) -> tuple[str, bool, bool]:
    """The pattern without its outer anchors, and whether it is bound to start and end."""
    body = re.sub(r"\(\?P?<[A-Za-z_]\w*>|\(\?:", "(", regex.pattern)
    start = regex.anchor is not Anchor.SEARCH
    end = regex.anchor is Anchor.FULL
    if body.startswith("^"):
        body, start = body[1:], True
    if body.endswith(("\\z", "\\Z")) and not body.endswith("\\\\z"):
        body, end = body[:-2], True
    elif body.endswith("$") and not body.endswith("\\$"):
        body, end = body[:-1], True
    if body.endswith(".*") and not body.endswith("\\.*") and end:
        body, end = body[:-2], False
    if body.endswith("(.*)") and end:
        body, end = body[:-4], False
    if body.startswith(".*") and start:
        body, start = body[2:], False
    return _bare(body), start, end


def _bare(body: str) -> str:
    """A pattern without a group around the whole of it."""
    if not (body.startswith("(") and body.endswith(")")) or body.startswith("(?"):
        return body
    depth = 0
    for number, character in enumerate(body):
        escaped = body[number - 1 : number] == "\\"
        depth += 0 if escaped else (character == "(") - (character == ")")
        if depth == 0 and number < len(body) - 1:
            return body
    inner = body[1:-1]
    return body if "|" in inner else inner


def literal_text(pattern: str) -> str | None:
    """The only text that a pattern without operators matches, None where it has any."""
    if _LITERAL.fullmatch(pattern) is None:
        return None
    return _ESCAPE.sub(r"\1", pattern)


def value_key(kind: str, match: ValueMatch) -> str:
    """A condition on a header or parameter as text; values that look secret are fingerprints."""
    name = match.name.lower() if kind == "header" else match.name
    sign = "!=" if match.invert else "="
    if match.kind is MatchKind.PRESENT:
        return f"{kind} {name}{' absent' if match.invert else ''}"
    if match.kind is MatchKind.REGEX:
        texts = sorted("~" + _condition(name, _regex_text(one)) for one in match.regexes)
    else:
        values = [one.lower() for one in match.values] if match.ignore_case else match.values
        marks = {MatchKind.PREFIX: "{}*", MatchKind.SUFFIX: "*{}", MatchKind.CONTAINS: "*{}*"}
        mark = marks.get(match.kind, "{}")
        texts = sorted(
            mark.format(_condition(name, one))
            + (" in any case" if match.ignore_case and one.upper() != one else "")
            for one in values
        )
    return f"{kind} {name}{sign}{'|'.join(texts)}"


def _condition(name: str, text: str) -> str:
    """A value as it is shown; one that is too long to be shown whole with its fingerprint, since
    conditions are told apart by this text.
    """
    from gal.drift.shown import fingerprint, shown_value

    shown = shown_value(name, text)
    whole = shown == text or shown.startswith("<secret:")
    return shown if whole else f"{shown} {fingerprint(text)}"


def _regex_text(regex: Regex) -> str:
    body, start, end = _unanchored(regex)
    return f"{'^' if start else ''}{body}{'$' if end else ''}"


# -- names

_GENERATED: Final = re.compile(
    r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[0-9a-f]{20,}|.+@(?:kubernetes|docker|internal|consul\w*)|(?:route|service|upstream)[-_]?\d*"
)


def given_name(name: str | None) -> str | None:
    """A name that somebody gave; None for what tools make up."""
    return None if name is None or _GENERATED.fullmatch(name) else name


# -- policies as flat data


def flat(node: ModelNode | None, prefix: str = "") -> dict[str, Any]:
    """The leaves of a model node by dotted field name, as they are; no node has none."""
    if node is None or not is_dataclass(node):
        return {}
    found: dict[str, Any] = {}
    for item in fields(node):
        if item.name in ("origin", "extensions", "enabled", "type"):
            continue
        value = getattr(node, item.name)
        name = f"{prefix}{item.name}"
        if isinstance(value, ModelNode):
            found.update(flat(value, f"{name}."))
        else:
            found[name] = value
    return found


def canonical(name: str, value: Any) -> Any:
    """A leaf as plain data that compares equal exactly where the meaning is equal.

    Secrets become digests: what this gives is for comparing, never for showing.
    """
    last = name.rpartition(".")[2]
    if isinstance(value, list):
        inner = [canonical(last.removesuffix("s"), one) for one in value]
        if last in _WITHOUT_CASE:
            inner = [one.lower() if isinstance(one, str) else one for one in inner]
        return tuple(sorted(set(map(repr, inner)))) if last in SETS else tuple(map(repr, inner))
    if isinstance(value, ModelNode):
        return tuple((key, canonical(key, one)) for key, one in flat(value).items())
    if isinstance(value, dict):
        return {str(key): canonical(str(key), one) for key, one in value.items()}
    if isinstance(value, str) and not isinstance(value, Enum) and last in _WITHOUT_CASE:
        return value.lower()
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Secret):
        import hashlib

        return "secret:" + hashlib.sha256(value.reveal().encode()).hexdigest()
    if isinstance(value, Regex):
        return _regex_text(value)
    if isinstance(value, Duration):
        return round(value.in_milliseconds)
    if isinstance(value, Size):
        return value.bytes
    if isinstance(value, Rate):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Placeholder):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def changed_fields(old: ModelNode | None, new: ModelNode | None) -> list[str]:
    """Names of the leaves that differ between two nodes, in the order of the class."""
    from deepdiff import DeepDiff

    before, after = flat(old), flat(new)
    names = list(dict.fromkeys([*before, *after]))
    left = {name: canonical(name, before.get(name)) for name in names}
    right = {name: canonical(name, after.get(name)) for name in names}
    if left == right:
        return []
    differing = DeepDiff(left, right).affected_root_keys
    return [name for name in names if name in differing]
