"""The numbers of one limit contradict each other, so that it refuses what it should let through, or
lets through what it should refuse.

- **The burst is too small for the rate.** Traefik's `burst` is 1 unless said otherwise: with
  `average: 100`, two requests at the same time are one too many. So they are for APISIX's
  `limit-req` with `burst: 0`. Envoy adds `tokens_per_fill` at once, and forgets those beyond
  `max_tokens`.
- **The burst is larger than a hundred times the rate.** Such a limit begins long after the damage.
  APISIX's `limit-req` lets requests of the burst wait, unless `nodelay` is set: some longer than
  any client does.
- **One window makes another pointless.** With `second: 5`, `hour: 20000` is never reached; with
  `minute: 100` and `hour: 100`, the minute never refuses anybody before the hour does. (A longer
  window that allows less than a shorter one is refused by Kong itself.)
- **Nothing is let through.** Traefik's `inFlightReq` with `amount: 0` refuses every request.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from gal.lint import traefik_files
from gal.lint.finding import Finding, finding
from gal.lint.peeking import known, number
from gal.lint.rates import per_second
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import KONG_LIMITS as _KONG
from gal.lint.standing import Standing, standing
from gal.lint.subject import Subject, explicit
from gal.model import RateLimit, RateLimitAlgorithm

RULE = Rule(
    code="GAL034",
    name="rate-limit-numbers-inconsistent",
    title="The numbers of a limit contradict each other",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(799,),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/plugins/rate-limiting/",
        "https://apisix.apache.org/docs/apisix/plugins/limit-req/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/ratelimit/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/v3/token_bucket.proto",
    ),
)

_BUCKETS = (RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.LEAKY_BUCKET)
_STEP = 0.1
"""Seconds whose requests a burst has to hold: what a page asks for at once."""
_LARGEST = 100
"""Times the rate that a burst may hold."""


def check(subject: Subject) -> Iterator[Finding]:
    """Limits that act and contradict themselves."""
    for one in standing(subject, RateLimit):
        if one.policy.algorithm in _BUCKETS:
            yield from _bucket(subject.provider, one)
        else:
            yield from _windows(one)
    for middleware, routers in traefik_files.middlewares(subject, "inFlightReq"):
        amount = number(middleware.config, "amount")
        if middleware.config is not None and amount is not None and amount <= 0:
            yield finding(
                RULE,
                f'the middleware "{middleware.name}" refuses every request: amount is {amount:g}',
                middleware.config,
                "amount",
                owner=traefik_files.route_of(subject, routers[0]),
                value="0 at once",
                help="set amount to the requests that may be answered at once",
            )


def _bucket(provider: str, one: Standing[RateLimit]) -> Iterator[Finding]:
    limit = one.policy
    rate = per_second(limit.limits[0]) if len(limit.limits) == 1 else None
    if rate is None or not known(limit.burst):
        return
    count = limit.limits[0].count
    waits = provider == "apisix"
    if not limit.burst and not waits:
        return  # as many as the rate
    message = None
    if provider == "envoy" and limit.burst < count:
        message = f"{count:g} tokens are added at once to a bucket that holds {limit.burst:g}"
    elif provider != "envoy" and limit.burst + waits <= rate * _STEP:
        default = "" if explicit(limit, "burst") else ", which is the default,"
        message = f"a burst of {limit.burst:g}{default} is too small for {limit.limits[0]}"
    elif limit.burst > _LARGEST * count:
        message = f"a burst of {limit.burst:g} is more than {_LARGEST} times {limit.limits[0]}"
        if limit.algorithm is RateLimitAlgorithm.LEAKY_BUCKET:
            message += f": requests wait up to {limit.burst / rate:,.0f} seconds"
    if message is not None:
        yield finding(
            RULE,
            message,
            limit,
            "burst" if explicit(limit, "burst") else "limits",
            owner=one.owner,
            value=f"{limit.limits[0]} burst {limit.burst:g}",
            help="let the burst be what one client needs at once",
        )


def _windows(one: Standing[RateLimit]) -> Iterator[Finding]:
    limits = sorted(one.policy.limits, key=lambda rate: rate.period.nanoseconds)
    for short, long in pairwise(limits):
        rate = per_second(short)
        if rate is None or per_second(long) is None:
            continue
        if long.count <= short.count:
            message = f"{short} refuses nobody whom {long} would let through"
        elif long.count >= rate * long.period.in_seconds:
            message = f"{long} is never reached where {short} is the limit"
        else:
            continue
        yield finding(
            RULE,
            message,
            one.policy,
            "limits",
            owner=one.owner,
            severity=Severity.LOW,
            value=f"{short} {long}",
            help="leave one of them away, or let it matter",
        )


_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    limit-req:
      key: remote_addr
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [limit]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    limit:
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.local_ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
    stat_prefix: limit
    filter_enabled: {default_value: {numerator: 100}}
    filter_enforced: {default_value: {numerator: 100}}
    token_bucket:
      tokens_per_fill: 10
      fill_interval: 1s
"""

EXAMPLES = (
    bad("kong", f"{_KONG}      second: 5  # <-\n      hour: 20000\n"),
    bad("kong", f"{_KONG}      minute: 100  # <-\n      hour: 100\n"),
    good("kong", f"{_KONG}      second: 5\n      hour: 10000\n"),
    good("kong", f"{_KONG}      minute: 100\n      hour: 1000\n      day: 10000\n"),
    good("kong", f"{_KONG}      minute: 100\n"),
    bad("apisix", f"{_APISIX}      rate: 100\n      burst: 0  # <-\n"),
    bad("apisix", f"{_APISIX}      rate: 1\n      burst: 500  # <-\n", "they wait for minutes"),
    good("apisix", f"{_APISIX}      rate: 100\n      burst: 50\n"),
    good("apisix", f"{_APISIX}      rate: 1\n      burst: 0\n"),
    good("apisix", f"{_APISIX}      rate: 0.5\n      burst: 10\n      nodelay: true\n"),
    bad("traefik", f"{_TRAEFIK}      rateLimit:\n        average: 100  # <-\n", "the default"),
    bad(
        "traefik",
        f"{_TRAEFIK}      rateLimit:\n        average: 100\n        burst: 2  # <-\n",
    ),
    bad("traefik", f"{_TRAEFIK}      rateLimit:\n        average: 1\n        burst: 1000  # <-\n"),
    bad("traefik", f"{_TRAEFIK}      inFlightReq: {{amount: 0}}  # <-\n"),
    good("traefik", f"{_TRAEFIK}      rateLimit: {{average: 100, burst: 50}}\n"),
    good("traefik", f"{_TRAEFIK}      rateLimit: {{average: 100, period: 1m}}\n"),
    good("traefik", f"{_TRAEFIK}      rateLimit: {{average: 5}}\n"),
    good("traefik", f"{_TRAEFIK}      inFlightReq: {{amount: 10}}\n"),
    bad("envoy", f"{_ENVOY}      max_tokens: 5  # <-\n"),
    bad("envoy", f"{_ENVOY}      max_tokens: 5000  # <-\n"),
    good("envoy", f"{_ENVOY}      max_tokens: 10\n"),
    good("envoy", f"{_ENVOY}      max_tokens: 1000\n"),
    good("envoy", _ENVOY.replace("tokens_per_fill: 10", "max_tokens: 1"), "one token a second"),
)
