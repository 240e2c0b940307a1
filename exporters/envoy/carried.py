"""What only Envoy can say, put back: filters that the model has no place for, and settings of the
extensions `envoy`.

Carried data came from a sound configuration, but what stands around it is written anew: whatever
it refers to has to be there, and where it is not, an access control closes its route (law 2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gal.claims import unwrap
from gal.exporters.envoy.build import FILTER_CONFIG, Json, RouteBuild, Shared
from gal.exporters.envoy.references import clusters_in, grpc_clusters_in, old_type_in, secrets_in
from gal.model import Extensions, Guard, Policies
from gal.redacted import TEXT, holds_redacted

PROVIDER = "envoy"
_FEATURE = "plugins"
_FIRST = frozenset(
    (
        *("cdn_loop", "geoip", "grpc_http1_bridge", "grpc_http1_reverse_bridge", "grpc_web"),
        *("header_to_metadata", "health_check", "ip_tagging", "json_to_metadata", "kill_request"),
        *("on_demand", "original_src", "set_filter_state", "set_metadata", "tap"),
        *("connect_grpc_bridge", "thrift_to_metadata", "alternate_protocols_cache"),
    )
)
"""Filters that tell others something, or whose answers do not depend on who asks."""

_MERGING = ("ext_proc", "custom_response")
_NETWORK_FILTER = "envoy.extensions.filters.network."
_NO_FILTER = frozenset(("client-certificate", "matcher", "route-match", "weighted_clusters"))


def own(extensions: Extensions) -> dict[str, Any]:
    """What is carried for Envoy; what is carried for others says nothing here."""
    return dict(extensions.get(PROVIDER) or {})


def plugins(build: RouteBuild, shared: Shared) -> None:
    """The filters that the narrowest scope with any of Envoy's has kept for it."""
    for level in build.scopes.levels:
        kept = level.plugins.get(PROVIDER)
        if kept:
            _put_back(kept, level, build, shared)
            return


def _put_back(kept: Iterable[Any], level: Policies, build: RouteBuild, shared: Shared) -> None:
    before: dict[str, list[str]] = {}
    filters = [(one, _Filter.of(one)) for one in kept]
    filters.sort(key=lambda pair: pair[1] is not None and pair[1].kind not in _FIRST)
    for _, found in filters:
        problem = "it is no filter" if found is None else found.problem(shared)
        if found is None or problem is not None:
            name = found.name if found is not None else "plugins"
            message = f'the filter "{name}" is not put back: {problem}'
            shared.context.report.dropped(level, _FEATURE, message)
            continue
        stage = "carried_first" if found.kind in _FIRST else "carried_last"
        if len(found.overrides) > 1 and found.kind in _MERGING:
            message = f'"{found.name}" has the settings of the narrowest scope only'
            shared.context.report.approximated(level, _FEATURE, message)
        found.switch_on(stage, before.setdefault(stage, []), build, shared)


def guard(control: Guard, build: RouteBuild, shared: Shared) -> str | None:
    """Put back an access control that is an HTTP filter.

    Returns:
        why that cannot be done exactly, or None where it acts on the route now.
    """
    found = None if control.name in _NO_FILTER else _Filter.of(unwrap(control).config)
    if found is None:
        return f'"{control.name}" is no HTTP filter that could be put back'
    problem = found.problem(shared)
    if problem is None and len(found.overrides) > 1 and found.kind in _MERGING:
        problem = "several scopes have settings for it"
    if problem is not None:
        return f'the access control "{control.name}" cannot be put back: {problem}'
    shared.context.claims.claim(control)
    found.switch_on("carried_guard", shared.state(_Sequence).of(build), build, shared)
    return None


@dataclass(slots=True)
class _Sequence:
    """The access controls of the route that is being built, in their order."""

    route: int = 0
    names: list[str] = field(default_factory=list)

    def of(self, build: RouteBuild) -> list[str]:
        """Those of a route so far."""
        if self.route != id(build):
            self.route, self.names = id(build), []
        return self.names


@dataclass(slots=True)
class _Filter:
    """A filter as it is kept: its entry in the chain, and the settings of narrower scopes, the
    narrowest first.
    """

    name: str
    entry: Json
    overrides: list[Json]

    @classmethod
    def of(cls, value: Any) -> _Filter | None:
        """A kept filter; None for what is none."""
        if not isinstance(value, dict) or not isinstance(value.get("name"), str):
            return None
        entry = {key: below for key, below in value.items() if key != "overrides"}
        overrides = [one for one in value.get("overrides") or [] if isinstance(one, dict)]
        return cls(value["name"], entry, overrides)

    @property
    def type(self) -> str:
        """The message of its settings; empty where the entry does not say it."""
        for key in ("typed_config", "typedConfig"):
            config = self.entry.get(key)
            if isinstance(config, dict):
                url = config.get("type_url") or config.get("typeUrl") or config.get("@type")
                return str(url or "").rsplit("/", 1)[-1]
        return ""

    @property
    def kind(self) -> str:
        """Which of Envoy's filters it is: the last part of its canonical name."""
        parts = self.type.split(".")
        return parts[-3] if len(parts) > 3 else self.name.rsplit(".", 1)[-1]

    def problem(self, shared: Shared) -> str | None:
        """Why it cannot stand in the chain; None where it can."""
        discovered = any(key in self.entry for key in ("config_discovery", "configDiscovery"))
        if not self.type and not discovered:
            return "its settings do not say of which type they are, which Envoy 3 asks for"
        if self.type.startswith(_NETWORK_FILTER):
            return "it is a network filter"
        if self.type.endswith(".router.v3.Router"):
            return "the router ends the chain, and its filters act on all routes"
        return unsound([self.entry, self.overrides], shared)

    def switch_on(self, stage: str, before: list[str], build: RouteBuild, shared: Shared) -> None:
        """Have it act on a route, behind those that stand before it."""
        refer(self.entry, shared)
        refer(self.overrides, shared)
        name = shared.filters.put_back(stage, self.entry, before)
        before.append(name)
        override = self.overrides[0] if self.overrides else {"@type": FILTER_CONFIG, "config": {}}
        build.switch_on(name, override)


def unsound(value: Any, shared: Shared) -> str | None:
    """Why carried settings would not load, or would not do what they did; None where they would."""
    if holds_redacted(value):
        return f"{TEXT} stands for secrets that are not known"
    old = old_type_in(value)
    if old is not None:
        return f"Envoy 3 does not know settings of the type {old}"
    for name in clusters_in(value):
        if not shared.has_cluster(name):
            return f'there is no cluster "{name}"'
    for name in secrets_in(value):
        return f'the secret "{name}" is not in the file'
    return None


def refer(value: Any, shared: Shared) -> None:
    """Have the clusters in the file that carried settings refer to."""
    grpc = grpc_clusters_in(value)
    for name in clusters_in(value):
        shared.source_cluster(name, name in grpc)
