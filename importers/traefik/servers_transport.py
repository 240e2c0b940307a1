"""How Traefik speaks to servers: `serversTransports`.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/serverstransport/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.carried import Kept, carry, quiet
from gal.importers.traefik.options import duration, flag, section, strings, text
from gal.ledger import Fate, Level
from gal.model import Certificate, Duration, Gateway, Origin, Secret, Timeout, UpstreamTls
from gal.naming import numbered
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

TLS_NAMES = {
    "sni": "serverName",
    "verify": "insecureSkipVerify",
    "ca_certificates": "rootCAs",
    "client_certificate": "certificates",
}
_DIAL = Duration.seconds(30)
_EVER = Duration(0)
TIMEOUT_NAMES = {"connect": "dialTimeout", "read": "responseHeaderTimeout"}
_PEM = "-----BEGIN"
_ONLY = "other gateways speak TLS to the servers without it"
_SETTINGS = (
    Kept("cipherSuites", _ONLY),
    Kept("minVersion", _ONLY),
    Kept("maxVersion", _ONLY),
    Kept("peerCertURI", "other gateways do not ask for this name in the server's certificate"),
    Kept("peerCertSANs", "other gateways do not ask for these names in the certificate"),
    Kept("spiffe", "other gateways show no SPIFFE identity and ask for none"),
)
_QUIET = ("maxIdleConnsPerHost", "disableHTTP2")


@dataclass(frozen=True, slots=True)
class Transport:
    """How servers are spoken to.

    Attributes:
        tls: for servers of HTTPS.
        timeout: how long is waited.
        kept: what only Traefik knows.
    """

    tls: UpstreamTls
    timeout: Timeout
    kept: dict[str, Any]


def _timeout(
    origin: Origin, connect: Duration | None = None, answer: Duration | None = None
) -> Timeout:
    """How long Traefik waits: 30 s for a connection, and for ever for the rest, unless told."""
    return Timeout(
        connect=_DIAL if connect is None else connect,
        send=_EVER,
        read=_EVER if answer is None else answer,
        origin=origin,
    )


@dataclass(slots=True)
class Transports:
    """Reads transports, each once.

    Attributes:
        gateway: gets their certificates.
        report: where to say what differs.
    """

    gateway: Gateway
    report: Reporter
    _known: dict[str, Transport] = field(default_factory=dict)

    def own(self, where: Mapping) -> Transport:
        """Traefik's own way: certificates are checked."""
        origin = Origin(where, {})
        return Transport(UpstreamTls(verify=True, origin=origin), _timeout(origin), {})

    def is_read(self, name: str) -> bool:
        """Whether somebody has asked for it."""
        return name in self._known

    def read(self, name: str, node: Mapping) -> Transport:
        """The transport of a name."""
        if name not in self._known:
            self._known[name] = self._read(name, node)
        return self._known[name]

    def _read(self, name: str, node: Mapping) -> Transport:
        tls = UpstreamTls(
            sni=text(node, "serverName"),
            verify=not flag(node, "insecureSkipVerify"),
            ca_certificates=[self._authority(name, one, node) for one in strings(node, "rootCAs")],
            origin=Origin(node, TLS_NAMES),
        )
        pairs = node.take_mappings("certificates")
        if pairs:
            tls.client_certificate = self._pair(name, pairs[0])
        for other in pairs[1:]:
            other.take_all()
            message = "other gateways show one certificate"
            self.report.at(other, Fate.DROPPED, Level.WARNING, "tls", message)
        kept = carry(node, self.report, "servers_transport", *_SETTINGS, *quiet(*_QUIET))
        timeout, more = self._timeouts(node)
        if more:
            kept["forwardingTimeouts"] = more
        return Transport(tls, timeout, kept)

    def _timeouts(self, node: Mapping) -> tuple[Timeout, dict[str, Any]]:
        below = section(node, "forwardingTimeouts")
        if below is None:
            return _timeout(Origin(node, {})), {}
        connect, answer = duration(below, "dialTimeout"), duration(below, "responseHeaderTimeout")
        quiet_ones = quiet("idleConnTimeout", "readIdleTimeout", "pingTimeout")
        kept = carry(below, self.report, "timeout", *quiet_ones)
        timeout = _timeout(Origin(below, TIMEOUT_NAMES), connect, answer)
        if answer is not None and answer.nanoseconds:
            message = "it is how long an answer may take to begin; elsewhere pauses count, too"
            self.report.approximated(timeout, "timeout", message, "read")
        return timeout, kept

    def _authority(self, name: str, given: str, node: Mapping) -> str:
        """A trusted authority: its text, or the name of a certificate that stands in a file."""
        if given.lstrip().startswith(_PEM):
            return given
        return self._add(f"{name}-ca", node, certificate_file=given)

    def _pair(self, name: str, node: Mapping) -> str:
        shown, key = text(node, "certFile") or "", text(node, "keyFile") or ""
        found: dict[str, Any] = {}
        found["certificate" if shown.lstrip().startswith(_PEM) else "certificate_file"] = shown
        if key.lstrip().startswith(_PEM):
            found["key"] = Secret(key)
        else:
            found["key_file"] = key
        return self._add(f"{name}-client", node, **found)

    def _add(self, wanted: str, node: Mapping, **fields: Any) -> str:
        taken = {one.name for one in self.gateway.certificates}
        name = numbered(wanted, taken)
        self.gateway.certificates.append(Certificate(name, origin=Origin(node, {}), **fields))
        return name
