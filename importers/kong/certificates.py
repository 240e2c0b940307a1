"""Certificates, the server names that they are shown for, and trusted authorities
(https://developer.konghq.com/gateway/entities/certificate/).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_idle, take_secret, take_tags
from gal.model import Certificate, Origin

if TYPE_CHECKING:
    from gal.importers.kong.references import Entity, File

_NAMES = {"certificate": "cert", "server_names": "snis"}
_ALTERNATIVE_NAMES = {"certificate": "cert_alt", "key": "key_alt"}


@dataclass(slots=True)
class Certificates:
    """The model's certificates, and their names by entity.

    Attributes:
        models: in the order of the input.
        names: name in the model, by the entity's key.
    """

    models: list[Certificate] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


def read_certificates(file: File) -> Certificates:
    """All certificates and authorities.

    Raises:
        InputError: a certificate lacks its text or its key.
    """
    result = Certificates()
    taken: set[str] = set()
    server_names = _server_names(file)
    for number, entity in enumerate(file.of("certificates"), 1):
        own = server_names.get(entity.key, [])
        name = _unique(own[0] if own else entity.id or f"certificate-{number}", taken)
        result.names[entity.key] = name
        result.models.append(_certificate(file, entity, name, own))
    for number, entity in enumerate(file.of("ca_certificates"), 1):
        name = _unique(entity.id or f"ca-{number}", taken)
        result.names[entity.key] = name
        take_idle(entity.node, file.report, "cert_digest")
        authority = Certificate(
            name,
            certificate=entity.node.require_str("cert"),
            tags=take_tags(entity.node),
            origin=Origin(entity.node, _NAMES),
        )
        _carry_id(entity, authority)
        result.models.append(authority)
    return result


def _server_names(file: File) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entity in file.of("snis"):
        node = entity.node
        certificate = file.reference(entity, "certificate", "certificates")
        if certificate is None:
            raise node.missing("certificate")
        take_idle(node, file.report, "id", "tags")
        found.setdefault(certificate.key, []).append(node.require_str("name"))
    return found


def _certificate(file: File, entity: Entity, name: str, server_names: list[str]) -> Certificate:
    node = entity.node
    take_idle(node, file.report)
    key = take_secret(node, "key")
    if key is None:
        raise node.missing("key")
    certificate = Certificate(
        name,
        certificate=node.require_str("cert"),
        key=key,
        server_names=server_names,
        tags=take_tags(node),
        origin=Origin(node, _NAMES),
    )
    _carry_id(entity, certificate)
    other, other_key = node.take_str("cert_alt"), take_secret(node, "key_alt")
    if (other is None) != (other_key is None):
        raise node.error('"cert_alt" and "key_alt" go together')
    if other is not None:
        origin = Origin(node, _ALTERNATIVE_NAMES)
        certificate.alternatives.append(
            Certificate(f"{name}-alt", certificate=other, key=other_key, origin=origin)
        )
    return certificate


def _carry_id(entity: Entity, certificate: Certificate) -> None:
    """Keep a given id: services and upstreams may name it."""
    given = entity.node.take_str("id")
    if given is not None:
        certificate.extensions["kong"] = {"id": given}


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}-{number}", number + 1
    taken.add(candidate)
    return candidate
