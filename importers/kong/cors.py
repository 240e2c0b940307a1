"""Cross-origin resource sharing: `cors` (https://developer.konghq.com/plugins/cors/).

Without `origins`, or with `*` alone, any origin may read answers, by its own name where
`credentials` are allowed. One plain origin is always sent as it is. Otherwise entries with a
character that no origin has are regular expressions; `cors_origins` says what they match.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.kong.access import pattern_text
from gal.importers.kong.cors_origins import literal_origin, origin_pattern
from gal.importers.kong.settings import begin
from gal.ledger import Fate, Level
from gal.model import Cors, Duration
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

METHODS = ("GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT")

NAMES = {
    "allowed_origins": "config.origins",
    "allowed_origin_patterns": "config.origins",
    "reflect_any_origin": "config.origins",
    "allowed_methods": "config.methods",
    "allowed_headers": "config.headers",
    "expose_headers": "config.exposed_headers",
    "allow_credentials": "config.credentials",
    "max_age": "config.max_age",
    "forward_preflight": "config.preflight_continue",
    "private_network": "config.private_network",
    "allow_origin_when_absent": "config.allow_origin_absent",
}


def cors(plugin: Plugin, report: Reporter) -> Cors:
    """A `cors` plugin. It never refuses a request, and answers preflights with 200.

    Raises:
        InputError: an unknown method, or an origin that is no regular expression.
    """
    config = begin(plugin, report)
    policy = Cors(
        allowed_methods=_methods(config),
        allowed_headers=config.take_strings("headers") or [],
        expose_headers=config.take_strings("exposed_headers") or [],
        allow_credentials=config.take_bool("credentials", False),
        max_age=_max_age(config, report),
        forward_preflight=config.take_bool("preflight_continue", False),
        private_network=config.take_bool("private_network", False),
        allow_origin_when_absent=config.take_bool("allow_origin_absent", True),
        origin=plugin.origin(NAMES),
    )
    _origins(policy, config.take_sequence("origins"), report)
    return policy


def _methods(config: Mapping) -> list[str]:
    if config.peek("methods") is None:
        config.mark("methods")
        return list(METHODS)
    methods = []
    for node in config.take_sequence("methods"):
        method = node.as_str()
        if method not in METHODS and not is_placeholder(method):
            raise node.error(f'"{method}" must be one of {", ".join(METHODS)}')
        methods.append(method)
    return methods


def _max_age(config: Mapping, report: Reporter) -> Duration | None:
    seconds = config.take_float("max_age")
    if seconds is None:
        return None
    length = Duration.seconds(seconds)
    if length.nanoseconds >= 0:
        return length
    node = config.entries["max_age"]
    message = "sent as 0, which means the same: the answer is not kept"
    report.at(node, Fate.APPROXIMATED, Level.INFO, "cors", message)
    return Duration(0)


def _origins(policy: Cors, nodes: list[Node], report: Reporter) -> None:
    """Set which origins are allowed; `policy` allows any by its defaults."""
    texts = [node.as_str() for node in nodes]
    if not texts or "*" in texts:
        policy.reflect_any_origin = policy.allow_credentials
        for node, text in zip(nodes, texts, strict=True):
            if text != "*":
                message = 'without effect: "*" allows any origin'
                report.at(node, Fate.DROPPED, Level.INFO, "cors", message)
        return
    policy.allowed_origins = []
    for node, text in zip(nodes, texts, strict=True):
        if is_placeholder(text):
            message = "taken for one plain origin; Kong would also take a regular expression"
            report.at(node, Fate.APPROXIMATED, Level.WARNING, "cors", message)
            policy.allowed_origins.append(text)
            continue
        literal = literal_origin(text)
        if literal is not None:
            policy.allowed_origins.append(text if len(texts) == 1 else literal)
            continue
        found = origin_pattern(pattern_text(node))
        if found.regex is None:
            policy.reflect_any_origin = True
        else:
            policy.allowed_origin_patterns.append(found.regex)
        if found.difference:
            report.at(node, Fate.APPROXIMATED, Level.WARNING, "cors", found.difference)
    if policy.reflect_any_origin:
        policy.allowed_origins, policy.allowed_origin_patterns = ["*"], []
