"""Another service decides who may enter, and when it cannot be asked everybody may: who makes it
fail, by flooding it or by a request that it chokes on, needs no credentials.

- **APISIX**: `forward-auth` with `allow_degradation: true` lets a request go on when the service
  does not answer. Without it the answer is `status_on_error`, 403 by default.
- **Envoy**: `ext_authz` with `failure_mode_allow: true` lets a request go on when the service does
  not answer or answers with 5xx. Without it the answer is `status_on_error`, 403 by default.
- **Traefik** refuses when the service of `forwardAuth` does not answer, and **Kong** has no such
  switch.

Fail closed, and run the deciding service so that it answers: the price is that nobody enters while
it does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import asked
from gal.lint.envoy_files import managers
from gal.lint.finding import Edit, Finding, Fix, finding
from gal.lint.peeking import flag, section
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import ForwardAuth, Guard, ModelNode
from gal.reading import Mapping

RULE = Rule(
    code="GAL014",
    name="auth-fails-open",
    title="Everybody gets in while the authorization service does not answer",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(636, 280),
    owasp=("API2",),
    pages=(
        "https://apisix.apache.org/docs/apisix/plugins/forward-auth/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto",
    ),
    fix=Safety.TIGHTEN,
)
_KEYS = {"apisix": "allow_degradation", "envoy": "failure_mode_allow"}


def check(subject: Subject) -> Iterator[Finding]:
    """Checks by another service that let in while it fails."""
    key = _KEYS.get(subject.provider)
    for one in asked(subject, ForwardAuth):
        if not one.part.fail_open:
            continue
        node = one.part.origin.node if key and one.part.origin is not None else None
        if isinstance(node, Mapping) and key:
            yield _finding(node, key, one.owner)
        else:
            yield finding(RULE, _MESSAGE, one.part, "fail_open", owner=one.owner, value="fail open")
    for guard in asked(subject, Guard):
        if key and guard.part.name in ("ext_authz", "forward-auth"):
            config = _config(guard.part, subject)
            if flag(config, key) and config is not None:
                yield _finding(config, key, guard.owner)


_MESSAGE = "requests go on unchecked while the authorization service does not answer"


def _finding(node: Mapping, key: str, owner: ModelNode) -> Finding:
    return finding(
        RULE,
        _MESSAGE,
        node,
        key,
        owner=owner,
        value="fail open",
        help="refuse requests then; nobody enters while the service does not answer",
        fix=Fix(f"set {key} to false", Safety.TIGHTEN, (Edit(node, node.spelt(key), False),)),
    )


def _config(guard: Guard, subject: Subject) -> Mapping | None:
    """The settings of a check that only its provider knows."""
    node = guard.origin.node if guard.origin is not None else None
    if guard.provider == "apisix":
        return node if isinstance(node, Mapping) else None
    found = section(node, "typed_config")
    if found is not None:
        return found
    name = guard.config.get("name")
    filters = (one for manager in managers(subject) for one in manager.filters)
    return next((one.config for one in filters if one.name == name), None)


_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    forward-auth:
      uri: http://who.internal/check
"""
_HTTP = """\
filters:
- name: envoy.filters.http.ext_authz
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
    http_service: {server_uri: {uri: "http://one.internal", cluster: one, timeout: 1s}}
"""
_GRPC = """\
filters:
- name: envoy.filters.http.ext_authz
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
    transport_api_version: V3
    grpc_service: {envoy_grpc: {cluster_name: one}, timeout: 1s}
"""
_LIMIT = """\
filters:
- name: envoy.filters.http.ratelimit
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit
    domain: shop
    failure_mode_deny: false
    rate_limit_service: {grpc_service: {envoy_grpc: {cluster_name: one}}, transport_api_version: V3}
"""

EXAMPLES = (
    bad("apisix", f"{_APISIX}      allow_degradation: true  # <-\n"),
    bad(
        "apisix",
        f"{_APISIX}      allow_degradation: true  # <-\n    key-auth: {{}}\n",
        "a key alone is enough then",
    ),
    good("apisix", _APISIX, "it refuses by default"),
    good("apisix", f"{_APISIX}      allow_degradation: false\n"),
    good("apisix", f"{_APISIX}      allow_degradation: true\n      _meta: {{disable: true}}\n"),
    good(
        "apisix",
        f"{_APISIX}    limit-count: {{count: 5, time_window: 60, allow_degradation: true}}\n",
        "a limit lets in nobody who may not enter",
    ),
    bad("envoy", f"{_HTTP}    failure_mode_allow: true  # <-\n"),
    bad("envoy", f"{_GRPC}    failure_mode_allow: true  # <-\n"),
    good("envoy", _HTTP, "it refuses by default"),
    good("envoy", f"{_GRPC}    failure_mode_allow: false\n"),
    good("envoy", f"{_HTTP}    failure_mode_allow: true\n  disabled: true\n", "no route asks"),
    good("envoy", _LIMIT, "a limit lets in nobody who may not enter"),
)
