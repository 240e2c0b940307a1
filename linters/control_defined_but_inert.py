"""Somebody wrote down who may enter, or how often, and nothing of it acts. Whoever reads the file
believes that the application is protected.

- **Kong**: a plugin with `enabled: false`, where no other one of its kind acts in its place; a
  limit or an access rule of a consumer where no route asks who the client is.
- **APISIX**: a plugin with `_meta.disable`, likewise; a `plugin_config` that no route names, and a
  `consumer_group` of nobody.
- **Traefik**: a middleware that no router, chain or entry point names. Where the static settings
  are not among the files, or name further providers, one of those may have a router that does: the
  finding is of medium severity then.
- **Envoy**: `local_ratelimit` limits nobody unless both `filter_enabled` and `filter_enforced` are
  set, which are 0 % by default; `jwt_authn` without `rules` asks for no token; `rbac` with
  `shadow_rules` alone only counts; `ext_authz` with `filter_enabled` of 0 % asks nobody; a filter
  that is `disabled` acts where a route switches it on, and none does. A `runtime_key` that a static
  layer sets counts as set.

Have it act, or take it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gal.lint.asked import identity_asked
from gal.lint.controls import KINDS, acts
from gal.lint.finding import Finding, Fix, Where, finding
from gal.lint.inert_envoy import inert
from gal.lint.owners import owner_of
from gal.lint.peeking import flag, items, mappings, section, text
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.lint.traefik_files import middlewares, sources, static
from gal.model import Consumer, Gateway, ModelNode, Policies, Policy, Route, ScopedPolicies, Service
from gal.reading import Mapping, Sequence

RULE = Rule(
    code="GAL012",
    name="control-defined-but-inert",
    title="Something that protects the application stands in the file and does not act",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(693, 306),
    owasp=("API2", "API4", "API8"),
    pages=(
        "https://developer.konghq.com/gateway/entities/plugin/",
        "https://apisix.apache.org/docs/apisix/terminology/plugin/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter",
    ),
    fix=Safety.UNSAFE,
)
_MIDDLEWARES = (
    *("basicAuth", "digestAuth", "forwardAuth", "ipAllowList", "ipWhiteList", "rateLimit"),
    "inFlightReq",
)
_OWN_PROVIDERS = frozenset(("file", "rest", "http"))
_OF_CONSUMERS = ("rate_limit", "response_rate_limit", "ip_access", "size_limit")


def check(subject: Subject) -> Iterator[Finding]:
    """What protects something by its name, and does not act."""
    if subject.provider == "kong":
        yield from _disabled(subject, _of_kong(subject))
    elif subject.provider == "apisix":
        yield from _disabled(subject, _of_apisix(subject))
        yield from _unnamed(subject, "plugin_configs", "plugin_config_id", "routes")
        yield from _unnamed(subject, "consumer_groups", "group_id", "consumers")
    elif subject.provider == "traefik":
        yield from _unused(subject)
    for one in inert(subject) if subject.provider == "envoy" else ():
        fix = Fix("have it act on all requests", Safety.UNSAFE, one.edits) if one.edits else None
        yield _finding(
            f"{one.name} {one.why}", one.node, one.key, KINDS[one.name], subject.gateway, fix=fix
        )
    yield from _of_consumers(subject)


def _finding(
    message: str,
    where: Where,
    key: str,
    kind: str,
    owner: ModelNode,
    *,
    severity: Severity | None = None,
    fix: Fix | None = None,
) -> Finding:
    return finding(
        RULE,
        message,
        where,
        key,
        owner=owner,
        value=kind,
        severity=severity,
        help="have it act, or take it out",
        fix=fix,
    )


# -- plugins that are switched off

Plugin = tuple[str, Mapping, str]
"""Name of a plugin, the mapping that switches it off, and its key there."""


def _of_kong(subject: Subject) -> Iterator[Plugin]:
    for node in subject.walk():
        if isinstance(node, Sequence) and node.key == "plugins":
            for one in node.items:
                name = text(one, "name")
                if isinstance(one, Mapping) and name in KINDS and flag(one, "enabled") is False:
                    yield name, one, "enabled"


def _of_apisix(subject: Subject) -> Iterator[Plugin]:
    for node in subject.walk():
        if isinstance(node, Mapping) and node.key == "plugins":
            for name, config in mappings(node):
                meta = section(config, "_meta")
                if name in KINDS and meta is not None and flag(meta, "disable"):
                    yield name, meta, "disable"


def _disabled(subject: Subject, plugins: Iterable[Plugin]) -> Iterator[Finding]:
    for name, node, key in plugins:
        owner = _owner(subject, node)
        views = _views(subject, owner)
        if views and all(acts(KINDS[name], view) for view in views):
            continue  # another one does it
        yield _finding(f"{name} is switched off", node, key, KINDS[name], owner)


def _owner(subject: Subject, node: Mapping) -> ModelNode:
    """Whose plugin it is: that of what it stands in, or of what it names."""
    for key, parts in (("route", subject.gateway.walk_routes()), ("service", ())):
        name = text(node, key) or text(node, f"{key}.name")
        known: list[ModelNode] = [route for _, route in parts] or list(subject.gateway.services)
        found = next((one for one in known if name and getattr(one, "name", None) == name), None)
        if found is not None:
            return found
    return owner_of(subject, node)


def _views(subject: Subject, owner: ModelNode) -> list[RouteView]:
    if isinstance(owner, Gateway):
        return subject.routes
    if isinstance(owner, Route):
        return [view for view in subject.routes if view.route is owner]
    return [view for view in subject.routes if view.service is owner]


# -- what nothing names


def _unnamed(subject: Subject, kind: str, reference: str, users: str) -> Iterator[Finding]:
    """Sets of plugins, where the files have those who could name them."""
    roots = list(subject.roots())
    if not any(items(root, users) for root in roots):
        return
    named = {text(one, reference) for root in roots for one in items(root, users)}
    for root in roots:
        for one in items(root, kind):
            names = [name for name, _ in mappings(one, "plugins") if name in KINDS]
            if isinstance(one, Mapping) and names and text(one, "id") not in named:
                message = f"nothing names these {kind}: {', '.join(names)} does not act"
                yield _finding(message, one, "", KINDS[names[0]], subject.gateway)


def _unused(subject: Subject) -> Iterator[Finding]:
    dynamic = sources(subject).dynamic
    if not dynamic.routers:
        return
    acting = {id(one.node) for one, _ in middlewares(subject, *_MIDDLEWARES)}
    settings = static(subject)
    elsewhere = not settings or any(
        set(map(str.lower, section(one, "providers") or ())) - _OWN_PROVIDERS for one in settings
    )
    for name, node in dynamic.middlewares.items():
        known = {one.lower(): one for one in _MIDDLEWARES}
        kind = next((known[key.lower()] for key in node if key.lower() in known), None)
        if kind is not None and id(node) not in acting:
            yield _finding(
                f'no router has the middleware "{name.partition("@")[0]}" ({kind})',
                node,
                "",
                KINDS[kind],
                subject.gateway,
                severity=Severity.MEDIUM if elsewhere else Severity.HIGH,
            )


# -- what acts on clients whom nobody knows


def _of_consumers(subject: Subject) -> Iterator[Finding]:
    if not subject.routes:
        return
    anywhere = any(identity_asked(view) for view in subject.routes)
    for consumer in subject.gateway.consumers if not anywhere else ():
        yield from _never(consumer, consumer.policies)
    for scoped in subject.gateway.scoped_policies:
        views = [view for view in subject.routes if _is_of(view, scoped)]
        if views and not any(identity_asked(view) for view in views):
            yield from _never(scoped, scoped.policies)


def _is_of(view: RouteView, scoped: ScopedPolicies) -> bool:
    if scoped.route is not None:
        return view.route.name == scoped.route
    service: Service | None = view.service
    return service is not None and service.name == scoped.service


def _never(owner: Consumer | ScopedPolicies, policies: Policies) -> Iterator[Finding]:
    name = owner.name if isinstance(owner, Consumer) else owner.consumer
    for field in _OF_CONSUMERS:
        policy = getattr(policies, field)
        if isinstance(policy, Policy) and policy.enabled and policy.origin is not None:
            message = f"what holds for {name} never acts: no route asks who the client is"
            yield _finding(message, policy, "", field, owner)


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins:
  - name: key-auth
"""
_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    key-auth:
      query: ''
"""
_ROUTERS = """\
providers: {file: {filename: dynamic.yaml}}
http:
  routers:
    shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [limit]}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    limit:
      rateLimit: {average: 5}
"""
_LIMIT = """\
filters:
- name: envoy.filters.http.local_ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
    stat_prefix: limit
"""
_BUCKET = "    token_bucket: {max_tokens: 10, tokens_per_fill: 10, fill_interval: 1s}\n"
_ENABLED = "    filter_enabled: {default_value: {numerator: 100}}\n"
_ENFORCED = "    filter_enforced: {default_value: {numerator: 100}}\n"
_JWT = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    providers:  # <-
      issuer:
        issuer: https://issuer.test
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
"""
_RBAC = """\
filters:
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    shadow_rules:  # <-
      policies: {all: {permissions: [{any: true}], principals: [{any: true}]}}
"""


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


EXAMPLES = (
    bad("kong", f"{_KONG}    enabled: false  # <-\n"),
    bad(
        "kong",
        "services:\n- name: shop\n  url: http://shop.internal\n  routes: [{paths: [/shop]}]\n"
        "consumers:\n- username: anna\n  plugins:\n"
        "  - name: rate-limiting  # <-\n    config: {minute: 5}\n",
        "nobody knows who is anna",
    ),
    good("kong", _KONG),
    good(
        "kong",
        f"{_KONG}    enabled: false\n  - name: jwt\n",
        "another plugin asks",
    ),
    good("kong", f"{_KONG}    enabled: false\nplugins: [{{name: key-auth}}]\n", "that of all acts"),
    good("kong", f"{_KONG}  - {{name: cors, enabled: false}}\n", "without it less is allowed"),
    bad("apisix", f"{_APISIX}      _meta: {{disable: true}}  # <-\n"),
    bad(
        "apisix",
        f"{_APISIX}plugin_configs:\n- id: limits  # <-\n"
        "  plugins: {limit-count: {count: 5, time_window: 60}}\n",
        "no route names it",
    ),
    good("apisix", f"{_APISIX}      _meta: {{disable: false}}\n"),
    good(
        "apisix",
        f"{_APISIX}      _meta: {{disable: true}}\n    basic-auth: {{}}\n",
        "another one asks",
    ),
    good(
        "apisix",
        _APISIX.replace("  plugins:", "  plugin_config_id: limits\n  plugins:")
        + "plugin_configs:\n- id: limits\n  plugins: {limit-count: {count: 5, time_window: 60}}\n",
    ),
    bad(
        "traefik", f"{_ROUTERS}    who:  # <-\n      forwardAuth: {{address: 'http://who.test'}}\n"
    ),
    bad(
        "traefik", _ROUTERS.replace(", middlewares: [limit]", "").replace("limit:", "limit:  # <-")
    ),
    good("traefik", _ROUTERS),
    good(
        "traefik",
        f"{_ROUTERS}    who: {{forwardAuth: {{address: 'http://who.test'}}}}\n"
        "    limited: {chain: {middlewares: [who, limit]}}\n"
        "entryPoints: {web: {address: ':80', http: {middlewares: [limited@file]}}}\n",
        "by a chain, at an entry point",
    ),
    good("traefik", f"{_ROUTERS}    small: {{compress: {{}}}}\n", "it protects nothing"),
    good(
        "traefik",
        "http:\n  middlewares:\n    who: {forwardAuth: {address: 'http://who.test'}}\n",
        "the routers are in other files",
    ),
    bad(
        "envoy", _LIMIT.replace("typed_config:", "typed_config:  # <-") + _BUCKET, "0 % by default"
    ),
    bad("envoy", _LIMIT.replace("typed_config:", "typed_config:  # <-") + _BUCKET + _ENABLED),
    bad("envoy", f"{_LIMIT}{_BUCKET}{_ENABLED}{_ENFORCED}".replace("100}}\n", "0}}  # <-\n", 1)),
    bad("envoy", _JWT),
    bad("envoy", _RBAC),
    good("envoy", f"{_LIMIT}{_BUCKET}{_ENABLED}{_ENFORCED}"),
    good(
        "envoy",
        f"{_plain(_JWT)}    rules:\n"
        "    - {match: {prefix: /}, requires: {provider_name: issuer}}\n",
    ),
    good("envoy", _plain(_RBAC).replace("shadow_rules", "rules")),
    good(
        "envoy",
        f"{_LIMIT}{_BUCKET}{_ENFORCED}"
        "    filter_enabled: {runtime_key: limit, default_value: {}}\n"
        "layered_runtime: {layers: [{name: ours, static_layer: {limit: 100}}]}\n",
        "the runtime switches it on",
    ),
)
