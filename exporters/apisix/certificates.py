"""Certificates: `ssls` (https://apisix.apache.org/docs/apisix/admin-api/#ssl)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.apisix.build import Shared
from gal.exporters.apisix.plugin import Json, differs, kept, labels, put
from gal.ledger import Level
from gal.model import Certificate
from gal.reading import is_placeholder

_FEATURE = "certificates"
_NAME = re.compile(r"\*|\*?[0-9a-zA-Z\-._\[\]:]+")


@dataclass(slots=True)
class Certificates:
    """The file's certificates, to be named by upstreams.

    Attributes:
        shared: the file.
        models: by name.
        ids: of those that clients are not shown, by name.
    """

    shared: Shared
    models: dict[str, Certificate] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def client(self, name: str, upstream: str) -> Json | None:
        """How an upstream names the certificate that it is shown; None where there is none.

        What the importer read inside of an upstream goes back there.
        """
        model = self.models.get(name)
        if model is None or model.certificate is None or model.key is None:
            return None
        if model.server_names or name == f"{upstream}-client":
            return {"client_cert": model.certificate, "client_key": model.key.reveal()}
        if name not in self.ids:
            entity = _entity(model, "client", self.shared)
            self.ids[name] = str(entity["id"])
            self.shared.section("ssls").append(entity)
        return {"client_cert_id": self.ids[name]}


def write_certificates(shared: Shared) -> Certificates:
    """Put the certificates that clients are shown into the file."""
    result = Certificates(shared)
    used = unwrap(shared.gateway).certificates_of_upstreams()
    listed = {name for listener in shared.gateway.listeners for name in listener.certificates}
    for model in shared.gateway.certificates:
        result.models[model.name] = model
        if model.key is None or model.certificate is None:
            _without_text(model, shared)
            continue
        if model.server_names or model.name in listed:
            shared.section("ssls").append(_entity(model, "server", shared))
        elif model.name not in used:
            message = "neither a server name nor an upstream asks for this certificate"
            shared.context.report.dropped(model, _FEATURE, message, level=Level.INFO)
    return result


def _entity(model: Certificate, kind: str, shared: Shared) -> Json:
    values = kept(model.extensions)
    entity: Json = {"id": shared.id_for("ssls", str(values.pop("id", model.name)))}
    put(entity, "type", kind, "server")
    if kind == "server":
        names = list(dict.fromkeys(model.server_names)) or ["*"]
        found = [one for one in names if _NAME.fullmatch(one) or is_placeholder(one)]
        if len(found) < len(names):
            message = "APISIX takes names with one * at their start only"
            shared.context.report.dropped(model, _FEATURE, message, "server_names")
        entity["snis"] = found or ["*"]
    entity["cert"] = model.certificate
    entity["key"] = "" if model.key is None else model.key.reveal()
    others = [one for one in model.alternatives if one.certificate is not None and one.key]
    if others:
        entity["certs"] = [one.certificate for one in others]
        entity["keys"] = [one.key.reveal() for one in others if one.key is not None]
        _ = [one.name for one in others]
    for one in model.alternatives:
        if one not in others:
            message = "APISIX holds certificates as text"
            shared.context.report.dropped(one, _FEATURE, message)
    put(entity, "labels", labels(list(model.tags)), {})
    return entity | values


def _without_text(model: Certificate, shared: Shared) -> None:
    report = shared.context.report
    if model.key is None and model.key_file is None:
        message = "APISIX takes trusted authorities from the files that its config.yaml names"
        report.dropped(model, _FEATURE, message, level=Level.INFO)
    elif model.certificate_file is not None or model.key_file is not None:
        message = "APISIX holds certificates as text, not by the name of a file"
        report.dropped(model, _FEATURE, message, "certificate_file")
    else:
        differs(shared, model, _FEATURE, "it has no text")
    shared.context.claims.claim(model)
