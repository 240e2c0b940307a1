"""What a gateway asks others while it serves a request decides who comes in: an issuer's keys, a
directory's answer, a service that decides, counters in Redis. Over a connection in plain text, or
without a look at the certificate, whoever is on the way gives the answers, and reads passwords,
tokens and logs.

- **Kong**: `redis.ssl` and `redis.ssl_verify` of plugins that keep counters in Redis are off by
  default; so are `ldaps`, `start_tls` and `verify_ldap_host` of `ldap-auth`. URLs of `http-log` and
  `openid-connect`.
- **APISIX**: `redis_ssl` and `redis_ssl_verify` of limits, `use_tls` and `tls_verify` of
  `ldap-auth`, and `ssl_verify` of `http-logger` are off by default; `ssl_verify: false` and URLs of
  `forward-auth`, `openid-connect`, `authz-keycloak`, `opa` and others; `deployment.etcd.host` of
  `config.yaml`.
- **Traefik**: `forwardAuth` with an `address` in plain HTTP or with `tls.insecureSkipVerify`;
  `rateLimit.redis` without `tls`.
- **Envoy**: the clusters of `remote_jwks`, of the filters `ext_authz`, `ratelimit` and `oauth2`,
  where they lack TLS or check no certificate. What the `uri` of a `http_uri` says does not count.

Connections to the same machine are none of these. Within a private network (by its name or address)
plain text is low, unless users' passwords go over it. Connections to the same host with the same
fault are one finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from gal.lint.finding import Finding, finding, place_of
from gal.lint.hosts import is_machine, is_public
from gal.lint.owners import owner_of
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.side_channels import Channel, channels
from gal.lint.subject import Subject
from gal.lint.together import together

RULE = Rule(
    code="GAL045",
    name="auxiliary-connection-insecure",
    title="A connection that decides who comes in is not protected",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(319, 295),
    owasp=("API8", "API10"),
    pages=(
        "https://developer.konghq.com/plugins/rate-limiting/reference/",
        "https://developer.konghq.com/plugins/ldap-auth/reference/",
        "https://apisix.apache.org/docs/apisix/plugins/limit-count/",
        "https://apisix.apache.org/docs/apisix/plugins/ldap-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter",
    ),
)

_MOST_COMPARED = 20


def check(subject: Subject) -> Iterator[Finding]:
    """Connections to other machines in plain text, or without a check of the certificate."""
    alike: dict[tuple[str, Severity], list[Channel]] = {}
    for one in channels(subject):
        outside = [host for host in one.hosts if not is_machine(host)]
        if not outside or (one.secure and not one.unchecked):
            continue
        public = [host for host in outside if is_public(host, subject.settings.internal_hosts)]
        message = _message(one, (public or outside)[0])
        known = alike.setdefault((message, _severity(one, bool(public))), [])
        if all(one.node.position != other.node.position for other in known[:_MOST_COMPARED]):
            known.append(one)  # else the same text, by an anchor
    for (message, severity), several in alike.items():
        yield together(several, partial(_finding, subject, message, severity))


def _finding(
    subject: Subject, message: str, severity: Severity, several: Sequence[Channel]
) -> Finding:
    first = several[0]
    return finding(
        RULE,
        message + (f", in {len(several)} places" if len(several) > 1 else ""),
        first.node,
        first.key,
        owner=owner_of(subject, first.node) if len(several) == 1 else subject.gateway,
        value=f"a connection to {first.what} that is not protected",
        severity=severity,
        related=[place_of(one.node, one.key, "here, too") for one in several[1:5]],
        help="speak TLS, and check the certificate",
        count=len(several),
    )


def _message(one: Channel, host: str) -> str:
    target = f"{one.what} at {host}" if host and "$" not in host and "{" not in host else one.what
    if not one.secure:
        return f"the connection to {target} is in plain text"
    return f"the certificate of {target} is not checked: {one.unchecked}"


def _severity(one: Channel, public: bool) -> Severity:
    if one.secure or public or one.passwords:
        return Severity.MEDIUM
    return Severity.LOW


_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [own]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    own:
"""


def _kong(name: str, *lines: str) -> str:
    return f"{_KONG}  - name: {name}\n    config:\n" + "".join(f"      {one}\n" for one in lines)


def _apisix(name: str, *lines: str) -> str:
    return f"{_APISIX}    {name}:\n" + "".join(f"      {one}\n" for one in lines)


def _traefik(name: str, *lines: str) -> str:
    return f"{_TRAEFIK}      {name}:\n" + "".join(f"        {one}\n" for one in lines)


_COUNT = ("count: 5", "time_window: 60", "policy: redis", "redis_host: redis.internal")
_LDAP = ("base_dn: dc=test", "attribute: cn", "ldap_port: 389")
_CHECK = """\
filters:
- name: envoy.filters.http.ext_authz
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
    grpc_service:
      envoy_grpc: {cluster_name: authz}
clusters:
- name: one
  type: STRICT_DNS
  load_assignment: {cluster_name: one, endpoints: []}
- name: authz
  type: STRICT_DNS
  http2_protocol_options: {}
"""


def _envoy(host: str, mark: str = "", more: str = "") -> str:
    address = f"{{address: {{socket_address: {{address: {host}, port_value: 9000}}}}}}"
    text = _CHECK.replace("{cluster_name: authz}", f"{{cluster_name: authz}}{mark}")
    return (
        f"{text}{more}  load_assignment:\n    cluster_name: authz\n    endpoints:\n"
        "    - lb_endpoints:\n"
        f"      - endpoint: {address}\n"
    )


_TLS = """\
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: authz.internal
"""
_CHECKED = """\
      auto_sni_san_validation: true
      common_tls_context:
        validation_context: {trusted_ca: {filename: /etc/ssl/certs/ca-certificates.crt}}
"""
_MARK = "  # <-"
_ETCD = "deployment:\n  role: traditional\n  role_traditional: {config_provider: etcd}\n  etcd:\n"

EXAMPLES = (
    bad(
        "kong",
        _kong("rate-limiting", "minute: 5", "policy: redis", "redis:  # <-", "  host: r.internal"),
        "plain by default",
    ),
    bad(
        "kong",
        _kong("rate-limiting", "minute: 5", "policy: redis", "redis:", "  host: r.internal")
        + "        ssl: true\n        ssl_verify: false  # <-\n",
    ),
    bad("kong", _kong("ldap-auth", *_LDAP, "ldap_host: ldap.internal", "ldaps: false  # <-")),
    bad("kong", _kong("http-log", "http_endpoint: http://log.example.com/in  # <-")),
    good(
        "kong",
        _kong("rate-limiting", "minute: 5", "policy: local", "redis:", "  host: r.internal"),
        "Redis is not asked",
    ),
    good(
        "kong",
        _kong("rate-limiting", "minute: 5", "policy: redis", "redis: {host: 127.0.0.1}"),
        "the same machine",
    ),
    good(
        "kong",
        _kong("ldap-auth", *_LDAP, "ldap_host: ldap.internal", "ldaps: true")
        + "      verify_ldap_host: true\n",
    ),
    good("kong", _kong("http-log", "http_endpoint: https://log.example.com/in")),
    bad("apisix", _apisix("limit-count", *_COUNT, "redis_ssl: false  # <-")),
    bad(
        "apisix",
        _apisix("forward-auth", "uri: https://auth.internal", "ssl_verify: false  # <-"),
    ),
    bad("apisix", _apisix("forward-auth", "uri: http://auth.example.com  # <-")),
    bad(
        "apisix",
        _apisix("forward-auth", "uri: http://auth.example.com  # <-")
        + '- uri: /cart\n  upstream: {nodes: {"shop.internal:80": 1}}\n'
        "  plugins: {forward-auth: {uri: http://auth.example.com}}\n",
        "one finding for both places",
    ),
    bad("apisix", f'{_ETCD}    host: ["http://10.0.0.5:2379"]  # <-\n', file="config.yaml"),
    good("apisix", _apisix("limit-count", *_COUNT, "redis_ssl: true", "redis_ssl_verify: true")),
    good("apisix", _apisix("forward-auth", "uri: https://auth.internal"), "checked by default"),
    good("apisix", _apisix("forward-auth", "uri: http://127.0.0.1:9000"), "the same machine"),
    good("apisix", f'{_ETCD}    host: ["http://127.0.0.1:2379"]\n', file="config.yaml"),
    bad("traefik", _traefik("forwardAuth", "address: http://auth.example.com/check  # <-")),
    bad(
        "traefik",
        _traefik("forwardAuth", "address: https://auth.internal", "tls:")
        + "          insecureSkipVerify: true  # <-\n",
    ),
    bad(
        "traefik",
        _traefik("rateLimit", "average: 5", "redis:  # <-", "  endpoints: ['redis:6379']"),
    ),
    good("traefik", _traefik("forwardAuth", "address: https://auth.internal")),
    good("traefik", _traefik("forwardAuth", "address: http://localhost:9000"), "the same machine"),
    good("traefik", _traefik("rateLimit", "average: 5"), "counters in its own memory"),
    bad("envoy", _envoy("authz.internal", _MARK)),
    bad("envoy", _envoy("authz.internal", _MARK, _TLS), "no certificate is checked"),
    good("envoy", _envoy("authz.internal", more=_TLS + _CHECKED)),
    good("envoy", _envoy("127.0.0.1"), "the same machine"),
    good("envoy", "clusters:\n", "nobody is asked"),
)
