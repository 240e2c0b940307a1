"""Certificates and options of TLS
(https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-certificates/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.options import plain, section, strings, text
from gal.ledger import Fate, Level
from gal.model import Authentication, Certificate, Gateway, Guard, Origin, Require, Route, Secret
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic
    from gal.ledger import Reporter

CLIENT_CERTIFICATE = "client-certificate"
"""Name of the guard that stands for options that ask clients for a certificate."""

_CHECKS_CLIENTS = re.compile(r"mtls|client|mutual|auth|cert")
_PEM = "-----BEGIN"
_ASKS_NOBODY = frozenset(("NoClientCert", "RequestClientCert"))
_FILES = {"certificate": "certFile", "key": "keyFile"}


def read_tls(sections: Iterable[Mapping], dynamic: Dynamic, gateway: Gateway) -> None:
    """All `tls` sections: certificates into the model, options by their names."""
    for node in sections:
        for item in node.take_mappings("certificates"):
            _certificate(item, dynamic, gateway)
        for name, below in _named(node, "options"):
            dynamic.tls_options.setdefault(name, below)
        for name, below in _named(node, "stores"):
            _store(name, below, dynamic, gateway)


def _named(node: Mapping, key: str) -> list[tuple[str, Mapping]]:
    below = section(node, key)
    found = list(below.take_items()) if below is not None else []
    return [(name, one) for name, one in found if isinstance(one, Mapping)]


def _certificate(node: Mapping, dynamic: Dynamic, gateway: Gateway) -> None:
    """A certificate, as a path or as its text."""
    certificate, key = text(node, "certFile"), text(node, "keyFile")
    stores = strings(node, "stores")
    report = dynamic.context.report
    if certificate is None or key is None:
        report.at(node, Fate.DROPPED, Level.WARNING, "certificates", "it lacks one of its files")
        return
    if stores not in ([], ["default"]):
        message = "Traefik shows certificates of its default store only"
        report.at(node, Fate.DROPPED, Level.INFO, "certificates", message)
        return
    if (certificate, key) in {_texts(one) for one in gateway.certificates}:
        return  # the default store often shows what stands in the list, too
    name = f"certificate-{len(gateway.certificates) + 1}"
    made = Certificate(name, origin=Origin(node, _FILES))
    if certificate.lstrip().startswith(_PEM):
        made.certificate = certificate
    else:
        made.certificate_file = certificate
    if key.lstrip().startswith(_PEM):
        made.key = Secret(key)
    else:
        made.key_file = key
    gateway.certificates.append(made)


def _texts(one: Certificate) -> tuple[str | None, str | None]:
    key = one.key.reveal() if one.key is not None else one.key_file
    return one.certificate or one.certificate_file, key


def _store(name: str, node: Mapping, dynamic: Dynamic, gateway: Gateway) -> None:
    given = section(node, "defaultCertificate")
    report = dynamic.context.report
    if given is not None and name == "default":
        _certificate(given, dynamic, gateway)
    elif given is not None:
        plain(given)
        message = "Traefik shows certificates of its default store only"
        report.at(given, Fate.DROPPED, Level.INFO, "certificates", message)
    generated = node.take("defaultGeneratedCert")
    if generated is not None:
        plain(generated)
        message = "Traefik fetches this certificate itself; others need one to show"
        report.at(generated, Fate.DROPPED, Level.WARNING, "certificates", message)


def apply_options(
    dynamic: Dynamic, gateway: Gateway, made: Iterable[tuple[Route, str | None]]
) -> None:
    """What the options of TLS ask of clients holds for the routes that name them."""
    guards: dict[str, Guard] = {}
    for name, node in dynamic.tls_options.items():
        guard = _options(name, node, dynamic, gateway)
        if guard is not None:
            guards[name] = guard
    for name, at in dynamic.unseen_options.items():
        origin = Origin(at, {})
        guards[name] = Guard(CLIENT_CERTIFICATE, "traefik", {"options": name}, origin=origin)
    for route, options in made:
        guard = guards.get(options) if options is not None else None
        if guard is not None:
            _guard(route, guard)


def elsewhere(name: str, node: Mapping, dynamic: Dynamic) -> None:
    """Options that another provider has. Where their name says that clients have to show a
    certificate, they stand for such a check (law 2).
    """
    report = dynamic.context.report
    at = node.peek("options") or node
    if _CHECKS_CLIENTS.search(name.lower()) is None:
        message = "other files have these TLS options: they may ask clients for a certificate"
        report.at(at, Fate.DROPPED, Level.WARNING, "tls", message)
        return
    dynamic.unseen_options.setdefault(name, at)
    message = "other files have these TLS options, which seem to ask clients for a certificate"
    report.at(at, Fate.CARRIED, Level.WARNING, "tls", f"{message}; others refuse everybody")


def _from_secrets(client: Mapping, options: Any, report: Reporter) -> None:
    """Authorities in the cluster's secrets become files, which is what Traefik's files name."""
    secrets = client.peek("secretNames")
    if not isinstance(secrets, Sequence) or client.key is None:
        return
    files = [f"{item.as_str()}.crt" for item in secrets.items]
    kept = {key: below for key, below in options[client.key].items() if key != secrets.key}
    options[client.key] = {"caFiles": files} | kept
    message = f"the authorities are in the cluster's secrets: put them into {', '.join(files)}"
    report.at(secrets, Fate.APPROXIMATED, Level.WARNING, "tls", message)


def _options(name: str, node: Mapping, dynamic: Dynamic, gateway: Gateway) -> Guard | None:
    data = node.plain()
    kept = gateway.extensions.setdefault("traefik", {})
    kept.setdefault("tls", {}).setdefault("options", {})[name] = data
    client = section(node, "clientAuth")
    report = dynamic.context.report
    if client is not None:
        _from_secrets(client, data, report)
    for key in list(node.untaken()):
        node.mark(key)
        below = node.entries[key]
        below.take_all()
        message = "only Traefik has this setting of TLS"
        report.at(below, Fate.CARRIED, Level.WARNING, "tls", message)
    if client is None:
        return None
    wanted = text(client, "clientAuthType") or "NoClientCert"
    client.take_all()
    if wanted in _ASKS_NOBODY:
        message = "clients are not asked for a certificate"
        report.at(client, Fate.CARRIED, Level.INFO, "tls", message)
        return None
    message = "only Traefik asks clients for a certificate here; others refuse everybody"
    report.at(client, Fate.CARRIED, Level.WARNING, "tls", message)
    return Guard(CLIENT_CERTIFICATE, "traefik", {"options": name}, origin=Origin(client, {}))


def _guard(route: Route, guard: Guard) -> None:
    own = route.policies.authentication
    if own is None:
        route.policies.authentication = Authentication(guards=[guard], origin=guard.origin)
        return
    both = replace(own, guards=[*own.guards, guard])
    both.require = Require.ALL if own.kinds() else own.require
    route.policies.authentication = both
