"""Policies that act in an order which defeats one of them, by each gateway's own order.

- Kong: `ordering` of a plugin (Kong Enterprise,
  https://developer.konghq.com/gateway/entities/plugin/#dynamic-plugin-ordering).
- APISIX: priorities, and `_meta.priority`; all that acts in the phase `rewrite` comes before all
  that acts in `access` (https://apisix.apache.org/docs/apisix/terminology/plugin/).
- Traefik: the list of a router's middlewares.
- Envoy: `http_filters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint import envoy_files, traefik_files
from gal.lint.finding import Where
from gal.lint.owners import owner_of
from gal.lint.peeking import items, mappings, number, section, text, texts
from gal.lint.plugin_nodes import PluginNode, plugin_nodes
from gal.lint.rule import Severity
from gal.reading import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from gal.importers.envoy.chain import HttpFilter
    from gal.importers.traefik.dynamic import Middleware
    from gal.lint.subject import Subject
    from gal.model import ModelNode

CACHED = "answers are kept and given again before anybody is asked for credentials"
COUNTED = "requests are counted by what the authentication says before it has said it"
GIVEN = "the gateway sets the credentials itself before it asks for them"
REMOVED = "what the authentication tells the upstream is taken away again"
READ = "it decides by a token before the token is checked"
MOVED = "the authorization service is told a path that was changed already"
PLAIN = "credentials are asked for in plain HTTP before the client is sent to HTTPS"


@dataclass(slots=True, eq=False)
class Inversion:
    """Two policies, of which the first should act after the second.

    Attributes:
        what: what comes of it.
        first: what acts first, for people.
        second: what acts second, for people.
        where: where the order is said.
        key: the field that says it.
        related: the second one.
        owner: what it is about.
        severity: how bad it is.
        count: how many lists have it.
    """

    what: str
    first: str
    second: str
    where: Where
    key: str
    related: Where
    owner: ModelNode
    severity: Severity = Severity.HIGH
    count: int = 1


def inversions(subject: Subject) -> Iterator[Inversion]:
    """All of them, in the order of the files."""
    readers = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}
    reader = readers.get(subject.provider)
    yield from reader(subject) if reader is not None else ()


# -- Kong

_KONG_AUTH = (
    *("key-auth", "basic-auth", "jwt", "oauth2", "hmac-auth", "ldap-auth", "openid-connect"),
    *("key-auth-enc", "ldap-auth-advanced", "mtls-auth", "oauth2-introspection", "jwt-signer"),
)
_KONG_CACHES = ("proxy-cache", "proxy-cache-advanced")
_KONG_CHANGES = ("request-transformer", "request-transformer-advanced")
_KONG_LIMITS = ("rate-limiting", "rate-limiting-advanced", "response-ratelimiting")


def _kong(subject: Subject) -> Iterator[Inversion]:
    auth = list(plugin_nodes(subject, *_KONG_AUTH))
    others = list(plugin_nodes(subject, *_KONG_CACHES, *_KONG_CHANGES, *_KONG_LIMITS))
    pairs = [(early, late, early) for early, late in _ordered(others, auth, "before")]
    pairs += [(early, late, late) for late, early in _ordered(auth, others, "after")]
    for early, late, saying in pairs:
        what = _kong_harm(early, late)
        if what is not None:
            owner = owner_of(subject, early.node)
            names = early.name, late.name
            yield Inversion(what, *names, saying.node, "ordering", late.node, owner)


def _ordered(
    saying: list[PluginNode], meant: list[PluginNode], how: str
) -> Iterator[tuple[PluginNode, PluginNode]]:
    """Plugins that say before or after which they act, each with one that is meant: that of its own
    scope, else another of the name.
    """
    by_scope = {(id(one.owner), one.name): one for one in reversed(meant)}
    by_name = {one.name: one for one in reversed(meant)}
    for one in saying:
        for name in texts(one.node, f"ordering.{how}.access"):
            other = by_scope.get((id(one.owner), name)) or by_name.get(name)
            if other is not None:
                yield one, other


def _kong_harm(early: PluginNode, late: PluginNode) -> str | None:
    if early.name in _KONG_CACHES:
        return CACHED
    if early.name in _KONG_LIMITS:
        by = text(early.config, "limit_by") or text(early.config, "identifier")
        return COUNTED if by in ("consumer", "credential") else None
    names = {name.lower() for name in texts(late.config, "key_names")} or {"apikey"}
    names.add("authorization")
    given = [
        one.partition(":")[0].strip().lower()
        for action in ("add", "replace", "append")
        for one in texts(early.config, f"{action}.headers")
    ]
    return GIVEN if names & set(given) else None


# -- APISIX

_REWRITE = {
    "multi-auth": 2600,
    "openid-connect": 2599,
    "authz-casbin": 2560,
    "wolf-rbac": 2555,
    "hmac-auth": 2530,
    "basic-auth": 2520,
    "jwt-auth": 2510,
    "key-auth": 2500,
    "proxy-rewrite": 1008,
}
_ACCESS = {
    "cas-auth": 2597,
    "consumer-restriction": 2400,
    "forward-auth": 2002,
    "opa": 2001,
    "authz-keycloak": 2000,
    "proxy-cache": 1085,
    "limit-conn": 1003,
    "limit-count": 1002,
    "limit-req": 1001,
}
_APISIX_GUARDS = ("cas-auth", "consumer-restriction", "forward-auth", "opa", "authz-keycloak")
_APISIX_LIMITS = ("limit-conn", "limit-count", "limit-req")


def _apisix(subject: Subject) -> Iterator[Inversion]:
    scopes: dict[int, dict[str, PluginNode]] = {}
    for plugin in plugin_nodes(subject, *_REWRITE, *_ACCESS):
        scopes.setdefault(id(plugin.owner), {})[plugin.name] = plugin
    for scope in scopes.values():
        for early in scope.values():
            for late in scope.values():
                what = _apisix_harm(early, late)
                if what is not None and _acts_before(early, late):
                    moved = early if section(early.config, "_meta") is not None else late
                    owner = owner_of(subject, early.node)
                    yield Inversion(
                        what, early.name, late.name, moved.config, "_meta", late.config, owner
                    )


def _acts_before(early: PluginNode, late: PluginNode) -> bool:
    for phase in (_REWRITE, _ACCESS):
        if early.name in phase and late.name in phase:
            return _priority(early, phase) > _priority(late, phase)
    return early.name in _REWRITE and late.name in _ACCESS


def _priority(plugin: PluginNode, phase: dict[str, int]) -> float:
    own = number(plugin.config, "_meta.priority")
    return phase[plugin.name] if own is None else own


def _apisix_harm(early: PluginNode, late: PluginNode) -> str | None:
    if early.name == "proxy-cache" and late.name in _APISIX_GUARDS:
        # On disk nginx has the cache, which comes after all plugins.
        return CACHED if text(early.config, "cache_strategy") == "memory" else None
    if early.name in _APISIX_LIMITS and late.name == "forward-auth":
        told = {name.lower() for name in texts(late.config, "upstream_headers")}
        key = (text(early.config, "key") or "").removeprefix("http_").replace("_", "-").lower()
        return COUNTED if key in told else None
    if early.name == "proxy-rewrite" and late.name in ("key-auth", "basic-auth", "jwt-auth"):
        asked = {(text(late.config, "header") or "apikey").lower(), "authorization"}
        given = {name.lower() for name in section(early.config, "headers.set") or ()}
        given |= {name.lower() for name in section(early.config, "headers.add") or ()}
        return GIVEN if asked & given else None
    return None


# -- Traefik


def _traefik(subject: Subject) -> Iterator[Inversion]:
    points = dict(traefik_files.entry_points(subject))
    found: dict[tuple[int, int], Inversion] = {}
    for router in traefik_files.routers(subject):
        secure = [name for name in router.points if section(points.get(name), "http.tls")]
        plain = not router.node.has("tls") and not secure
        for place_in_list, late in enumerate(router.middlewares):
            for early in router.middlewares[:place_in_list]:
                key = id(early.node), id(late.node)
                harm = _traefik_harm(early, late, plain=plain)
                if harm is None:
                    continue
                if key in found:
                    found[key].count += 1
                    continue
                owner = traefik_files.route_of(subject, router) or subject.gateway
                names = f'{early.kind} "{early.name}"', f'{late.kind} "{late.name}"'
                found[key] = Inversion(
                    harm[0], *names, router.node, "middlewares", late.node, owner, harm[1]
                )
    yield from found.values()


def _traefik_harm(
    early: Middleware, late: Middleware, *, plain: bool
) -> tuple[str, Severity] | None:
    if early.kind == "rateLimit":
        name = text(early.config, "sourceCriterion.requestHeaderName") or ""
        if name and name.lower() in _told(late):
            return COUNTED, Severity.HIGH
    elif late.kind == "headers":
        changes = section(late.config, "customRequestHeaders")
        emptied = {name.lower() for name in changes or () if not text(changes, name)}
        if emptied & _told(early):
            return REMOVED, Severity.HIGH
    elif late.kind == "forwardAuth" and early.kind in (
        *("stripPrefix", "stripPrefixRegex", "replacePath", "replacePathRegex", "addPrefix"),
    ):
        return MOVED, Severity.MEDIUM
    elif plain and late.kind == "redirectScheme" and early.kind in ("basicAuth", "digestAuth"):
        return (PLAIN, Severity.MEDIUM) if text(late.config, "scheme") == "https" else None
    return None


def _told(one: Middleware) -> set[str]:
    """Headers by which an authentication tells who the client is."""
    if one.kind in ("basicAuth", "digestAuth"):
        return {(text(one.config, "headerField") or "").lower()} - {""}
    if one.kind == "forwardAuth":
        return {name.lower() for name in texts(one.config, "authResponseHeaders")}
    return set()


# -- Envoy

_ENVOY_AUTH = ("jwt_authn", "ext_authz", "basic_auth", "api_key_auth", "oauth2", "rbac")
_JWT = "envoy.filters.http.jwt_authn"


def _envoy(subject: Subject) -> Iterator[Inversion]:
    for manager in envoy_files.managers(subject):
        actions = [one for host in manager.hosts() for one in items(host, "rate_limits")]
        actions += [
            one for _, route in manager.routes() for one in items(route, "route.rate_limits")
        ]
        before: list[HttpFilter] = []
        for late in manager.filters:
            if late.disabled:
                continue
            for early in before:
                what = _envoy_harm(early, late, actions)
                if what is not None:
                    names = _short(early), _short(late)
                    owner = subject.gateway
                    where = early if what != REMOVED else late
                    other = late if what != REMOVED else early
                    yield Inversion(what, *names, where.node, "", other.node, owner)
            before.append(late)


def _envoy_harm(early: HttpFilter, late: HttpFilter, actions: list[Node]) -> str | None:
    first, second = _short(early), _short(late)
    if first in ("cache", "cache_v2") and second in _ENVOY_AUTH:
        return CACHED
    if first == "rbac" and second == "jwt_authn":
        return READ if _mentions(early.config, {_JWT}) else None
    if first in ("ratelimit", "local_ratelimit") and second == "jwt_authn":
        known = {_JWT, *_claims(late)}
        found = any(_mentions(one, known) for one in (early.config, *actions))
        return COUNTED if found else None
    if first == "jwt_authn" and second == "header_mutation":
        removed = {
            (text(one, "remove") or "").lower()
            for one in items(late.config, "mutations.request_mutations")
        }
        return REMOVED if removed & _claims(early) else None
    return None


def _claims(one: HttpFilter) -> set[str]:
    """Headers that the claims of a token are put into."""
    found = set()
    for _, provider in mappings(one.config, "providers"):
        found.add((text(provider, "forward_payload_header") or "").lower())
        for claim in items(provider, "claim_to_headers"):
            found.add((text(claim, "header_name") or "").lower())
    return found - {""}


def _mentions(node: Node | None, words: set[str]) -> bool:
    pending = [node]
    while pending:
        at = pending.pop()
        if isinstance(at, Scalar) and at.text.lower() in words:
            return True
        if isinstance(at, Mapping):
            pending.extend(at.entries.values())
        elif isinstance(at, Sequence):
            pending.extend(at.items)
    return False


def _short(one: HttpFilter) -> str:
    return one.kind.rsplit(".", 1)[-1]
