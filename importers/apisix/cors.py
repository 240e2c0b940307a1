"""`cors` (https://apisix.apache.org/docs/apisix/plugins/cors/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import Kept, carry, extensions
from gal.ledger import Fate, Level
from gal.model import Anchor, Cors, Dialect, Duration, Regex
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

NAMES = {
    "allowed_origins": "allow_origins",
    "allowed_origin_patterns": "allow_origins_by_regex",
    "reflect_any_origin": "allow_origins",
    "allowed_methods": "allow_methods",
    "allowed_headers": "allow_headers",
    "allow_credentials": "allow_credential",
}
_ALL_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"]


def cors(plugin: Plugin, report: Reporter, metadata: Mapping | None = None) -> Cors:
    """A `cors` plugin. Expressions are searched in the origin, and replace the list of origins.

    Args:
        plugin: the plugin.
        report: where to say what differs.
        metadata: the plugin's metadata, whose origins `allow_origins_by_metadata` names.

    Raises:
        InputError: credentials together with `*`, which APISIX refuses.
    """
    config = plugin.node
    text = config.take_str("allow_origins", "*")
    policy = Cors(
        allowed_origins=[] if text == "**" else _list(text),
        reflect_any_origin=text == "**",
        allowed_methods=_methods(config, report),
        allowed_headers=_headers(config),
        expose_headers=_list(config.take_str("expose_headers", "")),
        allow_credentials=config.take_bool("allow_credential", False),
        allow_origin_when_absent=","
        not in text,  # one origin is sent without a look at the asking one
        origin=plugin.origin(NAMES),
    )
    age = config.take_int("max_age", 5)
    policy.max_age = None if age == -1 else Duration.seconds(age)
    patterns = config.take_strings("allow_origins_by_regex")
    if patterns is not None:
        # Kept alone: APISIX looks at nothing else then.
        policy.allowed_origins, policy.reflect_any_origin = [], False
        policy.allow_origin_when_absent = False
        policy.allowed_origin_patterns = [
            Regex(pattern, Dialect.PCRE, Anchor.SEARCH) for pattern in patterns
        ]
    _check(config, policy)
    kept: dict[str, Any] = {}
    _by_metadata(config, policy, metadata, kept, report)
    kept.update(
        carry(
            config,
            report,
            "cors",
            Kept("timing_allow_origins", message="other gateways send no Timing-Allow-Origin"),
            Kept("timing_allow_origins_by_regex", message="others send no Timing-Allow-Origin"),
        )
    )
    policy.extensions = extensions(kept)
    return policy


def _list(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _methods(config: Mapping, report: Reporter) -> list[str]:
    text = config.take_str("allow_methods", "*")
    if text == "**":
        return list(_ALL_METHODS)
    if text == "*":
        node = config.entries.get("allow_methods")
        credential = config.peek("allow_credential")
        if node is not None and credential is not None and credential.as_bool():
            raise node.error('"allow_credential" and "*" exclude each other', 'write "**"')
        del report
        return ["*"]
    return _list(text)


def _headers(config: Mapping) -> list[str]:
    text = config.take_str("allow_headers", "*")
    return [] if text == "**" else _list(text)


def _check(config: Mapping, policy: Cors) -> None:
    if not policy.allow_credentials:
        return
    for key in ("allow_origins", "allow_methods", "allow_headers", "expose_headers"):
        text = "*" if config.peek(key) is None and key != "expose_headers" else None
        node = config.peek(key)
        if (node is not None and node.as_str() == "*") or text == "*":
            at = node or config.entries["allow_credential"]
            raise at.error(
                f'"allow_credential" and "{key}: *" exclude each other',
                f'set "{key}", with "**" for any',
            )


def _by_metadata(
    config: Mapping,
    policy: Cors,
    metadata: Mapping | None,
    kept: dict[str, Any],
    report: Reporter,
) -> None:
    names = config.take_strings("allow_origins_by_metadata")
    if names is None:
        return
    kept["allow_origins_by_metadata"] = names
    listed = metadata.take_mapping("allow_origins") if metadata is not None else None
    if config.peek("allow_origins") is None or policy.allowed_origins == ["*"]:
        policy.allowed_origins, policy.allow_origin_when_absent = [], False
    for name in names:
        text = listed.take_str(name) if listed is not None else None
        if text in ("*", "**"):
            policy.reflect_any_origin = True
        elif text is not None:
            policy.allowed_origins.extend(_list(text))
    node = config.entries["allow_origins_by_metadata"]
    message = "the origins of the plugin's metadata stand here in full"
    report.at(node, Fate.EXACT, Level.INFO, "cors", message)
