"""Changes of headers, queries, bodies and the request line: `request-transformer` and
`response-transformer` (https://developer.konghq.com/plugins/request-transformer/,
https://developer.konghq.com/plugins/response-transformer/).

Both remove, rename, replace what is there, add what is not, and append. Setting a value is
replacing and adding it.
"""

from __future__ import annotations

from gal.claims import unwrap
from gal.exporters.kong.bodies import json_types, write_body
from gal.exporters.kong.build import Build, Json, below, kept
from gal.exporters.kong.entries import Entries
from gal.exporters.kong.instance import Instance, Scope
from gal.model import Extensions, Headers, Operations, RequestLine, Transformation

_KEYS = ("remove", "rename", "replace", "add", "append")


def request_transformer(scope: Scope, build: Build) -> Instance | None:
    """All that acts on requests."""
    line = scope.find(lambda policies: policies.request_line)
    query = scope.find(lambda policies: policies.query)
    body = _transformation(scope)
    written = _Config("request-transformer", build)
    if line is not None:
        written.take(line.extensions)
        _line(line, written)
    if scope.route is not None and scope.route.path is not None:
        written.config.setdefault("replace", {}).setdefault("uri", scope.route.path)
    _headers(scope, "request", body, written)
    if query is not None:
        asked = Entries("querystring", on_request=True, report=build.report)
        asked.put(query, query.request, "query")
        written.add("querystring", asked.lists)
        written.take(query.extensions)
    if body is not None:
        written.add("body", write_body(body, body.request, "body", build))
        _unknown(body, build)
        written.take(body.extensions)
    return written.instance()


def response_transformer(scope: Scope, build: Build) -> Instance | None:
    """All that acts on responses."""
    body = _transformation(scope)
    written = _Config("response-transformer", build)
    _headers(scope, "response", body, written)
    if body is not None:
        written.add("json", write_body(body, body.response, "json", build))
        written.take(body.extensions)
        json_types(written.config, body)
    return written.instance()


def _headers(scope: Scope, side: str, body: Transformation | None, written: _Config) -> None:
    """All changes of the headers of one side, in the order in which they act."""
    on_request = side == "request"
    entries = Entries("headers", on_request=on_request, report=written.build.report)
    for transformation in _before(scope, body):
        _earlier(entries, transformation, side)
    if on_request and body is not None and body.metadata:
        values = {name: [value] for name, value in body.metadata.items()}
        entries.put(body, Operations(set=values), "transformation")
    headers = _side(scope, side)
    operations = None if headers is None else getattr(headers, side)
    if headers is not None and operations is not None:
        entries.put(headers, operations, "headers")
    route = scope.route
    if on_request and route is not None and route.host is not None:
        entries.put(route.route, Operations(set={"Host": [route.host]}), "host_header")
    written.add("headers", entries.lists)
    if headers is not None:
        written.take(headers.extensions)


class _Config:
    """The settings of one plugin, with what is kept for it."""

    def __init__(self, name: str, build: Build) -> None:
        self.name = name
        self.build = build
        self.config: Json = {}
        self.around: Json = {}

    def add(self, area: str, lists: Json) -> None:
        """Entries of one area, after those that are there."""
        for key, entries in lists.items():
            name = area if key != "json_types" else key
            if entries:
                self.config.setdefault(key, {}).setdefault(name, []).extend(entries)

    def take(self, extensions: Extensions) -> None:
        """What a policy keeps for this plugin."""
        values = kept(extensions)
        own = below(values, self.name)
        for key in own:
            for area, entries in below(own, key).items():
                lists = self.config.setdefault(key, {})
                if isinstance(entries, list):
                    lists.setdefault(area, []).extend(entries)
                else:
                    lists[area] = entries
        self.around.update(below(below(values, "plugins"), self.name))

    def instance(self) -> Instance | None:
        """The plugin, or None where it has nothing to do."""
        ordered = {key: self.config[key] for key in (*_KEYS, "http_method") if key in self.config}
        if not ordered and not self.around:
            return None
        return Instance(self.name, ordered, self.around)


def _line(line: RequestLine, written: _Config) -> None:
    if line.method is not None:
        written.config["http_method"] = line.method
    if line.path is None:
        return
    if "$(" in line.path:
        message = 'Kong takes "$(" for a template'
        written.build.report.dropped(line, "request_line", message, "path")
        return
    written.config.setdefault("replace", {})["uri"] = line.path


def _side(scope: Scope, side: str) -> Headers | None:
    """The most specific policy that says anything about one side."""
    for policies in scope.levels:
        found = None if unwrap(policies).headers is None else policies.headers
        if found is None:
            continue
        if not found.enabled:
            return None
        if getattr(found, side) is not None or _keeps(found, side):
            return found
    return None


def _keeps(policy: Headers, side: str) -> bool:
    values = kept(policy.extensions)
    name = f"{side}-transformer"
    return name in values or name in below(values, "plugins")


def _transformation(scope: Scope) -> Transformation | None:
    found = scope.find(lambda policies: policies.transformation)
    said = any(unwrap(policies).transformation is not None for policies in scope.levels)
    if found is None and not said and scope.service is not None:
        return scope.service.transformation
    return found


def _before(scope: Scope, body: Transformation | None) -> list[Transformation]:
    """Transformations whose headers apply before those of the route."""
    found = []
    if scope.service is not None and scope.service.transformation is not None:
        found.append(scope.service.transformation)
    if body is not None and not any(one is body for one in found):
        found.append(body)
    return found


def _earlier(entries: Entries, transformation: Transformation, side: str) -> None:
    headers = transformation.headers
    operations = None if headers is None else getattr(headers, side)
    if headers is not None and operations is not None:
        entries.put(headers, operations, "transformation")


def _unknown(body: Transformation, build: Build) -> None:
    if body.computed_fields:
        message = "Kong makes up no values for bodies"
        build.report.dropped(body, "transformation", message, "computed_fields")
        for computed in body.computed_fields:
            build.context.claims.claim(computed)
    if body.validation is not None and body.validation.required_fields:
        message = "Kong does not ask for fields of bodies"
        build.report.dropped(body, "transformation", message, "validation")
