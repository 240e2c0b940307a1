"""TLS 1.0 and 1.1 rest on MD5 and SHA-1 and are forbidden since 2021 (RFC 8996). Whoever is on the
way and has both sides fall back to them gets at old weaknesses.

- **Kong**: `ssl_cipher_suite = old` of `kong.conf`, or `custom` with an old version in
  `ssl_protocols`, which counts for nothing without `custom`. `lua_ssl_protocols` is for connections
  that plugins open. Files with routes say nothing of versions.
- **APISIX**: `ssl_protocols` of an `ssl`, and `apisix.ssl.ssl_protocols` of `config.yaml`.
- **Traefik**: `minVersion` of `tls.options`, and of a `serversTransport` for upstreams.
- **Envoy**: `tls_minimum_protocol_version` of `tls_params`, on both sides.

Without such a setting none of them speaks less than TLS 1.2. Raise the lowest version to 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint.client_address import setups
from gal.lint.finding import REMOVE, Edit, Finding, Fix, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import at, items, text
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.samples import APISIX_CERTIFICATE as _SSL
from gal.lint.subject import Subject
from gal.reading import Mapping, Node, Scalar, Sequence

RULE = Rule(
    code="GAL042",
    name="tls-min-version",
    title="TLS 1.0 or 1.1 may be spoken",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(326, 327),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/configuration/",
        "https://apisix.apache.org/docs/apisix/admin-api/#ssl",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-options/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto",
        "https://www.rfc-editor.org/rfc/rfc8996",
    ),
    fix=Safety.TIGHTEN,
)
_OLD_WORD = re.compile(r"(?<![\w.])(?:SSLv[23]|TLSv1|TLSv1\.0|TLSv1\.1)(?![\w.])")
_TRAEFIK = {"VersionTLS10": "1.0", "VersionTLS11": "1.1"}
_ENVOY = {"TLSv1_0": "1.0", "TLSv1_1": "1.1", "1": "1.0", "2": "1.1"}
_KONG_WORDS = ("ssl_protocols", "lua_ssl_protocols")
_KONG_NGINX = re.compile(r"nginx_(?:http|proxy|admin|stream|status)_(?:lua_)?ssl_protocols")


def check(subject: Subject) -> Iterator[Finding]:
    """Settings of the lowest version that name one below 1.2."""
    readers = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}
    reader = readers.get(subject.provider)
    if reader is not None:
        yield from reader(subject)


def _found(
    subject: Subject, holder: Mapping, key: str, version: str, fix: Fix | None = None
) -> Finding:
    return finding(
        RULE,
        f"{_readable(version)} may be spoken",
        holder,
        key,
        owner=owner_of(subject, holder),
        value="a version of TLS below 1.2",
        help="set the lowest version to 1.2",
        fix=fix,
    )


def _readable(version: str) -> str:
    """What nginx calls `SSLv3`, `TLSv1` and `TLSv1.1` for people."""
    if not version.startswith(("SSLv", "TLSv")):
        return version
    name, number = version.split("v")
    return f"{name} {number if '.' in number else number + '.0'}"


def _kong(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "kong"):
        suite = text(root, "ssl_cipher_suite")
        if suite == "old":
            yield _found(subject, root, "ssl_cipher_suite", "TLS 1.0")
        names = [one for one in root.keys() if _KONG_NGINX.fullmatch(one)]
        names += _KONG_WORDS if suite == "custom" else _KONG_WORDS[1:]
        for name in names:
            word = _OLD_WORD.search(text(root, name) or "")
            if word is not None:
                yield _found(subject, root, name, word[0])


def _apisix(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "apisix"):
        ssl = at(root, "apisix.ssl")
        words = [item.text for item in items(ssl, "ssl_protocols") if isinstance(item, Scalar)]
        word = next((found for one in words if (found := _OLD_WORD.search(one))), None)
        if word is not None and isinstance(ssl, Mapping):
            yield _found(subject, ssl, "ssl_protocols", word[0])
    for node in subject.walk():
        listed = node.peek("ssl_protocols") if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping) or not isinstance(listed, Sequence) or _in_setup(node):
            continue
        old = [one for one in listed.items if _OLD_WORD.fullmatch(text(one) or "")]
        if old:
            fix = _without(listed, old)
            yield _found(subject, node, "ssl_protocols", text(old[0]) or "", fix)


def _in_setup(node: Mapping) -> bool:
    return node.key == "ssl" and node.parent is not None and node.parent.key == "apisix"


def _without(listed: Sequence, old: list[Node]) -> Fix | None:
    if len(old) == len(listed.items):
        return None  # without any entry, all versions are spoken that nginx knows
    edits = tuple(Edit(listed, int(one.key or 0), REMOVE) for one in old)
    return Fix("take the old versions away", Safety.TIGHTEN, edits)


def _traefik(subject: Subject) -> Iterator[Finding]:
    for node in subject.walk():
        word = text(node, "minVersion") if isinstance(node, Mapping) else None
        if isinstance(node, Mapping) and word in _TRAEFIK:
            fix = _raised(node, ("minVersion", "maxVersion"), _TRAEFIK, "VersionTLS12")
            yield _found(subject, node, "minVersion", f"TLS {_TRAEFIK[word]}", fix)


def _envoy(subject: Subject) -> Iterator[Finding]:
    keys = "tls_minimum_protocol_version", "tls_maximum_protocol_version"
    for node in subject.walk():
        if not isinstance(node, Mapping) or _snake(node.key) != "tls_params":
            continue
        word = text(node, keys[0])
        if word in _ENVOY:
            fix = _raised(node, keys, _ENVOY, "TLSv1_2")
            yield _found(subject, node, keys[0], f"TLS {_ENVOY[word]}", fix)


def _raised(node: Mapping, keys: tuple[str, str], old: dict[str, str], version: str) -> Fix:
    """Both bounds set to 1.2 where they are below: a lowest version above the highest one would
    leave none that is spoken.
    """
    named = [key for key in keys if text(node, key) in old]
    edits = tuple(Edit(node, node.spelt(key), version) for key in named)
    return Fix(f"set {' and '.join(named)} to {version}", Safety.TIGHTEN, edits)


def _snake(key: str | int | None) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", lambda found: f"_{found[1].lower()}", str(key))


_SERVER = """\
apisix:
  ssl:
    enable: true
"""
_OPTIONS = """\
http:
  routers: {shop: {rule: Host(`shop.test`), service: shop, tls: {options: own}}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
tls:
  options:
    own:
"""
_LISTENER = """\
chain:
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
      common_tls_context:
"""
_CLUSTER = _LISTENER.replace("chain:", "cluster:").replace("Downstream", "Upstream")


def _envoy_tls(frame: str, line: str) -> str:
    return f"{frame}        tls_params:\n          {line}\n"


_CONF = {"file": "kong.conf"}
_YAML = {"file": "config.yaml"}

EXAMPLES = (
    bad("kong", "ssl_cipher_suite = old  # <-\n", **_CONF),
    bad("kong", "ssl_cipher_suite = custom\nssl_protocols = TLSv1.1 TLSv1.2  # <-\n", **_CONF),
    good("kong", "ssl_cipher_suite = intermediate\n", **_CONF),
    good("kong", "ssl_cipher_suite = modern\nssl_protocols = TLSv1.1\n", "ignored", **_CONF),
    good("kong", "ssl_cipher_suite = custom\nssl_protocols = TLSv1.2 TLSv1.3\n", **_CONF),
    bad("apisix", f'{_SSL}  ssl_protocols: ["TLSv1.1", "TLSv1.2"]  # <-\n'),
    bad("apisix", f"{_SERVER}    ssl_protocols: TLSv1 TLSv1.1 TLSv1.2  # <-\n", **_YAML),
    good("apisix", f'{_SSL}  ssl_protocols: ["TLSv1.2", "TLSv1.3"]\n'),
    good("apisix", _SSL, "not below 1.2 by default"),
    good("apisix", f"{_SERVER}    ssl_protocols: TLSv1.2 TLSv1.3\n", **_YAML),
    bad("traefik", f"{_OPTIONS}      minVersion: VersionTLS10  # <-\n"),
    bad(
        "traefik",
        "http:\n  serversTransports:\n    own:\n      minVersion: VersionTLS11  # <-\n"
        "  services: {}\n",
        "for upstreams",
    ),
    good("traefik", f"{_OPTIONS}      minVersion: VersionTLS12\n"),
    good("traefik", f"{_OPTIONS}      maxVersion: VersionTLS12\n", "the highest version"),
    good("traefik", f"{_OPTIONS}      sniStrict: true\n", "not below 1.2 by default"),
    bad("envoy", _envoy_tls(_CLUSTER, "tls_minimum_protocol_version: TLSv1_0  # <-")),
    bad("envoy", _envoy_tls(_CLUSTER, "tls_minimum_protocol_version: TLSv1_1  # <-")),
    good("envoy", _envoy_tls(_CLUSTER, "tls_minimum_protocol_version: TLSv1_2")),
    good("envoy", _envoy_tls(_CLUSTER, "tls_maximum_protocol_version: TLSv1_3")),
    good("envoy", _envoy_tls(_CLUSTER, "tls_minimum_protocol_version: TLS_AUTO")),
)
