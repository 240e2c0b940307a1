"""The whole bootstrap: listeners, clusters and, where asked for, the administration.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from gal.claims import unwrap
from gal.exporters.envoy.build import Json, Shared
from gal.exporters.envoy.carried_connections import connection_guards
from gal.exporters.envoy.carried_settings import (
    bootstrap_settings,
    carried_marks,
    unread,
    unwritten,
)
from gal.exporters.envoy.clusters import Directory, Patience
from gal.exporters.envoy.listeners import listeners, ports
from gal.exporters.envoy.routes import RouteWriter
from gal.exporters.envoy.tls import UsedCertificates
from gal.ledger import Fate, Level
from gal.model import Policies, Policy, Retry, Timeout, Upstream
from gal.ranking import ranked
from gal.scopes import settle_hidden

_LARGEST_PROGRAM = 1_000_000
_LEVELS = ("error", "warn")


def bootstrap(shared: Shared) -> Json:
    """Envoy's configuration as a static bootstrap."""
    directory = Directory.of(shared)
    shared.upstream_cluster = directory.cluster_named
    shared.source_cluster = lambda name, grpc: directory.source_cluster(name, grpc=grpc)
    shared.has_cluster = lambda name: directory.named(name) is not None
    found = ports(shared)
    connection_guards(found, shared)
    shared.replies.carried = carried_marks(shared)
    writer = RouteWriter(shared, directory, any(port.secure for port in found))
    entries = [entry for candidate in ranked(shared.gateway) for entry in writer.entries(candidate)]
    config: Json = {}
    admin_port = shared.gateway.settings.admin_port
    if admin_port is not None:
        address = {"address": "127.0.0.1", "port_value": admin_port}
        config["admin"] = {"address": {"socket_address": address}}
    # Envoy refuses the whole file for an expression over this size, which starts at 100.
    sizes = {f"re2.max_program_size.{level}_level": _LARGEST_PROGRAM for level in _LEVELS}
    config["layered_runtime"] = {"layers": [{"name": "gal", "static_layer": sizes}]}
    config["static_resources"] = {"listeners": listeners(found, entries, shared)}
    config = bootstrap_settings(config, shared)
    config["static_resources"]["clusters"] = shared.clusters.render()
    unwritten(shared)
    unread(shared)
    shared.context.claims.claim(shared.gateway.settings)  # its order is that of the routes
    settle_hidden(shared.gateway, shared.effective, shared.context)
    _unreached(shared, directory)
    return config


def _unreached(shared: Shared, directory: Directory) -> None:
    """Say of services and upstreams that nothing leads to them."""
    report, claims = shared.context.report, shared.context.claims
    for service in shared.gateway.services:
        if not service.routes and id(service) not in directory.reached:
            message = "no route leads to this service, so it is not written"
            report.about(service, Fate.DROPPED, Level.INFO, "service", message)
            claims.claim(service)
        elif isinstance(unwrap(service).upstream, Upstream):
            _hidden(cast("Upstream", service.upstream), shared)
    for upstream in shared.gateway.upstreams:
        if id(upstream) not in directory.reached:
            message = "no route leads to this upstream, so it is not written"
            report.about(upstream, Fate.DROPPED, Level.INFO, "upstream", message)
            claims.claim(upstream)
        else:
            _hidden(upstream, shared)
    used = shared.state(UsedCertificates).names
    for certificate in shared.gateway.certificates:
        if certificate.name not in used:
            message = "neither a listener nor an upstream uses this certificate"
            report.about(certificate, Fate.DROPPED, Level.INFO, "certificates", message)
            claims.claim(certificate)
    for policies in _wide_policies(shared):
        _unread(policies, shared)


def _hidden(upstream: Upstream, shared: Shared) -> None:
    """Say of deadlines and attempts of an upstream that the routes that lead there have their own.
    One that is the same for all of them, as Envoy's files are read, is no loss.
    """
    said = shared.state(Patience).said.get(id(unwrap(upstream)), set())
    for name in ("timeout", "retry"):
        policy = getattr(upstream, name)
        if policy is None or not list(shared.context.claims.unclaimed(policy)):
            continue
        shared.context.claims.claim(policy)
        one = unwrap(policy)
        if one == Retry(attempts=0):
            continue
        if isinstance(one, Timeout) and said == {one.connect} and one == Timeout(one.connect):
            continue
        message = "the routes that lead here say it themselves"
        shared.context.report.about(policy, Fate.DROPPED, Level.INFO, name, message)


def _wide_policies(shared: Shared) -> Iterator[Policies]:
    yield shared.gateway.policies
    for service in shared.gateway.services:
        yield service.policies


def _unread(policies: Policies, shared: Shared) -> None:
    """Say of policies that no route has asked for them: each has its own, or there is none."""
    claims = shared.context.claims
    for node, name in list(claims.unclaimed(policies)):
        policy = getattr(policies, name, None) if node is unwrap(policies) else None
        if isinstance(policy, Policy):
            message = "no route is left on which this acts"
            shared.context.report.about(policy, Fate.DROPPED, Level.INFO, name, message)
            claims.claim(policy)
