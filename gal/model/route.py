"""Which requests a route takes and where they go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.model.node import Extensions, ModelNode
from gal.model.policies import Policies
from gal.model.upstream import HostHeader
from gal.model.values import Regex


class PathKind(str, Enum):
    """How a path is compared with the request's path without its query, case-sensitively."""

    PREFIX = "prefix"
    SEGMENTS = "segments"
    EXACT = "exact"
    REGEX = "regex"


@dataclass(slots=True)
class PathMatch(ModelNode):
    """One path that a route takes: exactly one of the fields is set.

    Attributes:
        path: the whole path.
        path_prefix: how the path starts, by text: `/orders` takes `/ordersX`, too.
        path_segments: how the path starts, by whole segments: `/orders` takes `/orders/1` only.
        path_regex: an expression on the path, with its dialect and anchoring.
    """

    path: str | None = None
    path_prefix: str | None = None
    path_segments: str | None = None
    path_regex: Regex | None = None

    @property
    def kind(self) -> PathKind:
        """Which of the fields is set."""
        if self.path_regex is not None:
            return PathKind.REGEX
        if self.path is not None:
            return PathKind.EXACT
        return PathKind.PREFIX if self.path_prefix is not None else PathKind.SEGMENTS

    @property
    def text(self) -> str:
        """The path, the start of it, or the expression's pattern."""
        if self.path_regex is not None:
            return self.path_regex.pattern
        for value in (self.path, self.path_prefix, self.path_segments):
            if value is not None:
                return value
        return "/"


class MatchKind(str, Enum):
    """How a value is compared: whole, as an expression, or only by being there."""

    EXACT = "exact"
    REGEX = "regex"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    CONTAINS = "contains"
    PRESENT = "present"


@dataclass(slots=True)
class ValueMatch(ModelNode):
    """A header or query parameter that a request must have.

    Attributes:
        name: of the header (without case) or parameter.
        values: any of them does; empty for `present`.
        kind: how they are compared.
        ignore_case: without case.
        regexes: the expressions, for `regex`, instead of `values`.
        invert: the request must not match.
    """

    name: str
    values: list[str] = field(default_factory=list)
    kind: MatchKind = MatchKind.EXACT
    ignore_case: bool = False
    regexes: list[Regex] = field(default_factory=list)
    invert: bool = False


@dataclass(slots=True)
class AddressMatch(ModelNode):
    """An address of one end of the connection.

    Attributes:
        ip: address or CIDR range; unset is any.
        port: port; unset is any.
    """

    ip: str | None = None
    port: int | None = None


@dataclass(slots=True)
class Rewrite(ModelNode):
    r"""Which path the upstream sees. The service's base path comes before it.

    Attributes:
        strip_prefix: take away what the route's path matched (for an expression: the text that it
            matched). What is left starts with one slash.
        add_prefix: put before what is left.
        path: the whole path, instead.
        pattern: an expression that is searched in the path.
        replacement: what replaces its first match; `\1` is its first group.
        plain_join: base path and request path are joined as they stand, even with two slashes or
            none (Kong's `path_handling: v1`).
    """

    strip_prefix: bool = False
    add_prefix: str | None = None
    path: str | None = None
    pattern: Regex | None = None
    replacement: str | None = None
    plain_join: bool = False


@dataclass(slots=True)
class Backend(ModelNode):
    """One of several upstreams of a route.

    Attributes:
        upstream: name of the upstream or service.
        weight: its share.
    """

    upstream: str
    weight: int = 1


@dataclass(slots=True)
class HttpsRedirect(ModelNode):
    """What a plain HTTP request gets on a route that only takes HTTPS.

    Attributes:
        status_code: 426 refuses with a message; 301, 302, 307 and 308 send to HTTPS.
    """

    status_code: int = 426


@dataclass(slots=True)
class Route(ModelNode):
    """Which requests are taken and where they go. A request has to fit every given kind of match,
    and within a kind any of the values.

    Attributes:
        name: unique, if given.
        upstream: name of the service or upstream, for a route outside of a service.
        paths: the paths. `path: P` (exact), `path_prefix: P` and `path_regex: R` are short for a
            list of one.
        methods: HTTP methods; empty takes all. `method: M` is short for a list of one.
        hosts: names without case; one `*` may stand for the first or the last label; with `:PORT`
            the listener's port has to be that one. Ports in the request's `Host` are not compared.
        headers: headers that the request must have.
        query_params: query parameters that it must have.
        schemes: `http`, `https`, `grpc`, `grpcs`; empty takes all of HTTP.
        server_names: TLS server names, for https; one `*` at either end.
        sources: addresses of the client.
        destinations: addresses of the gateway.
        priority: what decides between routes that both take a request, see `global.route_order`.
        rewrite: which path the upstream sees.
        host_header: which `Host` the upstream sees; unset is the upstream's choice.
        https_redirect: what plain HTTP gets where `schemes` has only https.
        backends: several upstreams with weights, instead of one.
        request_buffering: the body is read whole before the upstream gets it.
        response_buffering: the answer is read whole before the client gets it.
        policies: in YAML, the policies stand among the route's own fields.
        id: decides between routes of equal rank on gateways that compare ids.
        tags: labels without effect.
        extensions: what only one provider can say.
    """

    name: str | None = None
    upstream: str | None = None
    paths: list[PathMatch] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    headers: list[ValueMatch] = field(default_factory=list)
    query_params: list[ValueMatch] = field(default_factory=list)
    schemes: list[str] = field(default_factory=list)
    server_names: list[str] = field(default_factory=list)
    sources: list[AddressMatch] = field(default_factory=list)
    destinations: list[AddressMatch] = field(default_factory=list)
    priority: int = 0
    rewrite: Rewrite | None = None
    host_header: HostHeader | None = None
    https_redirect: HttpsRedirect | None = None
    backends: list[Backend] = field(default_factory=list)
    request_buffering: bool | None = None
    response_buffering: bool | None = None
    policies: Policies = field(default_factory=Policies)
    id: str | None = None
    tags: list[str] = field(default_factory=list)
    extensions: Extensions = field(default_factory=dict)
