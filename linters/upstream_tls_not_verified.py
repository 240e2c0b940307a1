"""The gateway encrypts what it sends to an upstream, and does not check where it goes. Whoever
gets between them shows any certificate, reads everything, credentials included, and may answer.

- **Kong**: `tls_verify: false` of a service. Without it nginx's `proxy_ssl_verify` decides, which
  is off unless `kong.conf` switches it on (`nginx_proxy_proxy_ssl_verify`). Then the finding is
  medium, one for all such services.
- **APISIX**: `tls.verify` of an upstream. Releases up to 3.18 look at it for Kafka only, so for
  `https` and `grpcs` nothing is checked whatever it says. Where the settings name such a version,
  `verify: true` is a finding, too. Newer ones check with `verify: true`. Without it nginx decides
  as on Kong, and the finding is medium, one for all such upstreams.
- **Traefik** checks, unless `insecureSkipVerify` of a `serversTransport` is set; that of the static
  settings holds for all services without a transport.
- **Envoy** checks nothing without `trusted_ca` in the `validation_context` of the cluster's
  `UpstreamTlsContext`, nor with `trust_chain_verification: ACCEPT_UNTRUSTED`. With a `trusted_ca`
  but neither `auto_sni_san_validation` nor `match_typed_subject_alt_names`, any certificate of that
  authority will do: with the machine's own list of authorities, anybody's. With an authority of
  one's own, that is medium.

Name the authority that signed the upstream's certificate, and check with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gal.lint import traefik_files
from gal.lint.client_address import setups
from gal.lint.envoy_tls import unchecked
from gal.lint.finding import Edit, Finding, Fix, finding, place_of
from gal.lint.peeking import at, flag, items, mappings, section, text
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.subject import Subject, explicit
from gal.lint.together import together
from gal.model import ModelNode, Protocol, Upstream, UpstreamTls
from gal.reading import Mapping

RULE = Rule(
    code="GAL040",
    name="upstream-tls-not-verified",
    title="The certificate of an upstream is not checked",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(295, 297),
    owasp=("API8", "API10"),
    pages=(
        "https://developer.konghq.com/gateway/entities/service/",
        "https://apisix.apache.org/docs/apisix/admin-api/#upstream",
        "https://github.com/apache/apisix/pull/13863",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/serverstransport/",
        "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl",
    ),
    fix=Safety.UNSAFE,
)
_SECURE = (Protocol.HTTPS, Protocol.GRPCS)
_VALUE = "an upstream certificate that is not checked"
_HELP = "name the authority of the upstream's certificate, and check with it"
_TRANSPORTS = "serversTransports"
_KAFKA_ONLY = (3, 18)
"""The last APISIX that looks at `tls.verify` for Kafka only."""


def check(subject: Subject) -> Iterator[Finding]:
    """Upstreams that are spoken to with TLS without a check of their certificates."""
    if subject.provider == "traefik":
        yield from _traefik(subject)
    elif subject.provider == "envoy":
        yield from _envoy(subject)
    elif subject.provider in ("kong", "apisix"):
        yield from _nginx(subject)
    else:
        for owner, tls in _uses(subject):
            if tls is not None and tls.verify is False:
                yield _switched_off(subject, owner, tls)


def _uses(subject: Subject) -> list[tuple[ModelNode, UpstreamTls | None]]:
    """What is spoken to with TLS, each once: on Kong services, elsewhere upstreams."""
    found: dict[int, tuple[ModelNode, UpstreamTls | None]] = {}
    for view in subject.routes:
        for upstream, protocol in view.upstreams:
            if protocol in _SECURE:
                owner = view.service if subject.provider == "kong" and view.service else upstream
                found.setdefault(id(owner), (owner, upstream.tls))
    return list(found.values())


def _switched_off(subject: Subject, owner: ModelNode, tls: UpstreamTls) -> Finding:
    return finding(
        RULE,
        "certificates of the upstream are not checked: that is switched off explicitly",
        tls,
        "verify",
        owner=owner,
        value=_VALUE,
        help=_HELP,
        fix=_fix(subject, tls),
    )


def _fix(subject: Subject, tls: UpstreamTls) -> Fix | None:
    """On Kong a switch does; the others need an authority, too."""
    node = tls.origin.node if tls.origin is not None else None
    if subject.provider != "kong" or not isinstance(node, Mapping):
        return None
    edit = Edit(node, "tls_verify", True)
    return Fix("set tls_verify to true", Safety.UNSAFE, (edit,))


def _nginx(subject: Subject) -> Iterator[Finding]:
    unsaid: list[ModelNode] = []
    for owner, tls in _uses(subject):
        said = tls is not None and tls.verify is not None and explicit(tls, "verify")
        if tls is None or not said:
            unsaid.append(owner)
        elif not tls.verify:
            yield _switched_off(subject, owner, tls)
        elif subject.provider == "apisix" and _reads_kafka_only(subject):
            yield finding(
                RULE,
                "certificates of the upstream are not checked: this version of APISIX looks at"
                ' "verify" for Kafka only',
                tls,
                "verify",
                owner=owner,
                value=_VALUE,
                help="use a later version of APISIX, or keep the way to the upstream private",
            )
    if unsaid and not _on_in_nginx(subject):
        yield together(unsaid, lambda owners: _by_default(subject, owners))


def _by_default(subject: Subject, unsaid: Sequence[ModelNode]) -> Finding:
    key = "tls_verify" if subject.provider == "kong" else "tls.verify"
    what = "one upstream" if len(unsaid) == 1 else f"{len(unsaid)} upstreams"
    return finding(
        RULE,
        f"certificates of {what} are not checked: that is off by default, without {key}",
        unsaid[0],
        owner=unsaid[0] if len(unsaid) == 1 else subject.gateway,
        value=_VALUE,
        severity=Severity.MEDIUM,
        related=[place_of(one, message="nor here") for one in unsaid[1:6]],
        help=_HELP,
        count=len(unsaid),
    )


def _reads_kafka_only(subject: Subject) -> bool:
    parts = subject.settings.versions.get("apisix", "").split(".")
    numbers = tuple(int(one) for one in parts[:2] if one.isdigit())
    return len(numbers) == 2 and numbers <= _KAFKA_ONLY


def _on_in_nginx(subject: Subject) -> bool:
    """Whether `kong.conf` is there, too, and has nginx check all upstreams."""
    names = ("nginx_proxy_proxy_ssl_verify", "nginx_http_proxy_ssl_verify")
    return any(flag(root, name) for root in setups(subject, "kong") for name in names)


def _traefik(subject: Subject) -> Iterator[Finding]:
    plain, secure = _in_use(subject)
    for node in _transports(subject):
        holder = section(node, "tls") if at(node, "tls.insecureSkipVerify") is not None else node
        if holder is None or not flag(holder, "insecureSkipVerify"):
            continue
        used = secure.get(id(node), [])
        if id(node) in plain and not used:
            continue  # its servers are spoken to without TLS
        yield finding(
            RULE,
            "certificates of the upstream are not checked: that is switched off explicitly",
            holder,
            "insecureSkipVerify",
            owner=used[0] if len(used) == 1 else subject.gateway,
            value=_VALUE,
            help=_HELP,
        )


def _transports(subject: Subject) -> Iterator[Mapping]:
    """All of HTTP and TCP, also those that only other files use."""
    yield from traefik_files.sources(subject).dynamic.servers_transports.values()
    for root in subject.roots():
        yield from (one for _, one in mappings(root, "tcp.serversTransports"))
    for settings in traefik_files.static(subject):
        yield from (one for key, one in mappings(settings) if key.lower() == "serverstransport")


def _in_use(subject: Subject) -> tuple[set[int], dict[int, list[Upstream]]]:
    """The transports, by identity, of servers without TLS, and the upstreams of those with it."""
    dynamic = traefik_files.sources(subject).dynamic
    plain: set[int] = set()
    for service in dynamic.services.values():
        name = dynamic.resolve(text(service, "loadBalancer.serversTransport") or "", _TRANSPORTS)
        urls = [text(one, "url") or "" for one in items(service, "loadBalancer.servers")]
        if name is not None and urls and not any(one.startswith("https:") for one in urls):
            plain.add(id(dynamic.servers_transports[name]))
    secure: dict[int, list[Upstream]] = {}
    for view in subject.routes:
        for upstream, protocol in view.upstreams:
            if protocol not in _SECURE or upstream.tls is None or upstream.tls.origin is None:
                continue
            known = secure.setdefault(id(upstream.tls.origin.node), [])
            if all(one is not upstream for one in known):
                known.append(upstream)
    return plain, secure


def _envoy(subject: Subject) -> Iterator[Finding]:
    seen: set[int] = set()
    for view in subject.routes:
        for upstream, _ in view.upstreams:
            node = upstream.tls.origin.node if upstream.tls and upstream.tls.origin else None
            if not isinstance(node, Mapping) or id(node) in seen:
                continue
            seen.add(id(node))
            found = unchecked(node)
            if found is None:
                continue
            why, anybody = found
            yield finding(
                RULE,
                f"certificates of the upstream are not checked: {why}",
                node,
                owner=upstream,
                value=_VALUE,
                severity=Severity.HIGH if anybody else Severity.MEDIUM,
                help=_HELP,
            )


_KONG = """\
services:
- name: shop{mark}
  url: https://shop.internal
  routes: [{{name: shop, paths: [/shop]}}]
"""
_APISIX = """\
routes:
- uri: /shop
  upstream:{mark}
    scheme: https
    nodes: {{"shop.internal:443": 1}}
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop}}
  services:
    shop:
      loadBalancer: {serversTransport: own, servers: [{url: "https://shop.internal"}]}
  serversTransports:
    own:
"""
_ENVOY = """\
cluster:
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:{mark}
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: one.internal
"""
_CA = "trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}"
_SANS = "match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: one.internal}}]"


def _kong(*lines: str, mark: bool = False) -> str:
    return _KONG.format(mark="  # <-" if mark else "") + "".join(f"  {one}\n" for one in lines)


def _apisix(*lines: str, mark: bool = False) -> str:
    text = _APISIX.format(mark="  # <-" if mark else "")
    return text + "".join(f"    {one}\n" for one in lines)


def _envoy_tls(*lines: str, mark: bool = True) -> str:
    text = _ENVOY.format(mark="  # <-" if mark else "")
    if not lines:
        return text
    rules = "".join(f"          {one}\n" for one in lines)
    return f"{text}      common_tls_context:\n        validation_context:\n{rules}"


_OLD = {"versions": {"apisix": "3.16"}}

EXAMPLES = (
    bad("kong", _kong("tls_verify: false  # <-")),
    bad("kong", _kong(mark=True), "off by default"),
    bad("kong", _kong("tls_verify: false  # <-", "tls_verify_depth: 2")),
    good("kong", _kong("tls_verify: true")),
    good("kong", _kong().replace("https:", "http:"), "no TLS at all is another matter"),
    good("kong", _kong("enabled: false"), "nothing is sent"),
    bad("apisix", _apisix(mark=True), "off by default"),
    bad("apisix", _apisix("tls: {verify: false}  # <-")),
    bad("apisix", _apisix("tls: {verify: true}  # <-"), "not looked at", settings=_OLD),
    good("apisix", _apisix("tls: {verify: true}")),
    good("apisix", _apisix().replace("https", "http"), "no TLS at all is another matter"),
    good("apisix", "routes:\n- uri: /shop\n  plugins: {redirect: {uri: /new}}\n"),
    bad("traefik", f"{_TRAEFIK}      insecureSkipVerify: true  # <-\n"),
    bad("traefik", "entryPoints: {}\nserversTransport:\n  insecureSkipVerify: true  # <-\n"),
    good("traefik", f"{_TRAEFIK}      insecureSkipVerify: false\n"),
    good("traefik", f"{_TRAEFIK}      serverName: shop.internal\n", "checked by default"),
    good(
        "traefik",
        f"{_TRAEFIK}      insecureSkipVerify: true\n".replace("https:", "http:"),
        "no TLS at all is another matter",
    ),
    bad("envoy", _envoy_tls(), "off by default"),
    bad("envoy", _envoy_tls(_CA), "any host with a certificate"),
    bad("envoy", _envoy_tls(_CA, _SANS, "trust_chain_verification: ACCEPT_UNTRUSTED")),
    good("envoy", _envoy_tls(_CA, _SANS, mark=False)),
    good(
        "envoy",
        _envoy_tls(_CA, mark=False)
        + "      auto_host_sni: true\n      auto_sni_san_validation: true\n",
    ),
    good("envoy", "cluster:\n  connect_timeout: 1s\n", "no TLS at all is another matter"),
)
