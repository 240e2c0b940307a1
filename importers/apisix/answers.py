"""Answers of the gateway itself: `redirect`, `fault-injection` and `mocking`
(https://apisix.apache.org/docs/apisix/plugins/redirect/,
https://apisix.apache.org/docs/apisix/plugins/fault-injection/,
https://apisix.apache.org/docs/apisix/plugins/mocking/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.apisix.fields import Kept, carry, extensions, has_variable, take_integer
from gal.importers.apisix.locations import is_said, place
from gal.ledger import Fate, Level
from gal.model import DirectResponse, Redirect
from gal.reading import Mapping, Scalar

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

REDIRECT_NAMES = {
    "location": "uri",
    "scheme": "uri",
    "host": "uri",
    "port": "uri",
    "path": "uri",
    "keep_path": "uri",
    "strip_query": "append_query_string",
    "status_code": "ret_code",
}
ABORT_NAMES = {"status_code": "abort.http_status", "body": "abort.body"}
MOCK_NAMES = {"status_code": "response_status", "body": "response_example"}
_REFUSALS = frozenset(("401", "403", "404", "407", "451"))


def to_https(plugin: Plugin) -> bool:
    """Whether a `redirect` only sends plain HTTP to HTTPS."""
    node = plugin.node.peek("http_to_https")
    return node is not None and node.as_bool()


def check_one_way(config: Mapping) -> None:
    """Refuse a `redirect` that is told several ways.

    Raises:
        InputError: more than one of the fields is given; `false` counts as given.
    """
    ways = [key for key in ("uri", "regex_uri", "http_to_https") if config.peek(key) is not None]
    if len(ways) > 1:
        raise config.entries[ways[1]].error(f'"{ways[0]}" and "{ways[1]}" exclude each other')


def is_said_redirect(plugin: Plugin) -> bool:
    """Whether the model can say where a `redirect` sends to. Marks nothing."""
    if to_https(plugin):
        return True
    node = plugin.node.peek("uri")
    if node is None:
        return False
    appended = plugin.node.peek("append_query_string")
    return is_said(node.as_str(), query=appended is not None and appended.as_bool())


def redirect(plugin: Plugin, report: Reporter) -> Redirect:
    """A `redirect` plugin that `is_said_redirect`."""
    config = plugin.node
    text = config.require_str("uri")
    policy = Redirect(
        status_code=take_integer(config, "ret_code", 302, 200, 599),
        origin=plugin.origin(REDIRECT_NAMES),
    )
    check_one_way(config)
    appended: list[Kept] = []
    if has_variable(text):
        place(policy, text, query=config.take_bool("append_query_string", False))
    else:
        policy.location = text
        message = "other gateways leave the query away"
        appended.append(Kept("append_query_string", False, message=message))
    kept = carry(
        config,
        report,
        "redirect",
        *appended,
        Kept("encode_uri", False, message="other gateways send the location as it stands"),
    )
    policy.extensions = extensions(kept)
    return policy


def refuses(plugin: Plugin) -> bool:
    """Whether a plugin answers as if somebody might not enter. Marks nothing."""
    if plugin.name == "mocking":
        status = plugin.node.peek("response_status")
    elif plugin.name == "fault-injection":
        abort = plugin.node.peek("abort")
        if not isinstance(abort, Mapping) or not _is_whole(abort):
            return False
        status = abort.peek("http_status")
    else:
        return False
    return isinstance(status, Scalar) and status.text in _REFUSALS


def is_said_answer(plugin: Plugin) -> bool:
    """Whether a `fault-injection` or `mocking` answers every request in the same way."""
    config = plugin.node
    if plugin.name == "mocking":
        return config.peek("response_example") is not None
    abort = config.peek("abort")
    if not isinstance(abort, Mapping) or abort.peek("vars") is not None:
        return False
    return _is_whole(abort)


def _is_whole(abort: Mapping) -> bool:
    """Whether it is not left to chance who gets the answer."""
    share = abort.peek("percentage")
    return share is None or share.as_int() == 100


def direct_response(plugin: Plugin, report: Reporter) -> DirectResponse:
    """A `fault-injection` or `mocking` plugin that `is_said_answer`."""
    if plugin.name == "mocking":
        return _mocking(plugin, report)
    config = plugin.node
    abort = config.take_mapping("abort")
    if abort is None:
        raise config.missing("abort")
    abort.mark("percentage")
    node = abort.take("http_status")
    if node is None:
        raise abort.missing("http_status")
    policy = DirectResponse(
        status_code=node.as_int(),
        body=abort.take_str("body"),
        origin=plugin.origin(ABORT_NAMES),
    )
    kept = carry(abort, report, "direct_response", Kept("headers", message="no such headers"))
    kept = {"abort": kept} if kept else {}
    delay = Kept("delay", message="other gateways answer at once")
    kept.update(carry(config, report, "direct_response", delay))
    _variables(policy, report, "body")
    message = "APISIX answers before it asks who is there; other gateways may refuse first"
    report.about(policy, Fate.APPROXIMATED, Level.INFO, "direct_response", message, "status_code")
    policy.extensions = extensions(kept)
    return policy


def _mocking(plugin: Plugin, report: Reporter) -> DirectResponse:
    config = plugin.node
    policy = DirectResponse(
        status_code=take_integer(config, "response_status", 200, 100, 599),
        body=config.require_str("response_example"),
        content_type=config.take_str("content_type", "application/json;charset=utf8"),
        origin=plugin.origin(MOCK_NAMES),
    )
    kept = carry(
        config,
        report,
        "direct_response",
        Kept("delay", 0, message="other gateways answer at once"),
        Kept("response_headers", message="other gateways send no such headers"),
        Kept("response_schema", level=Level.INFO, message='"response_example" decides'),
        Kept("with_mock_header", True, Level.INFO, "whether APISIX names itself"),
    )
    kept["plugin"] = "mocking"
    _variables(policy, report, "body")
    policy.extensions = extensions(kept)
    return policy


def _variables(policy: DirectResponse, report: Reporter, field: str) -> None:
    if policy.body is not None and has_variable(policy.body):
        message = "only APISIX fills in its variables: others send them as they stand"
        report.approximated(policy, "direct_response", message, field)
