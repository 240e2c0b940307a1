"""Two routes take some requests both, nothing ranks one of them before the other, and they do
different things with these requests. Which upstream gets them, and whether somebody is asked for
credentials, hangs on an id or on chance.

- **Kong**: routes with as many kinds of match, headers and plain hosts, and paths of one length or
  expressions of one `regex_priority`, rank alike. Then the larger id wins; ids are made of names or
  are random, so a rename can change who gets the requests.
- **APISIX**: routes of the same `uri` and `priority` rank alike, and `vars`, `methods` and
  `remote_addrs` count for nothing. It defines no order between them.
- **Traefik**: routers of the same priority rank alike. Without `priority` that is the length of the
  rule, so it can happen by chance. Traefik tries them in another order at every start.
- **Envoy** has an order in any case, that of the file, and there is nothing to find.

The finding names a request that both take. It is of severity high where the two routes ask for
different credentials. Routes that ask for just the same are the business of GAL071.

Say which of them goes first: `regex_priority` on Kong, `priority` on APISIX and Traefik.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Finding, finding, place_of
from gal.lint.overlaps import Overlap, overlaps
from gal.lint.path_guards import guards_differ
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import KONG_OLD_ROUTES as _KONG_A
from gal.lint.shadows import Earlier, act_alike, placed, title
from gal.lint.subject import Subject
from gal.model import Route, RouteOrder

RULE = Rule(
    code="GAL072",
    name="ambiguous-priority",
    title="Nothing decides which of two routes gets the requests that both take",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(706,),
    owasp=("API5",),
    pages=(
        "https://developer.konghq.com/gateway/routing/traditional/",
        "https://apisix.apache.org/docs/apisix/terminology/route/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/",
    ),
)

_DECIDES = {
    RouteOrder.KONG: "only their ids decide which of them gets",
    RouteOrder.APISIX: "nothing decides which of them gets",
    RouteOrder.TRAEFIK: "it changes from start to start which of them gets",
}
_HELP = {
    RouteOrder.KONG: "let one of them ask for more, or give expressions different regex_priority",
    RouteOrder.APISIX: "give them different priorities",
    RouteOrder.TRAEFIK: "give them different priorities",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Routes that share requests with others of the same rank, and do something else with them."""
    order = subject.gateway.settings.route_order
    by_route: dict[int, list[Overlap]] = {}
    for one in overlaps(subject.once(placed), order, Earlier()):
        if not act_alike(subject, one.first.route, one.second.route):
            by_route.setdefault(one.second.source, []).append(one)
    for found in by_route.values():
        yield _finding(subject, found, order)


def _finding(subject: Subject, found: list[Overlap], order: RouteOrder) -> Finding:
    first, route = found[0], found[0].second.route
    opens = any(_guards_differ(subject, route, one.first.route) for one in found)
    also = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    asked = ", though they do not ask for the same credentials" if opens else ""
    request = f"{first.path} on {first.host}" if first.host else first.path
    return finding(
        RULE,
        f"{title(subject, route)} and {title(subject, first.first.route)}{also} rank alike{asked}: "
        f"{_DECIDES[order]} requests such as {request}",
        route,
        owner=route,
        severity=Severity.HIGH if opens else None,
        related=[
            place_of(one.first.route, message="it takes these requests, too") for one in found[:5]
        ],
        help=_HELP[order],
        count=len(found),
    )


def _guards_differ(subject: Subject, one: Route, other: Route) -> bool:
    return guards_differ(subject.view_of[id(one)], subject.view_of[id(other)])


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
  middlewares:
    users:
      basicAuth: {users: ["anna:$2y$05$LXQdHqcq2ed0z3rhyR1iSOHCmvGjrRVOYJTIxQMBqnNWfYJM8Gzce"]}
  routers:
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: ['~/users/[0-9]+']}}\n"
        f"{_KONG_B}  - {{name: c, paths: ['~/users/[a-z0-9]+$']}}  # <-\n",
        "both expressions match numbers",
    ),
    bad(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders], methods: [GET, POST]}}\n"
        f"{_KONG_B}  - {{name: b, paths: [/orders], methods: [POST, PUT]}}  # <-\n",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: ['~/users/[0-9]+'], regex_priority: 1}}\n"
        f"{_KONG_B}  - {{name: c, paths: ['~/users/[a-z0-9]+$']}}\n",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: ['~/users/[0-9]+$']}}\n"
        f"{_KONG_B}  - {{name: c, paths: ['~/users/[a-z]+$']}}\n",
        "no request fits both",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders], methods: [GET]}}\n"
        f"{_KONG_B}  - {{name: b, paths: [/orders], headers: {{x-a: ['1']}}}}\n",
        "a header ranks higher than a method",
    ),
    good(
        "kong",
        f"{_KONG_A}  - {{name: a, paths: [/orders], methods: [GET, POST]}}\n"
        "  - {name: b, paths: [/orders], methods: [POST, PUT]}\n",
        "both do the same",
    ),
    bad(
        "apisix",
        f"routes:\n- {{uri: /a, {_OLD}}}\n"
        f"- {{uri: /a, vars: [[arg_v, '==', '2']], {_NEW}}}  # <-\n",
        "conditions count for nothing",
    ),
    bad(
        "apisix",
        f"routes:\n- {{uri: /a/*, methods: [GET], plugins: {{key-auth: {{}}}}, {_OLD}}}\n"
        f"- {{uri: /a/*, remote_addrs: [10.0.0.0/8], {_NEW}}}  # <-\n",
        "one of them asks for a key: severity high",
    ),
    good(
        "apisix",
        f"routes:\n- {{uri: /a, {_OLD}}}\n"
        f"- {{uri: /a, priority: 1, vars: [[arg_v, '==', '2']], {_NEW}}}\n",
    ),
    good(
        "apisix",
        f"routes:\n- {{uri: /a, vars: [[arg_v, '==', '1']], {_OLD}}}\n"
        f"- {{uri: /a, vars: [[arg_v, '==', '2']], {_NEW}}}\n",
        "no request fits both",
    ),
    good(
        "apisix",
        f"routes:\n- {{uri: /a, host: a.test, methods: [GET], {_OLD}}}\n"
        f"- {{uri: /a, host: b.test, remote_addr: 10.0.0.1, {_NEW}}}\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/a`), priority: 5, service: old}}\n"
        "    b: {rule: PathPrefix(`/a/b`), priority: 5, service: new}  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: Host(`shop.test`), service: old, middlewares: [users]}}\n"
        "    b: {rule: PathPrefix(`/ab`), service: new}  # <-\n",
        "both rules have as many letters; one of them asks for a password: severity high",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/a`), service: old}}\n"
        "    b: {rule: PathPrefix(`/a/b`), service: new}\n",
        "the longer rule ranks first",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: Host(`a.test`), service: old}}\n"
        "    b: {rule: Host(`b.test`), service: new}\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}    a: {{rule: PathPrefix(`/a`), priority: 5, service: old}}\n"
        "    b: {rule: PathPrefix(`/a/b`), priority: 5, service: new, tls: {}}\n",
        "one for plain requests, one for TLS",
    ),
)
