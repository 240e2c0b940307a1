"""What kinds of HTTP filters there are, and in which order the model lets them act.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/http_filters

Law 2 decides in doubt: a filter that may refuse requests by who sends them is a guard, since losing
it could open what was closed.
"""

from __future__ import annotations

import re

from gal.ledger import Level

PREFIX = "envoy.filters.http."

GUARDS: dict[str, str] = {
    "aws_lambda": "requests become calls of a function",
    "composite": "which filter acts is decided for each request",
    "csrf": "whether a request comes from a page of the same origin",
    "dynamic_forward_proxy": "the client says where its requests go",
    "ext_proc": "another program sees every request and may answer it",
    "gcp_authn": "requests get a token of Google's",
    "golang": "a program decides",
    "dynamic_modules": "a program decides",
    "oauth2": "a login page, whose issuer it does not name",
    "wasm": "a program decides",
}
"""Filters that decide who enters, or where requests go: why."""

CARRIED: dict[str, tuple[Level, str]] = {
    "adaptive_concurrency": (
        Level.WARNING,
        "elsewhere there is no limit on how many requests are answered at once",
    ),
    "admission_control": (
        Level.WARNING,
        "elsewhere requests are not refused when many of them fail",
    ),
    "alternate_protocols_cache": (Level.INFO, "no effect on what clients get"),
    "aws_request_signing": (Level.WARNING, "elsewhere requests to the upstream are not signed"),
    "bandwidth_limit": (Level.WARNING, "elsewhere bodies are not slowed down"),
    "cache": (Level.WARNING, "elsewhere no answer is kept: the cache follows Cache-Control"),
    "cache_v2": (Level.WARNING, "elsewhere no answer is kept: the cache follows Cache-Control"),
    "cdn_loop": (Level.WARNING, "elsewhere a request that comes round again is not refused"),
    "connect_grpc_bridge": (Level.WARNING, "elsewhere Connect is not translated to gRPC"),
    "credential_injector": (Level.WARNING, "elsewhere the upstream gets no credentials"),
    "custom_response": (Level.WARNING, "elsewhere answers keep their text"),
    "decompressor": (Level.WARNING, "elsewhere bodies stay compressed"),
    "dynamo": (Level.INFO, "no effect on what clients get"),
    "file_system_buffer": (Level.WARNING, "elsewhere bodies are not kept in files"),
    "geoip": (Level.WARNING, "elsewhere the upstream is not told where the client is"),
    "grpc_field_extraction": (Level.INFO, "no effect on what clients get"),
    "grpc_http1_bridge": (Level.WARNING, "elsewhere HTTP/1.1 is not translated to gRPC"),
    "grpc_http1_reverse_bridge": (Level.WARNING, "elsewhere gRPC is not translated to HTTP/1.1"),
    "grpc_json_reverse_transcoder": (Level.WARNING, "elsewhere gRPC is not translated to JSON"),
    "grpc_json_transcoder": (Level.WARNING, "elsewhere JSON is not translated to gRPC"),
    "grpc_stats": (Level.INFO, "no effect on what clients get"),
    "grpc_web": (Level.WARNING, "elsewhere gRPC-Web is not translated"),
    "header_to_metadata": (Level.INFO, "it only tells other filters something"),
    "health_check": (Level.WARNING, "elsewhere no health checks are answered by the gateway"),
    "ip_tagging": (Level.WARNING, "elsewhere requests get no header that names their network"),
    "json_to_metadata": (Level.INFO, "it only tells other filters something"),
    "kill_request": (Level.INFO, "a test of Envoy itself"),
    "on_demand": (Level.INFO, "no effect on what clients get"),
    "original_src": (Level.WARNING, "elsewhere the upstream sees the gateway's address"),
    "proto_message_extraction": (Level.INFO, "no effect on what clients get"),
    "rate_limit_quota": (Level.WARNING, "elsewhere nothing is counted: another service decides"),
    "ratelimit": (
        Level.WARNING,
        "elsewhere nothing is counted: the limits are those of another service",
    ),
    "set_filter_state": (Level.INFO, "it only tells other filters something"),
    "set_metadata": (Level.INFO, "it only tells other filters something"),
    "squash": (Level.INFO, "no effect on what clients get"),
    "stateful_session": (Level.WARNING, "elsewhere clients do not come back to their target"),
    "tap": (Level.INFO, "no effect on what clients get"),
    "thrift_to_metadata": (Level.INFO, "it only tells other filters something"),
    "transform": (Level.WARNING, "elsewhere bodies stay as they are"),
    "upstream_codec": (Level.INFO, "no effect on what clients get"),
}
"""Filters that the model has no place for, and what happens elsewhere."""

_GUARDING_PART = re.compile(
    r"auth|oidc|openid|jwt|saml|keycloak|guard|ldap|hmac|mtls|introspect|casbin|cerbos|firewall"
    r"|permission|whitelist|blacklist|allowlist|denylist|blocklist|access.control|restriction"
    r"|entitle|coraza|modsecurity|crowdsec|csrf"
)
_GUARDING_WORD = frozenset(
    (
        *("abac", "acl", "apikey", "block", "cas", "captcha", "deny", "iam", "ipfilter", "opa"),
        *("pdp", "pep", "rbac", "signature", "sso", "token", "waf", "blocker"),
    )
)
_REFUSES = re.compile(
    r"\b(?:respond|error|assert|require|module|package|load|loadstring|loadfile|dofile|setfenv)\b"
    r"|\b_G\b"
)
"""Names by which a script may answer, end, or have code from elsewhere do so."""

_REFUSED = "here the other one acts first, so that some of the refused get another status"
_LATER = "here that acts first, and this only on what it lets through"
ORDER: dict[tuple[str, str], str] = {
    ("access", "address"): f"Envoy asks for credentials before the address: {_REFUSED}",
    ("acl", "access"): f"Envoy looks at groups before the credentials: {_REFUSED}",
    ("size", "address"): f"Envoy looks at the size before the address: {_REFUSED}",
    ("size", "access"): f"Envoy looks at the size before the credentials: {_REFUSED}",
    ("limit", "address"): f"Envoy counts before it looks at the address; {_LATER}",
    ("limit", "access"): f"Envoy counts before it asks for credentials; {_LATER}",
    ("limit", "size"): f"Envoy counts before it looks at the size; {_LATER}",
    ("access", "cors"): "Envoy asks preflights for credentials; here they are answered before",
    ("address", "cors"): "Envoy asks preflights for the address; here they are answered before",
    ("limit", "cors"): "Envoy counts preflights; here they are answered before",
    ("answer", "access"): "Envoy answers before it asks for credentials; here it asks first",
    ("answer", "address"): "Envoy answers before it looks at the address; here it looks first",
    ("request", "limit by header"): "Envoy counts by the changed headers; here by the client's own",
    ("request", "forward"): "Envoy tells the check the changed headers; here the client's own",
}
"""(what acts first in Envoy, what acts first in the model) -> what a client can see of it."""


def inversions(earlier: set[str], later: set[str]) -> list[str]:
    """What a client can see of it that the model has another order."""
    return [
        message
        for one in sorted(earlier)
        for other in sorted(later)
        if (message := ORDER.get((one, other))) is not None
    ]


def sounds_guarding(*names: str) -> bool:
    """Whether any of these names says that it decides who enters."""
    for name in names:
        lower = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
        words = set(re.split(r"[^a-z0-9]+", lower))
        if _GUARDING_PART.search(lower) or not words.isdisjoint(_GUARDING_WORD):
            return True
    return False


def may_refuse(code: str) -> bool:
    """Whether a Lua script may answer requests itself."""
    return _REFUSES.search(code) is not None
