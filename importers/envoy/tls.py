"""Certificates and TLS, on both sides.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.carried import carry
from gal.importers.envoy.chain import take_typed
from gal.importers.envoy.names import Names
from gal.importers.envoy.pem import names_in
from gal.importers.envoy.tls_fields import CERTIFICATE, CLIENT, COMMON, DOWNSTREAM, VALIDATION
from gal.importers.envoy.values import as_text, take_flag, take_integer
from gal.ledger import Fate, Level
from gal.model import Certificate, Guard, Origin, Secret, UpstreamTls
from gal.reading import Mapping
from gal.redacted import is_redacted

if TYPE_CHECKING:
    from gal.importers.envoy.sources import Sources
    from gal.ledger import Reporter

CLIENT_CERTIFICATE = "client-certificate"
"""Name of the guard that stands for `require_client_certificate`; it is no filter."""

_FEATURE = "certificates"
_UPSTREAM = "upstream_tls"
_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
_NAMES = {"certificate": "certificate_chain.inline_string", "key": "private_key.inline_string"}
_AUTHORITY_NAMES = {"certificate": "trusted_ca.inline_string"}
_TLS_NAMES = {"client_certificate": "common_tls_context.tls_certificates"}


@dataclass(slots=True)
class Certificates:
    """The certificates of the model, each once.

    Attributes:
        sources: where secrets are found.
        models: in the order in which they are met.
    """

    sources: Sources
    models: list[Certificate] = field(default_factory=list)
    _known: dict[tuple[object, ...], str] = field(default_factory=dict)
    _names: Names = field(default_factory=Names)

    @property
    def report(self) -> Reporter:
        """Where differences go."""
        return self.sources.report

    def add(
        self, node: Mapping, label: str, *, names: tuple[str, ...] = (), shown: bool = False
    ) -> str | None:
        """A `TlsCertificate`; the name that it has in the model, None where it says nothing.

        Args:
            node: the certificate.
            label: a name for it.
            names: server names that it is shown for; none are those in it, and it is shown
                where no other is.
            shown: whether clients see it.
        """
        chain, chain_file = self._pem(node, "certificate_chain")
        key, key_file = self._pem(node, "private_key")
        kept = carry(node, self.report, _FEATURE, CERTIFICATE)
        if chain is None and chain_file is None:
            return None
        server_names = list(names)
        if shown and not names:
            server_names = [*(names_in(chain) if chain else []), "*"]
        secret = Secret(key) if key is not None else None
        mark = (chain, chain_file, key, key_file, tuple(server_names))
        if mark in self._known:
            return self._known[mark]
        model = Certificate(
            self._names.unique(label),
            certificate=chain,
            key=secret,
            server_names=server_names,
            certificate_file=chain_file,
            key_file=key_file,
            extensions={"envoy": kept} if kept else {},
            origin=Origin(node, _NAMES),
        )
        self.models.append(model)
        self._known[mark] = model.name
        return model.name

    def add_authority(self, node: Mapping, label: str) -> str | None:
        """`trusted_ca`; None for what the machine trusts anyway, or where it is empty."""
        text, file = self._pem(node, "trusted_ca")
        if file in _SYSTEM or (text is None and file is None):
            return None
        mark = (text, file)
        if mark not in self._known:
            model = Certificate(
                self._names.unique(label),
                certificate=text,
                certificate_file=file,
                origin=Origin(node, _AUTHORITY_NAMES),
            )
            self.models.append(model)
            self._known[mark] = model.name
        return self._known[mark]

    def _pem(self, node: Mapping, key: str) -> tuple[str | None, str | None]:
        """A PEM text and a file; a variable of Envoy's environment is a placeholder."""
        below = node.take_mapping(key)
        if below is None:
            return None, None
        name = below.take_str("environment_variable")
        if name is None:
            text, file = as_text(below)
            if is_redacted(text):
                message = "Envoy does not show it: the certificate is of no use until it is there"
                self.report.at(below, Fate.DROPPED, Level.WARNING, _FEATURE, message)
                text = None
            return text, file
        message = "the variable has to be filled in before a gateway reads the file"
        self.report.at(below, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
        return f"${{{name}}}", None

    def shown(
        self, common: Mapping, label: str, names: tuple[str, ...], kept: dict[str, Any]
    ) -> list[str]:
        """The certificates of a `CommonTlsContext`, by name."""
        found = []
        for number, (node, given) in enumerate(self._nodes(common, kept), 1):
            name = self.add(
                node,
                given or (label if number == 1 else f"{label}-{number}"),
                names=names,
                shown=True,
            )
            if name is not None:
                found.append(name)
        return found

    def _nodes(self, common: Mapping, kept: dict[str, Any]) -> list[tuple[Mapping, str | None]]:
        nodes: list[tuple[Mapping, str | None]] = [
            (node, None) for node in common.take_mappings("tls_certificates")
        ]
        for config in common.take_mappings("tls_certificate_sds_secret_configs"):
            secret = self._secret(config, "tls_certificate", kept)
            if secret is not None:
                nodes.append((secret, config.take_str("name")))
        return nodes

    def _secret(self, config: Mapping, kind: str, kept: dict[str, Any]) -> Mapping | None:
        """What a reference to a secret stands for; None where it is not in the input."""
        name = config.take_str("name", "")
        secret = self.sources.secrets.get(name)
        found = secret.take_mapping(kind) if secret is not None else None
        config.take_all()
        if found is None:
            message = f'the secret "{name}" is not in the input: it comes from a control plane'
            self.report.at(config, Fate.CARRIED, Level.WARNING, _FEATURE, message)
            kept.setdefault("sds", []).append(config.plain())
        return found

    def validation(self, common: Mapping, kept: dict[str, Any]) -> Mapping | None:
        """How the other side's certificate is verified, if it is."""
        own = common.take_mapping("validation_context")
        config = common.take_mapping("validation_context_sds_secret_config")
        if config is not None:
            own = self._secret(config, "validation_context", kept) or own
        combined = common.take_mapping("combined_validation_context")
        if combined is not None:
            fallback = combined.take_mapping("default_validation_context")
            config = combined.take_mapping("validation_context_sds_secret_config")
            found = self._secret(config, "validation_context", kept) if config else None
            if fallback is not None and found is not None:
                kept["default_validation_context"] = fallback.plain()
                message = "two sets of rules for one certificate"
                fallback.take_all()
                self.report.at(fallback, Fate.CARRIED, Level.WARNING, _FEATURE, message)
            own = found or fallback
            kept |= carry(combined, self.report, _FEATURE, COMMON)
        return own

    def secrets_left(self) -> None:
        """Deal with secrets that nothing refers to."""
        for secret in self.sources.secrets.values():
            secret.mark("name")
            certificate = secret.peek("tls_certificate")
            if not secret.is_taken("tls_certificate") and isinstance(certificate, Mapping):
                secret.mark("tls_certificate")
                self.add(certificate, secret.take_str("name", "secret"))
            unused = [key for key in secret.untaken() if key != "@type"]
            if unused:
                secret.take_all()
                message = "nothing in the input refers to this secret"
                self.report.at(secret, Fate.DROPPED, Level.INFO, _FEATURE, message)


@dataclass(slots=True)
class Downstream:
    """TLS of a filter chain.

    Attributes:
        certificates: names of those that are shown.
        guard: set where clients have to show a certificate.
        kept: what only Envoy can say.
        http2: whether HTTP/2 is offered.
    """

    certificates: list[str] = field(default_factory=list)
    guard: Guard | None = None
    kept: dict[str, Any] = field(default_factory=dict)


def downstream(
    context: Mapping, certificates: Certificates, label: str, names: tuple[str, ...]
) -> Downstream:
    """A `DownstreamTlsContext`."""
    report = certificates.report
    found = Downstream()
    required = take_flag(context, "require_client_certificate")
    found.kept |= carry(context, report, _FEATURE, DOWNSTREAM)
    common = context.take_mapping("common_tls_context")
    if common is None:
        return found
    found.certificates = certificates.shown(common, label, names, found.kept)
    _take_alpn(common)
    found.kept |= carry(common, report, _FEATURE, COMMON)
    validation = certificates.validation(common, found.kept)
    if validation is not None:
        validation.take_all()
        found.kept["validation_context"] = validation.plain()
        if not required:
            message = "a client may show a certificate, which is then verified"
            report.at(validation, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    if required:
        node = context.peek("require_client_certificate") or context
        found.kept["require_client_certificate"] = True
        message = (
            "only Envoy asks clients for a certificate: any other gateway will refuse everybody"
            " on the routes of these listeners"
        )
        report.at(node, Fate.CARRIED, Level.INFO, _FEATURE, message)
        config = dict(found.kept)
        found.guard = Guard(CLIENT_CERTIFICATE, "envoy", config, origin=Origin(node, {"name": ""}))
    return found


def _take_alpn(common: Mapping) -> None:
    common.take_strings("alpn_protocols")


def upstream_tls(
    context: Mapping, certificates: Certificates, label: str, targets: list[str]
) -> tuple[UpstreamTls, dict[str, Any]]:
    """An `UpstreamTlsContext`, and what only Envoy can say of it."""
    report = certificates.report
    kept: dict[str, Any] = {}
    tls = UpstreamTls(sni=context.take_str("sni"), verify=False, origin=Origin(context, _TLS_NAMES))
    automatic = take_flag(context, "auto_host_sni")
    checked = take_flag(context, "auto_sni_san_validation")
    kept |= carry(context, report, _UPSTREAM, CLIENT)
    common = context.take_mapping("common_tls_context")
    if common is None:
        _say_sni(context, tls, targets, report, automatic=bool(automatic))
        return tls, kept
    for node, name in certificates._nodes(common, kept):
        tls.client_certificate = certificates.add(node, name or f"{label}-client")
    _take_alpn(common)
    kept |= carry(common, report, _UPSTREAM, COMMON)
    validation = certificates.validation(common, kept)
    if validation is not None:
        _validate(validation, tls, certificates, label, targets, kept, checked=bool(checked))
    _say_sni(context, tls, targets, report, automatic=bool(automatic))
    return tls, kept


def _say_sni(
    context: Mapping, tls: UpstreamTls, targets: list[str], report: Reporter, *, automatic: bool
) -> None:
    """Without `sni` Envoy sends no server name; others send the name of the target."""
    if tls.sni is None and not automatic and any(not _is_address(one) for one in targets):
        message = "Envoy sends no server name here; others send that of the target"
        report.at(context, Fate.APPROXIMATED, Level.INFO, _UPSTREAM, message, whole=False)


def _validate(
    node: Mapping,
    tls: UpstreamTls,
    certificates: Certificates,
    label: str,
    targets: list[str],
    kept: dict[str, Any],
    *,
    checked: bool,
) -> None:
    report = certificates.report
    tls.verify = node.peek("trusted_ca") is not None
    authority = certificates.add_authority(node, f"{label}-ca")
    if authority is not None:
        tls.ca_certificates = [authority]
    depth = take_integer(node, "max_verify_depth")
    if depth is not None:
        tls.verify_depth = depth
    names = node.take("match_typed_subject_alt_names")
    wanted = {tls.sni} if tls.sni else set(targets)
    if names is not None:
        said = names.plain()
        names.take_all()
        exact = {_exact(one) for one in said} if isinstance(said, list) else set()
        if exact != wanted:
            kept["match_typed_subject_alt_names"] = said
            message = "which names in the certificate are accepted; others ask for the server name"
            report.at(names, Fate.CARRIED, Level.WARNING, _UPSTREAM, message)
    elif tls.verify and not checked and not node.has("verify_subject_alt_name"):
        message = "Envoy does not compare names in the certificate here; others do"
        report.at(node, Fate.APPROXIMATED, Level.WARNING, _UPSTREAM, message, whole=False)
    kept |= carry(node, report, _UPSTREAM, VALIDATION)


def _exact(matcher: Any) -> str | None:
    inner = matcher.get("matcher") if isinstance(matcher, dict) else None
    exact = inner.get("exact") if isinstance(inner, dict) else None
    return exact if isinstance(exact, str) else None


def _is_address(host: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def tls_context(node: Mapping, key: str, old: str) -> Mapping | None:
    """The TLS settings of a filter chain or cluster: `transport_socket`, or `tls_context` of v2.
    None for no TLS, or where another transport is spoken, which stays untaken.
    """
    context = node.take_mapping(old)
    if context is not None:
        return context
    socket = node.peek(key)
    if not isinstance(socket, Mapping):
        return None
    node.mark(key)
    socket.mark("name")
    found = take_typed(socket)
    if found is None or found.value is None:
        return None
    if found.type.endswith("TlsContext") or socket.take_str("name") in _TLS_SOCKETS:
        return found.value
    inner = found.value.peek("transport_socket")
    if isinstance(inner, Mapping):
        return tls_context(found.value, "transport_socket", "")
    if found.type.endswith("QuicDownstreamTransport"):
        return found.value.take_mapping("downstream_tls_context")
    return None


_TLS_SOCKETS = ("envoy.transport_sockets.tls", "tls")
