"""What exporters do with models that nobody wrote: loadable, repeatable, nothing silent, nothing
opened.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from gal import model as m
from gal.claims import Claims
from gal.codec import decode, encode
from gal.codec.plan import plan_of
from gal.context import ExportOptions
from gal.convert import write_gateway
from gal.ledger import Ledger, Level
from gal.reading import read_documents
from gal.writing import render
from tests.gateways.envoy import validate
from tests.laws.strategies import PATHS, nodes

GENERATED = settings(
    max_examples=100,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink such models takes minutes
    deadline=None,
    derandomize=True,  # the same models in every run: a failure is the change's own
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
TARGETS = ["apisix", "envoy", "kong", "traefik"]
KINDS = {item.name: item.hint for item in plan_of(m.Policies).items if item.name != "plugins"}


@st.composite
def served(draw: st.DrawFn) -> m.Gateway:
    """A gateway with two services, consumers, and policies at every scope."""
    consumers = draw(st.lists(nodes(m.Consumer), max_size=2, unique_by=lambda one: one.name))
    services = []
    for name in ("one", "two"):
        routes = draw(st.lists(nodes(m.Route), min_size=1, max_size=2))
        for number, route in enumerate(routes):
            route.name = f"{name}-{number}"
            route.upstream = None
            route.backends = []
            if not route.paths:
                route.paths = [m.PathMatch(path_prefix=draw(PATHS))]
            _named_mirrors(route.policies)
        policies = draw(nodes(m.Policies))
        _named_mirrors(policies)
        upstream = m.Upstream(name=name, targets=[m.Target("127.0.0.1", 8080)])
        services.append(m.Service(name=name, upstream=upstream, routes=routes, policies=policies))
    return m.Gateway(services=services, consumers=consumers, policies=draw(nodes(m.Policies)))


def _named_mirrors(policies: m.Policies) -> None:
    if policies.mirror is not None:
        policies.mirror.upstream = "two"


def written(gateway: m.Gateway, target: str, *, open_: bool = False) -> tuple[str, Ledger]:
    """The output and the ledger; the model goes through a file, so that entries have places."""
    ledger = Ledger()
    document = read_documents(render(encode(gateway)), "gal.yaml")[0]
    placed = decode(document.root, m.Gateway)
    files = write_gateway(placed, target, ledger, options=ExportOptions(allow_open=open_))
    return "".join(render(file.data) for file in files), ledger


@pytest.mark.gateway
@given(served())
@settings(GENERATED, max_examples=50)
def test_envoy_loads_whatever_is_written(gateway: m.Gateway) -> None:
    text, _ = written(gateway, "envoy")
    assert validate(text) is None


@pytest.mark.parametrize("target", TARGETS)
@given(gateway=served())
@GENERATED
def test_twice_the_same(gateway: m.Gateway, target: str) -> None:
    text, ledger = written(gateway, target)
    again, ledger_again = written(copy.deepcopy(gateway), target)
    assert text == again
    assert list(ledger) == list(ledger_again)


@pytest.mark.parametrize("target", TARGETS)
@given(gateway=served(), data=st.data())
@GENERATED
def test_no_policy_is_lost_in_silence(gateway: m.Gateway, data: st.DataObject, target: str) -> None:
    """With one policy more, either the output or the ledger is another one."""
    kind = data.draw(st.sampled_from(sorted(KINDS)), label="kind")
    policy = data.draw(nodes(KINDS[kind], depth=2), label="policy")
    policy.enabled, policy.extensions = True, {}
    assume(_says_anything(encode(policy)))
    route = gateway.services[0].routes[0]
    for policies in (route.policies, gateway.services[0].policies, gateway.policies):
        for name in {kind, "direct_response", "redirect"}:  # behind those nothing else acts
            setattr(policies, name, None)
    text, ledger = written(gateway, target)
    setattr(route.policies, kind, policy)
    _named_mirrors(route.policies)
    text_with, ledger_with = written(gateway, target)
    closed = any(entry.level is Level.ERROR for entry in ledger)  # nothing else acts there
    assert closed or (text, _told(ledger)) != (text_with, _told(ledger_with))


def _says_anything(data: Any) -> bool:
    """Whether there is a value anywhere, and not only empty lists and mappings."""
    if isinstance(data, dict):
        return any(_says_anything(below) for below in data.values())
    if isinstance(data, list):
        return any(_says_anything(below) for below in data)
    return True


def _told(ledger: Ledger) -> list[str]:
    return [f"{entry.level}{entry.path}{entry.message}" for entry in ledger]


KEY = m.ApiKey(m.Secret("k"), "n")
CONTROLS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "a key": (
        m.Authentication(api_key=m.ApiKeyAuth(keys=[KEY], hide_credentials=True)),
        ("gal.api_key",),
    ),
    "a password": (
        m.Authentication(basic=m.BasicAuth(users=[m.BasicUser("u", m.Secret("p"))])),
        ("gal.basic",),
    ),
    "a password that Envoy cannot check": (
        m.Authentication(basic=m.BasicAuth(users=[m.BasicUser("u", None, m.Secret("$2y$05$x"))])),
        (),
    ),
    "a token": (
        m.Authentication(jwt=m.JwtAuth(issuer="i", jwks_uri="http://keys.example/jwks")),
        ("gal.jwt",),
    ),
    "an external check": (
        m.Authentication(forward=m.ForwardAuth("http://auth.example/check")),
        ("gal.forward",),
    ),
    "what only another gateway can": (
        m.Authentication(guards=[m.Guard("ldap-auth", "kong")]),
        (),
    ),
    "a key and a token": (
        m.Authentication(
            require=m.Require.ALL,
            api_key=m.ApiKeyAuth(keys=[KEY]),
            jwt=m.JwtAuth(jwks_uri="http://keys.example/jwks"),
        ),
        ("gal.api_key", "gal.jwt"),
    ),
    "addresses": (m.IpAccess(allow=["10.0.0.0/8"]), ("gal.ip_access",)),
    "groups": (m.Acl(allow=["staff"]), ("gal.acl",)),
}


@given(gateway=served(), name=st.sampled_from(sorted(CONTROLS)))
@settings(GENERATED, max_examples=200)
def test_nothing_is_opened(gateway: m.Gateway, name: str) -> None:
    """Every entry of a controlled route that leads to an upstream has the control's filters on;
    where Envoy cannot do the control, no entry leads there.
    """
    control, filters = CONTROLS[name]
    policies = gateway.services[0].routes[0].policies
    kind = {m.IpAccess: "ip_access", m.Acl: "acl"}.get(type(control), "authentication")
    setattr(policies, kind, copy.deepcopy(control))
    text, ledger = written(gateway, "envoy")
    leading = [entry for entry in entries_of(text, "one-0") if "route" in entry]
    for entry in leading:
        on = entry.get("typed_per_filter_config", {})
        assert filters, entry
        for wanted in filters:
            assert any(one.startswith(wanted) for one in on), (wanted, entry)
    if not filters:
        assert any(entry.level is Level.ERROR for entry in ledger)


def entries_of(text: str, name: str) -> list[dict[str, Any]]:
    """Envoy's routes of one route of the model."""
    found = []
    for listener in yaml.load(text, yaml.CSafeLoader)["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            table = chain["filters"][-1]["typed_config"]["route_config"]
            for host in table["virtual_hosts"]:
                found += [route for route in host["routes"] if route["name"] == name]
    return found


@pytest.mark.parametrize("target", TARGETS)
@given(gateway=served())
@GENERATED
def test_every_access_control_is_looked_at(gateway: m.Gateway, target: str) -> None:
    """The driver never has to report an access control that the exporter did not see."""
    _, ledger = written(gateway, target)
    overlooked = [
        entry
        for entry in ledger
        if entry.level is Level.ERROR and entry.message.endswith("has nothing for this")
    ]
    assert overlooked == []


def test_a_view_is_the_node() -> None:
    route = m.Route(name="r", paths=[m.PathMatch(path="/")])
    claims = Claims()
    view = claims.view(m.Gateway(routes=[route]))
    assert isinstance(view.routes[0], m.Route)
    assert view.routes[0].name == "r"


def test_what_was_never_read_is_found() -> None:
    gateway = m.Gateway(
        services=[m.Service(name="s", tags=["t"], routes=[m.Route(name="r", priority=3)])]
    )
    claims = Claims()
    view = claims.view(gateway)
    assert view.services[0].name == "s"
    assert [route.name for route in view.services[0].routes] == ["r"]
    found = [(type(node).__name__, name) for node, name in claims.unclaimed(gateway)]
    assert found == [("Route", "priority"), ("Service", "tags")]


def test_a_policy_that_is_off_says_nothing_more() -> None:
    off = m.Cors(enabled=False, allow_credentials=True)
    gateway = m.Gateway(policies=m.Policies(cors=off))
    claims = Claims()
    sharing = claims.view(gateway).policies.cors
    assert sharing is not None
    assert not sharing.enabled
    assert list(claims.unclaimed(gateway)) == []
