"""Policies of single consumers: plugins of a consumer take the place of a route's.

What a route does in the `rewrite` phase is done by the time the consumer is known: there a
consumer's plugin only acts where the route has none of its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING

from gal.claims import unwrap
from gal.exporters.apisix import access, answers, traffic
from gal.exporters.apisix.authentication import BY_CONSUMER, authentication
from gal.exporters.apisix.cache import cache
from gal.exporters.apisix.cors import cors
from gal.exporters.apisix.headers import headers_alone, request_line
from gal.exporters.apisix.plugin import CannotGuardError, Json, Plugins, differs, native
from gal.exporters.apisix.policies import carried
from gal.exporters.apisix.rate_limit import LIMITERS, rate_limit
from gal.exporters.apisix.resilience import circuit_breaker
from gal.ledger import Level
from gal.model import Authentication, Policies, Policy

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.exporters.apisix.people import People
    from gal.model import Consumer, ModelNode

_CONTROLS = ("ip_access", "user_agent", "authentication", "acl")
_NOBODY: Json = {"blacklist": ["0.0.0.0/0", "::/0"]}
_EARLY = frozenset(
    ("client-control", "request-id", "fault-injection", "cors", "proxy-mirror", "proxy-rewrite")
) | {"redirect"}
"""Plugins that act before the consumer is known, where a route has them."""

_OFF: dict[str, Plugins] = {
    "request_id": {"request-id": {}},
    "user_agent": {"ua-restriction": {"denylist": ["(?!)"]}},
    "cors": {"cors": {}},
    "ip_access": {"ip-restriction": {"blacklist": ["255.255.255.255"]}},
    "acl": {"consumer-restriction": {"blacklist": [access.NOBODY]}},
    "size_limit": {"client-control": {}},
    "rate_limit": {
        "limit-count": {"count": 1, "time_window": 1},
        "limit-req": {"rate": 1, "burst": 0, "key": "remote_addr"},
    },
    "headers": {"response-rewrite": {}},
    "redirect": {"redirect": {"uri": "/off"}},
    "cache": {"proxy-cache": {}},
    "direct_response": {"mocking": {"response_example": ""}},
    "compression": {"gzip": {}, "brotli": {}},
    "circuit_breaker": {"api-breaker": {"break_response_code": 503}},
    "mirror": {"proxy-mirror": {"host": "http://127.0.0.1"}},
}
"""The shortest settings that APISIX takes, for plugins that are switched off."""

Maker = Callable[[Policies, "Shared"], Plugins]


def consumer_plugins(consumer: Consumer, people: People, shared: Shared) -> Plugins:
    """The plugins of a consumer, without its credentials."""
    if unwrap(consumer.policies) == Policies():
        return {_blocker: dict(_NOBODY)} if consumer.name in people.closed else {}
    policies = consumer.policies
    made: Plugins = {}
    for item in fields(Policies):
        policy = getattr(unwrap(policies), item.name)
        if not isinstance(policy, Policy):
            continue
        policy = getattr(policies, item.name)
        if not policy.enabled:
            _switch_off(item.name, policy, made, people, shared)
            continue
        try:
            found = _plugins(item.name, policy, people, shared)
        except CannotGuardError as error:
            _close(consumer, policy, item.name, str(error), people, shared)
            continue
        _tell_early(item.name, policy, found, people, shared)
        made.update(found)
    _hide_limiters(made, people, shared)
    for name, config in carried(policies):
        made.setdefault(name, config)
    if consumer.name in people.closed:
        made[_blocker] = dict(_NOBODY)
    return made


_blocker = "ip-restriction"


def _plugins(kind: str, policy: Policy, people: People, shared: Shared) -> Plugins:
    """The plugins of one policy of a consumer."""
    if isinstance(policy, Authentication):
        asked = authentication(policy, people, False, shared)
        if any(name in BY_CONSUMER or name == "multi-auth" for name in asked.plugins):
            raise CannotGuardError("APISIX asks nobody twice for credentials")
        return asked.plugins
    makers: dict[str, Callable[..., Plugins]] = {
        "request_id": traffic.request_id,
        "user_agent": access.user_agent,
        "cors": cors,
        "ip_access": access.ip_access,
        "acl": lambda one, _: (
            access.acl(one, people, None, shared) if one.allow or one.deny else {}
        ),
        "size_limit": lambda one, _: traffic.size_limit(one, shared, False),
        "rate_limit": rate_limit,
        "request_line": _line,
        "headers": _headers,
        "redirect": lambda one, _: answers.redirect(one, [], shared),
        "cache": cache,
        "direct_response": lambda one, _: answers.direct_response(one, shared, True),
        "compression": traffic.compression,
        "circuit_breaker": circuit_breaker,
        "mirror": traffic.mirror,
    }
    make = makers.get(kind)
    if make is None:
        message = "APISIX has nothing like this for single consumers"
        shared.context.report.dropped(policy, kind, message)
        shared.context.claims.claim(policy)
        return {}
    return make(policy, shared)


def _line(policy: Policy, shared: Shared) -> Plugins:
    from gal.model import RequestLine

    made: Plugins = {}
    if isinstance(policy, RequestLine):
        request_line(policy, made, shared)
    return made


def _headers(policy: Policy, shared: Shared) -> Plugins:
    from gal.model import Headers

    made: Plugins = {}
    if isinstance(policy, Headers):
        headers_alone(policy, made, shared)
    return made


def _tell_early(kind: str, policy: Policy, found: Plugins, people: People, shared: Shared) -> None:
    for name in found:
        if name in _EARLY and name in people.placed:
            message = f"APISIX has run a route's own {name} by the time it knows the consumer"
            differs(shared, policy, kind, message)


def _hide_limiters(made: Plugins, people: People, shared: Shared) -> None:
    """A consumer's limit takes the place of a route's, of whatever kind that is."""
    if native(shared) or not any(name in made for name in LIMITERS):
        return
    for name in LIMITERS:
        if name not in made and name in people.placed:
            made[name] = {**_OFF["rate_limit"][name], "_meta": {"disable": True}}


def _switch_off(kind: str, policy: Policy, made: Plugins, people: People, shared: Shared) -> None:
    """A plugin that is switched off hides a route's."""
    for name, config in _OFF.get(kind, {}).items():
        if name not in people.placed and not native(shared):
            continue
        if name in _EARLY:
            message = f"APISIX has run a route's {name} by the time it knows the consumer"
            differs(shared, policy, kind, message, "enabled")
        elif name in people.placed:
            made[name] = {**config, "_meta": {"disable": True}}
    if kind not in _OFF:
        message = "APISIX cannot switch this off for a single consumer"
        shared.context.report.dropped(policy, kind, message, "enabled", Level.WARNING)


def _close(
    consumer: Consumer,
    policy: ModelNode,
    kind: str,
    reason: str,
    people: People,
    shared: Shared,
) -> None:
    """A consumer's access control that APISIX cannot do keeps the consumer out (law 2)."""
    shared.context.claims.claim(policy)
    if shared.context.options.allow_open:
        message = f"{reason}; left out because of --allow-open"
        shared.context.report.dropped(policy, kind, message)
        return
    people.closed.add(consumer.name)
    message = f'{reason}; "{consumer.name}" is kept out'
    shared.context.report.refused(policy, kind, message)


def settle_scoped(people: People, shared: Shared) -> None:
    """Policies for a consumer on a certain service or route: APISIX has a consumer's plugins for
    all routes only. Where one keeps somebody out, the consumer is kept out everywhere.
    """
    for scoped in shared.gateway.scoped_policies:
        _ = scoped.service, scoped.route
        for item in fields(Policies):
            policy = getattr(unwrap(scoped.policies), item.name)
            if not isinstance(policy, Policy):
                continue
            policy = getattr(scoped.policies, item.name)
            shared.context.claims.claim(policy)
            if not policy.enabled:
                continue
            message = "APISIX has no policies of a consumer for single services and routes"
            control = item.name in _CONTROLS or _refuses(policy)
            if control and not shared.context.options.allow_open:
                people.closed.add(scoped.consumer)
                shared.context.report.refused(
                    policy, item.name, f'{message}: "{scoped.consumer}" is kept out everywhere'
                )
            else:
                shared.context.report.dropped(policy, item.name, message)


def _refuses(policy: Policy) -> bool:
    """Whether an answer of the gateway's own turns a consumer away."""
    from gal.model import DirectResponse

    return isinstance(policy, DirectResponse) and policy.status_code >= 400
