"""Requests that this route would take all go to routes that the gateway tries before it. Whatever
it was meant to do, it does not: its authentication, its limits and its upstream are never used, and
nobody notices, since the file loads and its requests are answered by somebody else.

Each gateway has its own order:

- **Kong** (`router_flavor = traditional_compatible`, the default): routes of plain hosts only come
  first, then those with expressions, then those with more kinds of match, then those with more
  headers or the higher `regex_priority`, then the longer prefix. The order of the file means
  nothing. So a prefix never wins against an expression that takes the same requests.
- **APISIX**: an exact `uri` before a start of it, the longer start before the shorter.
  `priority` decides between routes of the same `uri` only; it does not lift `/*` above `/a/*`.
- **Traefik**: the higher `priority`, which without one is the length of the rule. A long rule that
  takes everything beats a short precise one.
- **Envoy**: the virtual host with the narrowest domain, and in it the first route that fits.

A route is reported when each of its hosts and paths is taken by some other route that ranks before
it and asks for nothing else. What cannot be decided, such as whether one expression holds another,
is not reported; routes that rank alike are the business of GAL071 and GAL072.

Give the narrower route the better rank, or take one of them away.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, finding, place_of
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import KONG_ROUTES as _KONG
from gal.lint.shadows import Placed, Shadow, shadows_of, title
from gal.lint.subject import Subject
from gal.model import RouteOrder

RULE = Rule(
    code="GAL070",
    name="unreachable-route",
    title="No request reaches this route: others take them all before it",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(561, 1109),
    owasp=("API9",),
    pages=(
        "https://developer.konghq.com/gateway/routing/traditional/",
        "https://apisix.apache.org/docs/apisix/terminology/route/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
)

_HELP = {
    RouteOrder.KONG: "match more kinds of things, or raise regex_priority where both are regexes",
    RouteOrder.APISIX: "make its uri longer, or raise its priority where the uris are the same",
    RouteOrder.TRAEFIK: "give it the higher priority",
    RouteOrder.ENVOY: "put it before the other one",
    RouteOrder.GAL: "give it the higher priority",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Routes for which nothing is left."""
    for shadow in subject.once(shadows_of):
        if shadow.whole and not shadow.duplicate:
            yield _finding(subject, shadow)


def _finding(subject: Subject, shadow: Shadow) -> Finding:
    route = shadow.parts[0].route
    takers: dict[int, Placed] = {one.to.source: one.to for one in shadow.losses}
    first, *others = takers.values()
    who = title(subject, first.route)
    if others:
        who = f"{who} and {len(others)} other{'s' if len(others) > 1 else ''}"
    return finding(
        RULE,
        f"{title(subject, route)} gets no requests: {who} take{'' if others else 's'} all of "
        "them before it",
        route,
        owner=route,
        related=[
            place_of(one.route, message="it takes these requests") for one in [first, *others[:4]]
        ],
        help=_HELP[subject.gateway.settings.route_order],
    )


_APISIX = "upstream: {nodes: {'shop.internal:80': 1}}"
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  routers:
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}  - {{name: all, paths: ['~/.*']}}\n"
        "  - {name: orders, paths: [/orders]}  # <-\n",
        "an expression ranks before every prefix",
    ),
    bad(
        "kong",
        f"{_KONG}  - {{name: host, hosts: [a.test]}}\n"
        "  - {name: wild, hosts: ['*.test', a.test], paths: [/b]}\n"
        "  - {name: orders, hosts: [a.test], sources: [{ip: 10.0.0.0/8}]}\n"
        "  - {name: old, paths: ['~/v1$']}\n"
        "  - {name: v1, paths: ['~/v1$'], regex_priority: -1}\n"
        "  - {name: any, paths: ['~/v.*'], regex_priority: 7}\n"
        "  - {name: v2, paths: ['~/v2/x$'], regex_priority: 3}  # <-\n",
        "the higher regex_priority wins; the same match is GAL071",
    ),
    good(
        "kong",
        f"{_KONG}  - {{name: all, paths: [/]}}\n  - {{name: orders, paths: [/orders]}}\n",
        "the longer prefix ranks first, wherever it stands",
    ),
    good(
        "kong",
        f"{_KONG}  - {{name: all, paths: ['~/.*'], methods: [GET]}}\n"
        "  - {name: orders, paths: [/orders]}\n",
        "other methods are left for it",
    ),
    good(
        "kong",
        f"{_KONG}  - {{name: all, paths: ['~/.*']}}\n"
        "  - {name: orders, paths: [/orders], hosts: [a.test]}\n",
        "plain hosts rank before everything else",
    ),
    bad(
        "apisix",
        f"routes:\n- {{uri: /a/*, priority: 5, {_APISIX}}}\n"
        f"- {{uri: /a/*, methods: [GET], {_APISIX}}}  # <-\n",
        "the same uri with a higher priority",
    ),
    bad(
        "apisix",
        f"routes:\n- {{uri: /a, host: '*.test', priority: 1, {_APISIX}}}\n"
        f"- {{uri: /a, host: '*.test', vars: [[http_x, '==', '1']], {_APISIX}}}  # <-\n",
    ),
    good(
        "apisix",
        f"routes:\n- {{uri: /*, priority: 9, {_APISIX}}}\n- {{uri: /a/*, {_APISIX}}}\n",
        "no priority lifts a shorter start above a longer one",
    ),
    good(
        "apisix",
        f"routes:\n- {{uri: /a/*, {_APISIX}}}\n"
        f"- {{uri: /a/*, methods: [GET], priority: 5, {_APISIX}}}\n",
        "the narrower one has the higher priority",
    ),
    good(
        "apisix",
        "routes:\n- {uri: /a, priority: 5, filter_func: 'function() return false end', "
        f"{_APISIX}}}\n- {{uri: /a, {_APISIX}}}\n",
        "nobody knows what the code takes",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    wide: {{service: shop, rule: 'PathPrefix(`/`) || Host(`a-long-name`)'}}\n"
        "    orders:  # <-\n      rule: PathPrefix(`/orders`)\n      service: shop\n",
        "the longer rule ranks first",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    wide: {{rule: PathPrefix(`/`), priority: 99, service: shop}}\n"
        "    orders:  # <-\n      rule: Host(`a.test`) && Path(`/orders`)\n      service: shop\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    wide: {{rule: PathPrefix(`/`), service: shop}}\n"
        "    orders: {rule: PathPrefix(`/orders`), service: shop}\n",
        "the longer rule is the narrower one",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    wide: {{rule: PathPrefix(`/`), priority: 1, service: shop}}\n"
        "    orders: {rule: PathPrefix(`/o`), service: shop}\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    wide: {{rule: PathPrefix(`/`), priority: 99, service: shop}}\n"
        "    orders: {rule: PathPrefix(`/orders`), service: shop, tls: {}}\n",
        "requests by TLS are left for it",
    ),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /}\n  route: {cluster: one}\n"
        "- match: {prefix: /orders}  # <-\n  route: {cluster: one}\n",
        "the first that fits wins",
    ),
    bad(
        "envoy",
        "routes:\n- match: {path_separated_prefix: /a}\n  route: {cluster: one}\n"
        "- match: {safe_regex: {regex: '/a/[0-9]+'}}  # <-\n  route: {cluster: one}\n",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /orders}\n  route: {cluster: one}\n"
        "- match: {prefix: /}\n  route: {cluster: one}\n",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /, headers: [{name: x-a, present_match: true}]}\n"
        "  route: {cluster: one}\n- match: {prefix: /orders}\n  route: {cluster: one}\n",
        "requests without the header are left for it",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /, runtime_fraction: {default_value: {numerator: 10}}}\n"
        "  route: {cluster: one}\n- match: {prefix: /orders}\n  route: {cluster: one}\n",
        "most requests are left for it",
    ),
)
