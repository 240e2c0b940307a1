"""What kind of plugin a name stands for (https://apisix.apache.org/docs/apisix/plugins/).

Law 2 decides in doubt: a plugin that may refuse requests is a guard, since losing it could open
what was closed. The names are those of APISIX 3.18 and earlier.
"""

from __future__ import annotations

import re
from enum import Enum

from gal.guarding import sounds_guarding
from gal.importers.apisix.answers import refuses
from gal.importers.apisix.plugin import Plugin
from gal.reading import Mapping, Node, Scalar, Sequence, is_placeholder


class PluginClass(str, Enum):
    """What becomes of a plugin.

    Attributes:
        MODELLED: it has a place in the model.
        OBSERVER: it watches, writes logs or counts; carried, without effect on traffic.
        GUARD: it decides who enters in a way that only APISIX knows.
        OTHER: it changes traffic in a way that only APISIX knows; carried with a warning.
    """

    MODELLED = "modelled"
    OBSERVER = "observer"
    GUARD = "guard"
    OTHER = "other"


AUTH = "authentication"
LIMITS = "rate_limit"
REWRITING = "rewriting"
ANSWER = "direct_response"
COMPRESSION = "compression"
BACKENDS = "backends"

GROUPS: dict[str, str] = {
    "api-breaker": "circuit_breaker",
    "basic-auth": AUTH,
    "brotli": COMPRESSION,
    "client-control": "size_limit",
    "consumer-restriction": "acl",
    "cors": "cors",
    "fault-injection": ANSWER,
    "forward-auth": AUTH,
    "gzip": COMPRESSION,
    "hmac-auth": AUTH,
    "ip-restriction": "ip_access",
    "jwt-auth": AUTH,
    "key-auth": AUTH,
    "limit-count": LIMITS,
    "limit-req": LIMITS,
    "mocking": ANSWER,
    "multi-auth": AUTH,
    "openid-connect": AUTH,
    "proxy-cache": "cache",
    "proxy-mirror": "mirror",
    "proxy-rewrite": REWRITING,
    "redirect": "redirect",
    "request-id": "request_id",
    "response-rewrite": REWRITING,
    "traffic-split": BACKENDS,
    "ua-restriction": "user_agent",
}
"""Plugin -> what it is resolved together with: several plugins may make one policy."""

ORDER = (
    *("client-control", "request-id", "fault-injection", "mocking", "cors", "ip-restriction"),
    *("ua-restriction", "referer-restriction", "uri-blocker", "request-validation"),
    *("multi-auth", "openid-connect", "hmac-auth", "basic-auth", "jwt-auth", "key-auth"),
    *("consumer-restriction", "forward-auth", "opa", "proxy-mirror", "proxy-rewrite"),
    *("api-breaker", "limit-conn", "limit-count", "limit-req", "brotli", "gzip"),
    *("traffic-split", "redirect", "response-rewrite"),
)
"""In which order they act, by their priority."""

CREDENTIALS = frozenset(
    ("basic-auth", "hmac-auth", "jwe-decrypt", "jwt-auth", "key-auth", "ldap-auth", "wolf-rbac")
) | frozenset(("ldap-auth-advanced",))
"""Plugins that hold a consumer's credentials when they stand at a consumer."""

ACCESS = frozenset({AUTH, "acl", "ip_access", "user_agent"})
"""Groups that decide who enters."""

OBSERVERS = frozenset(
    (
        *("clickhouse-logger", "datadog", "elasticsearch-logger", "error-log-logger"),
        *("file-logger", "google-cloud-logging", "http-logger", "inspect", "kafka-logger"),
        *("lago", "log-rotate", "loggly", "loki-logger", "node-status", "opentelemetry"),
        *("prometheus", "rocketmq-logger", "server-info", "skywalking", "skywalking-logger"),
        *("sls-logger", "splunk-hec-logging", "syslog", "tcp-logger", "tencent-cloud-cls"),
        *("udp-logger", "zipkin", "data-mask", "ocsp-stapling"),
    )
)
"""Logging, metrics and tracing, and what only changes logs."""

TRACERS = frozenset(("opentelemetry", "skywalking", "zipkin"))
"""Observers whose headers the upstream sees."""

GUARDS = frozenset(
    (
        *("acl", "ai-aliyun-content-moderation", "ai-aws-content-moderation"),
        *("ai-lakera-guard", "ai-prompt-guard", "authz-casbin", "authz-casdoor"),
        *("authz-keycloak", "cas-auth", "chaitin-waf", "csrf", "dingtalk-auth"),
        *("feishu-auth", "jwe-decrypt", "ldap-auth", "ldap-auth-advanced", "oas-validator"),
        *("opa", "referer-restriction", "request-validation", "saml-auth", "uri-blocker"),
        *("wolf-rbac", "hmac-auth", "multi-auth"),
    )
)
"""Plugins that refuse requests by who sends them or what they hold."""

OTHERS = frozenset(
    (
        *("ai", "ai-cache", "ai-prompt-decorator", "ai-prompt-template", "ai-proxy"),
        *("ai-proxy-multi", "ai-rag", "ai-rate-limiting", "ai-request-rewrite"),
        *("attach-consumer-label", "aws-lambda", "azure-functions", "batch-requests"),
        *("body-transformer", "degraphql", "dubbo-proxy", "echo", "error-page"),
        *("example-plugin", "exit-transformer", "gm", "graphql-limit-count"),
        *("graphql-proxy-cache", "grpc-transcode", "grpc-web", "http-dubbo", "kafka-proxy"),
        *("limit-conn", "mcp-bridge", "openfunction", "openwhisk", "proxy-buffering"),
        *("proxy-control", "public-api", "real-ip", "traffic-label"),
    )
)
"""Plugins that are known not to decide who enters; limits on how many requests among them."""

CODE = frozenset(
    (
        *("serverless-pre-function", "serverless-post-function", "workflow"),
        *("ext-plugin-pre-req", "ext-plugin-post-req", "ext-plugin-post-resp"),
    )
)
"""Plugins whose settings are code, or that run other plugins."""

_REFUSES = re.compile(
    r"\bresponse\s*\.\s*exit\b|\bngx\s*\.\s*(?:exit|redirect)\b"
    r"|\b(?:exit|error|assert|load|loadstring|dofile|loadfile)\s*[(\[\"']"
    r"|\breturn\s+(?:[345]\d\d|ngx\s*\.\s*HTTP_|[A-Za-z_])"
)


def classify(plugin: Plugin, treat_as_auth: frozenset[str]) -> PluginClass:
    """What becomes of a plugin.

    A name in `treat_as_auth` is a guard unless the model knows the plugin. A custom plugin is one
    if its name says so. Code is one where it may end a request. A plugin that acts on some requests
    only (`_meta.filter`) has no place in the model.
    """
    name = plugin.name
    if name in GROUPS and not plugin.conditional:
        return PluginClass.MODELLED
    if name in GROUPS:
        closes = GROUPS[name] in ACCESS or refuses(plugin)
        return PluginClass.GUARD if closes else PluginClass.OTHER
    if name in treat_as_auth or name in GUARDS:
        return PluginClass.GUARD
    if name in OBSERVERS:
        return PluginClass.OBSERVER
    if name in CODE:
        return PluginClass.GUARD if _may_refuse(plugin) else PluginClass.OTHER
    if name in OTHERS or not sounds_guarding(name):
        return PluginClass.OTHER
    return PluginClass.GUARD


def _may_refuse(plugin: Plugin) -> bool:
    if plugin.name.startswith("ext-plugin"):
        return plugin.name != "ext-plugin-post-resp"  # another program decides
    if plugin.name == "workflow":
        return '"return"' in _dump(plugin.node)
    functions = plugin.node.peek("functions")
    return any(_REFUSES.search(code) or is_placeholder(code) for code in _texts(functions))


def _dump(node: Mapping) -> str:
    import json

    return json.dumps(node.plain(), default=str)


def _texts(node: Node | None) -> list[str]:
    if isinstance(node, Sequence):
        return [text for item in node.items for text in _texts(item)]
    return [node.text] if isinstance(node, Scalar) else []


def by_order(plugin: Plugin) -> int:
    """A sort key: plugins that act earlier come first."""
    return ORDER.index(plugin.name) if plugin.name in ORDER else len(ORDER)
