"""Something is named that is not there. What happens then is hardly ever what was meant.

- **Kong**: an `anonymous` consumer that is not there makes Kong answer 500 to whoever comes without
  credentials. Without the certificates of `ca_certificates` Kong logs an error and goes on with
  those that it trusts by itself.
- **APISIX**: an `anonymous_consumer` that is not there makes APISIX answer 401 to whoever comes
  without credentials.
- **Traefik** leaves out a router whose service, middleware, `serversTransport`, TLS options or
  router above (`parentRefs`, even one of several) are not there. Its requests are answered by a
  wider router, maybe one without authentication, or with 404.
- **Envoy** does not start when a route names a cluster that is not there, or answers 503 where
  `validate_clusters` is off; a check by an unknown cluster (`ext_authz`, JWKS) fails. It does not
  start without a secret or a JWT provider that is named.

What makes a gateway refuse the whole file, such as the `upstream_id` of APISIX or the `service` of
Kong, is an error of `gal lint` itself, with exit code 2. Names that another file may define are not
judged: `@docker` and the like, templates, Kong files for a part of a database (`select_tags`), and
Envoy with `dynamic_resources`. Give all files of a gateway together.

Mend the name, or define what it names.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.references import Reference, missing, names_of
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.subject import Subject

RULE = Rule(
    code="GAL073",
    name="dangling-reference",
    title="Something is named that is not defined",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(1127,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/consumer/",
        "https://apisix.apache.org/docs/apisix/plugins/key-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/router/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto",
    ),
)

_THEN = {
    ("kong", "consumer"): "requests without credentials get 500",
    ("kong", "CA certificate"): "Kong goes on with those that it trusts by itself",
    ("apisix", "consumer"): "requests without credentials get 401",
    ("envoy", "cluster"): "Envoy does not start, or what needs the cluster fails",
}
_ALWAYS = {
    "traefik": "Traefik leaves out what names it",
    "envoy": "Envoy does not start",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Names that nothing has."""
    for one in missing(subject.once(names_of)):
        yield _finding(subject, one)


def _finding(subject: Subject, one: Reference) -> Finding:
    then = _THEN.get((subject.provider, one.kind)) or _ALWAYS.get(subject.provider, "it fails")
    verb = "are" if one.kind.endswith("options") else "is"
    return finding(
        RULE,
        f'there {verb} no {one.kind} "{one.name}": {then}',
        one.node,
        owner=owner_of(subject, one.node),
        value=one.name,
        help="mend the name, or define what it names",
    )


_KONG = """\
services:
- name: shop
  url: https://shop.internal
  routes: [{name: shop, paths: [/shop]}]
"""
_KEY_AUTH = """\
  plugins:
  - name: key-auth
    config:
"""
_ID, _OTHER = ("0b1e3a52-6a4d-4c7e-9a63-9c7f0a1c2d0" + last for last in "12")
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares: {users: {basicAuth: {usersFile: /run/secrets/users}}}
  routers:
    shop:
      rule: PathPrefix(`/shop`)
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.ext_authz
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
"""

EXAMPLES = (
    bad("kong", f"{_KONG}{_KEY_AUTH}      anonymous: nobody  # <-\n"),
    bad(
        "kong",
        f"{_KONG}  tls_verify: true\n  ca_certificates:\n  - {_ID}  # <-\n",
        "it is not verified against this authority",
    ),
    good("kong", f"{_KONG}{_KEY_AUTH}      anonymous: nobody\nconsumers: [{{username: nobody}}]\n"),
    good(
        "kong",
        f"{_KONG}{_KEY_AUTH}      anonymous: {_OTHER}\n"
        f"consumers: [{{username: x, id: {_OTHER}}}]\n",
        "by its id",
    ),
    good(
        "kong",
        f"{_KONG}{_KEY_AUTH}      anonymous: nobody\n_info: {{select_tags: [shop]}}\n",
        "a part of a database, which may hold it",
    ),
    good("kong", _KONG, "a host need not be the name of an upstream"),
    bad("apisix", f"{_APISIX}    key-auth:\n      anonymous_consumer: nobody  # <-\n"),
    bad(
        "apisix",
        f"{_APISIX}    basic-auth:\n      anonymous_consumer: nobody  # <-\n"
        "consumers: [{username: anybody}]\n",
    ),
    good(
        "apisix",
        f"{_APISIX}    key-auth:\n      anonymous_consumer: nobody\n"
        "consumers: [{username: nobody}]\n",
    ),
    good("apisix", f"{_APISIX}    key-auth: {{}}\n"),
    good(
        "apisix",
        f"{_APISIX}    key-auth:\n      anonymous_consumer: $ENV://ANONYMOUS\n",
        "a placeholder",
    ),
    bad("traefik", f"{_TRAEFIK}      service: shpo  # <-\n"),
    bad("traefik", f"{_TRAEFIK}      service: shop\n      middlewares: [user]  # <-\n"),
    bad(
        "traefik",
        f"{_TRAEFIK}      service: shop@file\n      tls:\n        options: strict  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}      service: shop\n      parentRefs: [all, al]  # <-\n"
        "    all: {rule: Host(`shop.test`)}\n",
        "one of two routers above",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}      service: shop\n      parentRefs: [all, other@docker]\n"
        "    all: {rule: Host(`shop.test`)}\n",
        "routers above",
    ),
    good("traefik", f"{_TRAEFIK}      service: shop\n      middlewares: [users@file]\n"),
    good(
        "traefik",
        f"{_TRAEFIK}      service: shop@docker\n      middlewares: [sso@kubernetescrd]\n",
        "other providers have them",
    ),
    good(
        "traefik",
        "http: {middlewares: {all: {chain: {middlewares: [limit, users]}}}}\n",
        "no router is here: other files have them, and the middlewares",
    ),
    good("traefik", f"{_TRAEFIK}      service: api@internal\n      tls: {{options: default}}\n"),
    bad(
        "envoy",
        f"{_ENVOY}    grpc_service: {{envoy_grpc: {{cluster_name: authz}}}}  # <-\n",
        "it starts, and refuses everybody",
    ),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /}\n  route:\n    weighted_clusters:\n      clusters:\n"
        "      - {name: one, weight: 9}\n      - {name: two, weight: 1}  # <-\n",
    ),
    bad("envoy", "routes:\n- match: {prefix: /}\n  route: {cluster: two}  # <-\n"),
    good("envoy", f"{_ENVOY}    grpc_service: {{envoy_grpc: {{cluster_name: one}}}}\n"),
    good(
        "envoy",
        "routes:\n- match: {prefix: /}\n  route: {cluster_header: x-cluster}\n",
        "the client names it",
    ),
    good(
        "envoy",
        "node: {id: a, cluster: b}\ndynamic_resources: {cds_config: {path: /etc/clusters.yaml}}\n"
        "routes:\n- match: {prefix: /}\n  route: {cluster: two}\n",
        "another file has the clusters",
    ),
)
