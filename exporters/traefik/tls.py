"""Certificates: shown to clients and to targets, and trusted authorities.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-certificates/
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.claims import unwrap
from gal.exporters.traefik.build import Json, Shared
from gal.ledger import Level
from gal.model import Certificate

_PEM = "-----BEGIN"


def certificate_pair(name: str, shared: Shared) -> Json | None:
    """The certificate of a name with its key, as Traefik takes both: paths, or PEM texts."""
    for certificate in shared.gateway.certificates:
        if certificate.name == name:
            return _pair(certificate)
    return None


def trusted(name: str, shared: Shared) -> str | None:
    """An authority's certificate by name, or the PEM text itself."""
    if name.lstrip().startswith(_PEM):
        return name
    for certificate in shared.gateway.certificates:
        if certificate.name == name:
            return certificate.certificate or certificate.certificate_file
    return None


def shown(shared: Shared) -> list[Certificate]:
    """Certificates that clients are shown: those with a key that a listener names, or that have
    names of servers.
    """
    named = {name for listener in shared.gateway.listeners for name in listener.certificates}
    return [
        certificate
        for certificate in shared.gateway.certificates
        if (certificate.name in named or certificate.server_names)
        and _pair(certificate) is not None
    ]


def tls_section(shared: Shared) -> Json:
    """The part `tls` of the dynamic file; empty where no certificate is shown."""
    certificates = shown(shared)
    _report(certificates, shared)
    pairs = [pair for one in certificates for pair in _pairs(one)]
    if not pairs:
        return {}
    section: Json = {"certificates": pairs}
    fallback = [one for one in certificates if "*" in one.server_names] or certificates[:1]
    section["stores"] = {"default": {"defaultCertificate": _pair(fallback[0])}}
    return section


def _report(certificates: list[Certificate], shared: Shared) -> None:
    """Say which certificates nothing asks for; those of upstreams are theirs to report."""
    used = unwrap(shared.gateway).certificates_of_upstreams()
    used |= {one.name for one in certificates}
    for certificate in shared.gateway.certificates:
        if certificate.name not in used and _pair(certificate) is not None:
            message = "neither a server name nor an upstream asks for this certificate"
            shared.context.report.dropped(certificate, "certificates", message, level=Level.INFO)


def _pairs(certificate: Certificate) -> Iterator[Json]:
    for one in (certificate, *certificate.alternatives):
        pair = _pair(one)
        if pair is not None:
            yield pair


def _pair(certificate: Certificate) -> Json | None:
    shown_text = certificate.certificate or certificate.certificate_file
    key = certificate.key.reveal() if certificate.key is not None else certificate.key_file
    if shown_text is None or key is None:
        return None
    return {"certFile": shown_text, "keyFile": key}
