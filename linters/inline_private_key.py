"""A private key stands in the file. Whoever can read the file, a copy or its history can pass for
the server or client that the key belongs to, or sign tokens with it. No authority takes the
certificate back before somebody notices.

- **Kong**: `key` and `key_alt` of `certificates`, `pem.private_key` of `keys`.
- **APISIX**: `key` and `keys` of `ssls`, `tls.client_key` of upstreams, private keys of
  `openid-connect` and `saml-auth`.
- **Traefik**: `keyFile`, and `key` of `tls` settings, take the key itself as well as a file.
- **Envoy**: `private_key` and `pkcs12` with `inline_string` or `inline_bytes`.

Any other text of the file is looked at, too: whatever holds a private key in PEM is reported. An
encrypted key is reported with severity high; its passphrase is often not far away.

Have the key read from a file that only the gateway may read, or from a vault, and have a new one
made: this one is known by now.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import at, text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import ModelNode
from gal.reading import Mapping, Node, Scalar

RULE = Rule(
    code="GAL091",
    name="inline-private-key",
    title="A private key stands in the file",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    cwe=(321, 312),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/certificate/",
        "https://apisix.apache.org/docs/apisix/terminology/secret/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-certificates/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret",
    ),
)

_HELP = {
    "kong": "write a reference such as {vault://env/my-key}",
    "apisix": "write a reference such as $env://MY_KEY or $secret://vault/1/my-key",
    "traefik": "name the file that holds it",
    "envoy": "name the file that holds it, or a secret of SDS",
}
_KEY = re.compile(
    r"-----BEGIN ((?:[A-Z0-9]+ ){0,3})PRIVATE KEY-----((?:[A-Za-z0-9+/=:,\-\s]|\\[nr]){0,400})"
)
_LEAST = 24
"""So many letters of base64 are at least there, or somebody has to fill the key in."""


def check(subject: Subject) -> Iterator[Finding]:
    """Texts that hold a private key."""
    for node in subject.walk():
        if isinstance(node, Scalar):
            found = _kind(node.text)
            if found is not None:
                yield _finding(subject, node, found)
        elif isinstance(node, Mapping) and subject.provider == "envoy":
            yield from _bundle(subject, node)


def _kind(value: str) -> str | None:
    """The kind of private key that a text holds: `RSA`, `EC`, `ENCRYPTED` and so on, or nothing
    said.
    """
    if "PRIVATE KEY" not in value and not value.startswith("LS0tLS1CRUdJTi"):
        return None
    if value.startswith("LS0t"):
        value = _decoded(value)
    found = _KEY.search(value)
    if found is None or len(re.sub(r"[^A-Za-z0-9+/]", "", found[2])) < _LEAST:
        return None
    encrypted = "Proc-Type: 4,ENCRYPTED" in value
    return "ENCRYPTED" if encrypted else found[1].strip()


def _decoded(value: str) -> str:
    """The text of base64, as Envoy's `inline_bytes` and manifests have it."""
    try:
        return base64.b64decode(value.strip()).decode("ascii", "replace")
    except ValueError:
        return ""


def _bundle(subject: Subject, node: Mapping) -> Iterator[Finding]:
    """PKCS #12 in Envoy's `pkcs12`: the key with its certificate."""
    inner = at(node, "pkcs12.inline_bytes")
    if isinstance(inner, Scalar) and len(text(inner) or "") >= _LEAST:
        yield _finding(subject, inner, "ENCRYPTED")


def _finding(subject: Subject, node: Node, kind: str) -> Finding:
    encrypted = kind == "ENCRYPTED"
    which = "an encrypted private key" if encrypted else "a private key"
    of = f" ({kind})" if kind and not encrypted else ""
    return finding(
        RULE,
        f"{which}{of} stands in " + (f'"{node.key}"' if isinstance(node.key, str) else "a list"),
        node,
        owner=_whose(subject, node),
        value="encrypted private key" if encrypted else "private key",
        severity=Severity.HIGH if encrypted else None,
        help=_HELP.get(subject.provider, ""),
    )


def _whose(subject: Subject, node: Node) -> ModelNode:
    """The certificate that a key belongs to, also where it stands twice; else what is around it."""
    owner = owner_of(subject, node)
    if owner is not subject.gateway or not isinstance(node.parent, Mapping):
        return owner
    beside = {one.text for one in node.parent.entries.values() if isinstance(one, Scalar)}
    known = (one for one in subject.gateway.certificates if one.certificate in beside)
    return next(known, owner)


_BODY = "MIIB" + "AGhhcmRseS1hLWtleQ" * 3
_MARK = "-----{} {}PRIVATE KEY-----"


_IN_BASE64 = (
    "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUJBR2hoY21Sc2VTMWhMV3RsZVFBR2"
    "hoY21Sc2VTMWhMV3RsZVFBR2hoY21Sc2VTMWhMV3RsZVEKLS0tLS1FTkQgUFJJVkFURSBL"
    "RVktLS0tLQo="
)
"""What `_pem` gives."""


def _pem(indent: int, kind: str = "") -> str:
    """Something that looks like a key and is none."""
    lines = (_MARK.format("BEGIN", kind), _BODY, _MARK.format("END", kind))
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def _certificate(indent: int) -> str:
    return _pem(indent).replace("PRIVATE KEY", "CERTIFICATE")


_KONG = f"certificates:\n- id: 0b1e3a52-6a4d-4c7e-9a63-9c7f0a1c2d01\n  cert: |\n{_certificate(4)}"
_APISIX = f"ssls:\n- id: 1\n  sni: shop.test\n  cert: |\n{_certificate(4)}"
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/`), service: shop, tls: {}}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
tls:
  certificates:
  - certFile: /etc/shop.pem
"""
_ENVOY = """\
chain:
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
      common_tls_context:
        tls_certificates:
        - certificate_chain: {filename: /etc/shop.pem}
"""
_MARKED = "  # <-\n"

EXAMPLES = (
    bad("kong", f"{_KONG}  key: |{_MARKED}{_pem(4)}"),
    bad(
        "kong",
        f"{_KONG}  key: '{{vault://env/key}}'\n  cert_alt: |\n{_certificate(4)}"
        f"  key_alt: |{_MARKED}{_pem(4, 'EC ')}",
    ),
    good("kong", f"{_KONG}  key: '{{vault://env/shop-key}}'\n"),
    good("kong", f'{_KONG}  key: ${{{{ env "DECK_SHOP_KEY" }}}}\n'),
    good(
        "kong",
        "services: [{name: shop, url: http://shop.internal, routes: [{name: shop, paths: [/]}]}]\n"
        "consumers:\n- username: anna\n  jwt_secrets:\n  - key: anna\n    algorithm: RS256\n"
        f"    rsa_public_key: |\n{_pem(6).replace('PRIVATE', 'PUBLIC')}",
        "a public key",
    ),
    bad("apisix", f"{_APISIX}  key: |{_MARKED}{_pem(4)}"),
    bad("apisix", f"{_APISIX}  key: |{_MARKED}{_pem(4, 'ENCRYPTED ')}", "severity high"),
    good("apisix", f"{_APISIX}  key: $env://SHOP_KEY\n"),
    good("apisix", f"{_APISIX}  key: $secret://vault/1/shop/key\n"),
    good("apisix", f"{_APISIX}  key: ${{{{SHOP_KEY}}}}\n"),
    bad("traefik", f"{_TRAEFIK}    keyFile: |{_MARKED}{_pem(6, 'RSA ')}"),
    bad("traefik", f"{_TRAEFIK}    keyFile: |{_MARKED}{_pem(6)}"),
    good("traefik", f"{_TRAEFIK}    keyFile: /run/secrets/shop.key\n"),
    good("traefik", f"{_TRAEFIK}    keyFile: '{{{{ env \"SHOP_KEY\" }}}}'\n"),
    good("traefik", f"{_TRAEFIK}    keyFile: /run/secrets/PRIVATE KEY.pem\n", "a name"),
    bad(
        "envoy",
        f"{_ENVOY}          private_key:\n            inline_string: |{_MARKED}{_pem(14)}",
    ),
    bad(
        "envoy",
        f"{_ENVOY}          private_key:\n            inline_bytes: {_IN_BASE64}{_MARKED}",
    ),
    good("envoy", f"{_ENVOY}          private_key: {{filename: /run/secrets/shop.key}}\n"),
    good("envoy", f"{_ENVOY}          private_key: {{environment_variable: SHOP_KEY}}\n"),
    good(
        "envoy",
        f"{_ENVOY}          private_key:\n            inline_string: |\n{_certificate(14)}",
        "a certificate, in the wrong place",
    ),
)
