"""Policies act one after the other, and the wrong order defeats one of them.

- **A cache before the authentication** gives everybody the answers that were meant for somebody.
- **A limit before the authentication that counts by what it says** (the consumer, a header that it
  sets, a claim) counts by nothing, or by what the client writes into that header.
- **Credentials that the gateway sets before it asks for them** let everybody in.
- **A change of headers after the authentication** takes away what it has told the upstream.
- **A decision by claims before the token is checked** decides without them: Envoy's `rbac` before
  `jwt_authn` never denies by a claim.
- **A path that is changed before `forwardAuth`** is the one that the service decides by.
- **A password before the redirect to HTTPS** is sent in plain text.

Kong and APISIX have an order of their own, which is right; there a finding is about `ordering`
(Kong Enterprise) or `_meta.priority`. APISIX has two rounds: all authentication of consumers is in
the first, limits and caches in the second, so that no priority puts a limit before `key-auth`.
Traefik's order is the list of the router, Envoy's that of `http_filters`. (A router that is not the
last filter is refused by Envoy itself.)
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, finding, place_of
from gal.lint.inversions import inversions
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject

RULE = Rule(
    code="GAL084",
    name="policy-order",
    title="Policies act in an order that defeats one of them",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(696,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/plugin/",
        "https://apisix.apache.org/docs/apisix/terminology/plugin/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/",
        "https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/http/http_filters",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Pairs of policies in the wrong order."""
    for one in inversions(subject):
        yield finding(
            RULE,
            f"{one.first} acts before {one.second}: {one.what}",
            one.where,
            one.key,
            owner=one.owner,
            severity=one.severity,
            value=one.what,
            related=[place_of(one.related, message="acts later")],
            help="change the order",
            count=one.count,
        )


_KONG = """\
services: [{name: shop, url: "http://shop.internal", routes: [{name: shop, paths: [/shop]}]}]
plugins:
- name: key-auth
"""
_FIRST = "\n  ordering: {before: {access: [key-auth]}}  # <-\n"
_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    forward-auth: {uri: "http://check.internal", upstream_headers: [X-User]}
"""
_LIMIT = "    limit-count:\n      {count: 5, time_window: 60, key: http_x_user"
_TRAEFIK = """\
http:
  routers:
    shop:
      rule: PathPrefix(`/shop`)
      service: shop
      middlewares: %s
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    check: {forwardAuth: {address: "http://check.internal", authResponseHeaders: [X-User]}}
    who: {basicAuth: {usersFile: /run/secrets/users}}
    limit: {rateLimit: {average: 5, sourceCriterion: {requestHeaderName: X-User}}}
    clean: {headers: {customRequestHeaders: {X-User: ""}}}
    strip: {stripPrefix: {prefixes: [/shop]}}
    https: {redirectScheme: {scheme: https}}
"""
_TYPE = "type.googleapis.com/envoy.extensions.filters.http"
_JWT = f"""\
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": {_TYPE}.jwt_authn.v3.JwtAuthentication
    providers:
      issuer:
        issuer: https://issuer.test
        local_jwks:
          inline_string: '{{"keys": [{{"kty": "oct", "alg": "HS256", "k": "bm90LWEtc2VjcmV0"}}]}}'
        payload_in_metadata: payload
        claim_to_headers: [{{header_name: x-user, claim_name: sub}}]
    rules: [{{match: {{prefix: /}}, requires: {{provider_name: issuer}}}}]
"""
_RBAC = f"""\
- name: envoy.filters.http.rbac%s
  typed_config:
    "@type": {_TYPE}.rbac.v3.RBAC
    rules:
      action: DENY
      policies:
        guests:
          permissions: [{{any: true}}]
          principals:
          - metadata:
              filter: envoy.filters.http.jwt_authn
              path: [{{key: payload}}, {{key: role}}]
              value: {{string_match: {{exact: guest}}}}
"""
_CACHE = f"""\
- name: envoy.filters.http.cache%s
  typed_config:
    "@type": {_TYPE}.cache.v3.CacheConfig
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.http.cache.simple_http_cache.v3\
.SimpleHttpCacheConfig
"""
_CLEAN = f"""\
- name: envoy.filters.http.header_mutation%s
  typed_config:
    "@type": {_TYPE}.header_mutation.v3.HeaderMutation
    mutations: {{request_mutations: [{{remove: x-user}}]}}
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}- name: rate-limiting\n  config: {{minute: 5, limit_by: consumer}}{_FIRST}",
    ),
    bad("kong", f"{_KONG}- name: proxy-cache\n  config: {{strategy: memory}}{_FIRST}"),
    bad(
        "kong",
        f"{_KONG}- name: request-transformer\n  config: {{add: {{headers: ['apikey:a']}}}}{_FIRST}",
    ),
    good(
        "kong",
        f"{_KONG}- name: rate-limiting\n  config: {{minute: 5, limit_by: ip}}\n"
        "  ordering: {before: {access: [key-auth]}}\n",
        "addresses are known before",
    ),
    good("kong", f"{_KONG}- name: rate-limiting\n  config: {{minute: 5, limit_by: consumer}}\n"),
    good("kong", f"{_KONG}- name: proxy-cache\n  config: {{strategy: memory}}\n"),
    bad(
        "apisix",
        f"{_APISIX}    proxy-cache:\n      cache_strategy: memory\n"
        "      cache_zone: memory_cache\n      _meta: {priority: 3000}  # <-\n",
    ),
    bad("apisix", f"{_APISIX}{_LIMIT},\n       _meta: {{priority: 3000}}}}  # <-\n"),
    good("apisix", f"{_APISIX}    proxy-cache: {{cache_strategy: memory, cache_zone: memory}}\n"),
    good(
        "apisix",
        f"{_APISIX}    proxy-cache:\n      _meta: {{priority: 3000}}\n",
        "a cache on disk is nginx's own, and acts last",
    ),
    good("apisix", f"{_APISIX}{_LIMIT}}}\n"),
    good(
        "apisix",
        f"{_APISIX}    key-auth: {{}}\n    limit-req:\n      {{rate: 1, burst: 1, "
        "key: consumer_name, _meta: {priority: 9000}}\n",
        "consumers are asked for in the round before",
    ),
    bad("traefik", _TRAEFIK % "[limit, check]  # <-"),
    bad("traefik", _TRAEFIK % "[check, clean]  # <-"),
    bad("traefik", _TRAEFIK % "[strip, check]  # <-"),
    bad("traefik", _TRAEFIK % "[who, https]  # <-"),
    good("traefik", _TRAEFIK % "[check, limit]"),
    good("traefik", _TRAEFIK % "[clean, check, strip]"),
    good("traefik", _TRAEFIK % "[https, who]"),
    bad("envoy", f"filters:\n{_RBAC % '  # <-'}{_JWT}"),
    bad("envoy", f"filters:\n{_CACHE % '  # <-'}{_JWT}"),
    bad("envoy", f"filters:\n{_JWT}{_CLEAN % '  # <-'}"),
    good("envoy", f"filters:\n{_JWT}{_RBAC % ''}"),
    good("envoy", f"filters:\n{_JWT}{_CACHE % ''}"),
    good("envoy", f"filters:\n{_CLEAN % ''}{_JWT}", "what clients send is taken away"),
)
