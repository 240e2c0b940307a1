"""A list of addresses that may enter holds all of them, so it keeps nobody out. Often `0.0.0.0/0`
was put in for a test and stayed, beside the ranges that were meant.

- **Kong**: `allow` of `ip-restriction`.
- **APISIX**: `whitelist` of `ip-restriction`, and `remote_addrs` of a route.
- **Traefik**: `sourceRange` of `ipAllowList`, and `ClientIP` in a rule.
- **Envoy**: `remote_ip`, `direct_remote_ip` and `source_ip` of the filter `rbac`, and
  `source_prefix_ranges` of a filter chain.

Ranges that make up all addresses together, such as `0.0.0.0/1` and `128.0.0.0/1`, count as well.
So does a list of addresses that may *not* enter, on a path for administrators where nobody is asked
who they are: everybody else comes in.

Take the range away. Whether the address can be believed at all is another matter (GAL033, GAL052).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network

from gal.lint.addresses import every_network
from gal.lint.asked import asked, identity_asked
from gal.lint.envoy_rules import allowed_addresses
from gal.lint.finding import Finding, Place, finding, place_of
from gal.lint.peeking import text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.standing import Standing, standing
from gal.lint.subject import RouteView, Subject
from gal.model import Guard, IpAccess, ModelNode
from gal.reading import Mapping, Sequence

RULE = Rule(
    code="GAL054",
    name="ip-allowlist-open",
    title="A list of addresses lets everybody in",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(284,),
    owasp=("API5",),
    pages=(
        "https://developer.konghq.com/plugins/ip-restriction/",
        "https://apisix.apache.org/docs/apisix/plugins/ip-restriction/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ipallowlist/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto",
    ),
)
_ADMIN = frozenset(("admin", "_admin", "administration", "manage", "management", "actuator"))
_MOST_RELATED = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Lists that hold all addresses, and lists of the refused where others are refused, too."""
    for one in standing(subject, IpAccess):
        every = _every(one.policy.allow)
        if every is not None:
            where = _range_in(one.policy, every) or place_of(one.policy, "allow")
            yield _open(where, every, one.owner, one.routes)
        elif one.policy.deny and not one.policy.allow and every_network(one.policy.deny) is None:
            yield from _refused_only(one)
    for guarded in asked(subject, Guard):
        every = _every(allowed_addresses(guarded.part))
        if every is not None:
            own = [guarded.part, *(view.route for view in guarded.views[:1])]
            place = next((found for one in own if (found := _range_in(one, every))), None)
            where = place or place_of(guarded.part)
            yield _open(where, every, guarded.owner, guarded.views)
    yield from _of_routes(subject)


def _every(ranges: list[str]) -> str | None:
    """What of a list holds all addresses of a kind: one range, or several together."""
    single = every_network(ranges)
    if single is not None:
        return single
    networks = [found for one in ranges if (found := _network(one)) is not None]
    four = [one for one in networks if isinstance(one, IPv4Network)]
    six = [one for one in networks if isinstance(one, IPv6Network)]
    if any(one.prefixlen == 0 for one in collapse_addresses(four)):
        return " and ".join(map(str, four))
    if any(one.prefixlen == 0 for one in collapse_addresses(six)):
        return " and ".join(map(str, six))
    return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def _open(where: Place, every: str, owner: ModelNode, views: list[RouteView]) -> Finding:
    return finding(
        RULE,
        f"the list of those who may enter holds every address: {every}",
        where,
        owner=owner,
        value="every address may enter",
        related=_routes(views),
        help="take the range away, and name those that are meant",
    )


def _range_in(policy: ModelNode, range_: str) -> Place | None:
    """Where Envoy's list has a range: it has one mapping for each."""
    pending = [policy.origin.node] if policy.origin is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            if f"{text(node, 'address_prefix')}/{text(node, 'prefix_len') or 0}" == range_:
                return place_of(node)
            pending.extend(node.entries.values())
        elif isinstance(node, Sequence):
            pending.extend(node.items)
    return None


def _refused_only(one: Standing[IpAccess]) -> Iterator[Finding]:
    views = [view for view in one.routes if _is_admin(view) and not identity_asked(view)]
    if views:
        yield finding(
            RULE,
            f"everybody but a few may enter {views[0].title}, which is for administrators",
            one.policy,
            "deny",
            owner=one.owner,
            value="every other address may enter",
            related=_routes(views),
            help="name those who may enter instead",
        )


def _is_admin(view: RouteView) -> bool:
    firsts = [one.text.strip("^~/").split("/")[0].lower() for one in view.route.paths]
    return bool(firsts) and all(one in _ADMIN for one in firsts)


def _routes(views: list[RouteView]) -> list[Place]:
    return [place_of(view.route, message="for this route") for view in views[:_MOST_RELATED]]


def _of_routes(subject: Subject) -> Iterator[Finding]:
    for view in subject.routes:
        every = _every([one.ip for one in view.route.sources if one.ip is not None])
        if every is not None:
            yield finding(
                RULE,
                f"the addresses that {view.title} takes are all there are: {every}",
                view.route,
                "sources",
                value="every address may enter",
                help="take the range away, and name those that are meant",
            )


def _kong(*lines: str, path: str = "/shop", more: str = "") -> str:
    return (
        "services:\n- name: shop\n  url: http://shop.internal\n"
        f"  routes: [{{name: shop, paths: [{path}]}}]\n  plugins:\n{more}"
        "  - name: ip-restriction\n    config:\n" + "".join(f"      {one}\n" for one in lines)
    )


def _apisix(*lines: str) -> str:
    return 'routes:\n- uri: /shop\n  upstream: {nodes: {"shop.internal:80": 1}}\n' + "".join(
        f"  {one}\n" for one in lines
    )


def _traefik(*lines: str, rule: str = "PathPrefix(`/shop`)", mark: str = "") -> str:
    return (
        f"http:\n  routers:\n    shop:{mark}\n"
        f"      {{rule: '{rule}', service: shop, middlewares: [own]}}\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  middlewares:\n    own:\n      ipAllowList:\n"
        + "".join(f"        {one}\n" for one in lines)
    )


_RBAC = """\
filters:
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    rules:
      action: {action}
      policies:
        own:
          permissions: [{{any: true}}]
          principals:
"""


def _envoy(*lines: str, action: str = "ALLOW") -> str:
    return _RBAC.format(action=action) + "".join(f"          - {one}\n" for one in lines)


_EVERY = "{address_prefix: 0.0.0.0, prefix_len: 0}"
_TEN = "{address_prefix: 10.0.0.0, prefix_len: 8}"

EXAMPLES = (
    bad("kong", _kong("allow: [10.0.0.0/8, 0.0.0.0/0]  # <-")),
    bad("kong", _kong("allow: [0.0.0.0/1, 128.0.0.0/1]  # <-"), "all addresses together"),
    bad("kong", _kong("deny: [203.0.113.7]  # <-", path="/admin"), "all others come in"),
    good("kong", _kong("allow: [10.0.0.0/8]")),
    good("kong", _kong("deny: [203.0.113.7]"), "a path for everybody"),
    good("kong", _kong("deny: [0.0.0.0/0]", path="/admin"), "nobody comes in"),
    good("kong", _kong("deny: [203.0.113.7]", path="/admin", more="  - {name: key-auth}\n")),
    bad("apisix", _apisix("plugins: {ip-restriction: {whitelist: [0.0.0.0/0]}}  # <-")),
    bad("apisix", _apisix("remote_addrs: [10.0.0.0/8, 0.0.0.0/0]  # <-")),
    good("apisix", _apisix("plugins: {ip-restriction: {whitelist: [10.0.0.0/8]}}")),
    good("apisix", _apisix("plugins: {ip-restriction: {blacklist: [203.0.113.7]}}")),
    good("apisix", _apisix("remote_addrs: [10.0.0.0/8]")),
    bad("traefik", _traefik("sourceRange: [0.0.0.0/0]  # <-")),
    bad("traefik", _traefik("sourceRange: [10.0.0.0/8, '::/0']  # <-")),
    good("traefik", _traefik("sourceRange: [10.0.0.0/8]")),
    good("traefik", _traefik("sourceRange: [0.0.0.0/8]"), "a small range"),
    good("traefik", _traefik("sourceRange: [10.0.0.0/8]", "ipStrategy: {depth: 1}")),
    bad("envoy", _envoy(f"remote_ip: {_EVERY}  # <-")),
    bad("envoy", _envoy(f"remote_ip: {_TEN}", f"direct_remote_ip: {_EVERY}  # <-")),
    good("envoy", _envoy(f"remote_ip: {_TEN}")),
    good("envoy", _envoy(f"remote_ip: {_EVERY}", action="DENY"), "nobody comes in"),
    good("envoy", "clusters:\n", "no list at all"),
)
