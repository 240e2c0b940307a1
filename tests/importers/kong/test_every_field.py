"""Every field that Kong's schema knows of the entities of its open edition is dealt with."""

from __future__ import annotations

from typing import Final

import pytest

from gal.convert import read_gateway
from gal.reading import read_documents

ID: Final = "00000000-0000-4000-8000-0000000000"
IDLE: Final = "created_at: 1, updated_at: 1, tags: [t], _comment: c, _ignore: [i]"

WHOLE: Final = f"""
_format_version: "3.0"
_transform: true
_comment: c
_ignore: [i]
_workspace: default
_konnect: {{control_plane_name: c}}
_info: {{select_tags: [t], default_lookup_tags: {{}}, defaults: {{service: {{retries: 3}}}}}}
_plugin_configs: {{shared: {{minute: 5}}, unused: {{a: 1}}}}
certificates:
- {{id: {ID}01, {IDLE}, cert: C, key: K, cert_alt: C2, key_alt: K2,
   snis: [{{name: a.test, id: {ID}02, {IDLE}}}],
   services: [{{name: below-certificate, host: a.test, protocol: https}}],
   upstreams: [{{name: upstream-below-certificate}}]}}
ca_certificates:
- {{id: {ID}03, {IDLE}, cert: C, cert_digest: d}}
snis:
- {{name: b.test, certificate: {{id: {ID}01}}, id: {ID}04, {IDLE}}}
services:
- {{id: {ID}05, {IDLE}, name: s, enabled: true, retries: 4, protocol: https, host: u, port: 443,
   path: /p, connect_timeout: 1, write_timeout: 2, read_timeout: 3, tls_verify: true,
   tls_verify_depth: 2, client_certificate: {{id: {ID}01}}, ca_certificates: [{ID}03], url: null,
   routes: [{{name: below-service, paths: [/b]}}],
   plugins: [{{name: cors}}],
   filter_chains: [{{filters: [{{name: f}}]}}],
   oauth2_tokens: [{{expires_in: 1, credential: {{id: client}}}}],
   oauth2_authorization_codes: [{{credential: client}}]}}
- {{name: by-url, url: http://h.test/x}}
- {{name: stream, host: h.test, protocol: tcp, port: 9}}
routes:
- {{id: {ID}06, {IDLE}, name: r, service: s, protocols: [https], methods: [GET], hosts: [a.test],
   paths: [/r, '~/r\\d'], headers: {{x-a: [b], x-c: ['~*d']}}, snis: [a.test],
   https_redirect_status_code: 301, regex_priority: 1, strip_path: false, path_handling: v1,
   preserve_host: true, request_buffering: false, response_buffering: false,
   plugins: [{{name: cors}}], filter_chains: [{{filters: [{{name: f}}]}}]}}
- {{name: nulls, paths: [/n], methods: null, hosts: null, headers: null, snis: null, sources: null,
   destinations: null, service: null, regex_priority: null, path_handling: null, tags: null,
   expression: null, priority: 0}}
- {{name: addresses, paths: [/n], sources: [{{ip: 10.0.0.0/8, port: 1}}],
   destinations: [{{port: 80}}]}}
- {{name: expression, expression: 'http.path == "/"', priority: 3, tags: [t]}}
- {{name: tcp, protocols: [tcp], destinations: [{{port: 9}}], service: {{name: stream}}}}
upstreams:
- id: {ID}07
  name: u
  {IDLE.replace(", ", chr(10) + "  ")}
  algorithm: consistent-hashing
  hash_on: header
  hash_on_header: x-a
  hash_on_cookie: c
  hash_on_cookie_path: /
  hash_on_query_arg: q
  hash_on_uri_capture: u
  hash_fallback: query_arg
  hash_fallback_header: x-b
  hash_fallback_query_arg: q2
  hash_fallback_uri_capture: u2
  slots: 100
  host_header: h.test
  use_srv_name: true
  client_certificate: {{id: {ID}01}}
  healthchecks:
    threshold: 50
    active: {{type: http, timeout: 2, concurrency: 5, http_path: /h, https_sni: a.test,
      https_verify_certificate: false, headers: {{x-a: [b]}},
      healthy: {{interval: 1, http_statuses: [200], successes: 1}},
      unhealthy: {{interval: 2, http_statuses: [500], tcp_failures: 1, timeouts: 1,
        http_failures: 1}}}}
    passive: {{type: http, healthy: {{http_statuses: [200], successes: 1}},
      unhealthy: {{http_statuses: [500], tcp_failures: 1, timeouts: 1, http_failures: 1}}}}
  targets: [{{target: "10.0.0.1:80", weight: 5, id: {ID}08, {IDLE}}}]
targets:
- {{target: b.test, upstream: u, weight: null, {IDLE}}}
consumers:
- id: {ID}09
  username: c
  custom_id: "1"
  {IDLE.replace(", ", chr(10) + "  ")}
  acls: [{{group: g, id: {ID}10, {IDLE}}}]
  basicauth_credentials: [{{username: b, password: p, id: {ID}11, {IDLE}}}]
  keyauth_credentials: [{{key: k, ttl: 5, id: {ID}12, {IDLE}}}]
  jwt_secrets: [{{key: j, algorithm: RS256, secret: s, rsa_public_key: P, id: {ID}13, {IDLE}}}]
  hmacauth_credentials: [{{username: h, secret: s, id: {ID}14, {IDLE}}}]
  oauth2_credentials:
  - {{name: n, client_id: client, client_secret: s, redirect_uris: ["http://a.test"],
     client_type: public, hash_secret: true, id: {ID}15, {IDLE},
     oauth2_tokens: [{{access_token: a, expires_in: 1}}],
     oauth2_authorization_codes: [{{code: c, challenge: x, challenge_method: S256}}]}}
  mtls_auth_credentials: [{{subject_name: n}}]
  groups: [{{name: gold}}]
  plugins: [{{name: rate-limiting, config: {{minute: 5}}}}]
acls: [{{group: g2, consumer: c}}]
basicauth_credentials: [{{username: b2, password: p, consumer: {{username: c}}}}]
keyauth_credentials: [{{key: k2, consumer: {{id: {ID}09}}}}]
jwt_secrets: [{{consumer: c}}]
hmacauth_credentials: [{{username: h2, consumer: c}}]
oauth2_credentials: [{{name: n2, consumer: c}}]
oauth2_tokens: [{{access_token: b, refresh_token: r, token_type: bearer, expires_in: 1, scope: s,
  ttl: 1, authenticated_userid: u, credential: client, service: s, {IDLE}}}]
oauth2_authorization_codes: [{{credential: client, plugin: {{id: {ID}16}}, service: s, ttl: 5}}]
plugins:
- {{id: {ID}16, {IDLE}, name: rate-limiting, instance_name: i, enabled: true, config: {{second: 5}},
   protocols: [http], route: r, service: null, consumer: null, ordering: {{before: {{}}}},
   partials: [{{id: x, path: config.redis}}]}}
- {{name: rate-limiting, _config: shared, service: s}}
- {{name: rate-limiting, config: {{second: 1}}, enabled: false}}
- {{name: http-log, config: {{http_endpoint: "http://a.test"}}, {IDLE}}}
- {{name: session, config: {{secret: x}}, route: {{id: {ID}06}}}}
- {{name: hmac-auth, config: {{anonymous: c}}, tags: [t]}}
- {{name: key-auth, config: {{anonymous: c}}, tags: [t]}}
- {{name: request-transformer, config: {{add: {{headers: ["a:b"]}}}}, tags: [t]}}
- {{name: response-transformer, consumer: c, tags: [t]}}
- {{name: acl, consumer_group: gold, model: m, condition: x, config: {{allow: [g]}}}}
- {{name: file-log, route: tcp, config: {{path: x}}}}
filter_chains: [{{name: f, route: r, enabled: true, filters: [{{name: f, config: {{}}}}], {IDLE}}}]
vaults: [{{name: env, prefix: my-env, description: d, config: {{prefix: A}}, {IDLE}}}]
key_sets: [{{name: k, {IDLE}, keys: [{{kid: a, jwk: x}}]}}]
keys: [{{name: k, kid: b, set: {{name: k}}, pem: {{public_key: p}}, {IDLE}}}]
parameters: [{{key: a, value: b}}]
acme_storage: [{{key: a, value: b}}]
sessions: [{{session_id: a, data: b, expires: 1, ttl: 1}}]
session_metadatas: [{{session: {{id: a}}, sid: s, subject: u, audience: a}}]
ratelimiting_metrics: [{{identifier: a, period: minute, value: 1}}]
clustering_data_planes: [{{hostname: h, ip: 10.0.0.1}}]
workspaces: [{{name: w, comment: c, config: {{}}, meta: {{}}}}]
consumer_groups: [{{name: gold, plugins: [{{name: acl, config: {{allow: [g]}}}}]}}]
partials: [{{name: p, type: redis-ce, config: {{host: h}}}}]
"""


def not_understood(text: str) -> list[str]:
    found = read_gateway(read_documents(text, "kong.yaml", "yaml"), source="kong")
    return [entry.path for entry in found.ledger if entry.message == "not understood"]


def test_nothing_is_not_understood() -> None:
    assert not_understood(WHOLE) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("unknown: [1]", "unknown"),
        ("services: [{name: s, host: h, colour: red}]", "services[0].colour"),
        ("routes: [{name: r, paths: [/], colour: red}]", "routes[0].colour"),
        ("routes: [{name: r, paths: [/], priority: 5}]", "routes[0].priority"),
        ("upstreams: [{name: u, colour: red}]", "upstreams[0].colour"),
        ("consumers: [{username: c, colour: red}]", "consumers[0].colour"),
        ("plugins: [{name: cors, colour: red}]", "plugins[0].colour"),
        ("plugins: [{name: cors, config: {colour: red}}]", "plugins[0].config.colour"),
        (
            "_plugin_configs: {a: {colour: red}}\nplugins: [{name: cors, _config: a}]",
            "_plugin_configs.a.colour",
        ),
    ],
)
def test_what_kong_does_not_know_is_reported(text: str, path: str) -> None:
    assert not_understood(f'_format_version: "3.0"\n{text}') == [path]
