"""Which routes are meant for everybody, and which are reached in plain HTTP."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gal.lint.addresses import every_network, is_local
from gal.lint.envoy_rules import allowed_addresses
from gal.model import Authentication, DirectResponse, IpAccess, PathKind, Redirect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gal.lint.subject import RouteView, Subject

_TAG = "gal:public"
_HEALTH = ("health", "healthz", "healthcheck", "health-check", "heartbeat", "alive")
_STATE = ("ready", "readyz", "readiness", "live", "livez", "liveness", "ping")
_ENTRY = ("login", "logout", "signin", "sign-in", "signup", "sign-up", "register", "oauth")
_TOKENS = ("oauth2", "token", "auth", "sso", "callback", "openid", "saml")
_FILES = (".well-known", "robots.txt", "favicon.ico", "public", "static", "assets")
PUBLIC_WORDS = frozenset((*_HEALTH, *_STATE, *_ENTRY, *_TOKENS, *_FILES))
"""Parts of paths that nobody can be asked for credentials at, or need not be."""

_ISSUERS = frozenset(
    ("auth", "sso", "login", "oauth", "id", "idp", "keycloak", "accounts", "authelia", "authentik")
)
_WORD = re.compile(r"[a-z0-9._-]+")


def is_public(view: RouteView, subject: Subject) -> bool:
    """Whether a route needs no authentication: it says so itself, it is for health checks, logging
    in and the like, or the user's settings name its paths or hosts.
    """
    route, settings = view.route, subject.settings
    if _TAG in route.tags or (view.service is not None and _TAG in view.service.tags):
        return True
    if route.methods and {one.upper() for one in route.methods} == {"OPTIONS"}:
        return True
    hosts = settings.internal_hosts
    if route.hosts and all(any(fits(one, host) for one in hosts) for host in route.hosts):
        return True
    if subject.once(only_local):
        return True
    if not route.paths or all(one.text in ("", "/") for one in route.paths):
        return bool(route.hosts) and all(
            host.split(".")[0].lower() in _ISSUERS for host in route.hosts
        )
    return all(_is_public_path(one.text, settings.public_paths) for one in route.paths)


def _is_public_path(path: str, patterns: Iterable[str]) -> bool:
    if any(fits(one, path) or fits(one, f"{path.rstrip('/')}/") for one in patterns):
        return True
    return not PUBLIC_WORDS.isdisjoint(_WORD.findall(path.replace("\\", "").lower()))


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.IGNORECASE | re.DOTALL)


def fits(pattern: str, text: str) -> bool:
    """Whether a text is one that a pattern (`*` stands for any text) means."""
    return _expression(pattern).fullmatch(text) is not None


def only_local(subject: Subject) -> bool:
    """Whether the gateway is known to listen on the loopback address only."""
    listeners = subject.gateway.listeners
    return bool(listeners) and all(is_local(one.host) for one in listeners)


def answered(view: RouteView) -> bool:
    """Whether the gateway answers all requests of a route itself, or has nowhere to send them."""
    direct = view.policy(DirectResponse)
    if view.policy(Redirect) is not None or (direct is not None and direct.trigger is None):
        return True
    route = view.route
    nowhere = route.upstream is None and not route.backends and not view.upstreams
    return nowhere and (view.service is None or view.service.upstream is None)


def limited_by_address(view: RouteView) -> bool:
    """Whether only some clients, by their addresses, come through."""
    policy = view.policy(IpAccess)
    named = policy is not None and bool(policy.allow) and every_network(policy.allow) is None
    nobody = policy is not None and every_network(policy.deny) is not None
    own = [one.ip for one in view.route.sources if one.ip is not None]
    asked = view.policy(Authentication)
    for guard in asked.guards if asked is not None else ():
        ranges = allowed_addresses(guard)
        named = named or (bool(ranges) and every_network(ranges) is None)
    return named or nobody or (bool(own) and every_network(own) is None)


def takes_plain(view: RouteView, subject: Subject) -> bool:
    """Whether a route answers plain HTTP that comes from other machines, other than by sending it
    to HTTPS.
    """
    route = view.route
    if route.https_redirect is not None or (
        route.schemes and not {"http", "grpc"} & set(route.schemes)
    ):
        return False
    ports = subject.once(_plain_ports)
    if ports is not None:
        own = {one.port for one in route.destinations if one.port is not None}
        if not (ports & own if own else ports):
            return False
    return not _sent_away(view, subject)


def _plain_ports(subject: Subject) -> frozenset[int] | None:
    """Ports for plain HTTP that other machines reach; None where no file says."""
    listeners = subject.gateway.listeners
    if not listeners:
        return None
    plain = [one for one in listeners if one.protocol == "http"]
    return frozenset(one.port for one in plain if not is_local(one.host))


def _sent_away(view: RouteView, subject: Subject) -> bool:
    """Whether a route before it sends all plain requests to HTTPS."""
    ranks = subject.once(ranks_of)
    own = ranks.get(id(view.route))
    if own is None:
        return False
    ports = {one.port for one in view.route.destinations}
    for other in subject.once(_to_https):
        rank = ranks.get(id(other.route))
        theirs = {one.port for one in other.route.destinations}
        covers = not theirs or (bool(ports) and ports <= theirs)
        if rank is not None and rank < own and covers:
            return True
    return False


def _to_https(subject: Subject) -> list[RouteView]:
    """Routes that send plain HTTP of every host and path to HTTPS."""
    return [view for view in subject.routes if _is_to_https(view)]


def _is_to_https(view: RouteView) -> bool:
    redirect, route = view.policy(Redirect), view.route
    if redirect is None or not (
        redirect.scheme == "https" or (redirect.location or "").startswith("https:")
    ):
        return False
    every_path = not route.paths or any(
        one.kind in (PathKind.PREFIX, PathKind.SEGMENTS) and one.text in ("", "/")
        for one in route.paths
    )
    narrow = route.hosts or route.methods or route.headers or route.query_params or route.sources
    return every_path and not narrow


def ranks_of(subject: Subject) -> dict[int, int]:
    """The place of each route (of its first part) in the order in which routes win, by identity."""
    found: dict[int, int] = {}
    for number, one in enumerate(subject.ranked):
        found.setdefault(id(one.route), number)
    return found
