"""HTTP filters as policies of routes.

A filter acts where the chain, or the narrowest scope that speaks of it, does not switch it off;
of its settings those of the narrowest scope count. Keys of `typed_per_filter_config` are names of
filters in the chain: one that names none is passed over, as Envoy does.

Source: https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/http_filters#route-based-filter-chain
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy import (
    access,
    api_key_auth,
    basic_auth,
    consumers,
    cors,
    forward_auth,
    header_mutation,
    jwt_auth,
    jwt_providers,
    lua,
    rate_limit,
    sessions,
    traffic,
)
from gal.importers.envoy.carried import keep
from gal.importers.envoy.chain import (
    Chain,
    HttpFilter,
    Override,
    Overrides,
    Scope,
    canonical,
    take_typed,
)
from gal.importers.envoy.classify import CARRIED, GUARDS, PREFIX, sounds_guarding
from gal.importers.envoy.merging import Merged, merge
from gal.importers.envoy.use import AUTHENTICATION, Reading, Use, carried, guarded
from gal.ledger import Fate, Level
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Shared
    from gal.model import Gateway, Route
    from gal.reading import Node

_READERS: dict[str, Callable[[Use], Reading]] = {
    "api_key_auth": api_key_auth.read,
    "basic_auth": basic_auth.read,
    "buffer": traffic.size_limit,
    "compressor": traffic.compression,
    "cors": cors.read,
    "ext_authz": forward_auth.read,
    "fault": traffic.fault,
    "gzip": traffic.compression,
    "header_mutation": header_mutation.read,
    "jwt_authn": jwt_auth.read,
    "local_ratelimit": rate_limit.read,
    "lua": lua.read,
    "rbac": access.read,
    "router": traffic.router,
    "stateful_session": sessions.read,
}
_GIVEN: dict[str, Callable[[Use, Route, Mapping], Any]] = {
    "jwt_authn": jwt_auth.given,
    "local_ratelimit": rate_limit.given,
}
"""What else of a route decides on what a filter does there: hashable."""

_BY_MATCHER = "matching.v3.ExtensionWithMatcher"
_ACCESS = frozenset(("api_key_auth", "basic_auth", "ext_authz", "jwt_authn", "rbac", *GUARDS))


@dataclass(slots=True)
class _Index:
    """The filters of a chain by the keys that scopes may use."""

    chain: Chain
    always: list[int] = field(default_factory=list)
    by_name: dict[str, list[int]] = field(default_factory=dict)
    by_canonical: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, chain: Chain) -> _Index:
        """The index of a chain."""
        found = cls(chain)
        for at, one in enumerate(chain.filters):
            if not one.disabled:
                found.always.append(at)
            found.by_name.setdefault(one.name, []).append(at)
            found.by_canonical.setdefault(canonical(one.name), []).append(at)
            if one.kind != canonical(one.name):
                found.by_canonical.setdefault(f"={one.kind}", []).append(at)
        return found

    def places(self, key: str, override: Override) -> list[int]:
        """The filters that a key of a scope means. `cors` of Envoy 2's routes means the filter
        of that kind, whatever it is called.
        """
        found = self.by_name.get(key) or self.by_canonical.get(canonical(key), [])
        if not found and override.node.key == "cors":
            found = self.by_canonical.get(f"={canonical(key)}", [])
        return found


@dataclass(slots=True)
class _Filters:
    """What is remembered from route to route."""

    indexes: dict[int, _Index] = field(default_factory=dict)
    readings: dict[tuple[Any, ...], Reading] = field(default_factory=dict)
    merged: dict[tuple[Any, ...], Merged] = field(default_factory=dict)
    seen: dict[int, tuple[Node, str]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


def place_filters(
    route: Route, chain: Chain, overrides: Overrides, shared: Shared, *, where: Mapping
) -> None:
    """Set the policies of a route that the filters of its chain stand for.

    Args:
        route: with its match and action.
        chain: the filters that its requests pass.
        overrides: what its scopes say of them.
        shared: what all routes share.
        where: Envoy's route.
    """
    state = shared.state(_Filters)
    index = state.indexes.get(id(chain))
    if index is None:
        index = state.indexes[id(chain)] = _Index.of(chain)
        for one in chain.filters:
            state.seen[id(one.node)] = (one.node, "it acts on no route")
    by_cluster = _by_cluster(route, overrides)
    key: list[tuple[Any, ...]] = []
    readings: list[Reading] = []
    for one, scopes in _acting(index, overrides, by_cluster, state, shared):
        use = Use(one, [item for item in scopes if item.config is not None], chain, shared)
        state.used.add(id(one.node))
        state.used.update(id(item.node) for item in scopes)
        if short(one) == "ratelimit":
            rate_limit.keep_descriptors(route, where, shared)
        name = short(one)
        given = _GIVEN[name](use, route, where) if name in _GIVEN else None
        mark = (id(one.node), *(id(item.node) for item in use.overrides), given)
        use.given = given
        if mark not in state.readings:
            state.readings[mark] = _read(use)
        key.append(mark)
        readings.append(state.readings[mark])
    whole = tuple(key)
    if whole not in state.merged:
        state.merged[whole] = merge(readings, shared)
    state.merged[whole].put(route, where, chain, shared)
    if by_cluster is None:
        _settle_clusters(route, index, overrides, shared)


def finish_filters(gateway: Gateway, shared: Shared) -> None:
    """What is left once all routes have their policies: consumers, routes that are split, and
    filters that act nowhere.
    """
    state = shared.state(_Filters)
    jwt_auth.split_routes(gateway, shared)
    jwt_providers.unused(shared)
    consumers.finish(gateway, shared)
    for identity, (node, message) in state.seen.items():
        if identity not in state.used:
            node.take_all()
            shared.report.at(node, Fate.DROPPED, Level.INFO, "plugins", message)
    for node, _ in state.seen.values():
        _take_hidden(node, shared)


def _take_hidden(node: Node, shared: Shared) -> None:
    """Settings of the chain that every scope replaces have no effect."""
    config = getattr(node, "entries", {}).get(getattr(node, "spelt", str)("typed_config"))
    taken = getattr(config, "taken", None)
    if config is None or taken is None or config.all_taken or taken - {"@type"}:
        return
    if any(key != "@type" for key in config.untaken()):
        config.take_all()
        message = "narrower scopes hide it everywhere"
        shared.report.at(config, Fate.DROPPED, Level.INFO, "plugins", message)


def short(one: HttpFilter) -> str:
    """The name of a filter's kind; the whole type where it is none of Envoy's HTTP filters."""
    return one.kind.removeprefix(PREFIX)


def _acting(
    index: _Index,
    overrides: Overrides,
    by_cluster: Scope | None,
    state: _Filters,
    shared: Shared,
) -> Iterable[tuple[HttpFilter, list[Override]]]:
    """The filters that act on a route, in their order, with what its scopes say of them."""
    said: dict[int, list[Override]] = {}
    scopes = [*([by_cluster] if by_cluster else []), *overrides.scopes()]
    for scope in scopes:
        for key, override in scope.items():
            places = index.places(key, override)
            node = override.node
            if places:
                message = "narrower scopes hide it everywhere"
            else:
                message = f'Envoy passes over it: no filter of the chain is called "{key}"'
            state.seen.setdefault(id(node), (node, message))
            for at in places:
                said.setdefault(at, []).append(override)
    del shared
    for at in sorted({*index.always, *said}):
        one = index.chain.filters[at]
        scoped = said.get(at, [])
        off = scoped[0].disabled is True if scoped else one.disabled
        if off:
            state.used.add(id(one.node)) if not one.disabled else None
            _take_switches(scoped, state)
            continue
        yield one, scoped


def _take_switches(scoped: list[Override], state: _Filters) -> None:
    """What switches a filter off has done all it can."""
    state.used.add(id(scoped[0].node)) if scoped else None
    if scoped:
        scoped[0].node.take_all()


def _read(use: Use) -> Reading:
    """What a filter is in the model."""
    name = short(use.filter)
    if use.filter.node.has("config_discovery"):
        return (
            guarded(use, "its settings come from a control plane")
            if _is_access(use)
            else (carried(use, "its settings come from a control plane"))
        )
    for one in use.overrides:
        if one.kind and one.kind != use.filter.kind and canonical(one.kind) != use.filter.kind:
            return guarded(use, "its settings are of another kind than the filter")
    if name.endswith(_BY_MATCHER):
        return _matched(use)
    reader = _READERS.get(name)
    names = [use.filter.name, name]
    if any(one in use.shared.context.options.treat_as_auth for one in names):
        return guarded(use, "it is to be treated as one")
    if reader is not None:
        return reader(use)
    if name in GUARDS:
        return guarded(use, GUARDS[name])
    if name in CARRIED:
        level, message = CARRIED[name]
        return carried(use, message, level)
    if sounds_guarding(*names):
        return guarded(use, "its name says so")
    return carried(use, f"only Envoy knows what the filter {use.filter.name or name} does")


def _matched(use: Use) -> Reading:
    """A filter that a tree of matchers passes over for some requests."""
    inner = use.base.peek("extension_config")
    found = take_typed(inner) if isinstance(inner, Mapping) else None
    kind = found.kind.removeprefix(PREFIX) if found is not None else ""
    if kind in _ACCESS or kind not in {*_READERS, *CARRIED} - {"fault", "lua"}:
        return guarded(use, "a tree of matchers says on which requests it acts")
    names = [use.filter.name, inner.take_str("name", "") if isinstance(inner, Mapping) else ""]
    if sounds_guarding(*names):
        return guarded(use, "its name says so")
    return carried(use, f"only Envoy has {kind} act on the requests that a tree of matchers picks")


def _is_access(use: Use) -> bool:
    name = short(use.filter)
    return name in _ACCESS or sounds_guarding(name, use.filter.name)


def _by_cluster(route: Route, overrides: Overrides) -> Scope | None:
    """What all clusters of a route say alike, which is as if the route said it; None where they
    differ.
    """
    found = list(overrides.weighted_cluster.values())
    if not found:
        return {}
    first = {key: one.node.plain() for key, one in found[0].items()}
    alike = all({key: one.node.plain() for key, one in scope.items()} == first for scope in found)
    if not alike or len(found) != max(len(route.backends), 1):
        return None
    for scope in found[1:]:
        for one in scope.values():
            one.node.take_all()
    return found[0]


def _settle_clusters(route: Route, index: _Index, overrides: Overrides, shared: Shared) -> None:
    """Filters that act differently for each cluster: access controls close the route."""
    kept: dict[str, Any] = {}
    closed: list[str] = []
    at = None
    for cluster, scope in overrides.weighted_cluster.items():
        for key, override in scope.items():
            override.node.take_all()
            at = override.node
            kept.setdefault(cluster, {})[key] = override.node.plain()
            for place in index.places(key, override):
                one = index.chain.filters[place]
                if short(one) in _ACCESS or sounds_guarding(short(one), one.name):
                    closed.append(one.name)
    if at is None:
        return
    message = "only Envoy has settings of filters for each cluster of a route"
    if closed:
        from gal.importers.envoy.merging import add_guard
        from gal.model import Guard, Origin

        message += ": an access control is among them, so any other gateway refuses everybody"
        control = Guard("weighted_clusters", "envoy", {"filters": kept}, origin=Origin(at, {}))
        add_guard(route.policies, control)
    shared.report.at(
        at, Fate.CARRIED, Level.WARNING, AUTHENTICATION if closed else "plugins", message
    )
    keep(route.extensions, {"weighted_cluster_filters": kept})
