"""Something has a name, and nothing names it. It does no harm by itself, but readers take it for a
part of what runs, and mend what nobody uses.

- **Kong**: a `service` without routes, an `upstream` that is the host of no service.
- **APISIX**: an `upstream`, a `service`, a `plugin_config` or a `consumer_group` whose id nobody
  names.
- **Traefik**: a service, a middleware, a `serversTransport` or TLS options that no router, service
  or entry point names, except TLS options with the name `default`.
- **Envoy**: a cluster, a secret, a JWT provider or a requirement of `requirement_map` that nothing
  names.

What is named only by something unused is unused, too. Whatever looks like the name counts, also in
settings of plugins and in code, so some are not found. Nothing is said of files without a route,
which are parts of something; of Envoy's clusters where routes come from a control plane or requests
name the cluster; and of what protects an application and does not act: that is GAL012.

Take it out, or use it. `--fix` takes it out where all that could name it is among the files:
Traefik's static settings have to be there, and to name no other provider.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import REMOVE, Edit, Finding, Fix, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import section
from gal.lint.references import Definition
from gal.lint.rule import Confidence, Persona, Rule, Safety, Severity, bad, good
from gal.lint.subject import Subject
from gal.lint.traefik_files import static
from gal.lint.unused import unused
from gal.reading import Mapping, Sequence

RULE = Rule(
    code="GAL074",
    name="unused-object",
    title="Something is defined and nobody uses it",
    severity=Severity.INFO,
    confidence=Confidence.HIGH,
    persona=Persona.PEDANTIC,
    cwe=(561,),
    owasp=("API9",),
    pages=(
        "https://developer.konghq.com/gateway/entities/upstream/",
        "https://apisix.apache.org/docs/apisix/terminology/upstream/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto",
    ),
    fix=Safety.SAFE,
)
_OWN_PROVIDERS = frozenset(("file", "rest", "http"))


def check(subject: Subject) -> Iterator[Finding]:
    """Definitions that nothing names."""
    found = subject.once(unused)
    gone = {id(one.node) for one in found}
    alone = _is_alone(subject)
    for one in found:
        name = one.names[0] if one.names else ""
        owner = owner_of(subject, one.node)
        yield finding(
            RULE,
            f'nothing uses the {one.kind} "{name}"' if name else f"nothing uses this {one.kind}",
            one.node,
            owner=None if owner is subject.gateway else owner,
            value=f"{one.kind} {name}",
            help="take it out, or use it",
            fix=_removal(one, gone) if alone else None,
        )


def _is_alone(subject: Subject) -> bool:
    """Whether nobody outside of the files can name what is in them."""
    if subject.provider != "traefik":
        return True
    settings = static(subject)
    return bool(settings) and all(
        set(map(str.lower, section(one, "providers") or ())) <= _OWN_PROVIDERS for one in settings
    )


def _removal(one: Definition, gone: set[int]) -> Fix | None:
    """Taking it out; with the last of a kind goes the list or mapping, which Traefik refuses to
    read when it is empty.
    """
    node, above = one.node, one.node.parent
    if not isinstance(above, (Mapping, Sequence)) or node.key is None:
        return None
    others = above.entries.values() if isinstance(above, Mapping) else above.items
    holder = above.parent
    if all(id(other) in gone for other in others) and isinstance(holder, Mapping):
        edit = Edit(holder, str(above.key), REMOVE)
    else:
        edit = Edit(above, node.key, REMOVE)
    return Fix("take out what nothing uses", Safety.SAFE, (edit,))


_KONG = """\
services:
- name: shop
  host: shop-targets
  routes: [{name: shop, paths: [/shop]}]
upstreams:
- name: shop-targets
  targets: [{target: "shop.internal:80"}]
"""
_APISIX = """\
routes:
- uri: /shop
  service_id: shop
services:
- id: shop
  upstream_id: 1
upstreams:
- id: 1
  nodes: {"shop.internal:80": 1}
"""
_TRAEFIK = """\
providers: {file: {filename: dynamic.yaml}}
http:
  routers:
    shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [small]}
  services:
    shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}
  middlewares:
    small: {compress: {}}
"""
_CLUSTER = """\
- name: {name}{mark}
  type: STRICT_DNS
  load_assignment:
    cluster_name: {name}
    endpoints:
    - lb_endpoints:
      - endpoint: {{address: {{socket_address: {{address: {name}.internal, port_value: 80}}}}}}
"""
_CLUSTERS = "clusters:\n" + _CLUSTER.format(name="one", mark="")
_UNUSED = _CLUSTER.format(name="two", mark="  # <-")
_USED = _UNUSED.replace("  # <-", "")
_JWT = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    rules: [{match: {prefix: /}, requires: {provider_name: staff}}]
    providers:
      staff:
        remote_jwks: {http_uri: {uri: "https://staff.test/keys", cluster: one, timeout: 1s}}
      guests:  # <-
        remote_jwks: {http_uri: {uri: "https://guests.test/keys", cluster: one, timeout: 1s}}
"""

EXAMPLES = (
    bad("kong", f"{_KONG}- name: old-targets  # <-\n"),
    bad(
        "kong",
        "services:\n- {name: old, url: 'http://old.internal'}  # <-\n"
        "- {name: shop, url: 'http://shop.internal', routes: [{paths: [/shop]}]}\n",
        "no route leads to it",
    ),
    good("kong", _KONG),
    good(
        "kong",
        "services: [{name: shop, url: 'http://shop.internal'}]\n"
        "routes: [{name: shop, paths: [/shop], service: {name: shop}}]\n",
        "the route stands beside it",
    ),
    good(
        "kong",
        f"{_KONG}- name: spare\nplugins:\n- name: pre-function\n"
        "  config: {access: ['kong.service.set_upstream(\"spare\")']}\n",
        "code may name it",
    ),
    good("kong", "services: [{name: shop, url: 'http://shop.internal'}]\n", "routes are elsewhere"),
    bad("apisix", f"{_APISIX}- id: 2  # <-\n  nodes: {{'old.internal:80': 1}}\n"),
    bad(
        "apisix",
        f"{_APISIX}- id: 2  # <-\n  nodes: {{'old.internal:80': 1}}\n".replace(
            "services:\n", "services:\n- id: old  # <-\n  upstream_id: 2\n"
        ),
        "only a service that nobody uses uses it",
    ),
    good("apisix", _APISIX),
    good(
        "apisix",
        f"{_APISIX}- id: 2\n  nodes: {{'new.internal:80': 1}}\n".replace(
            "  service_id: shop\n",
            "  service_id: shop\n  plugins: {traffic-split: {rules: [{weighted_upstreams: "
            "[{upstream_id: 2, weight: 1}, {weight: 9}]}]}}\n",
        ),
        "a part of the requests goes there",
    ),
    good(
        "apisix",
        f"{_APISIX}plugin_configs: [{{id: limits, plugins: {{limit-req: {{rate: 1, burst: 0, "
        "key: remote_addr}}}]\n",
        "a limit that does not act is GAL012",
    ),
    bad("traefik", f"{_TRAEFIK}    spare:  # <-\n      compress: {{}}\n"),
    bad(
        "traefik",
        f"{_TRAEFIK}    all:  # <-\n      chain: {{middlewares: [slash]}}\n"
        "    slash:  # <-\n      stripPrefix: {prefixes: [/a]}\n",
        "a chain that no router has",
    ),
    bad("traefik", f"{_TRAEFIK}tls:\n  options:\n    old:  # <-\n      minVersion: VersionTLS12\n"),
    good("traefik", _TRAEFIK),
    good(
        "traefik",
        f"{_TRAEFIK}    spare: {{compress: {{}}}}\n"
        "entryPoints: {web: {address: ':80', http: {middlewares: [spare@file]}}}\n",
        "at an entry point",
    ),
    good("traefik", f"{_TRAEFIK}tls:\n  options:\n    default: {{minVersion: VersionTLS12}}\n"),
    good("traefik", f"{_TRAEFIK}    who: {{basicAuth: {{usersFile: /u}}}}\n", "that is GAL012"),
    bad("envoy", f"{_CLUSTERS}{_UNUSED}"),
    bad("envoy", _JWT),
    good(
        "envoy",
        f"{_CLUSTERS}{_USED}routes:\n- match: {{prefix: /}}\n  route:\n    weighted_clusters:\n"
        "      clusters: [{name: one, weight: 9}, {name: two, weight: 1}]\n",
    ),
    good(
        "envoy",
        f"{_CLUSTERS}{_USED}filters:\n- name: envoy.filters.http.lua\n  typed_config:\n"
        '    "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua\n'
        "    default_source_code:\n      inline_string: |\n"
        "        function envoy_on_request(handle) handle:httpCall('two', {}, '', 100) end\n",
        "code calls it",
    ),
    good(
        "envoy",
        f"{_CLUSTERS}{_USED}routes:\n- match: {{prefix: /}}\n"
        "  route: {cluster_header: x-cluster}\n",
        "requests may name it",
    ),
)
