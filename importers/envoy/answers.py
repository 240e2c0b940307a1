"""Answers that the gateway gives itself: redirects and fixed responses.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RedirectAction`, `DirectResponseAction`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.envoy.headers import template
from gal.importers.envoy.values import as_regex, as_text, take_enum, take_flag, take_integer
from gal.ledger import Fate, Level
from gal.model import DirectResponse, Origin, PathKind, Redirect
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.matches import Matched
    from gal.ledger import Reporter

_CODES = {
    "MOVED_PERMANENTLY": 301,
    "FOUND": 302,
    "SEE_OTHER": 303,
    "TEMPORARY_REDIRECT": 307,
    "PERMANENT_REDIRECT": 308,
}
_WHOLE_PATH = ("^(.*)$", "^/(.*)$", "^(/.*)$")
_NAMES = {
    "scheme": "scheme_redirect",
    "host": "host_redirect",
    "port": "port_redirect",
    "path": "path_redirect",
    "status_code": "response_code",
}
_RESPONSE_NAMES = {"status_code": "status"}


def redirect(node: Mapping, matched: Matched, report: Reporter, kept: dict[str, Any]) -> Redirect:
    """A `RedirectAction`."""
    result = Redirect(
        scheme=node.take_str("scheme_redirect"),
        host=node.take_str("host_redirect"),
        port=take_integer(node, "port_redirect") or None,
        path=node.take_str("path_redirect"),
        strip_query=take_flag(node, "strip_query") or False,
        status_code=_CODES[take_enum(node, "response_code", _CODES, "MOVED_PERMANENTLY")],
        origin=Origin(node, _NAMES),
    )
    if take_flag(node, "https_redirect"):
        result.scheme = "https"
    prefix = node.take("prefix_rewrite")
    regex = node.take_mapping("regex_rewrite")
    if prefix is not None:
        _prefix(prefix.as_str(), result, matched, node, report, kept)
    elif regex is not None:
        _regex(regex, result, node, report, kept)
    return result


def _prefix(
    text: str,
    result: Redirect,
    matched: Matched,
    node: Mapping,
    report: Reporter,
    kept: dict[str, Any],
) -> None:
    """Another prefix: the model has it where the prefix is the whole path, or all paths."""
    path = matched.path
    if path is not None and path.kind is PathKind.EXACT:
        result.path = text
        return
    every = path is None or path.text == "/"
    if every and text.endswith("/") and result.scheme and result.host:
        _keep_path(result, text.rstrip("/"))
        return
    result.path = text
    kept["redirect"] = node.plain()
    message = "only Envoy keeps what follows the prefix: clients are sent to the new one alone"
    at = node.peek("prefix_rewrite")
    report.at(at, Fate.APPROXIMATED, Level.WARNING, "redirect", message)


def _keep_path(result: Redirect, base: str) -> None:
    port = f":{result.port}" if result.port else ""
    result.location = f"{result.scheme}://{result.host}{port}{base}"
    result.scheme = result.host = result.port = result.path = None
    result.keep_path = True


def _regex(
    regex: Mapping, result: Redirect, node: Mapping, report: Reporter, kept: dict[str, Any]
) -> None:
    pattern = regex.take("pattern")
    text = as_regex(pattern).pattern if pattern is not None else ""
    substitution = regex.take_str("substitution", "")
    base = substitution[:-2] if substitution.endswith(r"\1") else None
    if text == "^/(.*)$" and base is not None:
        base = base[:-1] if base.endswith("/") else None
    if text in _WHOLE_PATH and base is not None and "\\" not in base:
        if result.scheme and result.host:
            _keep_path(result, base)
            return
        if not base:
            return
    kept["redirect"] = node.plain()
    message = "only Envoy sends clients to a path made by an expression: here the path stays"
    report.at(regex, Fate.APPROXIMATED, Level.WARNING, "redirect", message)


def direct_response(
    node: Mapping, route: Mapping, report: Reporter, kept: dict[str, Any]
) -> DirectResponse:
    """A `DirectResponseAction`."""
    result = DirectResponse(
        status_code=take_integer(node, "status") or 200, origin=Origin(node, _RESPONSE_NAMES)
    )
    body = node.take_mapping("body")
    if body is not None:
        text, file = as_text(body)
        if file is not None or body.has("environment_variable"):
            body.take_all()
            kept["direct_response"] = node.plain()
            message = "only Envoy reads the body from elsewhere"
            report.at(body, Fate.CARRIED, Level.WARNING, "direct_response", message)
        result.body = text
    form = node.take_mapping("body_format")
    if form is not None:
        _format(form, result, node, report, kept)
    del route
    return result


def _format(
    form: Mapping,
    result: DirectResponse,
    node: Mapping,
    report: Reporter,
    kept: dict[str, Any],
) -> None:
    """A body made by a format: the model has those without variables."""
    result.content_type = form.take_str("content_type")
    source = form.take_mapping("text_format_source")
    text = as_text(source)[0] if source is not None else form.take_str("text_format")
    for key in ("omit_empty_values", "formatters", "json_format_options"):
        below = form.take(key)
        if below is not None:
            below.take_all()
            message = "no effect on what clients get: the body is a text without variables"
            report.at(below, Fate.DROPPED, Level.INFO, "direct_response", message)
    if text is not None and text.replace("%LOCAL_REPLY_BODY%", "") == "":
        return
    made = template(text) if text is not None else None
    if made is not None and "{{" not in made:
        result.body = made
        return
    form.take_all()
    kept["direct_response"] = node.plain()
    message = "only Envoy fills in the variables of the body"
    report.at(form, Fate.CARRIED, Level.WARNING, "direct_response", message)
