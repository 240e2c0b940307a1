"""Proxies in front of a gateway tell it in headers who the client is: `X-Forwarded-For`,
`X-Forwarded-Proto`, `X-Real-IP`, or in a line of the PROXY protocol. Anybody can send the same. A
gateway that believes everybody lets every client choose its own address: limits by address do not
hold, lists of allowed addresses open, and logs blame others.

- **Kong** believes the addresses of `trusted_ips` in `kong.conf`; none is the default.
- **APISIX** believes those of `nginx_config.http.real_ip_from` and `apisix.trusted_addresses` in
  `config.yaml`. The plugin `real-ip` believes everybody while it has no `trusted_addresses`.
- **Traefik** empties these headers unless `forwardedHeaders.trustedIPs` of the entry point names
  the sender, or `insecure` is set; `proxyProtocol` has the same two. The `trustForwardHeader` of
  `forwardAuth` is harmless on an entry point that empties them. On one that does not, the service
  that decides is told the method and the path that the client makes up.
- **Envoy** believes the last address of `X-Forwarded-For` unless `use_remote_address` is set, which
  every listener that clients reach directly should have. Here the finding is less severe where
  nothing is said and nothing is decided by address; all of these are one finding. There is
  none where `xff_num_trusted_hops` or `original_ip_detection_extensions` say whom to believe, and
  none on the loopback address.

Name the proxies in front of the gateway, and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import traefik_files
from gal.lint.client_address import Believed, believed
from gal.lint.finding import Edit, Finding, Fix, Place, finding, place_of
from gal.lint.peeking import flag
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import Algorithm, IpAccess, ModelNode, RateLimit, RateLimitKey

RULE = Rule(
    code="GAL052",
    name="untrusted-forwarded-headers",
    title="Any client may say which address it has",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(348, 290),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/configuration/",
        "https://apisix.apache.org/docs/apisix/plugins/real-ip/",
        "https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge",
    ),
    fix=Safety.UNSAFE,
)
_HELP = {
    "envoy": "set use_remote_address where clients connect, or xff_num_trusted_hops behind proxies"
}


def check(subject: Subject) -> Iterator[Finding]:
    """Settings that believe everybody."""
    unsaid: list[Believed] = []
    for one in believed(subject):
        deciding = [(view, part) for view in one.views for part in _by_address(view)]
        if one.given or deciding:
            yield _finding(subject, [one], RULE.severity, _related(subject, one, deciding))
        else:
            unsaid.append(one)
    if unsaid:
        others = [place_of(one.node, one.key, "here, too") for one in unsaid[1:5]]
        yield _finding(subject, unsaid, Severity.MEDIUM, others)


def _finding(
    subject: Subject, alike: list[Believed], severity: Severity, related: list[Place]
) -> Finding:
    first = alike[0]
    where = f", in {len(alike)} places" if len(alike) > 1 else ""
    return finding(
        RULE,
        f"{first.what}{where}: any client may choose its address by {first.how}",
        first.node,
        first.key,
        owner=first.owner,
        severity=severity,
        value="everybody is believed",
        related=related,
        help=_HELP.get(subject.provider, "trust the proxies in front of the gateway only"),
        fix=_fix(subject, alike),
        count=len(alike),
    )


def _related(
    subject: Subject, one: Believed, deciding: list[tuple[RouteView, ModelNode]]
) -> list[Place]:
    found = [place_of(part, message="decides by the client's address") for _, part in deciding[:3]]
    mine = {id(view.route) for view in one.views}
    for middleware, routers in traefik_files.middlewares(subject, "forwardAuth"):
        views = traefik_files.views_of(subject, routers)
        config = middleware.config
        if config is None or not flag(config, "trustForwardHeader"):
            continue
        if any(id(view.route) in mine for view in views):
            message = "the authorization service is told what the client says"
            found.append(place_of(config, "trustForwardHeader", message))
    return found


def _by_address(view: RouteView) -> Iterator[ModelNode]:
    """What decides on a request by the address of its client."""
    access, limit = view.policy(IpAccess), view.policy(RateLimit)
    if access is not None:
        yield access
    if limit is not None and limit.key_type is RateLimitKey.IP_ADDRESS:
        yield limit
    yield from view.route.sources
    for upstream, _ in view.upstreams:
        if upstream.load_balancer.algorithm is Algorithm.IP_HASH:
            yield upstream.load_balancer


def _fix(subject: Subject, alike: list[Believed]) -> Fix | None:
    """Wrong behind a proxy, whose address would be taken for all of its clients."""
    if subject.provider != "envoy":
        return None
    edits = (Edit(one.node, one.node.spelt("use_remote_address"), True) for one in alike)
    return Fix("set use_remote_address", Safety.UNSAFE, tuple(edits))


_KONG = "proxy_listen = 0.0.0.0:8000\n"
_APISIX = """\
deployment: {role: data_plane, role_data_plane: {config_provider: yaml}}
nginx_config:
  http:
"""
_REAL_IP = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    real-ip:
"""
_TRAEFIK = """\
providers: {file: {filename: dynamic.yaml}}
entryPoints:
  web:
    address: ":80"
"""
_FORWARD = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [check]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    check: {forwardAuth: {address: "http://check.internal", trustForwardHeader: true}}
"""
_ENVOY = """\
static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: "ADDRESS", port_value: 8080}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:MARK
          "@type": type.googleapis.com/envoy.extensions.filters.network\
.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config: {virtual_hosts: [{name: all, domains: ["*"], routes: []}]}
"""


def _whole(address: str, mark: str = "") -> str:
    return _ENVOY.replace("ADDRESS", address).replace("MARK", mark)


def _two() -> str:
    other = _whole("0.0.0.0").replace("8080", "8081").replace("name: main", "name: other")
    return _whole("0.0.0.0", "  # <-") + other.replace("static_resources:\n  listeners:\n", "")


EXAMPLES = (
    bad("kong", f"{_KONG}trusted_ips = 0.0.0.0/0,::/0  # <-\n", file="kong.conf"),
    bad(
        "kong",
        f"{_KONG}real_ip_header = X-Forwarded-For\ntrusted_ips = 10.0.0.0/8, ::/0  # <-\n",
        file="kong.conf",
    ),
    good("kong", f"{_KONG}trusted_ips = 10.0.0.0/8\n", file="kong.conf"),
    good("kong", f"{_KONG}#trusted_ips = 0.0.0.0/0\n", "a comment", file="kong.conf"),
    good("kong", f"{_KONG}real_ip_recursive = on\n", "nobody is believed", file="kong.conf"),
    bad(
        "apisix",
        f"{_APISIX}    real_ip_from: [127.0.0.1, 0.0.0.0/0]  # <-\n",
        file="config.yaml",
    ),
    bad("apisix", f"{_REAL_IP.rstrip()}  # <-\n      source: http_x_forwarded_for\n"),
    bad(
        "apisix",
        f"{_REAL_IP}      source: http_x_real_ip\n      trusted_addresses: [0.0.0.0/0]  # <-\n",
    ),
    good(
        "apisix",
        f"{_APISIX}    real_ip_from: [127.0.0.1, 'unix:', 10.0.0.0/8]\n",
        file="config.yaml",
    ),
    good(
        "apisix",
        f"{_REAL_IP}      source: http_x_real_ip\n      trusted_addresses: [10.0.0.0/8]\n",
    ),
    good(
        "apisix",
        f"{_REAL_IP}      source: http_x_real_ip\n      _meta: {{disable: true}}\n",
        "it does not run",
    ),
    bad("traefik", f"{_TRAEFIK}    forwardedHeaders: {{insecure: true}}  # <-\n"),
    bad(
        "traefik",
        f"{_TRAEFIK}    proxyProtocol:\n      trustedIPs: [0.0.0.0/0]  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    forwardedHeaders:\n      insecure: true  # <-\n{_FORWARD}",
    ),
    good("traefik", f"{_TRAEFIK}    forwardedHeaders: {{trustedIPs: [10.0.0.0/8]}}\n"),
    good("traefik", f"{_TRAEFIK}    forwardedHeaders: {{insecure: false}}\n"),
    good("traefik", f"{_TRAEFIK}{_FORWARD}", "the entry point empties the headers"),
    bad("envoy", "manager:\n  use_remote_address: false  # <-\n"),
    bad("envoy", _whole("0.0.0.0", "  # <-"), "the default"),
    bad("envoy", _whole("::", "  # <-"), "the default"),
    bad("envoy", _two(), "one finding for both listeners"),
    good("envoy", "manager:\n  use_remote_address: true\n"),
    good("envoy", "manager:\n  xff_num_trusted_hops: 1\n", "there is a proxy in front"),
    good("envoy", _whole("127.0.0.1"), "nobody else gets there"),
)
