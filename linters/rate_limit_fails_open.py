"""The counts of this limit are kept elsewhere, in Redis, in a database or by a service. While that
cannot be reached, every request passes: whoever can disturb the store, or only waits until it
fails, is not limited any more.

- **Kong**: `fault_tolerant` is `true` unless said otherwise; it matters with `policy: redis` and
  `policy: cluster`. With `false`, clients get status 500 meanwhile.
- **APISIX**: `allow_degradation: true` of `limit-count`, `limit-req` and `limit-conn`; the default
  is `false`, and clients get status 500.
- **Envoy**: `failure_mode_deny` of the filter `ratelimit` is `false` unless said otherwise;
  `failure_mode_deny_percent` decides instead where it is set.
- **Traefik** has no such switch.

Whether it is better to be down or unlimited for a while is a decision; where passwords are tried it
is an easy one, so there the finding is severe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gal.lint import envoy_files
from gal.lint.client_address import views_at
from gal.lint.credential_paths import tries_credentials
from gal.lint.finding import Edit, Finding, Fix, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, number, text
from gal.lint.plugin_nodes import plugin_nodes
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.samples import APISIX_LIMIT as _APISIX
from gal.lint.samples import KONG_LIMIT as _KONG
from gal.lint.standing import Standing, standing
from gal.lint.subject import RouteView, Subject, explicit
from gal.model import RateLimit, RateLimitStore, ResponseRateLimit
from gal.reading import Mapping

RULE = Rule(
    code="GAL032",
    name="rate-limit-fails-open",
    title="The limit ends when the store of its counts cannot be reached",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(636,),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/plugins/rate-limiting/reference/",
        "https://apisix.apache.org/docs/apisix/plugins/limit-count/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ratelimit/v3/rate_limit.proto",
    ),
    fix=Safety.TIGHTEN,
)

_HELP = "refuse requests while the counts cannot be reached"


def check(subject: Subject) -> Iterator[Finding]:
    """Limits with a store elsewhere that let pass while it fails."""
    if subject.provider == "apisix":
        yield from _of_apisix(subject)
    elif subject.provider == "envoy":
        yield from _of_envoy(subject)
    else:
        yield from _of_model(subject)


def _of_model(subject: Subject) -> Iterator[Finding]:
    found: list[Standing[RateLimit] | Standing[ResponseRateLimit]] = [
        *standing(subject, RateLimit),
        *standing(subject, ResponseRateLimit),
    ]
    for acting in found:
        limit = acting.policy
        if limit.store is RateLimitStore.LOCAL or not limit.fail_open:
            continue
        given = explicit(limit, "fail_open")
        config = limit.origin.locate("fail_open")[0] if limit.origin is not None else None
        parent = config.parent if given and config is not None else config
        yield finding(
            RULE,
            _message(limit.store.value, "" if given else " by default"),
            limit,
            "fail_open" if given else "store",
            owner=acting.owner,
            severity=_severity(acting.routes),
            value=f"open without {limit.store.value}",
            help=_HELP,
            fix=_fix(parent, "fault_tolerant", False) if subject.provider == "kong" else None,
        )


def _of_apisix(subject: Subject) -> Iterator[Finding]:
    for plugin in plugin_nodes(subject, "limit-count", "limit-req", "limit-conn"):
        store = text(plugin.config, "policy") or "local"
        if store == "local" or not flag(plugin.config, "allow_degradation"):
            continue
        owner = owner_of(subject, plugin.node)
        yield finding(
            RULE,
            _message("redis", ""),
            plugin.config,
            "allow_degradation",
            owner=owner,
            severity=_severity(views_at(subject, plugin.node)),
            value="open without redis",
            help=_HELP,
            fix=_fix(plugin.config, "allow_degradation", False),
        )


def _of_envoy(subject: Subject) -> Iterator[Finding]:
    for manager in envoy_files.managers(subject):
        for one in manager.named("ratelimit"):
            config = one.config
            if config is None or _denies(config):
                continue
            given = config.has("failure_mode_deny")
            yield finding(
                RULE,
                _message("service", "" if given else " by default"),
                config if given else one.node,
                "failure_mode_deny",
                owner=subject.gateway,
                severity=_severity(envoy_files.views_of(subject, manager)),
                value="open without service",
                help=_HELP,
                fix=_fix(config, config.spelt("failure_mode_deny"), True),
            )


def _denies(config: Mapping) -> bool:
    percent = at(config, "failure_mode_deny_percent")
    if percent is not None:
        share = number(percent, "default_value.numerator")
        return share is None or share > 0
    return bool(flag(config, "failure_mode_deny"))


def _message(store: str, how: str) -> str:
    where = {"redis": "Redis", "cluster": "the database", "service": "the rate limit service"}
    return f"while {where.get(store, store)} cannot be reached, every request passes{how}"


def _severity(views: Iterable[RouteView]) -> Severity:
    """More where passwords are tried."""
    found = any(tries_credentials(view.route) for view in views)
    return Severity.HIGH if found else RULE.severity


def _fix(parent: object, key: str, value: bool) -> Fix | None:
    if not isinstance(parent, Mapping):
        return None
    word = "true" if value else "false"
    return Fix(f"set {key} to {word}", Safety.TIGHTEN, (Edit(parent, key, value),))


_REDIS = "      policy: redis%s\n      redis: {host: redis.internal}\n"
_STORE = "      policy: redis\n      redis_host: redis.internal\n"
_CONN = """\
    limit-conn:
      {conn: 5, burst: 5, default_conn_delay: 0.1, key: remote_addr,
       policy: redis, redis_host: redis.internal,
"""
_ENVOY = """\
host:
  rate_limits: [{actions: [{remote_address: {}}]}]
filters:
- name: envoy.filters.http.ratelimit%s
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
    domain: shop
    rate_limit_service:
      transport_api_version: V3
      grpc_service: {envoy_grpc: {cluster_name: one}}
"""

EXAMPLES = (
    bad("kong", f"{_KONG}{_REDIS % '  # <-'}", "the default"),
    bad("kong", f"{_KONG}{_REDIS % ''}      fault_tolerant: true  # <-\n"),
    bad(
        "kong",
        "plugins:\n- name: response-ratelimiting\n  config:\n    limits: {sms: {minute: 5}}\n"
        "    policy: redis  # <-\n    redis: {host: redis.internal}\n"
        "services:\n- name: shop\n  url: http://shop.internal\n"
        "  routes: [{name: shop, paths: [/shop]}]\n",
    ),
    good("kong", f"{_KONG}{_REDIS % ''}      fault_tolerant: false\n"),
    good("kong", _KONG, "its own memory is always there"),
    good("kong", f"{_KONG}      fault_tolerant: true\n", "it acts with another store only"),
    bad("apisix", f"{_APISIX}{_STORE}      allow_degradation: true  # <-\n"),
    bad(
        "apisix",
        f"{_APISIX}{_CONN}       allow_degradation: true}}  # <-\n",
    ),
    good("apisix", f"{_APISIX}{_STORE}", "the default refuses"),
    good("apisix", f"{_APISIX}{_STORE}      allow_degradation: false\n"),
    good("apisix", f"{_APISIX}      allow_degradation: true\n", "its own memory is always there"),
    bad("envoy", _ENVOY % "  # <-", "the default"),
    bad("envoy", f"{_ENVOY % ''}    failure_mode_deny: false  # <-\n"),
    good("envoy", f"{_ENVOY % ''}    failure_mode_deny: true\n"),
    good(
        "envoy",
        f"{_ENVOY % ''}    failure_mode_deny_percent: {{default_value: {{numerator: 100}}}}\n",
    ),
    good(
        "envoy",
        "filters:\n- name: envoy.filters.http.local_ratelimit\n  typed_config:\n"
        '    "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3'
        ".LocalRateLimit\n    stat_prefix: limit\n",
        "it counts in its own memory",
    ),
)
