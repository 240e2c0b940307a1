"""The filter `cors`: which foreign pages may read answers.

Of the scopes that say anything, the narrowest one that has a field decides on that field.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/cors/v3/cors.proto
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.envoy.strings import string_match
from gal.importers.envoy.use import Reading, nothing
from gal.importers.envoy.values import as_percent, take_flag
from gal.ledger import Fate, Level
from gal.model import Cors, Dialect, Duration, MatchKind, Origin, Regex

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.headers import Step
    from gal.importers.envoy.use import Use
    from gal.reading import Mapping

_FEATURE = "cors"
_SAFE = "Accept"
"""A header that pages may send without being allowed to (https://fetch.spec.whatwg.org/)."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE")
_EVERY = frozenset((".*", "^.*$", ".*$", "^.*"))
_NOBODY = r"[^\s\S]"
_ALLOW_ORIGIN = "access-control-allow-origin"
_NAMES = {
    "allowed_origins": "allow_origin_string_match",
    "allowed_origin_patterns": "allow_origin_string_match",
    "reflect_any_origin": "allow_origin_string_match",
    "allowed_methods": "allow_methods",
    "allowed_headers": "allow_headers",
    "private_network": "allow_private_network_access",
}


@dataclass(slots=True)
class _Origins:
    """Who is allowed."""

    exact: list[str] = field(default_factory=list)
    patterns: list[Regex] = field(default_factory=list)
    any: bool = False


def read(use: Use) -> Reading:
    """The policy of the scopes; the filter alone does nothing."""
    use.base.take_all()
    levels = [one.config for one in use.overrides if one.config is not None]
    if not levels:
        return Reading(use)
    share = _enabled(levels)
    if share == 0:
        return nothing(use, "it is switched off")
    origins = _origins(levels)
    if origins is None:
        return nothing(use, "without origins it does nothing")
    report = use.report
    policy = Cors(
        allowed_origins=origins.exact,
        allowed_origin_patterns=origins.patterns,
        reflect_any_origin=origins.any,
        allowed_methods=_names(levels, "allow_methods"),
        allowed_headers=_names(levels, "allow_headers"),
        expose_headers=_names(levels, "expose_headers"),
        allow_credentials=bool(_flag(levels, "allow_credentials")),
        private_network=bool(_flag(levels, "allow_private_network_access")),
        max_age=_max_age(levels),
        origin=Origin(levels[0], _NAMES),
    )
    if share != 100:
        message = f"Envoy does this for {share:g} % of the requests, here it is done for all"
        report.approximated(policy, _FEATURE, message)
    if _flag(levels, "forward_not_matching_preflights") is not False:
        message = "preflights of other origins reach the upstream in Envoy"
        report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
    found = Reading(use, groups={"cors"})
    found.policies.cors = policy
    return found


def settle(policy: Cors, answer: list[Step] | None, shared: Shared) -> None:
    """What GAL's own changes of the answer say, and what the lack of them means."""
    if answer is None:
        if policy.allow_credentials:
            _as_asked(policy, shared)
        elif not policy.allowed_headers:
            _no_headers(policy, shared)
        return
    for step in answer:
        name, value = step.name.lower(), step.value
        if name == _ALLOW_ORIGIN and value == "*" and step.kind in ("set", "replace"):
            policy.reflect_any_origin = False
            policy.allowed_origins = ["*"]
            policy.allow_origin_when_absent = step.kind == "set"
        elif name == _ALLOW_ORIGIN and step.kind == "default":
            policy.allow_origin_when_absent = True


def _as_asked(policy: Cors, shared: Shared) -> None:
    """Beside credentials Envoy takes `*` for what the preflight asks for."""
    if policy.allowed_methods == ["*"]:
        policy.allowed_methods = list(_METHODS)
        message = "Envoy repeats the method that is asked for: all that have a name are listed here"
        shared.report.about(
            policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, "allowed_methods"
        )
    if policy.allowed_headers == ["*"]:
        policy.allowed_headers = []
    elif not policy.allowed_headers:
        _no_headers(policy, shared)


def _no_headers(policy: Cors, shared: Shared) -> None:
    policy.allowed_headers = [_SAFE]
    message = "no header is allowed but those that need it not, of which one is named here"
    shared.report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)


def _enabled(levels: list[Mapping]) -> float:
    """The share of requests for which it acts: as the narrowest scope says."""
    share = 100.0
    for at, level in enumerate(levels):
        old = take_flag(level, "enabled")
        node = level.take("filter_enabled")
        shadow = level.take("shadow_enabled")
        if shadow is not None:
            shadow.take_all()  # it only counts
        if at == 0 and old is False:
            share = 0
        if node is not None:
            found = as_percent(node, "filter_enabled")
            share = found if at == 0 else share
    return share


def _origins(levels: list[Mapping]) -> _Origins | None:
    """The origins of the narrowest scope that has any."""
    result = None
    for level in levels:
        found = _Origins()
        for one in level.take_mappings("allow_origin_string_match"):
            _origin(one, found)
        for text in level.take_strings("allow_origin") or ():
            _exactly(text, found)
        for text in level.take_strings("allow_origin_regex") or ():
            _pattern(text, found)
        if result is None and (found.exact or found.patterns or found.any):
            result = found
    return result


def _origin(node: Mapping, found: _Origins) -> None:
    match = string_match(node)
    text = re.escape(match.text).replace(r"\-", "-")
    if match.unsaid:
        found.patterns.append(Regex(_NOBODY, Dialect.RE2))
    elif match.regex is not None:
        _pattern(match.regex.pattern, found)
    elif match.kind is MatchKind.EXACT and not match.ignore_case:
        _exactly(match.text, found)
    else:
        before = ".*" if match.kind in (MatchKind.SUFFIX, MatchKind.CONTAINS) else ""
        after = ".*" if match.kind in (MatchKind.PREFIX, MatchKind.CONTAINS) else ""
        case = "(?i)" if match.ignore_case else ""
        found.patterns.append(Regex(f"{case}{before}{text}{after}", Dialect.RE2))


def _exactly(text: str, found: _Origins) -> None:
    if text == "*":
        found.any = True
    elif text:
        found.exact.append(text)


def _pattern(text: str, found: _Origins) -> None:
    if text in _EVERY:
        found.any = True
    else:
        found.patterns.append(Regex(text, Dialect.RE2))


def _names(levels: list[Mapping], key: str) -> list[str]:
    """Names with commas between them, of the narrowest scope that has any."""
    found: list[str] = []
    for level in levels:
        names = [one.strip() for one in level.take_str(key, "").split(",") if one.strip()]
        found = found or names
    return found


def _flag(levels: list[Mapping], key: str) -> bool | None:
    found = None
    for level in levels:
        value = take_flag(level, key)
        found = value if found is None else found
    return found


def _max_age(levels: list[Mapping]) -> Duration | None:
    found = None
    for level in levels:
        text = level.take_str("max_age")
        if text and found is None:
            node = level.peek("max_age") or level
            try:
                found = Duration.seconds(int(text))
            except ValueError:
                raise node.error('field "max_age" must be a number of seconds') from None
    return found
