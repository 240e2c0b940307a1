"""Plugins, middlewares and filters by what they protect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.asked import identity_asked
from gal.lint.plugins import plugin_names
from gal.model import Acl, IpAccess, RateLimit, ResponseRateLimit, SizeLimit, UserAgentAccess

if TYPE_CHECKING:
    from gal.lint.subject import RouteView

ASKS, GROUPS, ADDRESSES, AGENTS, LIMITS, SIZES = (
    *("authentication", "access by group", "access by address", "access by kind of client"),
    *("a limit on requests", "a limit on bodies"),
)

KINDS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("basic-auth", "hmac-auth", "jwt", "jwt-auth", "key-auth", "key-auth-enc"),
            *("ldap-auth", "ldap-auth-advanced", "mtls-auth", "oauth2", "oauth2-introspection"),
            *("openid-connect", "forward-auth", "multi-auth", "opa", "saml", "saml-auth"),
            *("cas-auth", "authz-casbin", "authz-casdoor", "authz-keycloak", "wolf-rbac"),
            *("header-cert-auth", "vault-auth", "jwt-signer", "jwe-decrypt"),
            *("basicAuth", "digestAuth", "forwardAuth"),
            *("jwt_authn", "ext_authz", "basic_auth", "api_key_auth"),
        ),
        ASKS,
    ),
    **dict.fromkeys(("acl", "consumer-restriction"), GROUPS),
    **dict.fromkeys(("ip-restriction", "ipAllowList", "ipWhiteList"), ADDRESSES),
    **dict.fromkeys(("bot-detection", "ua-restriction"), AGENTS),
    **dict.fromkeys(
        (
            *("rate-limiting", "rate-limiting-advanced", "response-ratelimiting"),
            *("limit-conn", "limit-count", "limit-req", "rateLimit", "inFlightReq"),
            *("local_ratelimit", "ratelimit"),
        ),
        LIMITS,
    ),
    **dict.fromkeys(("request-size-limiting", "client-control"), SIZES),
    "rbac": "access by rules",
}
"""What a plugin, middleware or filter is there for."""


def acts(kind: str, view: RouteView) -> bool:
    """Whether something of a kind acts on a route."""
    if kind == ASKS:
        return identity_asked(view)
    if kind == LIMITS:
        limited = view.policy(RateLimit) or view.policy(ResponseRateLimit)
        names = (name for _, policies in view.levels for name in plugin_names(policies))
        return limited is not None or any(KINDS.get(name) == LIMITS for name in names)
    if kind == GROUPS:
        return view.policy(Acl) is not None
    if kind == ADDRESSES:
        return view.policy(IpAccess) is not None
    if kind == AGENTS:
        return view.policy(UserAgentAccess) is not None
    return kind == SIZES and view.policy(SizeLimit) is not None
