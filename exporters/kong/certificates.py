"""Certificates, their server names, and trusted authorities
(https://developer.konghq.com/gateway/entities/certificate/).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.exporters.kong.build import Build, Json, kept
from gal.exporters.kong.ids import made_id
from gal.model import Certificate


@dataclass(slots=True)
class Certificates:
    """The file's certificates, to be named by others.

    Attributes:
        written: what stands in the file, by the name in the model.
        authorities: names of those without a key.
    """

    written: dict[str, Json] = field(default_factory=dict)
    authorities: set[str] = field(default_factory=set)

    def id_of(self, name: str) -> str | None:
        """The id of a certificate, which gets one where nobody has named it before."""
        entity = self.written.get(name)
        if entity is None:
            return None
        if "id" not in entity:
            entity["id"] = made_id("certificates", name)
        return str(entity["id"])


def write_certificates(build: Build) -> Certificates:
    """Put all certificates into the file."""
    result = Certificates()
    shown: set[str] = set()
    for model in build.gateway.certificates:
        if model.certificate is None:
            _missing(build, model)
            continue
        entity: Json = {}
        given = kept(model.extensions).get("id")
        if given is not None:
            entity["id"] = given
        elif not build.native:  # decK, which puts files into Kong, asks for it
            entity["id"] = made_id("certificates", model.name)
        entity["cert"] = model.certificate
        if model.key is None:
            result.authorities.add(model.name)
            _no_names(build, model)
            build.section("ca_certificates").append(entity)
        else:
            entity["key"] = model.key.reveal()
            _alternative(build, model, entity)
            names = [name for name in model.server_names if name not in shown]
            shown.update(names)
            if names:
                entity["snis"] = [{"name": name} for name in names]
            build.section("certificates").append(entity)
        if model.tags:
            entity["tags"] = list(model.tags)
        result.written[model.name] = entity
    return result


def _alternative(build: Build, model: Certificate, entity: Json) -> None:
    for number, other in enumerate(model.alternatives):
        if number or other.certificate is None or other.key is None:
            build.report.dropped(other, "certificates", "Kong takes one alternative, as PEM text")
            continue
        entity["cert_alt"] = other.certificate
        entity["key_alt"] = other.key.reveal()
        _ = other.name


def _missing(build: Build, model: Certificate) -> None:
    files = model.certificate_file, model.key_file
    reason = "Kong's file holds certificates as text, not by the name of a file"
    if any(files):
        build.report.dropped(model, "certificates", reason, "certificate_file")
    else:
        build.report.dropped(model, "certificates", "it has no text")
    build.context.claims.claim(model)


def _no_names(build: Build, model: Certificate) -> None:
    if model.server_names:
        message = "a certificate without a key cannot be shown"
        build.report.dropped(model, "certificates", message, "server_names")
