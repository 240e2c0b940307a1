"""Changes of headers and of the method: `proxy-rewrite` and `response-rewrite`
(https://apisix.apache.org/docs/apisix/plugins/proxy-rewrite/,
https://apisix.apache.org/docs/apisix/plugins/response-rewrite/).

APISIX adds first, then sets, then removes; what the model says of one header is put together, so
that the order does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import Json, below, differs, fills_in, kept, native
from gal.model import Headers, ModelNode, Operations, Policies, RequestLine, Transformation

if TYPE_CHECKING:
    from gal.exporters.apisix.build import RouteBuild, Shared

REQUEST, RESPONSE = "proxy-rewrite", "response-rewrite"
_METHODS = frozenset(
    (
        *("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "MKCOL", "COPY", "MOVE"),
        *("PROPFIND", "LOCK", "UNLOCK", "PATCH", "TRACE"),
    )
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN_VALUE = re.compile(r"[\r\n\0]")
_ADDED = re.compile(r"[^:]*[^/:]")
_HOST = re.compile(r"[0-9a-zA-Z.-]+(?::\d{1,5})?")
_UUID = re.compile(r"\{\{\s*uuid\s*\}\}")
_TIMESTAMP = re.compile(r"\{\{\s*timestamp\s*\}\}")
_FEATURE = "headers"
_SET, _ADD, _REMOVE, _DEFAULT = "set", "add", "remove", "default"


@dataclass(slots=True)
class _Changes:
    """What becomes of headers, by name in small letters: (name, operation, values)."""

    side: str
    shared: Shared
    found: dict[str, tuple[str, str, list[str]]] = field(default_factory=dict)

    def apply(self, operations: Operations) -> None:
        """Operations that act after those before."""
        for name in operations.remove:
            if self._sound(operations, name, _REMOVE):
                self.found[name.lower()] = (name, _REMOVE, [])
        report = self.shared.context.report
        for kind, message in (
            ("rename", "APISIX does not rename headers"),
            ("replace", "APISIX does not change a header only where it is there"),
        ):
            for name in getattr(operations, kind):
                report.dropped(operations, _FEATURE, f"{name}: {message}", kind)
        for name, values in operations.set.items():
            self.put(operations, name, values, _SET)
        for name, values in operations.default.items():
            known = self.found.get(name.lower())
            if known is None:
                self.put(operations, name, values, _DEFAULT)
            elif known[1] == _REMOVE:
                self.put(operations, name, values, _SET)
        for name, values in operations.add.items():
            self.put(operations, name, values, _ADD)

    def put(self, owner: ModelNode, name: str, values: list[str], kind: str) -> None:
        """One operation with values."""
        if not self._sound(owner, name, kind):
            return
        made = (self._value(owner, name, one, kind) for one in values)
        given = [text for text in made if text is not None]
        if not given:
            return
        known = self.found.get(name.lower())
        if kind == _ADD and known is not None:
            _, before, earlier = known
            if before == _DEFAULT:
                message = f"{name}: it is added to what is there, or alone"
                differs(self.shared, owner, _FEATURE, message, "default")
            kind = _ADD if before in (_ADD, _DEFAULT) else _SET
            given = [*(earlier if before != _DEFAULT else []), *given]
        self.found[name.lower()] = (name, kind, given)

    def _sound(self, owner: ModelNode, name: str, kind: str) -> bool:
        if _TOKEN.fullmatch(name):
            return True
        message = f'"{name}" is no name of a header'
        self.shared.context.report.dropped(owner, _FEATURE, message, kind)
        return False

    def _value(self, owner: ModelNode, name: str, text: str, kind: str) -> str | None:
        report = self.shared.context.report
        if _BROKEN_VALUE.search(text):
            message = f"{name}: a line break cannot stand in a header"
            report.dropped(owner, _FEATURE, message, kind)
            return None
        if fills_in(text) and not native(self.shared):
            message = f"{name}: APISIX would take a part of the value for a variable"
            report.dropped(owner, _FEATURE, message, kind)
            return None
        if _UUID.search(text):
            text = _UUID.sub("${request_id}", text)
            message = f"{name}: an id of 32 digits, without dashes"
            differs(self.shared, owner, _FEATURE, message, kind)
        if _TIMESTAMP.search(text):
            text = _TIMESTAMP.sub("${time_iso8601}", text)
            message = f"{name}: the time of the gateway's zone, in seconds"
            differs(self.shared, owner, _FEATURE, message, kind)
        return text

    def written(self, owner: ModelNode) -> Json:
        """The plugin's `headers`."""
        add: dict[str, list[str]] = {}
        change: Json = {}
        remove = []
        for name, kind, values in self.found.values():
            if kind == _REMOVE:
                remove.append(name)
            elif kind == _DEFAULT:
                self._default(owner, name, values, change)
            elif kind == _SET or not self._addable(owner, name, values):
                change[name] = self._several(owner, name, values)
            else:
                add[name] = values
        lines = [f"{name}: {value}" for name, values in add.items() for value in values]
        added: Json = {name: _one(values) for name, values in add.items()}
        found = {
            _ADD: added if self.side == REQUEST else lines,
            _SET: {name: value for name, value in change.items() if value is not None},
            _REMOVE: remove,
        }
        return {key: value for key, value in found.items() if value}

    def _default(self, owner: ModelNode, name: str, values: list[str], change: Json) -> None:
        prefix = "http_" if self.side == REQUEST else "sent_http_"
        if len(values) > 1 or not re.fullmatch(r"[^{}$?]+", values[0]):
            message = f"{name}: APISIX cannot say this for a header that is not there"
            self.shared.context.report.dropped(owner, _FEATURE, message, _DEFAULT)
            return
        variable = prefix + name.lower().replace("-", "_")
        change[name] = f"${{{variable} ?? {values[0]}}}"

    def _addable(self, owner: ModelNode, name: str, values: list[str]) -> bool:
        """Whether the values can be added: in answers there may be no colon in them."""
        if self.side == REQUEST or all(_ADDED.fullmatch(value) for value in values):
            return True
        message = f"{name}: it takes the place of the values that are there"
        differs(self.shared, owner, _FEATURE, message, _ADD)
        return False

    def _several(self, owner: ModelNode, name: str, values: list[str]) -> str | list[str]:
        if self.side == REQUEST:
            return _one(values)
        if len(values) > 1:
            message = f"{name}: the values stand in one header, with commas between"
            differs(self.shared, owner, _FEATURE, message, _SET)
        return ", ".join(values)


def _one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def headers(build: RouteBuild, shared: Shared, transformation: Transformation | None) -> None:
    """Headers change as the transformations of service and route say, then as the policy does,
    whose two sides may stand in different scopes.
    """
    request, response = _Changes(REQUEST, shared), _Changes(RESPONSE, shared)
    service = build.service.transformation if build.service is not None else None
    if service is not None and service.enabled and service is not transformation:
        _both(service.headers, request, response)
    if transformation is not None:
        _both(transformation.headers, request, response)
        for name, value in transformation.metadata.items():
            request.put(transformation, name, [value], _SET)
    for changes in (request, response):
        found = _acting(build.scopes.levels, changes.side)
        if found is not None:
            build.scopes.act(found)
        side_of(found, changes, build.plugins)


def headers_alone(policy: Headers, plugins: dict[str, Json], shared: Shared) -> None:
    """The changes of one policy, for a consumer."""
    for side in (REQUEST, RESPONSE):
        side_of(policy, _Changes(side, shared), plugins)


def side_of(policy: Headers | None, changes: _Changes, plugins: dict[str, Json]) -> None:
    """One side of a policy, after the changes that are there."""
    values: Json = {}
    owner: ModelNode = Headers() if policy is None else policy
    if policy is not None:
        operations = policy.request if changes.side == REQUEST else policy.response
        if operations is not None:
            changes.apply(operations)
            owner = operations
        values = below(kept(policy.extensions), changes.side)
    host = _host(changes, owner)
    written = changes.written(owner)
    for operation, more in below(values, "headers").items():
        _merge(written, operation, more, changes.side)
    values.pop("headers", None)
    config = plugins.get(changes.side, {})
    if "uri" in values:
        config.pop("regex_uri", None)
    config |= values
    if host is not None:
        config["host"] = host
    if written:
        config["headers"] = written
    if config:
        plugins[changes.side] = config


def _host(changes: _Changes, owner: ModelNode) -> str | None:
    """The Host that the upstream gets: in APISIX it is none of the headers."""
    if changes.side == RESPONSE or native(changes.shared):
        return None
    found = changes.found.pop("host", None)
    if found is None or found[1] in (_REMOVE, _DEFAULT):
        return None
    if _HOST.fullmatch(found[2][-1]):
        return found[2][-1]
    message = f'APISIX takes "{found[2][-1]}" for no host'
    changes.shared.context.report.dropped(owner, _FEATURE, message, found[1])
    return None


def _merge(written: Json, operation: str, more: dict[str, str], side: str) -> None:
    """What APISIX fills in itself, beside the rest of an operation."""
    if operation == _ADD and side == RESPONSE:
        lines = [f"{name}: {value}" for name, value in more.items()]
        written[_ADD] = [*written.get(_ADD, []), *lines]
        return
    known = written.setdefault(operation, {})
    for name, value in more.items():
        there = known.get(name)
        if there is None or operation == _SET:
            known[name] = value
        else:
            known[name] = [*(there if isinstance(there, list) else [there]), value]


def _both(policy: Headers | None, request: _Changes, response: _Changes) -> None:
    if policy is None or not policy.enabled:
        return
    if policy.request is not None:
        request.apply(policy.request)
    if policy.response is not None:
        response.apply(policy.response)


def _acting(levels: tuple[Policies, ...], plugin: str) -> Headers | None:
    """The most specific policy that says anything about one side."""
    for policy in _given(levels, lambda one: one.headers):
        if not policy.enabled:
            return None
        side = policy.request if plugin == REQUEST else policy.response
        if side is not None or plugin in kept(policy.extensions):
            return policy
    return None


def _given(
    levels: tuple[Policies, ...], kind: Callable[[Policies], Headers | None]
) -> list[Headers]:
    found = (kind(policies) for policies in levels)
    return [policy for policy in found if policy is not None]


def request_line(policy: RequestLine, plugins: dict[str, Json], shared: Shared) -> None:
    """Another method or path for the upstream, in `proxy-rewrite`."""
    config = plugins.get(REQUEST, {})
    if policy.method is not None:
        if policy.method in _METHODS or not isinstance(policy.method, str):
            config["method"] = policy.method
        else:
            message = f"APISIX cannot make {policy.method} of a request"
            shared.context.report.dropped(policy, "request_line", message, "method")
    if policy.path is not None:
        if fills_in(policy.path):
            message = "APISIX would take a part of the path for a variable"
            differs(shared, policy, "request_line", message, "path")
        config.pop("regex_uri", None)
        config["uri"] = "/" + policy.path.lstrip("/")
    if config:
        plugins[REQUEST] = config
