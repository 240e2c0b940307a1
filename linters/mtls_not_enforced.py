"""An authority for client certificates is named, and a client without a valid certificate gets
through all the same.

- **APISIX**: an `ssl` object with `client.ca` asks for a certificate; requests that an expression
  of `client.skip_mtls_uri_regex` fits need none, and one that fits every path takes the check away.
  A second `ssl` object for the same name without `client` may be the one that is used.
- **Traefik**: `clientAuth.clientAuthType` of `RequestClientCert` takes any certificate or none,
  `VerifyClientCertIfGiven` takes none, `RequireAnyClientCert` takes any, and `NoClientCert`, the
  default, does not ask. Only `RequireAndVerifyClientCert` checks.
- **Envoy**: a `validation_context` without `require_client_certificate` verifies what a client
  shows, and lets in who shows nothing. With `trust_chain_verification: ACCEPT_UNTRUSTED` any
  certificate will do, with `allow_expired_certificate` an expired one, and without `trusted_ca` (or
  a list of hashes or keys) nothing is verified.
- **Kong** asks for client certificates in its enterprise edition only (`mtls-auth`).
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.envoy_messages import messages
from gal.lint.finding import Finding, Where, finding, place_of
from gal.lint.peeking import at, flag, items, mappings, number, section, text, texts
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import ENVOY_TLS as _ENVOY
from gal.lint.subject import Subject
from gal.model import Anchor, Dialect, Regex
from gal.reading import Mapping

RULE = Rule(
    code="GAL024",
    name="mtls-not-enforced",
    title="Client certificates are asked for, and none is needed",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(295, 287),
    owasp=("API2",),
    pages=(
        "https://apisix.apache.org/docs/apisix/tutorials/client-to-apisix-mtls/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-options/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto",
    ),
)
_LAX = {
    "RequestClientCert": "clients may show any certificate, or none",
    "RequireAnyClientCert": "clients may show any certificate: nothing verifies it",
    "VerifyClientCertIfGiven": "clients may do without a certificate",
    "NoClientCert": "clients are not asked for a certificate",
}
_ROOTS = (
    *("trusted_ca", "verify_certificate_hash", "verify_certificate_spki"),
    *("ca_certificate_provider_instance", "custom_validator_config", "system_root_certs"),
)
_PROBES = ("/", "/orders/1", "/admin")


def check(subject: Subject) -> Iterator[Finding]:
    """Checks of client certificates that let others in."""
    if subject.provider == "apisix":
        yield from _apisix(subject)
    elif subject.provider == "traefik":
        yield from _traefik(subject)
    for node in messages(subject, "DownstreamTlsContext"):
        yield from _envoy(node, subject)


def _finding(message: str, where: Where, key: str, value: str, subject: Subject) -> Finding:
    return finding(
        RULE,
        message,
        where,
        key,
        owner=subject.gateway,
        value=value,
        help="require a certificate of the authority, and verify it",
    )


# -- APISIX


def _apisix(subject: Subject) -> Iterator[Finding]:
    objects = [
        one
        for root in subject.roots()
        for key in ("ssls", "ssl")
        for one in items(root, key)
        if isinstance(one, Mapping) and number(one, "status") != 0
    ]
    asking: dict[str, Mapping] = {}
    for one in objects:
        client = section(one, "client")
        if at(client, "ca") is None or client is None:
            continue
        asking.update((name.lower(), one) for name in _names(one))
        if any(_fits_all(pattern) for pattern in texts(client, "skip_mtls_uri_regex")):
            message = "every path is left out of the check"
            yield _finding(message, client, "skip_mtls_uri_regex", "left out", subject)
    for one in objects:
        if at(one, "client.ca") is not None or text(one, "type") == "client":
            continue
        name = next((name for name in _names(one) if name.lower() in asking), None)
        if name is not None:
            yield finding(
                RULE,
                f"{name} is also served without asking for a certificate",
                one,
                owner=subject.gateway,
                value="another without",
                related=[place_of(asking[name.lower()], "client", "asked for here")],
                help="ask for a certificate in each object of the name",
            )


def _names(node: Mapping) -> list[str]:
    return [*texts(node, "snis"), *texts(node, "sni")]


def _fits_all(pattern: str) -> bool:
    from gal.tracing.regexes import found_in

    regex = Regex(pattern, Dialect.PCRE, Anchor.SEARCH)
    return all(found_in(regex, path) is not None for path in _PROBES)


# -- Traefik


def _traefik(subject: Subject) -> Iterator[Finding]:
    for name, options in _options(subject):
        client = section(options, "clientAuth")
        if client is None or not (texts(client, "caFiles") or texts(client, "secretNames")):
            continue
        kind = text(client, "clientAuthType") or "NoClientCert"
        why = next((why for word, why in _LAX.items() if word.lower() == kind.lower()), None)
        if why is not None:
            message = f'{why} (TLS options "{name}")'
            yield _finding(message, client, "clientAuthType", kind, subject)


def _options(subject: Subject) -> Iterator[tuple[str, Mapping]]:
    for node in subject.walk():
        if not isinstance(node, Mapping):
            continue
        if node.key == "options" and getattr(node.parent, "key", None) == "tls":
            yield from mappings(node)
        elif text(node, "kind") == "TLSOption":
            spec = section(node, "spec")
            if spec is not None:
                yield text(node, "metadata.name") or "", spec


# -- Envoy


def _envoy(context: Mapping, subject: Subject) -> Iterator[Finding]:
    common = section(context, "common_tls_context")
    combined = section(common, "combined_validation_context.default_validation_context")
    validation = section(common, "validation_context") or combined
    elsewhere = common is not None and any("validation_context_sds" in key for key in common)
    elsewhere = elsewhere or at(common, "combined_validation_context") is not None
    if validation is None and not elsewhere:
        if flag(context, "require_client_certificate"):
            message = "any certificate is accepted: nothing verifies it"
            yield _finding(message, context, "require_client_certificate", "not verified", subject)
        return
    if not flag(context, "require_client_certificate"):
        where = common if common is not None else context
        key = next((key for key in where if "validation_context" in key), "")
        message = "a client that shows no certificate gets in"
        yield _finding(message, where, key, "not required", subject)
        return
    if validation is not None:
        yield from _validated(validation, subject, elsewhere=elsewhere)


def _validated(node: Mapping, subject: Subject, *, elsewhere: bool) -> Iterator[Finding]:
    if text(node, "trust_chain_verification") in ("ACCEPT_UNTRUSTED", "1"):
        message = "certificates of any authority are accepted"
        yield _finding(message, node, "trust_chain_verification", "untrusted", subject)
    elif not elsewhere and all(at(node, key) is None for key in _ROOTS):
        message = "any certificate is accepted: there is no trusted_ca"
        yield _finding(message, node, "", "not verified", subject)
    if flag(node, "allow_expired_certificate"):
        message = "expired certificates are accepted"
        yield _finding(message, node, "allow_expired_certificate", "expired", subject)


_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
ssls:
- id: shop
  snis: [shop.test]
  cert: $env://CERT
  key: $env://KEY
  client:
    ca: |
      -----BEGIN CERTIFICATE-----
      MIIBQTCB6aADAgECAgEBMAoGCCqGSM49BAMCMBoxGDAWBgNVBAMMD2FwaS5leGFt
      cGxlLmNvbTAgFw0yNTAxMDEwMDAwMDBaGA8yMTI0MDEwMTAwMDAwMFowGjEYMBYG
      A1UEAwwPYXBpLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
      gWFFwwqnccnWEFeIC5Fdpm4MTSk1Bmxne8TGjE/2SmDr9MbMAr3OvfNMtw4uK6WU
      LBL5eDONwBtmOelyG3up+KMeMBwwGgYDVR0RBBMwEYIPYXBpLmV4YW1wbGUuY29t
      MAoGCCqGSM49BAMCA0cAMEQCIFF9sL/PRyY4/CWAJsyhTxFEJKM6PUMv3Bd7B+DY
      QcSTAiBS2WcsPT5Lw27CtSsnv2tZnvPyoh+ZYfMljwEpEpl2Og==
      -----END CERTIFICATE-----
"""
_SECOND = """\
- id: other
  snis: [shop.test]
  cert: $env://CERT
  key: $env://KEY
"""
_TRAEFIK = """\
http:
  routers:
    shop: {rule: Host(`shop.test`), service: shop, tls: {options: mutual}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
tls:
  options:
    mutual:
      clientAuth:
"""
_CA = "        caFiles: [/etc/ca.pem]\n"
_REQUIRED = _ENVOY.replace("      common", "      require_client_certificate: true\n      common")
_CHECKED = "        validation_context:\n          trusted_ca: {filename: /etc/ca.pem}\n"

EXAMPLES = (
    bad("apisix", f"{_APISIX}    skip_mtls_uri_regex: ['.*']  # <-\n"),
    bad("apisix", f"{_APISIX}{_SECOND.replace('other', 'other  # <-')}"),
    good("apisix", _APISIX),
    good("apisix", f"{_APISIX}    skip_mtls_uri_regex: ['^/health$']\n", "one path"),
    good("apisix", f"{_APISIX}{_SECOND.replace('[shop', '[other')}", "another name"),
    bad("traefik", f"{_TRAEFIK}{_CA}        clientAuthType: VerifyClientCertIfGiven  # <-\n"),
    bad("traefik", f"{_TRAEFIK}{_CA}".replace("clientAuth:", "clientAuth:  # <-"), "by default"),
    good("traefik", f"{_TRAEFIK}{_CA}        clientAuthType: RequireAndVerifyClientCert\n"),
    good("traefik", f"{_TRAEFIK}        clientAuthType: NoClientCert\n", "no authority is named"),
    good(
        "traefik",
        f"{_TRAEFIK}        clientAuthType: RequestClientCert\n",
        "no authority is named: the application looks at the certificate",
    ),
    bad("envoy", f"{_ENVOY}{_CHECKED.replace('context:', 'context:  # <-')}"),
    bad(
        "envoy",
        f"{_REQUIRED}{_CHECKED}          trust_chain_verification: ACCEPT_UNTRUSTED  # <-\n",
    ),
    bad("envoy", _REQUIRED.replace("certificate: true", "certificate: true  # <-")),
    bad("envoy", f"{_REQUIRED}{_CHECKED}          allow_expired_certificate: true  # <-\n"),
    good("envoy", f"{_REQUIRED}{_CHECKED}"),
    good("envoy", _ENVOY, "no authority is named"),
    good(
        "envoy",
        f"{_REQUIRED}        validation_context:\n"
        "          verify_certificate_spki: [NvqYIYSbgK2vCJpQhObf77vv+bQWtc5ek5RIOwPiC9A=]\n",
        "certain keys",
    ),
)
