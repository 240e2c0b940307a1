"""TLS to the targets: whether, and how it is checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gal.drift.change import Level, Security
from gal.drift.compare.finding import Finding, fields_of, of_field
from gal.drift.effective import Place, SideView
from gal.model import Protocol, Upstream, UpstreamTls

_ALIKE: Final = {Protocol.GRPC: Protocol.H2C, Protocol.GRPCS: Protocol.HTTPS}
"""gRPC is HTTP/2, which TLS settles by itself."""

_SECURE: Final = frozenset({Protocol.HTTPS, Protocol.GRPCS})


def protocol(old: Place, new: Place) -> Iterator[Finding]:
    """Plain or by TLS, and which version of HTTP."""
    before, after = (_protocol(one) for one in (old, new))
    if _ALIKE.get(before, before) is _ALIKE.get(after, after):
        return
    by_tls = before in _SECURE, after in _SECURE
    id_ = {(True, False): "D041", (False, True): "D141"}.get(by_tls, "D123")
    places = (old.service or old.route, "protocol"), (new.service or new.route, "protocol")
    yield Finding(id_, "protocol", before.value, after.value, *places)


def secure(place: Place) -> bool:
    """Whether requests go to the targets by TLS."""
    return _protocol(place) in _SECURE


def _protocol(place: Place) -> Protocol:
    return place.service.protocol if place.service is not None else Protocol.HTTP


def upstream_tls(old: UpstreamView, new: UpstreamView) -> Iterator[Finding]:
    """Whether certificates are checked, against which authorities, and which one is shown."""
    before, after = old.upstream.tls or UpstreamTls(), new.upstream.tls or UpstreamTls()
    if before.verify is not after.verify:
        yield _verify(before, after)
    authorities = [frozenset(map(one.certificate, one.tls.ca_certificates)) for one in (old, new)]
    if authorities[0] != authorities[1]:
        more = bool(authorities[0]) and authorities[0] < authorities[1]
        yield of_field(
            "D142",
            before,
            after,
            "ca_certificates",
            "upstream_tls",
            security=Security.WEAKENED if more else None,
            level=Level.HIGH if more else None,
        )
    shown = [one.certificate(one.tls.client_certificate or "") for one in (old, new)]
    if shown[0] != shown[1]:
        more = not before.client_certificate
        yield of_field(
            "D043",
            before,
            after,
            "client_certificate",
            "upstream_tls",
            security=Security.STRENGTHENED if more else None,
            level=Level.LOW if more else None,
        )
    names = [one.server_name for one in (old, new)]
    if names[0] != names[1]:
        yield of_field("D142", before, after, "sni", "upstream_tls")
    yield from fields_of(before, after, {"verify_depth": "D142"}, "upstream_tls")


@dataclass(frozen=True, slots=True)
class UpstreamView:
    """An upstream with the side that it stands in.

    Attributes:
        upstream: the upstream.
        side: where the certificates are that it names.
    """

    upstream: Upstream
    side: SideView

    @property
    def tls(self) -> UpstreamTls:
        """How TLS is done."""
        return self.upstream.tls or UpstreamTls()

    @property
    def server_name(self) -> str:
        """The name that TLS asks for; empty where it is that of the target."""
        own = (self.tls.sni or "").lower()
        hosts = {one.host.lower() for one in self.upstream.targets}
        return "" if hosts == {own} else own

    def certificate(self, name: str) -> str:
        """What a certificate holds that is named, or given as text."""
        return "".join(self.side.certificate_text(name).split())


def _verify(before: UpstreamTls, after: UpstreamTls) -> Finding:
    """Off is weaker than what the gateway does by itself, and that weaker than on."""
    rank = {False: 0, None: 1, True: 2}
    weaker = rank[after.verify] < rank[before.verify]
    return of_field("D040" if weaker else "D140", before, after, "verify", "upstream_tls")
