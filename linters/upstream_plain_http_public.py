"""Requests go to an upstream in plain text over a network that is not one's own. Whoever is on the
way reads and changes them, with the credentials that they carry.

- **Kong**: a service's `protocol` is `http` unless it says otherwise; `url: http://...` says it.
- **APISIX**: an upstream's `scheme` is `http` unless it says otherwise.
- **Traefik**: `url: http://...` of a server.
- **Envoy**: a cluster without `transport_socket`.

A host counts as public when it is a public address, or a name of several labels whose last one is a
country's or another usual one. Names of one label, of clusters and of private networks (`*.svc`,
`*.local`, `*.internal`, `*.lan` and the like), private and loopback addresses, and names kept for
examples do not. Names of your own that look public but are not: put their patterns into the setting
`internal-hosts`.

Speak HTTPS to the upstream, and check its certificate.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, Place, finding, place_of
from gal.lint.hosts import is_public
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import Protocol, Target, Upstream
from gal.reading import Mapping

RULE = Rule(
    code="GAL041",
    name="upstream-plain-http-public",
    title="Plain HTTP goes to an upstream over public networks",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(319,),
    owasp=("API10",),
    pages=(
        "https://developer.konghq.com/gateway/entities/service/",
        "https://apisix.apache.org/docs/apisix/admin-api/#upstream",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/",
        "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/security/ssl",
    ),
)
_PLAIN = (Protocol.HTTP, Protocol.GRPC, Protocol.H2C)


def check(subject: Subject) -> Iterator[Finding]:
    """Upstreams with public targets that are spoken to without TLS."""
    seen: set[int] = set()
    for view in subject.routes:
        for upstream, protocol in view.upstreams:
            if id(upstream) in seen or protocol not in _PLAIN or _has_transport(upstream):
                continue
            seen.add(id(upstream))
            public = _public(subject, upstream)
            if public:
                yield _finding(upstream, public)


def _has_transport(upstream: Upstream) -> bool:
    """Whether Envoy speaks TLS, or a transport that the model does not know."""
    own = upstream.extensions.get("envoy", {})
    return "transport_socket" in own or (upstream.tls is not None and bool(own))


def _public(subject: Subject, upstream: Upstream) -> list[Target]:
    internal = subject.settings.internal_hosts
    return [one for one in upstream.targets if is_public(one.host, internal)]


def _finding(upstream: Upstream, public: list[Target]) -> Finding:
    first = public[0]
    return finding(
        RULE,
        f"requests to {first.host} go over public networks in plain text",
        _place(first, upstream),
        owner=upstream,
        value=f"plain HTTP to {' '.join(sorted({one.host for one in public}))}",
        related=[place_of(one, message="and here") for one in public[1:5] if one.origin],
        help="speak HTTPS to it, and check its certificate",
        count=len(public),
    )


def _place(target: Target, upstream: Upstream) -> Place:
    """Where the target's address stands; on Kong that is a field of the service."""
    part = target if target.origin is not None else upstream
    node = part.origin.node if part.origin is not None else None
    if isinstance(node, Mapping):
        for key in ("url", "host"):
            if node.has(key):
                return place_of(node, key)
    return place_of(part)


def _kong(url: str) -> str:
    return f"services:\n- name: shop\n  url: {url}\n  routes: [{{name: shop, paths: [/shop]}}]\n"


def _apisix(node: str, scheme: str = "") -> str:
    more = f"    scheme: {scheme}\n" if scheme else ""
    return f"routes:\n- uri: /shop\n  upstream:\n{more}    nodes:\n      {node}\n"


def _traefik(url: str) -> str:
    return (
        "http:\n"
        "  routers: {shop: {rule: PathPrefix(`/shop`), service: shop}}\n"
        "  services:\n"
        "    shop:\n"
        "      loadBalancer:\n"
        "        servers:\n"
        f"        - url: {url}\n"
    )


def _envoy(host: str, more: str = "", mark: str = "") -> str:
    return (
        "clusters:\n"
        "  - name: one\n"
        "    type: STRICT_DNS\n"
        f"{more}"
        "    load_assignment:\n"
        "      cluster_name: one\n"
        "      endpoints:\n"
        "      - lb_endpoints:\n"
        f"        - endpoint:{mark}\n"
        f"            address: {{socket_address: {{address: {host}, port_value: 80}}}}\n"
    )


_TLS = (
    "    transport_socket:\n"
    "      name: envoy.transport_sockets.tls\n"
    "      typed_config:\n"
    '        "@type": '
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext\n"
)

EXAMPLES = (
    bad("kong", _kong("http://api.example.com  # <-")),
    bad("kong", _kong("http://8.8.8.8:8080  # <-"), "a public address"),
    good("kong", _kong("https://api.example.com")),
    good("kong", _kong("http://shop.internal"), "a private name"),
    good("kong", _kong("http://10.0.0.7:8080"), "a private address"),
    good("kong", _kong("http://shop:8080"), "a name of one label"),
    bad("apisix", _apisix('"api.example.com:80": 1  # <-')),
    bad("apisix", _apisix('"8.8.8.8:80": 1  # <-', "http")),
    good("apisix", _apisix('"api.example.com:443": 1', "https")),
    good("apisix", _apisix('"shop.default.svc.cluster.local:80": 1')),
    good("apisix", _apisix('"127.0.0.1:80": 1')),
    bad("traefik", _traefik("http://api.example.com  # <-")),
    bad("traefik", _traefik("h2c://api.example.com:8080  # <-")),
    good("traefik", _traefik("https://api.example.com")),
    good("traefik", _traefik("http://shop.lan")),
    good(
        "traefik",
        _traefik("http://shop.intern.example.com"),
        "private, as the settings say",
        settings={"internal_hosts": ("*.intern.example.com",)},
    ),
    bad("envoy", _envoy("api.example.com", mark="  # <-")),
    bad("envoy", _envoy("8.8.8.8", mark="  # <-")),
    good("envoy", _envoy("api.example.com", _TLS)),
    good("envoy", _envoy("one.internal")),
    good("envoy", _envoy("192.168.1.7")),
)
