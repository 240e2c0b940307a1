"""Routes (https://apisix.apache.org/docs/apisix/admin-api/#route): what they match."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.apisix.fields import (
    Kept,
    carry,
    carry_idle,
    extensions,
    take_labels,
)
from gal.importers.apisix.texts import escape
from gal.importers.apisix.upstreams import take_timeout
from gal.importers.apisix.variables import apply_vars
from gal.ledger import Fate, Level
from gal.model import AddressMatch, Anchor, Dialect, Origin, PathMatch, Policies, Regex, Route
from gal.naming import give
from gal.reading import Mapping, Node, is_placeholder

if TYPE_CHECKING:
    from gal.importers.apisix.file import Entity, File
    from gal.ledger import Reporter

_METHODS = (
    *("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PURGE"),
)
_HOST = re.compile(r"\*?[0-9a-zA-Z\-._\[\]:]+|\*")
_NAMES = {"paths": "uris", "hosts": "hosts", "sources": "remote_addrs", "priority": "priority"}
_SINGLE = {
    "uri": ("paths", "uri"),
    "host": ("hosts", "host"),
    "remote_addr": ("sources", "remote_addr"),
}
_CODE = {
    "filter_func": "what this code takes is only known to APISIX",
    "script": "only APISIX runs this script",
    "script_id": "only APISIX runs this script",
}


def is_on(entity: Entity) -> bool:
    """Whether a route is switched on (`status`)."""
    return entity.node.take_int("status", 1) != 0


def distinct_names(file: File) -> dict[int, str]:
    """New names for routes whose name another one has, by entity."""
    taken: set[str] = set()
    renamed: dict[int, str] = {}
    for entity in file.of("routes"):
        node = entity.node.peek("name")
        if node is None:
            continue
        name = give(node.as_str(), taken)
        if name != node.as_str():
            renamed[id(entity)] = name
    return renamed


def read_route(file: File, entity: Entity, renamed: dict[int, str]) -> tuple[Route, str | None]:
    """A route without its upstream and plugins, and why the model cannot say it, if so.

    Raises:
        InputError: APISIX would refuse it.
    """
    node, report = entity.node, file.report
    node.mark("id")
    route = Route(
        name=renamed.get(id(entity), node.take_str("name")),
        id=entity.id,
        paths=_paths(node, report),
        methods=_methods(node),
        hosts=_hosts(node),
        sources=[
            AddressMatch(ip=one.as_str(), origin=Origin(one, {}))
            for one in _either(node, "remote_addr", "remote_addrs")
        ],
        priority=node.take_int("priority", 0),
        policies=Policies(origin=Origin(node, {})),
        tags=take_labels(node),
        origin=Origin(node, _names(node)),
    )
    route.policies.timeout = take_timeout(node)
    kept = carry_idle(node, report)
    websocket = Kept("enable_websocket", False, Level.INFO, "others upgrade without being told")
    kept.update(carry(node, report, "route", websocket))
    route.extensions = extensions(kept)
    return route, _unsaid(route, node)


def _unsaid(route: Route, node: Mapping) -> str | None:
    for host in route.hosts:
        if host == "*":
            return 'the host "*"'
        if host.startswith("*") and not host.startswith("*."):
            return f'the host "{host}", which starts in the middle of a label'
    for key, reason in _CODE.items():
        below = node.take(key)
        if below is not None:
            below.take_all()
            return reason
    conditions = node.take("vars")
    return None if conditions is None else apply_vars(route, conditions)


def _names(node: Mapping) -> dict[str, str]:
    names = dict(_NAMES)
    for key, (field, source) in _SINGLE.items():
        if node.peek(key) is not None:
            names[field] = source
    return names


def _either(node: Mapping, one: str, several: str) -> list[Node]:
    """The values of two fields of which only one may be given."""
    single, more = node.take(one), node.take(several)
    if single is not None and more is not None:
        raise node.error(f'only one of "{one}" and "{several}" can be given')
    if single is not None:
        return [single]
    return node.take_sequence(several)


def _paths(node: Mapping, report: Reporter) -> list[PathMatch]:
    found = _either(node, "uri", "uris")
    if not found:
        raise node.missing("uri")
    return [_path(one, report) for one in found]


def _path(node: Node, report: Reporter) -> PathMatch:
    text = node.as_str()
    origin = Origin(node, {})
    if not text.startswith(("/", "*")) and not is_placeholder(text):
        raise node.error(f'the uri "{text}" must start with "/"', f'write "/{text}"')
    if "/:" in text:
        message = (
            "taken literally, as APISIX's default router does; with the router "
            '"radixtree_uri_with_parameter" it would stand for a whole segment'
        )
        report.at(node, Fate.EXACT, Level.WARNING, "path", message)
    if "%" in text and not is_placeholder(text):
        message = (
            "APISIX compares the path when all of it is decoded, so a percent sign stands for"
            " itself (%25); other gateways take it for the start of a sign that is encoded"
        )
        report.at(node, Fate.EXACT, Level.WARNING, "path", message)
    head, star, tail = text.partition("*")
    if not star:
        return PathMatch(path=text, origin=origin)
    if "/" in tail and head.endswith("/"):
        pattern = "/".join(
            ".*" if segment.startswith("*") else escape(segment) for segment in text.split("/")
        )
        return PathMatch(path_regex=Regex(pattern, Dialect.PCRE, Anchor.FULL), origin=origin)
    if tail:
        message = "APISIX ignores what stands behind the first * of a segment"
        report.at(node, Fate.EXACT, Level.INFO, "path", message)
    return PathMatch(path_prefix=head or "/", origin=origin)


def _methods(node: Mapping) -> list[str]:
    methods = []
    for item in node.take_sequence("methods"):
        method = item.as_str()
        if method not in _METHODS and not is_placeholder(method):
            hint = f"write {method.upper()}" if method.upper() in _METHODS else None
            raise item.error(f'"{method}" is no method that APISIX knows', hint)
        methods.append(method)
    return methods


def _hosts(node: Mapping) -> list[str]:
    found = _either(node, "host", "hosts")
    for one in found:
        if not _HOST.fullmatch(one.as_str()) and not is_placeholder(one.as_str()):
            raise one.error(f'"{one.as_str()}" is no host', 'a wildcard is written "*.example.com"')
    return [one.as_str() for one in found]
