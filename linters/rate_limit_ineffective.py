"""A limit is there, and it does not do what it is there for.

- **No number**: Traefik's `rateLimit` limits nothing while `average` is 0, which is its default;
  `burst` alone does not change that.
- **A number that nobody reaches**: more than a hundred thousand requests a second.
- **Nobody to count**: Kong and APISIX count by consumer, or by credential, only where a route asks
  who the client is. Where it does not, they count by address instead, and say nothing.
- **One count for all**: with a bucket of Envoy's `local_ratelimit` that has no descriptors, with
  APISIX's `key_type: constant` or Kong's `limit_by: service` and `path`, all clients share one
  count. It protects what stands behind; but one client can use it up, and all others are refused.
  Traefik does the same where `ipStrategy` looks into `X-Forwarded-For` on an entry point that
  trusts nobody: the header is emptied before, so that all clients look alike.
- **Nothing is asked**: Envoy's `ratelimit` asks its service only where a route or its virtual host
  has `rate_limits`; without, every request passes.

(`inFlightReq` with `amount: 0` is no such case: Traefik then refuses every request. Without
`sourceCriterion` it counts by host, which protects what stands behind, as it is mostly meant to.
Envoy's `local_ratelimit` that is enabled for 0 % is what GAL012 is about.)
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import envoy_files, traefik_files
from gal.lint.finding import Finding, finding, place_of
from gal.lint.peeking import flag, number, section, text, texts
from gal.lint.rates import kept, lowest
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import KONG_LIMITS as _KONG
from gal.lint.standing import Standing, standing
from gal.lint.subject import Subject, explicit
from gal.model import Authentication, RateLimit, RateLimitKey
from gal.reading import Mapping, Node, Sequence

RULE = Rule(
    code="GAL031",
    name="rate-limit-ineffective",
    title="The configured limit does not limit what it should",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(770,),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/plugins/rate-limiting/",
        "https://apisix.apache.org/docs/apisix/plugins/limit-count/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ratelimit/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rate_limit_filter",
    ),
)

_OUT_OF_REACH = 100_000
"""Requests a second that no single client, and hardly a gateway, gets to."""

_BY_PERSON = (RateLimitKey.CONSUMER, RateLimitKey.CREDENTIAL)
_SHARED = {
    RateLimitKey.NONE: "all clients share one count",
    RateLimitKey.SERVICE: "all clients of the service share one count",
    RateLimitKey.PATH: "all clients of the path share one count",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Limits that act and have no effect, or one that nobody wants."""
    for one in standing(subject, RateLimit):
        yield from _of_model(one.policy, one)
    yield from _without_average(subject)
    yield from _by_emptied_header(subject)
    yield from _without_actions(subject)


def _of_model(limit: RateLimit, acting: Standing[RateLimit]) -> Iterator[Finding]:
    rate = lowest(limit)
    if rate is not None and rate > _OUT_OF_REACH:
        yield finding(
            RULE,
            f"{rate:,.0f} requests a second are a limit that nobody reaches",
            limit,
            "limits",
            owner=acting.owner,
            value=f"{rate:.0f}/1s",
            help="set what a client needs, and some more",
        )
    elif limit.key_type in _SHARED:
        key = "key_type" if explicit(limit, "key_type") else "limits"
        yield finding(
            RULE,
            f"{_SHARED[limit.key_type]}: one of them can use it up for all",
            limit,
            key,
            owner=acting.owner,
            severity=Severity.MEDIUM,
            value=f"by {limit.key_type.value}",
            help="count by the client's address, or by consumer",
        )
    elif limit.key_type in _BY_PERSON and explicit(limit, "key_type") and not kept(limit, "key"):
        yield from _of_nobody(limit, acting)


def _of_nobody(limit: RateLimit, acting: Standing[RateLimit]) -> Iterator[Finding]:
    unknown = [view for view in acting.routes if view.policy(Authentication) is None]
    if not unknown:
        return
    subject = unknown[0].title if len(unknown) == 1 else f"{len(unknown)} routes"
    yield finding(
        RULE,
        f"counts by {limit.key_type.value}, but nobody asks who the client of {subject} is:"
        " addresses are counted",
        limit,
        "key_type",
        owner=acting.owner,
        severity=Severity.MEDIUM,
        value=f"by {limit.key_type.value} without authentication",
        related=[place_of(view.route, message="no authentication here") for view in unknown[:5]],
        help="count by address, or have the route ask for credentials",
        count=len(unknown),
    )


def _without_average(subject: Subject) -> Iterator[Finding]:
    for one, routers in traefik_files.middlewares(subject, "rateLimit"):
        given = text(one.config, "average")
        average = number(one.config, "average") if given is not None else 0
        if average is None or average > 0:
            continue
        yield finding(
            RULE,
            f'the middleware "{one.name}" limits nothing: average is '
            + ("0" if given is not None else "not set, and 0 by default"),
            one.config if one.config is not None else one.node,
            "average",
            owner=traefik_files.route_of(subject, routers[0]),
            value="no average",
            help="set average to the requests of a period",
        )


def _by_emptied_header(subject: Subject) -> Iterator[Finding]:
    points = dict(traefik_files.entry_points(subject))
    for one, routers in traefik_files.middlewares(subject, "rateLimit"):
        strategy = section(one.config, "sourceCriterion.ipStrategy")
        if strategy is None or not (number(strategy, "depth") or texts(strategy, "excludedIPs")):
            continue
        blind = [router for router in routers if _is_emptied(router, points)]
        if blind:
            yield finding(
                RULE,
                "all clients look alike: X-Forwarded-For is counted by, and the entry points"
                " trust nobody to send it",
                strategy,
                owner=traefik_files.route_of(subject, blind[0]),
                severity=Severity.MEDIUM,
                value="by X-Forwarded-For of nobody",
                related=[
                    place_of(points[point], message="no forwardedHeaders.trustedIPs here")
                    for point in blind[0].points[:1]
                ],
                help="name the proxies in forwardedHeaders.trustedIPs, or leave ipStrategy away",
            )


def _is_emptied(router: traefik_files.Router, points: dict[str, Mapping]) -> bool:
    found = [points[name] for name in router.points if name in points]
    return bool(found) and not any(
        flag(one, "forwardedHeaders.insecure")
        or texts(one, "forwardedHeaders.trustedIPs")
        or section(one, "proxyProtocol")
        for one in found
    )


def _without_actions(subject: Subject) -> Iterator[Finding]:
    for manager in envoy_files.managers(subject):
        filters = manager.named("ratelimit")
        if not filters or manager.table is None or _has_actions(manager.table):
            continue
        for one in filters:
            if not _has_actions(one.node):
                yield finding(
                    RULE,
                    "the rate limit service is never asked: no route and no virtual host has"
                    " rate_limits",
                    one.node,
                    owner=subject.gateway,
                    value="no descriptors",
                    help="say in rate_limits of the routes what is counted",
                )


def _has_actions(root: Mapping) -> bool:
    pending: list[Node] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            limits = node.peek("rate_limits")
            if isinstance(limits, Sequence) and limits.items:
                return True
            pending.extend(node.entries.values())
        elif isinstance(node, Sequence):
            pending.extend(node.items)
    return False


_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    limit-count:
      time_window: 60
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [limit]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    limit:
      rateLimit:
"""
_POINTS = 'entryPoints: {web: {address: ":80"}}\nproviders: {file: {filename: dynamic.yaml}}\n'
_TRUSTING = _POINTS.replace('":80"', '":80", forwardedHeaders: {trustedIPs: [10.0.0.1]}')
_BUCKET = """\
filters:
- name: envoy.filters.http.local_ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
    stat_prefix: limit
    filter_enabled: {default_value: {numerator: 100}}
    filter_enforced: {default_value: {numerator: 100}}
"""
_BY_CLIENT = """\
    rate_limits: [{actions: [{remote_address: {}}]}]
    descriptors:
    - entries: [{key: remote_address}]
      token_bucket: {max_tokens: 10, tokens_per_fill: 10, fill_interval: 1s}
    token_bucket: {max_tokens: 1000000, tokens_per_fill: 1000000, fill_interval: 1s}
"""
_SERVICE = """\
filters:
- name: envoy.filters.http.ratelimit%s
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
    domain: shop
    failure_mode_deny: true
    rate_limit_service:
      transport_api_version: V3
      grpc_service: {envoy_grpc: {cluster_name: one}}
"""

EXAMPLES = (
    bad(
        "kong", f"{_KONG}      minute: 5\n      limit_by: consumer  # <-\n", "no consumer is asked"
    ),
    bad("kong", f"{_KONG}      minute: 5\n      limit_by: service  # <-\n", "one count for all"),
    bad("kong", f"{_KONG}      second: 10000000  # <-\n      limit_by: ip\n"),
    good("kong", f"{_KONG}      minute: 5\n      limit_by: ip\n"),
    good("kong", f"{_KONG}      minute: 5\n", "the default counts by consumer, else by address"),
    good(
        "kong",
        f"{_KONG}      minute: 5\n      limit_by: consumer\n  - name: key-auth\n",
        "consumers are asked for",
    ),
    bad("apisix", f"{_APISIX}      count: 5\n      key: consumer_name  # <-\n"),
    bad(
        "apisix",
        f"{_APISIX}      count: 5\n      key_type: constant\n      key: all  # <-\n",
        "one count for all",
    ),
    bad("apisix", f"{_APISIX}      count: 600000000  # <-\n"),
    good("apisix", f"{_APISIX}      count: 5\n", "counts by address"),
    good("apisix", f"{_APISIX}      count: 5\n      key: consumer_name\n    key-auth: {{}}\n"),
    good(
        "apisix",
        f"{_APISIX}      count: 5\n      key_type: var_combination\n"
        "      key: $remote_addr $consumer_name\n",
        "the address counts, too",
    ),
    bad("traefik", f"{_TRAEFIK}        average: 0  # <-\n        burst: 5\n"),
    bad("traefik", f"{_TRAEFIK.replace('rateLimit:', 'rateLimit:  # <-')}        burst: 5\n"),
    bad(
        "traefik",
        f"{_POINTS}{_TRAEFIK}        average: 5\n        sourceCriterion:\n"
        "          ipStrategy: {depth: 1}  # <-\n",
        "the entry point empties the header",
    ),
    good("traefik", f"{_TRAEFIK}        average: 5\n"),
    good("traefik", f"{_TRAEFIK}        average: 5\n        period: 1h\n"),
    good(
        "traefik",
        f"{_TRUSTING}{_TRAEFIK}        average: 5\n"
        "        sourceCriterion: {ipStrategy: {depth: 1}}\n",
        "a proxy is trusted",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}        average: 5\n        sourceCriterion: {{ipStrategy: {{depth: 1}}}}\n",
        "whom entry points trust is not known",
    ),
    bad(
        "envoy",
        f"{_BUCKET}    token_bucket:  # <-\n"
        "      {max_tokens: 10, tokens_per_fill: 10, fill_interval: 1s}\n",
        "one count for all",
    ),
    bad(
        "envoy",
        f"{_BUCKET}    token_bucket:  # <-\n"
        "      {max_tokens: 900000, tokens_per_fill: 900000, fill_interval: 1s}\n",
    ),
    bad("envoy", _SERVICE % "  # <-", "no route says what is counted"),
    good("envoy", f"{_BUCKET}{_BY_CLIENT}"),
    good(
        "envoy",
        f"{_SERVICE % ''}host:\n  rate_limits: [{{actions: [{{remote_address: {{}}}}]}}]\n",
    ),
    good(
        "envoy",
        _SERVICE % ""
        + "routes:\n- match: {prefix: /}\n  route:\n    cluster: one\n"
        + "    rate_limits: [{actions: [{remote_address: {}}]}]\n",
    ),
)
