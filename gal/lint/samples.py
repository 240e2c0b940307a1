"""The beginnings that examples of several rules share: an example adds what it is about."""

from __future__ import annotations

KONG_PLUGINS = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins:
"""
KONG_LIMITS = f"""\
{KONG_PLUGINS}  - name: rate-limiting
    config:
"""
KONG_LIMIT = f"""\
{KONG_LIMITS}      minute: 5
"""
KONG_CORS = f"""\
{KONG_PLUGINS}  - name: cors
    config:
      credentials: true
      origins:
"""
KONG_CERTIFICATE = """\
certificates:
- cert: '{vault://env/cert}'
  key: '{vault://env/key}'
  snis: [{name: shop.test}]
"""
KONG_OLD_ROUTES = """\
services:
- name: old
  url: http://old.internal
  routes:
"""
KONG_ROUTES = """\
services:
- name: shop
  url: http://shop.internal
  routes:
"""
APISIX_PLUGINS = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
"""
APISIX_LIMIT = f"""\
{APISIX_PLUGINS}    limit-count:
      count: 5
      time_window: 60
"""
APISIX_CORS = f"""\
{APISIX_PLUGINS}    cors:
      allow_methods: GET
      allow_headers: X-A
      allow_credential: true
"""
APISIX_CERTIFICATE = """\
ssls:
- snis: [shop.test]
  cert: $ENV://CERT
  key: $ENV://KEY
"""
APISIX_PREFIX = """\
routes:
- uri: /shop/*
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
"""
TRAEFIK_CORS = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [cors]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    cors:
      headers:
        accessControlAllowCredentials: true
"""
TRAEFIK_MIDDLEWARE = """\
http:
  routers: {shop: {rule: PathPrefix(`/`), service: shop, middlewares: [edge]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    edge:
"""
ENVOY_CORS = """\
filters:
- name: envoy.filters.http.cors
  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}
host:
  typed_per_filter_config:
    envoy.filters.http.cors:
      "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
      allow_credentials: true
      allow_origin_string_match:
"""
ENVOY_TLS = """\
chain:
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
      common_tls_context:
        tls_certificates:
        - certificate_chain: {filename: /etc/chain.pem}
          private_key: {filename: /etc/key.pem}
"""
ENVOY_TOKENS = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    rules: [{match: {prefix: /}, requires: {provider_name: issuer}}]
    providers:
      issuer:
        issuer: https://issuer.test
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
"""
ENVOY_USERS = """\
- name: envoy.filters.http.basic_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
    users: {inline_string: "a:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="}
"""
