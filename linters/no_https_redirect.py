"""The same requests are answered over HTTPS and in plain HTTP. Who types a name, follows an old
link or has a client that is set up wrong uses the plain way without noticing. Whoever is on the way
reads and changes what goes over it, credentials included.

- **Kong**: a route's `protocols` are `http` and `https` unless they say otherwise. With
  `protocols: [https]` plain requests are refused with 426, which browsers do not understand: set
  `https_redirect_status_code` to 301 or 308.
- **APISIX**: every route answers on the plain port, too. The plugin `redirect` with
  `http_to_https: true`, on the route or for all routes, sends them to HTTPS.
- **Traefik**: routers with and without `tls` for the same requests.
  `entryPoints.web.http.redirections.entryPoint`, or a plain router with `redirectScheme`, mend it.
- **Envoy**: listeners with and without TLS for the same routes. `require_tls: ALL` of the virtual
  host, or `redirect: {https_redirect: true}` in the plain listener's routes, mend it.

There is one finding for all such routes, and none where the gateway is not known to speak TLS at
all: files of Kong and APISIX show it by certificates with server names. Where TLS ends before the
gateway, set `tls-terminated`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gal.lint.asked import common_owner
from gal.lint.exposure import answered, takes_plain
from gal.lint.finding import Finding, finding, place_of
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_CERTIFICATE as _SSL
from gal.lint.samples import KONG_CERTIFICATE as _CERTIFICATE
from gal.lint.subject import RouteView, Subject
from gal.lint.together import together

RULE = Rule(
    code="GAL043",
    name="no-https-redirect",
    title="Plain HTTP is answered instead of being sent to HTTPS",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(319,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/route/",
        "https://apisix.apache.org/docs/apisix/plugins/redirect/",
        "https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
)
_PLAIN = ("http", "grpc")
_SECURE = ("https", "grpcs")
_MOST_RELATED = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Routes that answer in plain HTTP what is also answered over HTTPS."""
    if subject.settings.tls_terminated:
        return
    secure = _secure_keys(subject)
    found = [
        view
        for view in subject.routes
        if _answers_both(view, subject, secure) and takes_plain(view, subject)
    ]
    if found:
        yield together(found, lambda views: _finding(subject, views))


def _finding(subject: Subject, found: Sequence[RouteView]) -> Finding:
    what = f"{found[0].title} answers" if len(found) == 1 else f"{len(found)} routes answer"
    return finding(
        RULE,
        f"{what} plain HTTP besides HTTPS, without a redirect",
        found[0].route,
        owner=common_owner(subject, list(found)),
        value="plain HTTP beside HTTPS",
        related=[place_of(one.route, message="and here") for one in found[1:_MOST_RELATED]],
        help="answer plain requests with a redirect to HTTPS",
        count=len(found),
    )


def _secure_keys(subject: Subject) -> frozenset[tuple[str, str]]:
    """Hosts and paths of routes that take HTTPS only; `*` is every host."""
    return frozenset(
        key
        for view in subject.routes
        if view.route.schemes and not set(_PLAIN) & set(view.route.schemes)
        for key in _keys(view)
    )


def _keys(view: RouteView) -> Iterator[tuple[str, str]]:
    paths = [f"{one.kind.value} {one.text}" for one in view.route.paths] or ["prefix /"]
    for host in view.route.hosts or ["*"]:
        for path in paths:
            yield host.lower(), path


def _answers_both(view: RouteView, subject: Subject, secure: frozenset[tuple[str, str]]) -> bool:
    if answered(view):
        return False
    schemes = set(view.route.schemes)
    if schemes & set(_SECURE):
        return bool(schemes & set(_PLAIN))
    if not schemes:
        return any(one.protocol == "https" for one in subject.gateway.listeners)
    return any(key in secure for key in _keys(view))


def _kong(*lines: str, mark: bool = False) -> str:
    return (
        "services:\n- name: shop\n  url: http://shop.internal\n  routes:\n"
        f"  - name: shop{'  # <-' if mark else ''}\n    paths: [/shop]\n"
        + "".join(f"    {one}\n" for one in lines)
    )


def _apisix(*lines: str, mark: bool = False) -> str:
    return (
        f"routes:\n- uri: /shop{'  # <-' if mark else ''}\n"
        '  upstream: {nodes: {"shop.internal:80": 1}}\n' + "".join(f"  {one}\n" for one in lines)
    )


def _traefik(plain: str, *further: str, mark: bool = False) -> str:
    return (
        "http:\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  routers:\n"
        "    safe: {rule: Host(`shop.test`), entryPoints: [websecure], service: shop, tls: {}}\n"
        f"    shop:{'  # <-' if mark else ''}\n"
        f"      {plain}\n" + "".join(f"{one}\n" for one in further)
    )


_POINTS = 'entryPoints: {web: {address: ":80"}, websecure: {address: ":443"}}'
_BOTH = "{rule: Host(`shop.test`), entryPoints: [web], service: shop}"
_SENT = "{rule: Host(`shop.test`), entryPoints: [web], service: shop, middlewares: [sent]}"
_LISTENERS = """\
node: {{id: gateway, cluster: edge}}
static_resources:
  listeners:
  - name: plain
    address: {{socket_address: {{address: 0.0.0.0, port_value: 8080}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config: {plain}
  - name: safe
    address: {{socket_address: {{address: 0.0.0.0, port_value: 8443}}}}
    filter_chains:
    - transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": {type}.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            tls_certificate_sds_secret_configs:
            - name: shop
              sds_config: {{ads: {{}}, resource_api_version: V3}}
      filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config: {safe}
  clusters:
  - name: one
    type: STRICT_DNS
    load_assignment:
      cluster_name: one
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: one.internal, port_value: 80}}}}}}
"""
_TYPE = "type.googleapis.com/envoy.extensions"
_ROUTE = """
                - match: {prefix: /}
                  route: {cluster: one}"""


def _manager(routes: str = _ROUTE, host: str = "", domain: str = "shop.test") -> str:
    return f"""
          "@type": {_TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": {_TYPE}.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
            - name: all
              domains: [{domain}]{host}
              routes:{routes}"""


def _envoy(plain: str, safe: str) -> str:
    return _LISTENERS.format(plain=plain, safe=safe, type=_TYPE)


_MARKED = _ROUTE.replace("- match: {prefix: /}", "- match: {prefix: /}  # <-")
_REDIRECT = """
                - match: {prefix: /}
                  redirect: {https_redirect: true}"""
_REQUIRED = "\n              require_tls: ALL"

EXAMPLES = (
    bad("kong", _CERTIFICATE + _kong(mark=True), "both by default"),
    bad("kong", _CERTIFICATE + _kong("protocols: [http, https]", mark=True)),
    good("kong", _CERTIFICATE + _kong("protocols: [https]", "https_redirect_status_code: 301")),
    good("kong", _kong(), "nothing says that TLS ends here"),
    good("kong", _CERTIFICATE + _kong(), settings={"tls_terminated": True}),
    bad("apisix", _SSL + _apisix(mark=True)),
    bad("apisix", _SSL + _apisix("plugins: {cors: {}}", mark=True)),
    good("apisix", _SSL + _apisix("plugins: {redirect: {http_to_https: true}}")),
    good("apisix", _apisix(), "nothing says that TLS ends here"),
    good("apisix", _SSL + "routes:\n- uri: /shop\n  plugins: {redirect: {uri: /new}}\n"),
    bad("traefik", _traefik(_BOTH, _POINTS, mark=True)),
    bad("traefik", _traefik(_BOTH, mark=True), "entry points by their names"),
    good(
        "traefik",
        _traefik(_SENT, "  middlewares: {sent: {redirectScheme: {scheme: https}}}", _POINTS),
    ),
    good(
        "traefik",
        _traefik(
            _BOTH,
            "entryPoints:",
            "  web:",
            '    address: ":80"',
            "    http: {redirections: {entryPoint: {to: websecure}}}",
            '  websecure: {address: ":443"}',
        ),
    ),
    good("traefik", _traefik(_BOTH.replace("shop.test", "plain.test"), _POINTS), "another host"),
    bad("envoy", _envoy(_manager(_MARKED), _manager())),
    bad("envoy", _envoy(_manager(_MARKED, domain='"*"'), _manager(domain='"*"'))),
    good("envoy", _envoy(_manager(_REDIRECT), _manager())),
    good("envoy", _envoy(_manager(host=_REQUIRED), _manager())),
    good("envoy", _envoy(_manager(domain="plain.test"), _manager()), "another host"),
)
