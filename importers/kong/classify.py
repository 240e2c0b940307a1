"""What kind of plugin a name stands for (https://developer.konghq.com/plugins/).

The names are those of Kong 3.10 and of the enterprise edition. Law 2 decides in doubt: a plugin
that may refuse requests is a guard, since losing it could open what was closed.
"""

from __future__ import annotations

import re
from enum import Enum

from gal.guarding import sounds_guarding
from gal.reading import Mapping, Node, Scalar, Sequence, is_placeholder


class PluginClass(str, Enum):
    """What becomes of a plugin.

    Attributes:
        MODELLED: it has a place in the model, see `PLUGIN_KINDS`.
        OBSERVER: it watches, writes logs or counts; carried, without effect on traffic.
        GUARD: it decides who enters in a way that only Kong knows.
        OTHER: it changes traffic in a way that only Kong knows; carried with a warning.
    """

    MODELLED = "modelled"
    OBSERVER = "observer"
    GUARD = "guard"
    OTHER = "other"


PLUGIN_KINDS: dict[str, tuple[str, ...]] = {
    "acl": ("acl",),
    "basic-auth": ("authentication",),
    "bot-detection": ("user_agent",),
    "correlation-id": ("request_id",),
    "cors": ("cors",),
    "ip-restriction": ("ip_access",),
    "jwt": ("authentication",),
    "key-auth": ("authentication",),
    "oauth2": ("authentication",),
    "openid-connect": ("authentication",),
    "proxy-cache": ("cache",),
    "rate-limiting": ("rate_limit",),
    "redirect": ("redirect",),
    "request-size-limiting": ("size_limit",),
    "request-termination": ("direct_response",),
    "request-transformer": ("headers", "query", "request_line", "transformation"),
    "response-ratelimiting": ("response_rate_limit",),
    "response-transformer": ("headers", "transformation"),
}
"""Plugin -> the fields of `Policies` that it becomes."""

OBSERVERS = frozenset(
    (
        "app-dynamics",
        "datadog",
        "file-log",
        "http-log",
        "kafka-log",
        "loggly",
        "opentelemetry",
        "prometheus",
        "solace-log",
        "statsd",
        "statsd-advanced",
        "syslog",
        "tcp-log",
        "udp-log",
        "zipkin",
    )
)
"""Logging, metrics and tracing. `zipkin` and `opentelemetry` also send tracing headers on."""

TRACERS = frozenset(("zipkin", "opentelemetry"))
"""Observers whose headers the upstream sees."""

GUARDS = frozenset(
    (
        "ai-aws-guardrails",
        "ai-azure-content-safety",
        "ai-prompt-guard",
        "ai-sanitizer",
        "ai-semantic-prompt-guard",
        "application-registration",
        "header-cert-auth",
        "hmac-auth",
        "injection-protection",
        "json-threat-protection",
        "jwt-signer",
        "key-auth-enc",
        "konnect-application-auth",
        "ldap-auth",
        "ldap-auth-advanced",
        "mtls-auth",
        "oas-validation",
        "oauth2-introspection",
        "opa",
        "request-validator",
        "saml",
        "standard-webhooks",
        "vault-auth",
        "websocket-validator",
        "xml-threat-protection",
    )
)
"""Plugins that refuse requests by who sends them or what they hold."""

OTHERS = frozenset(
    (
        "acme",
        "ai-prompt-decorator",
        "ai-prompt-template",
        "ai-proxy",
        "ai-proxy-advanced",
        "ai-rag-injector",
        "ai-rate-limiting-advanced",
        "ai-request-transformer",
        "ai-response-transformer",
        "ai-semantic-cache",
        "aws-lambda",
        "azure-functions",
        "canary",
        "confluent",
        "confluent-consume",
        "degraphql",
        "exit-transformer",
        "forward-proxy",
        "graphql-proxy-cache-advanced",
        "graphql-rate-limiting-advanced",
        "grpc-gateway",
        "grpc-web",
        "jq",
        "kafka-upstream",
        "mocking",
        "proxy-cache-advanced",
        "rate-limiting-advanced",
        "request-callout",
        "request-transformer-advanced",
        "response-transformer-advanced",
        "route-by-header",
        "route-transformer-advanced",
        "service-protection",
        "session",
        "solace-upstream",
        "tls-handshake-modifier",
        "tls-metadata-headers",
        "upstream-oauth",
        "upstream-timeout",
        "websocket-size-limit",
    )
)
"""Plugins that are known not to decide who enters. Limits on how many requests are among them, and
`session`, which only helps in who would be refused otherwise.
"""

FUNCTIONS = frozenset(("pre-function", "post-function"))
"""Plugins whose settings are Lua code."""

_REQUEST_PHASES = ("certificate", "rewrite", "access", "functions")
"""Where code can still refuse; `functions` is the name of `access` before Kong 3."""

_REFUSES = re.compile(
    r"\bresponse\s*\.\s*(?:exit|error)\b|\bngx\s*\.\s*(?:exit|redirect)\b"
    r"|\b(?:exit|error|assert|load|loadstring|dofile|loadfile)\s*[(\[\"']"
)
"""Code that ends a request, fails (which is a 500), or runs code that cannot be seen."""


def classify(
    name: str, treat_as_auth: frozenset[str], config: Mapping | None = None
) -> PluginClass:
    """What becomes of a plugin.

    A name in `treat_as_auth` is a guard unless the model knows the plugin. A custom plugin is one
    if its name says so (`my-oidc`, `company-acl`), otherwise it is `OTHER`.

    `pre-function` and `post-function` are code, and nobody can tell for sure what it does. It is a
    guard where code of a request's phases calls something that ends the request
    (`kong.response.exit`, `kong.response.error`, `ngx.exit`, `error`), hides its code, or holds a
    placeholder, and `OTHER` where it does not: most of it changes a header or writes a log, and
    refusing everybody for that would make conversions useless. Without `config` it is a guard.
    """
    if name in PLUGIN_KINDS:
        return PluginClass.MODELLED
    if name in treat_as_auth or name in GUARDS:
        return PluginClass.GUARD
    if name in OBSERVERS:
        return PluginClass.OBSERVER
    if name in FUNCTIONS:
        guards = config is None or _may_refuse(config)
        return PluginClass.GUARD if guards else PluginClass.OTHER
    if name in OTHERS or not sounds_guarding(name):
        return PluginClass.OTHER
    return PluginClass.GUARD


def _may_refuse(config: Mapping) -> bool:
    return any(
        _REFUSES.search(code) or is_placeholder(code)
        for phase in _REQUEST_PHASES
        for code in _texts(config.peek(phase))
    )


def _texts(node: Node | None) -> list[str]:
    if isinstance(node, Sequence):
        return [text for item in node.items for text in _texts(item)]
    return [node.text] if isinstance(node, Scalar) else []
