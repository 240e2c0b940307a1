"""Certificates: `ssls` (https://apisix.apache.org/docs/apisix/admin-api/#ssl)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import (
    Kept,
    carry,
    carry_idle,
    extensions,
    take_choice,
    take_labels,
    take_secret,
)
from gal.ledger import Fate, Level
from gal.model import (
    Authentication,
    Certificate,
    Gateway,
    Guard,
    Origin,
    Require,
    Secret,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.apisix.file import Entity, File

CLIENT_CERTIFICATE = "client-certificate"
"""Name of the guard that stands for an `ssl` with `client`; it is no plugin."""

_NAMES = {"certificate": "cert", "server_names": "snis"}
_SINGLE = {"certificate": "cert", "server_names": "sni"}
_ADC = {
    "certificate": "certificates.0.certificate",
    "key": "certificates.0.key",
    "server_names": "snis",
}


@dataclass(slots=True)
class Names:
    """Names that are given once only.

    Attributes:
        taken: those that are in use.
    """

    taken: set[str] = field(default_factory=set)

    def unique(self, name: str, kind: str) -> str:
        """The name, or one made of it where another has it already."""
        if name in self.taken:
            name = f"{kind}-{name}"
        candidate, number = name, 2
        while candidate in self.taken:
            candidate, number = f"{name}-{number}", number + 1
        self.taken.add(candidate)
        return candidate


@dataclass(slots=True)
class Certificates:
    """The model's certificates, and their names by entity.

    Attributes:
        models: in the order of the input.
        by_id: name in the model, by the id of the object.
        names: all names.
        guarded: server names for which clients have to show a certificate.
    """

    models: list[Certificate] = field(default_factory=list)
    by_id: dict[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    guarded: list[tuple[list[str], Guard]] = field(default_factory=list)

    def add_client(self, name: str, node: Mapping) -> str | None:
        """The certificate that stands in an upstream's `tls`; its name, None without one."""
        certificate, key = node.take_str("client_cert"), take_secret(node, "client_key")
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise node.error('"client_cert" and "client_key" go together')
        made = self.names.unique(f"{name}-client", "certificate")
        names = {"certificate": "client_cert", "key": "client_key"}
        origin = Origin(node, names)
        self.models.append(Certificate(made, certificate=certificate, key=key, origin=origin))
        return made


def read_certificates(file: File) -> Certificates:
    """All certificates.

    Raises:
        InputError: one lacks its text, its key or its names.
    """
    result = Certificates()
    for number, entity in enumerate(file.of("ssls"), 1):
        if not _is_on(file, entity):
            continue
        _add(file, entity, number, result)
    return result


def _is_on(file: File, entity: Entity) -> bool:
    status = entity.node.take_int("status", 1)
    if status:
        return True
    entity.node.take_all()
    message = "it is switched off (status 0)"
    file.report.at(entity.node, Fate.DROPPED, Level.INFO, "certificate", message)
    return False


def _add(file: File, entity: Entity, number: int, result: Certificates) -> None:
    node = entity.node
    node.mark("id")
    pairs = _pairs(node)
    kind = take_choice(node, "type", ("server", "client"), "server")
    server_names = node.take_strings("snis") or []
    single = node.take_str("sni")
    if single is not None:
        server_names.insert(0, single)
    if kind == "server" and not server_names:
        raise node.missing("snis")
    if not pairs:
        raise node.missing("cert")
    name = result.names.unique(
        entity.id or (server_names[0] if server_names else f"certificate-{number}"), "certificate"
    )
    if entity.id is not None:
        result.by_id[entity.id] = name
    kept: dict[str, Any] = {} if entity.id in (None, name) else {"id": entity.id}
    _carry_client(file, node, kept, server_names, result)
    kept.update(_carry_rest(file, node))
    table = _ADC if node.has("certificates") else _SINGLE if single else _NAMES
    (certificate, key), *others = pairs
    model = Certificate(
        name,
        certificate=certificate,
        key=key,
        server_names=server_names,
        tags=take_labels(node),
        extensions=extensions(kept),
        origin=Origin(node, table),
    )
    for place, (other, other_key) in enumerate(others, 2):
        origin = Origin(node, {"certificate": "certs", "key": "keys"})
        made = f"{name}-{place}"
        model.alternatives.append(
            Certificate(made, certificate=other, key=other_key, origin=origin)
        )
    result.models.append(model)


def _pairs(node: Mapping) -> list[tuple[str, Secret]]:
    found = [
        (item.require_str("certificate"), Secret(item.require_str("key")))
        for item in node.take_mappings("certificates")
    ]
    certificate, key = node.take_str("cert"), take_secret(node, "key")
    if (certificate is None) != (key is None):
        raise node.error('"cert" and "key" go together')
    if certificate is not None and key is not None:
        found.append((certificate, key))
    others, keys = node.take_strings("certs") or [], node.take_strings("keys") or []
    if len(others) != len(keys):
        raise node.error('"certs" and "keys" must have the same number of items')
    found.extend((one, Secret(other)) for one, other in zip(others, keys, strict=True))
    return found


def _carry_client(
    file: File,
    node: Mapping,
    kept: dict[str, Any],
    server_names: list[str],
    result: Certificates,
) -> None:
    """Client certificates are asked for: the model cannot say it, and it is an access control."""
    client = node.take("client")
    if client is None:
        return
    client.take_all()
    kept["client"] = client.plain()
    message = (
        "only APISIX asks clients for a certificate of this authority: any other gateway will "
        "refuse everybody on the routes of these server names"
    )
    file.report.at(client, Fate.CARRIED, Level.INFO, "certificate", message)
    guard = Guard(CLIENT_CERTIFICATE, "apisix", origin=Origin(client, {"name": ""}))
    result.guarded.append((server_names, guard))


def _carry_rest(file: File, node: Mapping) -> dict[str, Any]:
    kept = carry_idle(node, file.report)
    kept.update(
        carry(
            node,
            file.report,
            "certificate",
            Kept("ssl_protocols", message="which versions of TLS are spoken"),
            Kept("ocsp_stapling", level=Level.INFO),
        )
    )
    kept.update(carry_idle(node, file.report, "validity_start", "validity_end"))
    return kept


def guard_routes(gateway: Gateway, certificates: Certificates) -> None:
    """Let nobody past a route without the certificate that its server names ask for."""
    for names, guard in certificates.guarded:
        for service, route in gateway.walk_routes():
            if route.hosts and not any(_meet(host, name) for host in route.hosts for name in names):
                continue
            inherited = (
                route.policies.authentication
                or (service.policies.authentication if service is not None else None)
                or gateway.policies.authentication
            )
            policy = Authentication(origin=guard.origin) if inherited is None else inherited
            policy = replace(policy, guards=[*policy.guards, guard])
            if len(policy.kinds()) + len(policy.guards) > 1:
                policy.require = Require.ALL
            route.policies.authentication = policy


def _meet(host: str, name: str) -> bool:
    """Whether a host and a server name, either of which may be a wildcard, share a name."""
    host, name = host.lower(), name.lower()
    if "*" not in host + name:
        return host == name
    some, other = host.lstrip("*"), name.lstrip("*")
    return some.endswith(other) or other.endswith(some)
