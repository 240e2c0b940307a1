r"""What the upstream and the client get to see instead: `proxy-rewrite` and `response-rewrite`
(https://apisix.apache.org/docs/apisix/plugins/proxy-rewrite/,
https://apisix.apache.org/docs/apisix/plugins/response-rewrite/).

APISIX adds first, then sets, then removes, so what is said of one header twice has one outcome.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import Kept, carry, has_variable
from gal.ledger import Fate, Level
from gal.model import (
    Anchor,
    Dialect,
    HostHeader,
    HostMode,
    Operations,
    Origin,
    Regex,
    RequestLine,
    Rewrite,
)
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

REWRITE_NAMES = {"path": "uri", "pattern": "regex_uri.0", "replacement": "regex_uri.1"}
OPERATION_NAMES = {"add": "add", "set": "set", "remove": "remove"}
_GROUP = re.compile(r"\$(?:\{(\d+)\}|(\d+))")
_VARIABLE = "only APISIX fills in its variables"


@dataclass(slots=True)
class Rewriting:
    """What a `proxy-rewrite` does.

    Attributes:
        path: another path, if any.
        host: another Host, if any.
        line: another method, if any.
        headers: changes of headers, if any.
        kept: what only APISIX can do of it.
    """

    path: Rewrite | None = None
    host: HostHeader | None = None
    line: RequestLine | None = None
    headers: Operations | None = None
    kept: dict[str, Any] = field(default_factory=dict)


def proxy_rewrite(plugin: Plugin, report: Reporter) -> Rewriting:
    """A `proxy-rewrite` plugin.

    Raises:
        InputError: `regex_uri` without pairs, or headers that are none.
    """
    config = plugin.node
    result = Rewriting()
    if plugin.node.peek("uri") is not None:
        _uri(config, result, plugin, report)
    else:
        _regex_uri(config, result, plugin, report)
    host = config.take_str("host")
    if host is not None:
        origin = plugin.origin({"mode": "host", "value": "host"})
        result.host = HostHeader(HostMode.REWRITE, host, origin=origin)
    method = config.take_str("method")
    if method is not None:
        result.line = RequestLine(method=method, origin=plugin.origin({}))
    headers = config.take_mapping("headers")
    if headers is not None:
        result.headers = _operations(headers, "proxy-rewrite", result.kept, report)
    raw = Kept("use_real_request_uri_unsafe", False, message="the path as it was sent, undecoded")
    scheme = Kept("scheme", message="APISIX 2 took another scheme for the upstream here")
    result.kept.update(carry(config, report, "headers", raw, scheme))
    return result


def _uri(config: Mapping, result: Rewriting, plugin: Plugin, report: Reporter) -> None:
    node = config.entries["uri"]
    text = config.require_str("uri")
    other = config.take("regex_uri")
    if other is not None:
        other.take_all()
        report.at(other, Fate.DROPPED, Level.INFO, "rewrite", '"uri" decides over this')
    if has_variable(text):
        result.kept["uri"] = text
        report.at(node, Fate.CARRIED, Level.WARNING, "rewrite", _VARIABLE)
        return
    path, question, query = text.partition("?")
    if question:
        result.kept["uri"] = text
        message = f'other gateways do not add "?{query}" to what the client asks'
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "rewrite", message)
    result.path = Rewrite(path=path, origin=plugin.origin(REWRITE_NAMES))


def _regex_uri(config: Mapping, result: Rewriting, plugin: Plugin, report: Reporter) -> None:
    items = config.take_sequence("regex_uri")
    if not items:
        return
    node = config.entries["regex_uri"]
    if len(items) % 2:
        raise node.error('field "regex_uri" must hold pairs of an expression and a text')
    pattern, text = items[0].as_str(), items[1].as_str()
    if len(items) > 2 or "?" in text:
        result.kept["regex_uri"] = node.plain()
        message = "other gateways try one expression, and leave the query alone: none is tried"
        report.at(node, Fate.CARRIED, Level.WARNING, "rewrite", message)
        return
    replacement = _GROUP.sub(lambda found: f"\\{found[1] or found[2]}", text.replace("\\", "\\\\"))
    result.path = Rewrite(
        pattern=Regex(pattern, Dialect.PCRE, Anchor.SEARCH),
        replacement=replacement,
        origin=plugin.origin(REWRITE_NAMES),
    )


def _operations(
    node: Mapping, name: str, kept: dict[str, Any], report: Reporter
) -> Operations | None:
    """`add`, `set` and `remove`, or headers to set in the place of these."""
    found = Operations(origin=Origin(node, OPERATION_NAMES))
    if not _is_new(node):
        _put_all(found.set, node, kept, "set", report)
        found.origin = Origin(node, {"set": ""})
        return found if found.set else None
    removed = {text.lower(): text for text in node.take_strings("remove") or []}
    add, change = node.take("add"), node.take_mapping("set")
    if isinstance(add, Sequence):
        _put_lines(found.add, add, kept, report)
    elif isinstance(add, Mapping):
        _put_all(found.add, add, kept, "add", report)
    elif add is not None:
        raise add.mismatch("a mapping" if name == "proxy-rewrite" else "a list")
    if change is not None:
        _put_all(found.set, change, kept, "set", report)
    decided = {key.lower() for key in found.set}
    _drop(found.add, decided | removed.keys(), add, report)
    _drop(found.set, set(removed), change, report)
    found.remove = list(removed.values())
    return found if found != Operations() else None


def _is_new(node: Mapping) -> bool:
    """Whether these are operations: each is a mapping or a list, which no header's value is."""
    return any(isinstance(node.peek(key), Mapping | Sequence) for key in ("add", "set", "remove"))


def _put_all(
    target: dict[str, list[str]],
    node: Mapping,
    kept: dict[str, Any],
    operation: str,
    report: Reporter,
) -> None:
    for name, below in node.take_items():
        for one in below.items if isinstance(below, Sequence) else (below,):
            _put(target, name, one.as_str(), one, kept, operation, report)


def _put_lines(
    target: dict[str, list[str]], node: Sequence, kept: dict[str, Any], report: Reporter
) -> None:
    for item in node.items:
        name, colon, value = item.as_str().partition(":")
        if not colon or not name.strip():
            raise item.error(f'"{item.as_str()}" is no header such as "Name: value"')
        _put(target, name.strip(), value.strip(), item, kept, "add", report)


def _put(
    target: dict[str, list[str]],
    name: str,
    value: str,
    node: Node,
    kept: dict[str, Any],
    operation: str,
    report: Reporter,
) -> None:
    if has_variable(value):
        kept.setdefault("headers", {}).setdefault(operation, {})[name] = value
        report.at(node, Fate.CARRIED, Level.WARNING, "headers", _VARIABLE)
        return
    target.setdefault(name, []).append(value)


def _drop(
    values: dict[str, list[str]], decided: set[str], node: Node | None, report: Reporter
) -> None:
    for name in [name for name in values if name.lower() in decided]:
        del values[name]
        below = node.peek(name) if isinstance(node, Mapping) else node
        message = "a later operation on the same header decides"
        report.at(below, Fate.DROPPED, Level.INFO, "headers", message, whole=False)


def response_rewrite(plugin: Plugin, report: Reporter) -> tuple[Operations | None, dict[str, Any]]:
    """The headers of a `response-rewrite` plugin, and what only APISIX can do of it."""
    config = plugin.node
    kept: dict[str, Any] = {}
    headers = config.take_mapping("headers")
    found = None
    if headers is not None:
        found = _operations(headers, "response-rewrite", kept, report)
    kept.update(
        carry(
            config,
            report,
            "headers",
            Kept("status_code", message="other gateways leave the status as it is"),
            Kept("body", message="other gateways leave the body as it is"),
            Kept("body_base64", False),
            Kept("filters", message="other gateways leave the body as it is"),
            Kept("max_resp_body_size", 67108864, Level.INFO),
        )
    )
    config.mark("vars")
    return found, kept
