"""Two routes ask for just the same: the same hosts, paths, methods, headers and the rest. One of
them gets all requests and the other none, so one upstream, one set of policies, is not in use; it
is easy to change the wrong one. Which of the two wins depends on the gateway.

- **Kong**: the larger id. In a file without ids they are made of the routes' names, so that a new
  name can swap the two; routes without a name get new ids whenever the file is loaded, and in a
  database ids are random.
- **APISIX**: the higher `priority`; of equal ones it defines no order.
- **Traefik**: the higher `priority`; of equal ones it tries them in another order at every start.
- **Envoy**: the first. It refuses two virtual hosts with the same domain.

Routes with several hosts or paths are compared one by one: a path that is in two routes is a
finding, too. Where both routes do the same, the finding is only of severity low.

Take one of them away, or let them ask for different things.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, finding, place_of
from gal.lint.match_sets import piece_text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import KONG_OLD_ROUTES as _KONG_A
from gal.lint.shadows import Loss, Placed, Shadow, act_alike, shadows_of, title
from gal.lint.subject import Subject
from gal.model import RouteOrder

RULE = Rule(
    code="GAL071",
    name="duplicate-route",
    title="Two routes take the same requests, and only one of them gets them",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(561,),
    owasp=("API9",),
    pages=(
        "https://developer.konghq.com/gateway/routing/traditional/",
        "https://apisix.apache.org/docs/apisix/terminology/route/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
)

_DECIDES = {
    RouteOrder.KONG: "only their ids decide which of them wins",
    RouteOrder.APISIX: "nothing decides which of them wins",
    RouteOrder.TRAEFIK: "which of them wins changes from start to start",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Routes of which another one takes the same hosts and paths."""
    for shadow in subject.once(shadows_of):
        if shadow.whole and not shadow.duplicate:
            continue  # GAL070 speaks of it
        same = [one for one in shadow.losses if one.same]
        if same:
            yield _finding(subject, shadow, same)


def _finding(subject: Subject, shadow: Shadow, same: list[Loss]) -> Finding:
    route, first = shadow.parts[0].route, same[0]
    others: dict[int, Placed] = {one.to.source: one.to for one in same}
    alike = all(act_alike(subject, route, one.route) for one in others.values())
    order = subject.gateway.settings.route_order
    settled = all(one.settled for one in same)
    outcome = "the other one gets them" if settled else _DECIDES.get(order, "the first gets them")
    also = f" (and {len(same) - 1} more)" if len(same) > 1 else ""
    return finding(
        RULE,
        f"{title(subject, route)} and {title(subject, first.to.route)} both take "
        f"{piece_text(first.piece)}{also}: {outcome}"
        + (", though both do the same" if alike else ""),
        route,
        owner=route,
        severity=Severity.LOW if alike else None,
        related=[
            place_of(one.route, message="it takes the same requests")
            for one in list(others.values())[:5]
        ],
        help="take one of them away, or let them ask for different things",
        count=len(same),
    )


_KONG_B = """\
- name: new
  url: http://new.internal
  routes:
"""
_OLD, _NEW = (f"upstream: {{nodes: {{'{name}.internal:80': 1}}}}" for name in ("old", "new"))
_TRAEFIK = """\
http:
  services:
    old: {loadBalancer: {servers: [{url: "http://old.internal"}]}}
    new: {loadBalancer: {servers: [{url: "http://new.internal"}]}}
  routers:
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders]}}\n"
        f"{_KONG_B}  - {{name: c, paths: [/orders]}}  # <-\n",
        "the ids made of the names decide",
    ),
    bad(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders, /health], methods: [GET]}}\n"
        f"{_KONG_B}  - {{name: c, paths: [/carts, /health], methods: [GET]}}  # <-\n",
        "one of the paths",
    ),
    bad(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders]}}\n  - {{name: c, paths: [/orders]}}  # <-\n",
        "both go to the same service: severity low",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders], methods: [GET]}}\n"
        f"{_KONG_B}  - {{name: b, paths: [/orders], methods: [POST]}}\n",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders], hosts: [a.test]}}\n"
        f"{_KONG_B}  - {{name: b, paths: [/orders], hosts: [b.test]}}\n",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders, /orders]}}\n",
        "within one route it makes no difference",
    ),
    bad(
        "apisix",
        f"routes:\n- {{uri: /a, {_OLD}}}\n- {{uri: /a, {_NEW}}}  # <-\n",
    ),
    bad(
        "apisix",
        f"routes:\n- {{uri: /a, priority: 1, {_OLD}}}\n- {{uri: /a, {_NEW}}}  # <-\n",
        "the priority decides, so the other one is not in use",
    ),
    good("apisix", f"routes:\n- {{uri: /a, {_OLD}}}\n- {{uri: /a*, {_NEW}}}\n"),
    good(
        "apisix",
        f"routes:\n- {{uri: /a, {_OLD}}}\n- {{uri: /a, status: 0, {_NEW}}}\n",
        "it is switched off",
    ),
    good(
        "apisix",
        f"routes:\n- {{uri: /a, {_OLD}}}\n- {{uri: /a, vars: [[arg_v, '==', '2']], {_NEW}}}\n",
        "not the same; see GAL072",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/orders`), service: old}}\n"
        "    b: {rule: PathPrefix(`/orders`), service: new}  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/orders`), service: old, priority: 7}}\n"
        "    b: {rule: PathPrefix( `/orders` ), service: new, priority: 6}  # <-\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/orders`), service: old}}\n"
        "    b: {rule: PathPrefix(`/orders`), service: new, tls: {}}\n",
        "one for plain requests, one for TLS",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/orders`), entryPoints: [x], service: old}}\n"
        "    b: {rule: PathPrefix(`/orders`), entryPoints: [y], service: new}\n",
        "on different ports",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/orders`), service: old}}\n"
        "    b: {rule: Path(`/orders`), service: new}\n",
    ),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /orders}\n  route: {cluster: one}\n"
        "- match: {prefix: /orders}  # <-\n  redirect: {path_redirect: /new}\n",
    ),
    bad(
        "envoy",
        "routes:\n- match: {safe_regex: {regex: /orders}}\n  route: {cluster: one}\n"
        "- match: {path: /orders}  # <-\n  direct_response: {status: 410}\n",
        "an expression without any operator is a path",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /orders, headers: [{name: ':method', "
        "string_match: {exact: GET}}]}\n  route: {cluster: one}\n"
        "- match: {prefix: /orders}\n  direct_response: {status: 405}\n",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /orders, runtime_fraction: {default_value: {numerator: 10}}}\n"
        "  direct_response: {status: 503}\n- match: {prefix: /orders}\n  route: {cluster: one}\n",
        "a tenth of the requests",
    ),
    good(
        "envoy",
        "routes:\n- match: {path: /orders}\n  route: {cluster: one}\n"
        "- match: {prefix: /orders}\n  direct_response: {status: 410}\n",
    ),
)
