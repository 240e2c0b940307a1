"""Filters of Envoy that protect something by their name, and that do nothing.

Sources: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto,
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/rbac/v3/rbac.proto and
https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.controls import KINDS
from gal.lint.envoy_files import Manager, managers
from gal.lint.envoy_messages import messages, percent
from gal.lint.finding import Edit
from gal.lint.peeking import at, flag, items, mappings, section, text
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.importers.envoy.chain import HttpFilter
    from gal.lint.subject import Subject
    from gal.reading import Node

_SWITCHES = ("filter_enabled", "filter_enforced")
_ALL = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


@dataclass(frozen=True, slots=True)
class Inert:
    """Something that does nothing.

    Attributes:
        node: where.
        key: the field that makes it so; empty where a default does.
        name: of the filter's kind.
        why: in words, behind the name.
        edits: what would have it act.
    """

    node: Mapping
    key: str
    name: str
    why: str
    edits: tuple[Edit, ...] = ()


def inert(subject: Subject) -> Iterator[Inert]:
    """All of them, those in routes included."""
    switched_on = _keys_of_runtime(subject)
    yield from _buckets(subject, switched_on)
    rules = any(
        at(one, "rbac.rules") or at(one, "rbac.matcher") for one in _own(subject, "RBACPerRoute")
    )
    named = any(text(one, "requirement_name") for one in _own(subject, "PerRouteConfig"))
    for manager in managers(subject):
        for one in manager.filters:
            kind = one.kind.rpartition(".")[2]
            if one.disabled:
                if kind in KINDS and not _is_named(one, manager):
                    yield Inert(
                        one.node, "disabled", kind, "is switched off, and no route switches it on"
                    )
            elif kind == "rbac" and not rules:
                yield from _rules(one)
            elif kind == "jwt_authn" and not named:
                yield from _tokens(one)
            elif kind == "ext_authz":
                yield from _checks(one, switched_on)


def _own(subject: Subject, name: str) -> list[Mapping]:
    return messages(subject, name)


def _buckets(subject: Subject, switched_on: frozenset[str]) -> Iterator[Inert]:
    for node in messages(subject, "LocalRateLimit"):
        if not node.has("stat_prefix") or at(node, "token_bucket") is None:
            continue  # that of connections, or one that only routes fill in
        off = [key for key in _SWITCHES if _is_off(node, key, switched_on)]
        if off:
            written = next((key for key in off if node.has(key)), "")
            why = f"limits nobody: {' and '.join(off)} " + (
                "is 0 %" if len(off) == 1 else "are 0 %"
            )
            why += "" if written else " by default"
            edits = tuple(Edit(node, node.spelt(key), _ALL) for key in off)
            yield Inert(node, written, "local_ratelimit", why, edits)


def _is_off(node: Mapping, key: str, switched_on: frozenset[str]) -> bool:
    share = at(node, key)
    if share is None:
        return True
    return percent(share) == 0 and (text(share, "runtime_key") or "") not in switched_on


def _rules(one: HttpFilter) -> Iterator[Inert]:
    config = one.config
    if config is None or at(config, "matcher") is not None:
        return
    if at(config, "rules") is not None:
        if text(config, "rules.action") in ("LOG", "2"):
            yield Inert(config, "rules", "rbac", "refuses nobody: its rules only mark requests")
        return
    shadow = next((key for key in ("shadow_rules", "shadow_matcher") if config.has(key)), "")
    why = "it only counts whom its rules would refuse" if shadow else "it has no rules"
    yield Inert(config, shadow, "rbac", f"refuses nobody: {why}")


def _tokens(one: HttpFilter) -> Iterator[Inert]:
    config = one.config
    if config is None or at(config, "providers") is None:
        return
    if not items(config, "rules") and at(config, "filter_state_rules") is None:
        yield Inert(config, "providers", "jwt_authn", "asks nobody for a token: it has no rules")


def _checks(one: HttpFilter, switched_on: frozenset[str]) -> Iterator[Inert]:
    share = at(one.config, "filter_enabled")
    if share is None or percent(share) != 0 or text(share, "runtime_key") in switched_on:
        return
    if not flag(one.config, "deny_at_disable.default_value") and one.config is not None:
        yield Inert(
            one.config, "filter_enabled", "ext_authz", "checks nobody: it is enabled for 0 %"
        )


def _is_named(one: HttpFilter, manager: Manager) -> bool:
    """Whether a route, or what stands around it, speaks of a filter."""
    scopes: list[Node | None] = [manager.table]
    for host, route in manager.routes():
        scopes += [host, route, *items(route, "route.weighted_clusters.clusters")]
    return any(
        key in (one.name, one.kind)
        for scope in scopes
        for key, _ in mappings(scope, "typed_per_filter_config")
    )


def _keys_of_runtime(subject: Subject) -> frozenset[str]:
    """Keys that a static layer of the runtime sets to more than nothing."""
    found: set[str] = set()
    for root in subject.roots():
        for layer in items(root, "layered_runtime.layers"):
            pending = [("", section(layer, "static_layer"))]
            while pending:
                before, node = pending.pop()
                for key, below in node.entries.items() if node is not None else ():
                    name = f"{before}.{key}" if before else key
                    if (
                        isinstance(below, Mapping)
                        and not {"numerator", "denominator"} & below.keys()
                    ):
                        pending.append((name, below))
                    elif not isinstance(below, Sequence) and str(below.plain()) != "0":
                        found.add(name)
    return frozenset(found)
