"""Requests are counted by something that the client itself writes. A new value is a new count, so a
client that changes it with every request is never limited; one that sends another's value uses up
the limit of that one.

- **Headers, query parameters and cookies**: Kong's `limit_by: header`, APISIX's `key: http_...`,
  `arg_...` and `cookie_...` (also within a combination), Traefik's `requestHeaderName`, and Envoy's
  action `request_headers`. There is no finding where the header holds what the route asks for as a
  credential, or where the authorization service sends it back, since then nobody else can use it.
  What Envoy's `ext_authz` over gRPC, Lua or Wasm send stands in no file: there only headers that
  clients send of themselves, such as `X-Forwarded-For`, are findings. Nor is there one for `Host`
  on routes that take certain hosts only.
- **The address**, where the gateway believes anybody who says one: see GAL052. On Traefik that is
  an `ipStrategy` on an entry point with `forwardedHeaders.insecure`.

Count by the address of the connection, or by consumer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gal.lint import envoy_files
from gal.lint.asked import CODE
from gal.lint.client_address import Believed, believed, views_at, views_of
from gal.lint.finding import Finding, Where, finding, place_of
from gal.lint.owners import owner_of
from gal.lint.peeking import items, number, section, text, texts
from gal.lint.plugin_nodes import PluginNode, plugin_nodes
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_LIMIT as _APISIX
from gal.lint.samples import KONG_LIMIT as _KONG
from gal.lint.standing import standing
from gal.lint.subject import RouteView, Subject, explicit
from gal.model import Authentication, ModelNode, RateLimit, RateLimitKey
from gal.reading import Mapping

RULE = Rule(
    code="GAL033",
    name="rate-limit-spoofable-key",
    title="Clients choose themselves what their requests are counted by",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(348, 807),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/plugins/rate-limiting/",
        "https://apisix.apache.org/docs/apisix/plugins/limit-count/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ratelimit/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
)

_LIMITERS = ("limit-count", "limit-req", "limit-conn")
_VARIABLE = re.compile(r"(?:^|\$|\{)(http_|arg_|cookie_)(\w+)")
_KINDS = {"http_": "header", "arg_": "query parameter", "cookie_": "cookie"}
_OF_CONSUMERS = ("x-consumer-", "x-credential-", "x-authenticated-")
_SETTERS = CODE | {"ext_authz"}
"""Guards that may set any header of the request: code, and a service that answers over gRPC."""
_SENT_BY_CLIENTS = frozenset(
    (
        "x-forwarded-for",
        "x-real-ip",
        "forwarded",
        "true-client-ip",
        "user-agent",
        "cookie",
        "referer",
    )
)
_HELP = "count by the address of the connection, or by consumer"


def check(subject: Subject) -> Iterator[Finding]:
    """Limits that act and count by what clients write."""
    for one in standing(subject, RateLimit):
        if subject.provider == "apisix":
            break
        name = one.policy.key_header if one.policy.key_type is RateLimitKey.HEADER else None
        if name and _open(one.routes, name):
            key = "key_header" if explicit(one.policy, "key_header") else "limits"
            yield _finding("header", name, one.policy, key, one.owner)
    for plugin in plugin_nodes(subject, *_LIMITERS):
        yield from _of_plugin(subject, plugin)
    yield from _of_actions(subject)
    yield from _of_address(subject)


def _of_plugin(subject: Subject, plugin: PluginNode) -> Iterator[Finding]:
    key = text(plugin.config, "key") or ""
    if text(plugin.config, "key_type") == "constant":
        return
    owner = owner_of(subject, plugin.node)
    for kind, name in _VARIABLE.findall(key):
        shown = name.replace("_", "-") if kind == "http_" else name
        if kind != "http_" or _open(views_at(subject, plugin.node), shown):
            yield _finding(_KINDS[kind], shown, plugin.config, "key", owner)
            return


def _of_actions(subject: Subject) -> Iterator[Finding]:
    """Headers that Envoy sends to a rate limit service."""
    for manager in envoy_files.managers(subject):
        if not manager.named("ratelimit"):
            continue
        for action in _actions(manager):
            asked = section(action, "request_headers")
            name = text(asked, "header_name") or ""
            if asked is None or not name or name.startswith(":"):
                continue
            owner = owner_of(subject, action)
            if _open(views_of(subject, owner), name):
                yield _finding("header", name, asked, "header_name", owner)


def _actions(manager: envoy_files.Manager) -> Iterator[Mapping]:
    places: list[Mapping | None] = [*manager.hosts()]
    places += [section(route, "route") for _, route in manager.routes()]
    for place in places:
        for limit in items(place, "rate_limits"):
            for action in items(limit, "actions"):
                if isinstance(action, Mapping):
                    yield action


def _of_address(subject: Subject) -> Iterator[Finding]:
    """Limits by an address that anybody may choose."""
    known = {id(view.route): one for one in believed(subject) for view in one.views}
    for one in standing(subject, RateLimit) if known else ():
        limit = one.policy
        if limit.key_type is not RateLimitKey.IP_ADDRESS:
            continue
        found = next((known[id(v.route)] for v in one.routes if id(v.route) in known), None)
        if found is not None and (found.connection or _looks_into_header(limit)):
            key = "key_type" if explicit(limit, "key_type") else "limits"
            yield _by_address(limit, key, found, one.owner)
    for manager in envoy_files.managers(subject):
        if not manager.named("ratelimit"):
            continue
        by = [one for one in believed(subject) if one.node is manager.node]
        asked = [action for action in _actions(manager) if action.has("remote_address")]
        if by and asked:
            owner = owner_of(subject, asked[0])
            yield _by_address(asked[0], "remote_address", by[0], owner, len(asked))


def _by_address(where: Where, key: str, why: Believed, owner: ModelNode, count: int = 1) -> Finding:
    return finding(
        RULE,
        f"counts by an address that clients choose by {why.how}: {why.what}",
        where,
        key,
        owner=owner,
        value="by an address that clients choose",
        related=[place_of(why.node, why.key, "everybody is believed here")],
        help="trust the proxies in front of the gateway only",
        count=count,
    )


def _looks_into_header(limit: RateLimit) -> bool:
    """Whether Traefik counts by the address that `X-Forwarded-For` tells."""
    config = limit.origin.node if limit.origin is not None else None
    strategy = section(config, "sourceCriterion.ipStrategy")
    return bool(number(strategy, "depth") or texts(strategy, "excludedIPs"))


def _finding(kind: str, name: str, where: Where, key: str, owner: ModelNode) -> Finding:
    return finding(
        RULE,
        f'counts by the {kind} "{name}", which clients write as they like',
        where,
        key,
        owner=owner,
        value=f"by {kind} {name.lower()}",
        help=_HELP,
    )


def _open(views: Iterable[RouteView], header: str) -> bool:
    """Whether a route takes any value of a header. What acts on no route is not judged by one."""
    lower = header.lower()
    found = list(views)
    if lower == "host":
        return any(not view.route.hosts or "*" in "".join(view.route.hosts) for view in found)
    return not found or any(not _proven(view.policy(Authentication), lower) for view in found)


def _proven(asked: Authentication | None, header: str) -> bool:
    """Whether only certain values of a header get past the authentication."""
    if asked is None or asked.anonymous is not None:
        return False
    if header.startswith(_OF_CONSUMERS):
        return True
    names = ["authorization"] if asked.basic or asked.oauth2 else []
    if asked.api_key is not None:
        names += asked.api_key.header_names
    if asked.jwt is not None:
        names += asked.jwt.header_names
        names += [one.header for one in asked.jwt.claims_to_headers]
    if asked.forward is not None:
        names += asked.forward.upstream_headers
    if header not in _SENT_BY_CLIENTS and any(one.name in _SETTERS for one in asked.guards):
        return True  # headers that no file names
    return header in (name.lower() for name in names)


_SHARED = """\
routes:
- {uri: /open, upstream: {nodes: {"shop.internal:80": 1}}}
- {uri: /shop, plugin_config_id: %s, upstream: {nodes: {"shop.internal:80": 1}}}
plugin_configs:
- id: shop
  plugins:
    jwt-auth: {}
    limit-count:
      count: 5
      time_window: 60
      key: http_authorization
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [limit]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    limit:
      rateLimit:
        average: 5
"""
_POINTS = 'entryPoints: {web: {address: ":80", forwardedHeaders: {insecure: true}}}\n'
_BUCKET = """\
filters:
- name: envoy.filters.http.local_ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
    stat_prefix: limit
    filter_enabled: {default_value: {numerator: 100}}
    filter_enforced: {default_value: {numerator: 100}}
    rate_limits: [{actions: [{remote_address: {}}]}]
    descriptors:
    - entries: [{key: remote_address}]
      token_bucket: {max_tokens: 10, tokens_per_fill: 10, fill_interval: 1s}
"""
_ALL = "    token_bucket: {max_tokens: 1000000, tokens_per_fill: 1000000, fill_interval: 1s}\n"
_EDGE = "manager:\n  use_remote_address: true\n"
_SERVICE = """\
filters:
- name: envoy.filters.http.ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
    domain: shop
    rate_limit_service:
      transport_api_version: V3
      grpc_service: {envoy_grpc: {cluster_name: one}}
host:
  rate_limits:
  - actions:
"""
_BY_HEADER = "    - request_headers: {header_name: %s, descriptor_key: key}"
_CHECKED = _SERVICE.replace(
    "filters:\n",
    "filters:\n- name: envoy.filters.http.ext_authz\n  typed_config:\n"
    '    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz\n'
    "    transport_api_version: V3\n    grpc_service: {envoy_grpc: {cluster_name: one}}\n",
)

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}      limit_by: header\n      header_name: X-Forwarded-For  # <-\n",
    ),
    bad("kong", f"{_KONG}      limit_by: header\n      header_name: X-Client-Id  # <-\n"),
    good("kong", f"{_KONG}      limit_by: ip\n"),
    good(
        "kong",
        f"{_KONG}      limit_by: header\n      header_name: X-Key\n"
        "  - name: key-auth\n    config: {key_names: [x-key]}\n",
        "the header holds the credential",
    ),
    good("kong", f"{_KONG}      limit_by: ip\n      header_name: X-Key\n", "it is not counted by"),
    bad("apisix", f"{_APISIX}      key: http_x_forwarded_for  # <-\n"),
    bad("apisix", f"{_APISIX}      key: arg_user  # <-\n"),
    bad(
        "apisix",
        f"{_APISIX}      key_type: var_combination\n      key: $remote_addr $cookie_sid  # <-\n",
    ),
    bad(
        "apisix",
        f"{_APISIX}      key: remote_addr  # <-\n    real-ip: {{source: http_x_real_ip}}\n",
        "anybody may say an address",
    ),
    good("apisix", f"{_APISIX}      key: remote_addr\n"),
    good(
        "apisix",
        f"{_APISIX}      key: http_apikey\n    key-auth: {{}}\n",
        "the header holds the credential",
    ),
    good("apisix", f"{_APISIX}      key_type: constant\n      key: http_x\n", "no variable"),
    good("apisix", _SHARED % "shop", "all routes with this limit ask for the token"),
    bad("apisix", _SHARED.replace("http_authorization", "http_x_user  # <-") % "shop"),
    bad(
        "apisix",
        _SHARED.replace("http_authorization", "http_authorization  # <-").replace(
            "jwt-auth", "csrf"
        )
        % "shop",
        "nothing looks at the header",
    ),
    bad("traefik", f"{_TRAEFIK}        sourceCriterion: {{requestHeaderName: X-User}}  # <-\n"),
    bad(
        "traefik",
        f"{_POINTS}{_TRAEFIK}        sourceCriterion: {{ipStrategy: {{depth: 1}}}}  # <-\n",
    ),
    good("traefik", _TRAEFIK, "the address of the connection"),
    good("traefik", f"{_POINTS}{_TRAEFIK}", "still the address of the connection"),
    good(
        "traefik",
        f"{_TRAEFIK.replace('PathPrefix', 'Host(`a.test`) && PathPrefix')}"
        "        sourceCriterion: {requestHost: true}\n",
        "one host only",
    ),
    bad("envoy", f"{_SERVICE}{_BY_HEADER % 'x-forwarded-for'}  # <-\n{_EDGE}"),
    bad("envoy", f"{_SERVICE}{_BY_HEADER % 'x-client-id'}  # <-\n{_EDGE}"),
    bad("envoy", f"{_BUCKET}{_ALL.rstrip()}  # <-\n", "any client may say an address"),
    bad("envoy", f"{_SERVICE}    - remote_address: {{}}  # <-\n"),
    bad("envoy", f"{_CHECKED}{_BY_HEADER % 'x-forwarded-for'}  # <-\n{_EDGE}"),
    good("envoy", f"{_CHECKED}{_BY_HEADER % 'x-plan'}\n{_EDGE}", "the check may set it"),
    good("envoy", f"{_BUCKET}{_ALL}{_EDGE}"),
    good("envoy", f"{_SERVICE}    - remote_address: {{}}\n{_EDGE}"),
    good("envoy", f"{_SERVICE}    - generic_key: {{descriptor_value: all}}\n{_EDGE}"),
)
