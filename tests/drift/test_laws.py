"""What holds for every configuration: nothing changed is told as nothing, however it is spelled."""

from __future__ import annotations

import copy
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gal import model as m
from gal import registry
from gal.convert import write_gateway
from gal.drift.change import Drift
from gal.drift.conversion import read_back
from gal.drift.engine import compare
from gal.drift.report.text import render
from gal.ledger import Ledger
from gal.model import Gateway
from tests.drift.mutations import placed
from tests.laws.strategies import gateways
from tests.laws.test_export import GENERATED, served

ORDERED = [one for one in m.RouteOrder if one is not m.RouteOrder.ENVOY]
"""Gateways whose order of routes does not follow the file."""


def shuffled(gateway: Gateway, seed: int) -> Gateway:
    """The same in another order, where the order decides nothing."""
    made = copy.deepcopy(gateway)
    shuffle = random.Random(seed).shuffle
    for inner in (made.upstreams, made.consumers, made.certificates, made.listeners):
        shuffle(inner)
    for policies in [made.policies, *(one.policies for one in made.services)]:
        for access in (policies.ip_access, policies.acl):
            if access is not None:
                shuffle(access.allow)
                shuffle(access.deny)
        if policies.cors is not None:
            shuffle(policies.cors.allowed_origins)
            shuffle(policies.cors.allowed_methods)
    for _, route in made.walk_routes():
        shuffle(route.methods)
        shuffle(route.hosts)
        shuffle(route.tags)
    return made


def renamed(gateway: Gateway) -> Gateway:
    """The same with other names of what has a name that traffic does not see."""
    made = copy.deepcopy(gateway)
    names, routes = _other_names(made)
    for service in made.services:
        if isinstance(service.upstream, str):
            service.upstream = names.get(service.upstream, service.upstream)
    for _, route in made.walk_routes():
        route.upstream = names.get(route.upstream or "", route.upstream)
        for backend in route.backends:
            backend.upstream = names.get(backend.upstream, backend.upstream)
        _mirrored(route.policies, names)
    for scoped in made.scoped_policies:
        scoped.route = routes.get(scoped.route or "", scoped.route)
        scoped.service = names.get(scoped.service or "", scoped.service)
    for policies in [made.policies, *(one.policies for one in made.services)]:
        _mirrored(policies, names)
    return made


def _other_names(made: Gateway) -> tuple[dict[str, str], dict[str, str]]:
    """Rename services, upstreams and routes; the new names by the old ones."""
    names: dict[str, str] = {}
    for service in made.services:
        if service.name is not None:
            service.name = names.setdefault(service.name, f"renamed {service.name}")
    for upstream in made.upstreams:
        if upstream.name is not None:
            upstream.name = names.setdefault(upstream.name, f"renamed {upstream.name}")
    routes: dict[str, str] = {}
    for _, route in made.walk_routes():
        if route.name is not None:
            route.name = routes.setdefault(route.name, f"renamed {route.name}")
    return names, routes


def _mirrored(policies: m.Policies, names: dict[str, str]) -> None:
    if policies.mirror is not None:
        policies.mirror.upstream = names.get(policies.mirror.upstream, policies.mirror.upstream)


def only_cosmetic(drift: Drift) -> bool:
    if not drift.empty:
        print(render(drift, cosmetic=True, verbose=True))  # the failure's own account
    return drift.empty


@given(gateway=gateways())
@GENERATED
def test_anything_against_itself(gateway: Gateway) -> None:
    assert compare(gateway, copy.deepcopy(gateway)).changes == ()


@given(gateway=served())
@GENERATED
def test_what_is_served_against_itself(gateway: Gateway) -> None:
    assert compare(placed(gateway), placed(gateway)).changes == ()


@given(gateway=served(), seed=st.integers(0, 1000))
@GENERATED
def test_another_order(gateway: Gateway, seed: int) -> None:
    assert only_cosmetic(compare(gateway, shuffled(gateway, seed)))


@pytest.mark.parametrize("order", ORDERED)
@given(gateway=served())
@GENERATED
def test_another_order_of_services(gateway: Gateway, order: m.RouteOrder) -> None:
    """Routes of services that take different requests may stand in any order."""
    gateway.settings.route_order = order
    for service in gateway.services:
        for route in service.routes:
            route.hosts = [f"{route.name}.example"]
    turned = copy.deepcopy(gateway)
    turned.services.reverse()
    assert only_cosmetic(compare(gateway, turned))


@given(gateway=served())
@GENERATED
def test_other_names(gateway: Gateway) -> None:
    assert only_cosmetic(compare(gateway, renamed(gateway)))


@given(gateway=gateways())
@GENERATED
def test_any_other_names(gateway: Gateway) -> None:
    gateway.services = [one for one in gateway.services if _alone(one.name, gateway)]
    gateway.upstreams = [one for one in gateway.upstreams if _alone(one.name, gateway)]
    assert only_cosmetic(compare(gateway, renamed(gateway)))


def _alone(name: str | None, gateway: Gateway) -> bool:
    """Whether a name stands for one service or upstream only: of two nobody can say which."""
    named = [one.name for one in gateway.services] + [one.name for one in gateway.upstreams]
    return name is None or named.count(name) == 1


@given(gateway=served())
@GENERATED
def test_an_upstream_by_its_name_is_the_same_as_in_its_place(gateway: Gateway) -> None:
    made = copy.deepcopy(gateway)
    for service in made.services:
        if isinstance(service.upstream, m.Upstream):
            made.upstreams.append(service.upstream)
            service.upstream = service.upstream.name
    assert only_cosmetic(compare(gateway, made))


TARGETS = [name for name in registry.exporters() if name != "gal"]


@pytest.mark.parametrize("target", TARGETS)
@given(gateway=served())
@settings(GENERATED, max_examples=25)
def test_a_conversion(target: str, gateway: Gateway) -> None:
    """A model and what is written of it differ in nothing but what the other gateway cannot say."""
    scopes = [gateway.policies, *(one.policies for one in gateway.services)]
    scopes += [route.policies for _, route in gateway.walk_routes()]
    scopes += [one.policies for one in gateway.consumers]
    for policies in scopes:
        policies.plugins = {}  # generated ones have no names
    source = placed(gateway)
    back = read_back(write_gateway(source, target, Ledger()), target).gateway
    assert only_cosmetic(compare(source, back, old_provider="gal", new_provider=target))


@given(old=served(), new=served())
@GENERATED
def test_both_directions(old: Gateway, new: Gateway) -> None:
    """Something is told from old to new if and only if it is told from new to old. Which of several
    routes that are alike form a pair may depend on the side that is asked first.
    """
    there, back = compare(old, new), compare(new, old)
    assert there.empty is back.empty
