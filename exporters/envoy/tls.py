"""TLS to targets and certificates for clients.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gal.exporters.envoy.build import EXTENSION, Json, Shared
from gal.model import Certificate, HostMode, Target, Upstream, UpstreamTls
from gal.reading import is_placeholder

TLS = "envoy.transport_sockets.tls"
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"
_UPSTREAM_TLS = EXTENSION + "transport_sockets.tls.v3.UpstreamTlsContext"
_DOWNSTREAM_TLS = EXTENSION + "transport_sockets.tls.v3.DownstreamTlsContext"
_ALTERNATIVE_NAMES = b"\x06\x03\x55\x1d\x11"
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----(.*?)-----END", re.DOTALL)
_OCTET_STRING, _BOOLEAN, _SEQUENCE, _DNS_NAME = 0x04, 0x01, 0x30, 0x82


def is_address(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def upstream_socket(upstream: Upstream, targets: Sequence[Target], shared: Shared) -> Json:
    """The transport socket of a cluster that speaks TLS. Without `verify` any certificate will do,
    as it is Kong's and nginx's default.
    """
    tls = upstream.tls or UpstreamTls()
    context: Json = {"@type": _UPSTREAM_TLS}
    sni = _sni(upstream, tls, targets)
    if sni is not None:
        context["sni"] = sni
    elif not all(is_address(target.host) for target in targets):
        context["auto_host_sni"] = True
    common: Json = {}
    if tls.client_certificate is not None:
        found = certificate_named(shared, tls.client_certificate)
        if found is None or not _has_key(found) or not is_readable(found):
            message = f'there is no readable certificate "{tls.client_certificate}" with its key'
            shared.context.report.dropped(tls, "upstream_tls", message, "client_certificate")
        else:
            common["tls_certificates"] = [tls_certificate(found)]
    if tls.verify:
        common["validation_context"] = _validation(tls, sni, targets, context, shared)
    elif tls.verify is None and tls.ca_certificates:
        message = "the trusted authorities have no effect, as certificates are not verified"
        shared.context.report.approximated(tls, "upstream_tls", message, "ca_certificates")
    if common:
        context["common_tls_context"] = common
    return {"name": TLS, "typed_config": context}


def _sni(upstream: Upstream, tls: UpstreamTls, targets: Sequence[Target]) -> str | None:
    """The one server name of all requests, if there is one: addresses are none (RFC 6066)."""
    if tls.sni is not None:
        return tls.sni
    header = upstream.host_header
    if header is not None and header.mode is HostMode.REWRITE and header.value:
        return header.value.partition(":")[0]
    names = {target.host for target in targets}
    only = names.pop() if len(names) == 1 else ""
    return only if only and not is_address(only) else None


def _validation(
    tls: UpstreamTls, sni: str | None, targets: Sequence[Target], context: Json, shared: Shared
) -> Json:
    found: Json = {"trusted_ca": _trusted(tls, shared)}
    if found["trusted_ca"] == {"filename": SYSTEM_CA}:
        message = f"the trusted authorities are those where Envoy runs, in {SYSTEM_CA}"
        shared.context.report.approximated(tls, "upstream_tls", message, "verify")
    if tls.verify_depth is not None:
        found["max_verify_depth"] = tls.verify_depth
    hosts = dict.fromkeys([sni] if sni else [target.host for target in targets])
    if "auto_host_sni" in context:
        context["auto_sni_san_validation"] = True
    else:
        found["match_typed_subject_alt_names"] = [
            {"san_type": "IP_ADDRESS" if is_address(host) else "DNS", "matcher": {"exact": host}}
            for host in hosts
        ]
    return found


def _trusted(tls: UpstreamTls, shared: Shared) -> Json:
    """The trusted authorities: texts, or one file, as Envoy takes one source."""
    report = shared.context.report
    texts, files = [], []
    for name in tls.ca_certificates:
        found = certificate_named(shared, name)
        pem = found.certificate if found is not None else name if "-----BEGIN" in name else None
        if pem is not None and _may_be(pem, "CERTIFICATE"):
            texts.append(pem if pem.endswith("\n") else f"{pem}\n")
        elif pem is None and found is not None and found.certificate_file is not None:
            files.append(found.certificate_file)
        else:
            message = f'there is no text of a certificate "{name}"'
            report.dropped(tls, "upstream_tls", message, "ca_certificates")
    if texts:
        for path in files:
            message = f"Envoy trusts texts or a file, not both: {path} is left out"
            report.dropped(tls, "upstream_tls", message, "ca_certificates")
        return {"inline_string": "".join(texts)}
    for path in files[1:]:
        message = f"Envoy trusts the authorities of one file: {path} is left out"
        report.dropped(tls, "upstream_tls", message, "ca_certificates")
    return {"filename": files[0] if files else SYSTEM_CA}


@dataclass(slots=True)
class UsedCertificates:
    """Names of the certificates that a listener or a cluster has."""

    names: set[str] = field(default_factory=set)


def certificate_named(shared: Shared, name: str) -> Certificate | None:
    """A certificate of the file, for a cluster."""
    found = next((one for one in shared.gateway.certificates if one.name == name), None)
    if found is not None:
        shared.state(UsedCertificates).names.add(name)
        shared.context.claims.claim(found)
    return found


def tls_certificate(certificate: Certificate) -> Json:
    """A certificate with its key, as texts or as paths of files."""
    found: Json = {}
    if certificate.certificate is not None:
        found["certificate_chain"] = {"inline_string": certificate.certificate}
    elif certificate.certificate_file is not None:
        found["certificate_chain"] = {"filename": certificate.certificate_file}
    if certificate.key is not None:
        found["private_key"] = {"inline_string": certificate.key.reveal()}
    elif certificate.key_file is not None:
        found["private_key"] = {"filename": certificate.key_file}
    return found


def _has_key(certificate: Certificate) -> bool:
    return certificate.key is not None or certificate.key_file is not None


def shown_certificates(shared: Shared, names: Sequence[str]) -> list[Certificate]:
    """The certificates that a listener shows, the default one first: those that it names, or all
    that have a key and server names.
    """
    found = []
    for one in shared.gateway.certificates:
        if not (one.name in names if names else one.server_names) or not _has_key(one):
            continue
        shared.state(UsedCertificates).names.add(one.name)
        shared.context.claims.claim(one)
        if is_readable(one):
            found.append(one)
        else:
            message = "it cannot be read as PEM, and Envoy would refuse the whole file for it"
            shared.context.report.dropped(one, "certificates", message)
    return sorted(found, key=lambda one: "*" not in one.server_names)


def downstream_socket(certificates: Iterable[Certificate]) -> Json:
    """The transport socket of a listener: Envoy picks the certificate by the names in it, the first
    one where none has the name.
    """
    every = [one for shown in certificates for one in (shown, *shown.alternatives)]
    context = {
        "@type": _DOWNSTREAM_TLS,
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_certificates": [tls_certificate(one) for one in every],
        },
    }
    return {"name": TLS, "typed_config": context}


def names_itself(certificate: Certificate) -> bool:
    """Whether a certificate's own names are those that it is to be shown for."""
    own = {name for der in _blocks(certificate.certificate, "CERTIFICATE") for name in _names(der)}
    return all(name == "*" or name.lower().rstrip(".") in own for name in certificate.server_names)


def is_readable(certificate: Certificate) -> bool:
    """Whether its texts may be what they should be: Envoy refuses the whole file for one that is
    not. Files and templates are not looked into.
    """
    key = certificate.key.reveal() if certificate.key is not None else None
    texts = ((certificate.certificate, "CERTIFICATE"), (key, "PRIVATE KEY"))
    return all(_may_be(text, kind) for text, kind in texts)


def _may_be(text: str | None, kind: str) -> bool:
    if text is None or is_placeholder(text):
        return True
    found = list(_blocks(text, kind))
    return bool(found) and all(_der(one)[0] == _SEQUENCE and not _der(one)[2] for one in found)


def _blocks(text: str | None, kind: str) -> Iterator[bytes]:
    """The DER of each part of a PEM text; empty for what is no Base64."""
    for found in _PEM.finditer(text or ""):
        if found[1].endswith(kind):
            try:
                yield base64.b64decode("".join(found[2].split()), validate=True)
            except (binascii.Error, ValueError):
                yield b""


def _names(der: bytes) -> Iterator[str]:
    """The DNS names in a certificate (subjectAltName, RFC 5280, 4.2.1.6); none where it cannot be
    read.
    """
    _, found, after = der.partition(_ALTERNATIVE_NAMES)
    if not found:
        return
    tag, value, after = _der(after)
    if tag == _BOOLEAN:
        tag, value, _ = _der(after)
    tag, names, _ = _der(value) if tag == _OCTET_STRING else (0, b"", b"")
    while tag == _SEQUENCE and names:
        kind, name, names = _der(names)
        if kind == _DNS_NAME:
            yield name.decode("ascii", "replace").lower()


def _der(data: bytes) -> tuple[int, bytes, bytes]:
    """The first element of DER: its tag (0 where it is cut off), its value, and what follows it."""
    if len(data) < 2:
        return 0, b"", b""
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        at += length & 0x7F
        length = int.from_bytes(data[2:at], "big")
    value = data[at : at + length]
    return tag if len(value) == length else 0, value, data[at + length :]
