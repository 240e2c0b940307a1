"""Changes of headers, queries and the request line: `request-transformer`, `response-transformer`
(https://developer.konghq.com/plugins/request-transformer/,
https://developer.konghq.com/plugins/response-transformer/).

Entries are `name:value`. Kong removes, renames, replaces what is there, adds what is not, and
appends, in this order; `Operations` calls adding `default` and appending `add`. Entries that other
gateways cannot mean the same with are kept under `extensions`, as settings of the plugin that they
stand in, by its name: `{"kong": {"request-transformer": {"add": {"headers": [...]}}}}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_idle
from gal.importers.kong.settings import begin
from gal.importers.kong.transformer_entries import Entries, SideOperations
from gal.ledger import Fate, Level
from gal.model import Headers, Operations, Query, RequestLine
from gal.reading import Mapping, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

LINE_NAMES = {"method": "config.http_method", "path": "config.replace.uri"}


def headers(request: Plugin | None, response: Plugin | None, report: Reporter) -> Headers | None:
    """Both sides' changes of headers with what is kept for Kong; None where there are none.

    Prefer this over its two parts, which cannot keep anything.
    """
    before = None if request is None else _operations(request, "headers", report)
    after = None if response is None else _operations(response, "headers", report)
    policy = Headers()
    for side in (before, after):
        if side is not None:
            side.extend(policy.extensions)
            policy.origin = policy.origin or side.plugin.origin()
    if before is not None and before.acts:
        policy.request = before.operations
    if after is not None and after.acts:
        policy.response = after.operations
    return None if policy.origin is None else policy


def request_headers(plugin: Plugin, report: Reporter) -> Operations | None:
    """What a `request-transformer` does to headers, without what only Kong can do."""
    found = _operations(plugin, "headers", report)
    return found.operations if found is not None and found.acts else None


def response_headers(plugin: Plugin, report: Reporter) -> Operations | None:
    """What a `response-transformer` does to headers, without what only Kong can do."""
    return request_headers(plugin, report)


def query(plugin: Plugin, report: Reporter) -> Query | None:
    """What a `request-transformer` does to query parameters; None where it does nothing."""
    found = _operations(plugin, "querystring", report)
    if found is None:
        return None
    policy = Query(request=found.operations, origin=plugin.origin())
    found.extend(policy.extensions)
    return policy


def request_line(plugin: Plugin, report: Reporter) -> RequestLine | None:
    """The other method or path that a `request-transformer` asks the upstream for. The path
    replaces all of it, that of the service as well; the query stays.

    Raises:
        InputError: a method that is not in capitals.
    """
    config = begin(plugin, report)
    method = _method(config)
    replace = config.take_mapping("replace")
    node = replace.take("uri") if replace is not None else None
    if method is None and node is None:
        return None
    policy = RequestLine(method=method, origin=plugin.origin(LINE_NAMES))
    if node is None:
        return policy
    path = node.as_str()
    if "$(" in path:
        policy.extensions = {"kong": {"request-transformer": {"replace": {"uri": path}}}}
        message = "a template $(...) is Kong's own: the path stays as it is elsewhere"
        report.at(node, Fate.CARRIED, Level.WARNING, "request_line", message)
        return policy
    if not path.startswith("/") and not is_placeholder(path):
        message = 'Kong itself answers 500 here: the path does not start with "/"'
        report.at(node, Fate.APPROXIMATED, Level.WARNING, "request_line", message)
    policy.path = path
    return policy


def _method(config: Mapping) -> str | None:
    method = config.take_str("http_method")
    if method is None or is_placeholder(method):
        return method
    if not (method.isascii() and method.isalpha() and method.isupper()):
        raise config.entries["http_method"].error(
            f'"{method}" is no method in capitals', "such as GET"
        )
    return method


def _operations(plugin: Plugin, area: str, report: Reporter) -> SideOperations | None:
    config = begin(plugin, report)
    for key in ("remove", "rename", "replace", "add", "append"):
        below = config.take_mapping(key)
        if below is not None:
            take_idle(below, report)
    entries = Entries.read(config, area, on_request=not plugin.name.startswith("response-"))
    return SideOperations.of(plugin, entries, area, report) if entries.any else None
