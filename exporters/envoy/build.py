"""What the parts of the Envoy exporter share while a bootstrap is put together.

Routes are built one by one (`RouteBuild`); what they need besides themselves (filters in the
chain, clusters, texts of refusals) gathers in `Shared` and is written at the end. A filter is in
the chain switched off, and each route that needs it switches it on, so that no filter acts where
nobody asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gal.context import ExportContext
from gal.exporters.envoy.ordering import ordered
from gal.model import Gateway, ModelNode, Policy, Route, Service
from gal.scopes import Scopes

Json = dict[str, Any]
P = TypeVar("P", bound=Policy)
S = TypeVar("S")

EXTENSION = "type.googleapis.com/envoy.extensions."
HTTP_FILTER = EXTENSION + "filters.http."
FILTER_CONFIG = "type.googleapis.com/envoy.config.route.v3.FilterConfig"

FILTER_ORDER = (
    "carried_first",
    "request_id",
    "user_agent",
    "cors_answer",
    "cors",
    "cors_upstream",
    "ip_access",
    "jwt",
    "jwt_claims",
    "api_key",
    "basic",
    "forward",
    "consumer",
    "acl",
    "consumer_access",
    "carried_guard",
    "size_limit",
    "limit_headers",
    "rate_limit",
    "compression",
    "transformation",
    "headers_request",
    "headers",
    "headers_response",
    "query",
    "request_line",
    "sticky_session",
    "carried_last",
)
"""Names of the filters' stages in the order in which the policies act on requests (see DESIGN: the
model). On responses they act in reverse: `compression` stands before what changes bodies. The
`carried` ones hold filters that the model has no place for, under their own names."""


@dataclass(slots=True)
class HttpFilters:
    """The filters of the HTTP connection manager, each named `gal.STAGE` or `gal.STAGE.LABEL`."""

    _filters: dict[str, tuple[int, Json]] = field(default_factory=dict)
    _carried: dict[str, dict[str, None]] = field(default_factory=dict)
    _pairs: list[tuple[str, str]] = field(default_factory=list)
    _entries: dict[str, Json] = field(default_factory=dict)

    def ensure(self, stage: str, typed_config: Json, label: str = "") -> str:
        """Have a filter in the chain, switched off. Returns its name, the key for
        `RouteBuild.filters`. The first `typed_config` for a name stays.
        """
        name = f"gal.{stage}.{label}" if label else f"gal.{stage}"
        if name not in self._filters:
            self._filters[name] = (FILTER_ORDER.index(stage), typed_config)
        return name

    def config(self, name: str) -> Json | None:
        """The settings of a filter of the chain, to be completed; None where it is not there."""
        found = self._filters.get(name)
        return None if found is None else found[1]

    def put_back(self, stage: str, entry: Json, before: Sequence[str]) -> str:
        """Have a filter of the source in the chain, switched off, behind the filters `before` of
        the same stage. Returns its name: its own, with a number where another filter has that.
        """
        own = name = str(entry["name"])
        number = 1
        while self._entries.setdefault(name, entry) != entry or name in before:
            number += 1
            name = f"{own}-{number}"
        self._carried.setdefault(stage, {})[name] = None
        if before:
            self._pairs.append((before[-1], name))
        return name

    def render(self) -> list[Json]:
        """The chain's filters in the order of `FILTER_ORDER`, without the router."""
        found = [
            (rank, {"name": name, "disabled": True, "typed_config": config})
            for name, (rank, config) in self._filters.items()
        ]
        for stage, names in self._carried.items():
            rank = FILTER_ORDER.index(stage)
            pairs = [pair for pair in self._pairs if pair[0] in names and pair[1] in names]
            found += [
                (rank, {**self._entries[name], "name": name, "disabled": True})
                for name in ordered(names, pairs)
            ]
        return [one for _, one in sorted(found, key=lambda item: item[0])]


@dataclass(slots=True)
class LocalReplies:
    """Texts and statuses of refusals that differ from Envoy's own.

    A reply is chosen by its status and by a mark in the metadata of the route
    (`RouteBuild.replies`): one mapper serves all routes with the same text.

    Attributes:
        carried: marks that replies of the source ask for, which are put back as they are.
    """

    carried: frozenset[str] = frozenset()
    _labels: dict[tuple[int, int, str, str], str] = field(default_factory=dict)
    _originals: dict[str, int] = field(default_factory=dict)

    def label(self, original: int, status: int, body: str, content_type: str) -> str:
        """The mark for a refusal: Envoy's own status, the wanted one, and the wanted body."""
        key = (original, status, body, content_type)
        if key not in self._labels:
            number = len(self._originals) + 1
            while f"reply-{number}" in self.carried or f"reply-{number}" in self._originals:
                number += 1
            self._labels[key] = f"reply-{number}"
        label = self._labels[key]
        self._originals[label] = original
        return label

    def answers(self, original: int, labels: Iterable[str]) -> bool:
        """Whether one of these marks is for refusals with a status of Envoy's own."""
        return any(self._originals.get(label) == original for label in labels)

    def items(self) -> list[tuple[str, int, int, str, str]]:
        """(mark, Envoy's status, wanted status, body, content type) of all."""
        return [(label, *key) for key, label in self._labels.items()]


@dataclass(slots=True)
class Alternative:
    """An entry in front of a route's own: the same match and more, with other consequences.

    Attributes:
        headers: further header matches.
        query_parameters: further query matches.
        methods: instead of the route's methods, when set.
        filters: `typed_per_filter_config` of this entry, instead of the route's.
        changes: what differs in the route's filters when all policies are known: settings by name
            of the filter, None for those that do not act here.
        without: names of filters that this entry does not switch on, of those of the route.
        instead: `direct_response` or `redirect` instead of the route's action.
    """

    headers: list[Json] = field(default_factory=list)
    query_parameters: list[Json] = field(default_factory=list)
    methods: list[str] | None = None
    filters: Json | None = None
    without: list[str] = field(default_factory=list)
    changes: dict[str, Json | None] | None = None
    instead: Json | None = None


@dataclass(frozen=True, slots=True)
class Outlier:
    """When a route's cluster leaves a host alone. It belongs to the cluster, so a route with one
    needs a cluster that no route without it shares.

    Attributes:
        detection: the cluster's `outlier_detection`.
        error_matcher: `outlier_detection.error_matcher` of the cluster's HttpProtocolOptions.
    """

    detection: Json
    error_matcher: Json


@dataclass(slots=True)
class RouteBuild:
    """One route of the model on its way to Envoy.

    Attributes:
        route: the route.
        service: its service, if any.
        scopes: policies that act on it.
        name: unique in the file; Envoy's route name.
        filters: `typed_per_filter_config`: switches on what this route needs.
        action: fields of Envoy's route action (`timeout`, `retry_policy`, `hash_policy`, ...).
        instead: `direct_response` or `redirect` instead of the action.
        request_headers_to_add: Envoy's header options.
        request_headers_to_remove: header names.
        response_headers_to_add: Envoy's header options.
        response_headers_to_remove: header names.
        replies: marks of `LocalReplies` that this route uses.
        alternatives: entries in front of its own, the first wins.
        outlier: when its cluster leaves a host alone.
        body_limit: bytes of a body that its filters may hold (`request_body_buffer_limit` of
            Envoy's route, and of its alternatives); unset leaves Envoy's own, 1 MiB.
        refusal: why everybody is refused (law 2), if so.
    """

    route: Route
    service: Service | None
    scopes: Scopes
    name: str
    filters: Json = field(default_factory=dict)
    action: Json = field(default_factory=dict)
    instead: Json | None = None
    request_headers_to_add: list[Json] = field(default_factory=list)
    request_headers_to_remove: list[str] = field(default_factory=list)
    response_headers_to_add: list[Json] = field(default_factory=list)
    response_headers_to_remove: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    alternatives: list[Alternative] = field(default_factory=list)
    outlier: Outlier | None = None
    body_limit: int | None = None
    refusal: str | None = None

    def switch_on(self, name: str, override: Json | None = None) -> None:
        """Have a filter of the chain act on this route, with its own settings or others."""
        self.filters[name] = override or {"@type": FILTER_CONFIG, "config": {}}


@dataclass(slots=True)
class Clusters:
    """Clusters besides those of the services: token keys, external checks, copies."""

    _clusters: dict[str, Json] = field(default_factory=dict)

    def add(self, cluster: Json) -> str:
        """Have a cluster in the file; the first of a name stays. Returns its name."""
        return str(self._clusters.setdefault(cluster["name"], cluster)["name"])

    def render(self) -> list[Json]:
        """All clusters in the order in which they were first asked for."""
        return list(self._clusters.values())


def _as_named(name: str, grpc: bool) -> str:
    del grpc
    return name


@dataclass(slots=True)
class Shared:
    """What all routes of one bootstrap share.

    Attributes:
        gateway: the model (a view that notes what is read).
        context: reporting and the user's choices.
        filters: the filter chain.
        clusters: all clusters.
        replies: texts of refusals.
        upstream_cluster: gives the cluster of an upstream or service of the model, by its name.
        source_cluster: gives the cluster that carried settings call by its name, for gRPC or not.
        has_cluster: whether there is one of that name.
        effective: identities of the policies that act on any route.
    """

    gateway: Gateway
    context: ExportContext
    filters: HttpFilters = field(default_factory=HttpFilters)
    clusters: Clusters = field(default_factory=Clusters)
    replies: LocalReplies = field(default_factory=LocalReplies)
    upstream_cluster: Callable[[str], str] = str
    source_cluster: Callable[[str, bool], str] = _as_named
    has_cluster: Callable[[str], bool] = bool
    effective: set[int] = field(default_factory=set)
    _states: dict[type, Any] = field(default_factory=dict)

    def state(self, kind: type[S]) -> S:
        """What one part of the exporter remembers from route to route: made once a bootstrap."""
        if kind not in self._states:
            self._states[kind] = kind()
        found: S = self._states[kind]
        return found

    def refuse(self, build: RouteBuild, control: ModelNode, feature: str, reason: str) -> None:
        """An access control that Envoy cannot do: the route refuses everybody (law 2), unless the
        user allowed to leave it out.
        """
        self.context.claims.claim(control)  # what else it says makes no difference any more
        if self.context.options.allow_open:
            message = f"{reason}; left out because of --allow-open: everybody is let in"
            self.context.report.dropped(control, feature, message)
            return
        self.context.report.refused(control, feature, f"{reason}; everybody is refused with 403")
        build.refusal = build.refusal or reason
