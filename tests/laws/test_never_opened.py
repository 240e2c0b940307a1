"""What was closed stays closed, on every provider, told by reading back what was written.

A generated gateway gets one access control; it is written for a provider and read again. Whoever
is refused by the control in the first model is let in by no route of the second.
"""

from __future__ import annotations

import copy
from dataclasses import fields

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from gal import model as m
from gal import registry
from gal.codec import decode, encode
from gal.convert import read_gateway, write_gateway
from gal.errors import InputError
from gal.ledger import Ledger
from gal.reading import read_documents
from gal.tracing.decision import Decision, Outcome
from gal.tracing.request import Request
from gal.tracing.tracer import Tracer
from gal.verify.derive.base import grounds
from gal.writing import render
from tests.laws.test_export import CONTROLS, GENERATED, served

TARGETS = sorted(set(registry.exporters()) & set(registry.importers()))
KINDS = {m.IpAccess: "ip_access", m.Acl: "acl"}
CLOSING = frozenset(("route", "user_agent", "ip_access", "authentication", "acl"))


def placed(gateway: m.Gateway) -> m.Gateway:
    """The model as a file says it, so that everything has a place."""
    document = read_documents(render(encode(gateway)), "gal.yaml")[0]
    return decode(document.root, m.Gateway)


def there_and_back(gateway: m.Gateway, target: str) -> m.Gateway:
    """What the provider's own importer makes of what its exporter writes."""
    files = write_gateway(placed(gateway), target, Ledger())
    documents = [
        document
        for file in files
        for document in read_documents(render(file.data), file.name)
        if registry.importer(target).recognise(document)
    ]
    return read_gateway(documents, source=target).gateway


def without_foreign(gateway: m.Gateway) -> m.Gateway:
    """Without made-up plugins, which no provider would read back."""
    routes = [route for _, route in gateway.walk_routes()]
    owners: list[m.Gateway | m.Service | m.Route | m.Consumer] = [gateway, *gateway.services]
    for owner in [*owners, *routes, *gateway.consumers]:
        owner.policies.plugins = {}
        owner.extensions = {}
        for item in fields(owner.policies):
            policy = getattr(owner.policies, item.name)
            if isinstance(policy, m.Policy):
                policy.extensions = {}
    return gateway


def on_its_port(gateway: m.Gateway) -> m.Gateway:
    """With the gateway's own port wherever a route asks for one: nobody comes to any other."""
    for _, route in gateway.walk_routes():
        for one in route.destinations:
            one.port = one.port and gateway.settings.port
    return gateway


def reached(gateway: m.Gateway, request: Request) -> bool:
    """Whether a request comes to the one port that a gateway without listeners has."""
    return request.port is None or (request.port, request.scheme) == (gateway.settings.port, "http")


def lets_in(decision: Decision) -> bool:
    """Whether a request gets to an upstream, with nothing on the way that only a gateway knows."""
    return decision.upstream is not None and not is_guarded(decision)


def kept_out(decision: Decision) -> bool:
    """Whether a request may not enter; limits and answers to everybody say nothing of that."""
    last = decision.steps[-1]
    refused = last.outcome is Outcome.REFUSED and last.policy in CLOSING
    return refused or is_guarded(decision)


def is_guarded(decision: Decision) -> bool:
    """Whether somebody is asked whom only a running gateway knows."""
    return any(
        step.outcome is Outcome.UNKNOWN and step.policy == "authentication"
        for step in decision.steps
    )


@pytest.mark.parametrize("target", TARGETS)
@given(gateway=served(), name=st.sampled_from(sorted(CONTROLS)))
@GENERATED
def test_nobody_gets_in_who_was_kept_out(gateway: m.Gateway, target: str, name: str) -> None:
    control = copy.deepcopy(CONTROLS[name][0])
    gateway = on_its_port(without_foreign(gateway))
    policies = gateway.services[0].routes[0].policies
    setattr(policies, KINDS.get(type(control), "authentication"), control)
    before = Tracer(gateway)
    refused = [
        ground.request
        for ground in grounds(gateway)
        if ground.route.name == "one-0"
        and reached(gateway, ground.request)
        and kept_out(before.trace(ground.request))
    ]
    try:
        after = Tracer(there_and_back(gateway, target))
    except InputError:
        reject()  # a made-up name that the provider refuses: nobody gets in there
    for request in refused:
        assert not lets_in(after.trace(request)), request
