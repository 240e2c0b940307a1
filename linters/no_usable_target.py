"""Requests of a route go to an upstream that has nobody to answer them: every one of them fails,
with status 503 as a rule.

- **Kong**: an upstream without targets, or whose targets all have weight 0.
- **APISIX**: `nodes` that is empty, or in which all weights are 0; a `traffic-split` whose weights
  are all 0. An upstream with `discovery_type` finds its nodes elsewhere.
- **Traefik**: `servers` that is empty, or `weight: 0` for every one; `weighted` with weight 0 for
  every service.
- **Envoy**: a cluster without endpoints, unless it finds them elsewhere (`EDS`, `ORIGINAL_DST`,
  `dynamic_forward_proxy`). Weights that are all 0 are refused when the file is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import traefik_files
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.peeking import items, known, number, section, text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import Upstream

RULE = Rule(
    code="GAL079",
    name="no-usable-target",
    title="Nobody answers what is sent to an upstream",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(1188,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/target/",
        "https://apisix.apache.org/docs/apisix/terminology/upstream/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/endpoint/v3/endpoint.proto",
    ),
)

_ELSEWHERE = frozenset(("eds_cluster_config", "type", "cluster_type", "discovery_type"))
_HELP = "add a target with a weight above 0"


def check(subject: Subject) -> Iterator[Finding]:
    """Upstreams that routes send requests to, and splits, that lead to no target."""
    behind: dict[int, tuple[Upstream, list[RouteView]]] = {}
    for view in subject.routes:
        if answered(view):
            continue
        yield from _split(subject, view)
        for upstream, _ in view.upstreams:
            behind.setdefault(id(upstream), (upstream, []))[1].append(view)
    for upstream, views in behind.values():
        why = _unusable(upstream)
        if why is not None:
            name = f' "{upstream.name}"' if upstream.name else ""
            yield finding(
                RULE,
                f"the upstream{name} {why}",
                upstream,
                "targets" if upstream.targets else "",
                value="no target",
                related=[
                    place_of(view.route, message="sends requests there") for view in views[:3]
                ],
                help=_HELP,
            )
    yield from _weighted(subject)


def _unusable(upstream: Upstream) -> str | None:
    if any(not known(one.weight) or one.weight > 0 for one in upstream.targets):
        return None
    if upstream.targets:
        return "has targets with weight 0 only"
    elsewhere = any(_ELSEWHERE & kept.keys() for kept in upstream.extensions.values())
    node = upstream.origin.node if upstream.origin is not None else None
    discovered = text(node, "type") in ("EDS", "ORIGINAL_DST")
    if elsewhere or discovered or "@" in (upstream.name or ""):
        return None
    return "has no targets"


def _split(subject: Subject, view: RouteView) -> Iterator[Finding]:
    """Backends of a route that share nothing out."""
    backends = view.route.backends
    if not backends or subject.provider == "traefik":
        return
    if all(known(one.weight) and one.weight <= 0 for one in backends):
        yield finding(
            RULE,
            f"{view.title} is split over backends that all have weight 0",
            backends[0],
            owner=view.route,
            value="no backend",
            help="give a backend a weight above 0",
        )


def _weighted(subject: Subject) -> Iterator[Finding]:
    """Traefik's weighted services, which the model has as backends of routes."""
    used = {router.service.partition("@")[0] for router in traefik_files.routers(subject)}
    for name in used:
        node = traefik_files.sources(subject).dynamic.services.get(name)
        weighted = section(node, "weighted")
        services = items(weighted, "services")
        if weighted is None or not services:
            continue
        weights = [1 if text(one, "weight") is None else number(one, "weight") for one in services]
        if all(weight is not None and weight <= 0 for weight in weights):
            routers = [one for one in traefik_files.routers(subject) if one.service == name]
            yield finding(
                RULE,
                f'the service "{name}" is split over services that all have weight 0',
                weighted,
                "services",
                owner=traefik_files.route_of(subject, routers[0]) if routers else None,
                value="no backend",
                help="give a service a weight above 0",
            )


_KONG = """\
services: [{name: shop, host: shop, routes: [{name: shop, paths: [/shop]}]}]
upstreams:
"""
_APISIX = "routes:\n- uri: /shop\n"
_SPLIT = """\
  upstream: {nodes: {"a.internal:80": 1}}
  plugins:
    traffic-split:
      rules:
      - weighted_upstreams:
"""
_B = "{nodes: {'b.internal:80': 1}}"
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop}}
  services:
    shop:
"""
_ENVOY = "clusters:\n- name: one"
_DNS = """\
  load_assignment:
    cluster_name: one
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: one.internal, port_value: 80}}}
"""

EXAMPLES = (
    bad("kong", f"{_KONG}- name: shop  # <-\n"),
    bad(
        "kong",
        f"{_KONG}- name: shop\n  targets:  # <-\n  - {{target: 'a.internal:80', weight: 0}}\n",
    ),
    good("kong", f"{_KONG}- name: shop\n  targets: [{{target: 'a.internal:80'}}]\n"),
    good(
        "kong",
        f"{_KONG}- name: shop\n  targets:\n  - {{target: 'a.internal:80', weight: 0}}\n"
        "  - {target: 'b.internal:80', weight: 1}\n",
        "one of them answers",
    ),
    good("kong", f"{_KONG}- name: other\n", "no route leads there; shop is a host name"),
    bad("apisix", f"{_APISIX}  upstream:  # <-\n    nodes: []\n"),
    bad("apisix", f'{_APISIX}  upstream:\n    nodes: {{"a.internal:80": 0}}  # <-\n'),
    bad(
        "apisix",
        f"{_APISIX}{_SPLIT}        - {{weight: 0, upstream: {_B}}}  # <-\n"
        "        - {weight: 0}\n",
    ),
    good("apisix", f'{_APISIX}  upstream: {{nodes: {{"a.internal:80": 1, "b.internal:80": 0}}}}\n'),
    good(
        "apisix",
        f"{_APISIX}  upstream: {{service_name: shop, discovery_type: dns, type: roundrobin}}\n",
        "found by DNS",
    ),
    good(
        "apisix",
        f"{_APISIX}{_SPLIT}        - {{weight: 0, upstream: {_B}}}\n        - {{weight: 1}}\n",
    ),
    bad("traefik", f"{_TRAEFIK}      loadBalancer: {{servers: []}}  # <-\n"),
    bad(
        "traefik",
        f"{_TRAEFIK}      weighted: {{services: [{{name: a, weight: 0}}]}}  # <-\n"
        "    a: {loadBalancer: {servers: [{url: http://a.internal}]}}\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}      loadBalancer:\n        servers:  # <-\n"
        "        - {url: http://a.internal, weight: 0}\n",
    ),
    good("traefik", f"{_TRAEFIK}      loadBalancer: {{servers: [{{url: http://a.internal}}]}}\n"),
    good(
        "traefik",
        f"{_TRAEFIK}      weighted: {{services: [{{name: a}}, {{name: b, weight: 0}}]}}\n"
        "    a: {loadBalancer: {servers: [{url: http://a.internal}]}}\n"
        "    b: {loadBalancer: {servers: [{url: http://b.internal}]}}\n",
    ),
    good(
        "traefik",
        "http: {routers: {shop: {rule: PathPrefix(`/shop`), service: shop@docker}}}\n",
        "another provider has it",
    ),
    bad("envoy", f"{_ENVOY}  # <-\n  type: STATIC\n"),
    bad(
        "envoy",
        f"{_ENVOY}  # <-\n  type: STRICT_DNS\n  load_assignment: {{cluster_name: one}}\n",
    ),
    good("envoy", f"{_ENVOY}\n  type: STRICT_DNS\n{_DNS}"),
    good(
        "envoy",
        f"{_ENVOY}\n  type: EDS\n"
        "  eds_cluster_config: {eds_config: {path_config_source: {path: /run/endpoints.yaml}}}\n"
        "node: {id: edge, cluster: edge}\n",
        "another file has them",
    ),
    good("envoy", f"{_ENVOY}\n  type: ORIGINAL_DST\n  lb_policy: CLUSTER_PROVIDED\n"),
)
