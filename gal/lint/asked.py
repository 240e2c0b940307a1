"""Who is asked for what: the parts of authentication, with the routes that they act on.

Importers give routes an `Authentication` of their own where it stands once in the file; rules speak
of what stands in the file, so parts that were read at one place are one part here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gal.lint.envoy_rules import asks_who
from gal.lint.peeking import text
from gal.model import (
    ApiKeyAuth,
    Authentication,
    BasicAuth,
    ForwardAuth,
    Guard,
    JwtAuth,
    MatchKind,
    ModelNode,
    OAuth2Auth,
    Route,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gal.lint.subject import RouteView, Subject

T = TypeVar("T", BasicAuth, ApiKeyAuth, JwtAuth, OAuth2Auth, ForwardAuth, Guard, Authentication)

SECTIONS: dict[type, str] = {
    BasicAuth: "basic",
    ApiKeyAuth: "api_key",
    JwtAuth: "jwt",
    OAuth2Auth: "oauth2",
    ForwardAuth: "forward",
}
"""Class -> the field of `Authentication` that holds one."""

NO_IDENTITY = frozenset(
    (
        *("acl", "ai-aliyun-content-moderation", "ai-aws-content-moderation", "ai-lakera-guard"),
        *("ai-aws-guardrails", "ai-azure-content-safety", "ai-prompt-guard", "ai-sanitizer"),
        *("ai-semantic-prompt-guard", "chaitin-waf", "csrf", "injection-protection"),
        *("json-threat-protection", "xml-threat-protection", "oas-validator", "oas-validation"),
        *("referer-restriction", "request-validation", "request-validator", "ua-restriction"),
        *("uri-blocker", "websocket-validator", "ip-restriction", "bot-detection"),
        *("consumer-restriction", "request-termination", "rule", "aws_lambda", "composite"),
        *("dynamic_forward_proxy", "gcp_authn", "weighted_clusters"),
        *("pre-function", "post-function", "serverless-pre-function", "workflow"),
        *("serverless-post-function", "ext-plugin-pre-req", "ext-plugin-post-req"),
    )
)
"""Guards that refuse some requests, and that do not ask who sends them."""

CODE = frozenset(("lua", "wasm", "ext_proc", "golang", "dynamic_modules"))
"""Guards that run code which no file shows: it may ask who sends a request, or may not."""

CREDENTIALS = frozenset(
    (
        *("authorization", "proxy-authorization", "apikey", "api-key", "api_key", "x-api-key"),
        *("x-apikey", "x-auth-token", "x-access-token", "access_token"),
    )
)
"""Headers and parameters that bring a credential, where a route takes one value of it only."""

_CERTIFICATE = "client-certificate"
_SOUNDS_LIKE_IT = re.compile(r"(?i)auth|oidc|openid|jwt|saml|ldap|login|token")


@dataclass(slots=True, eq=False)
class Asked(Generic[T]):
    """A part of authentication.

    Attributes:
        part: the part.
        policy: the policy that it is part of; of several alike the first one.
        owner: the route, service, upstream or gateway whose requests it is about.
        views: the routes that it acts on.
    """

    part: T
    policy: Authentication
    owner: ModelNode
    views: list[RouteView]


def asked(subject: Subject, kind: type[T]) -> list[Asked[T]]:
    """All parts of a kind that act on routes, each with all of its routes, in their order."""
    found: dict[int, Asked[T]] = {}
    for policy, acting in subject.acting(Authentication):
        if not acting.routes:
            continue
        for part in parts(policy, kind):
            key = id(part) if part.origin is None else id(part.origin.node)
            known = found.get(key)
            if known is None:
                found[key] = Asked(part, policy, acting.owner, list(acting.routes))
            else:
                known.views += acting.routes
                known.owner = subject.gateway
    for one in found.values():
        if one.owner is subject.gateway:
            one.owner = common_owner(subject, one.views)
    return list(found.values())


def openid(subject: Subject) -> list[Asked[OAuth2Auth] | Asked[Guard]]:
    """OAuth 2.0 and OpenID Connect, also where only its own gateway knows all that it asks for."""
    found: list[Asked[OAuth2Auth] | Asked[Guard]] = [*asked(subject, OAuth2Auth)]
    found += [one for one in asked(subject, Guard) if one.part.name == "openid-connect"]
    return found


def parts(policy: Authentication, kind: type[T]) -> Iterator[T]:
    """The parts of a kind in one policy; `Authentication` is the policy itself."""
    if isinstance(policy, kind):
        yield policy
    elif kind is Guard:
        yield from (one for one in policy.guards if isinstance(one, kind))
    else:
        part = getattr(policy, SECTIONS[kind])
        if isinstance(part, kind):
            yield part


def common_owner(subject: Subject, views: list[RouteView]) -> ModelNode:
    """What stands for these routes: one of them, the service or upstream that has these routes and
    no others, or the whole gateway.
    """
    if len(views) == 1:
        return views[0].route
    if len(views) < len(subject.routes):
        behind = {id(one): one for view in views for one in behind_of(view)}
        for owner in behind.values():
            if all(owner in behind_of(view) for view in views):
                return owner
    return subject.gateway


def behind_of(view: RouteView) -> list[ModelNode]:
    """The service and the upstreams of a route."""
    service: list[ModelNode] = [view.service] if view.service is not None else []
    return [*service, *(upstream for upstream, _ in view.upstreams)]


def identity_asked(view: RouteView) -> bool:
    """Whether a route asks who sends a request: any kind of authentication, or a guard that is not
    known to look at something else.
    """
    policy = view.policy(Authentication)
    if policy is None:
        return _matches_credential(view.route)
    if policy.kinds() or any(_asks(one) for one in policy.guards):
        return True
    return _matches_credential(view.route)


def _matches_credential(route: Route) -> bool:
    """Whether a route takes only requests that bring a certain credential."""
    return any(
        one.name.lower() in CREDENTIALS
        and one.kind is MatchKind.EXACT
        and not one.invert
        and all(one.values)
        for one in (*route.headers, *route.query_params)
    )


def only_code_asks(view: RouteView) -> bool:
    """Whether nothing but code that no file shows might ask who sends a request."""
    policy = view.policy(Authentication)
    if policy is None or policy.kinds():
        return False
    names = {one.name for one in policy.guards if _asks(one)}
    return bool(names) and names <= CODE


def _asks(guard: Guard) -> bool:
    if guard.name.startswith("ext-plugin"):
        # A program of the user's own: what it is called is all that there is to go by.
        named = _listed(guard.config, "conf")
        return any(_SOUNDS_LIKE_IT.search(str(one.get("name"))) for one in named)
    if guard.name == "rbac":
        return asks_who(guard)
    if guard.name == _CERTIFICATE and guard.origin is not None:
        kind = text(guard.origin.node, "clientAuthType")
        return kind in (None, "RequireAndVerifyClientCert")
    return guard.name not in NO_IDENTITY


def _listed(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = holder.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
