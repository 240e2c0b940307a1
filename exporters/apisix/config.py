"""Settings of the server itself, `config.yaml`: which ports it listens on, and how it chooses
between routes (https://apisix.apache.org/docs/apisix/deployment-modes/#standalone,
`apisix/cli/config.lua`).
"""

from __future__ import annotations

from gal.exporters.apisix.build import Shared
from gal.exporters.apisix.order import BY_HOST
from gal.exporters.apisix.plugin import Json, native
from gal.ledger import Fate, Level

LOADED = (
    *("real-ip", "ai", "client-control", "proxy-buffering", "proxy-control", "request-id"),
    *("zipkin", "ext-plugin-pre-req", "fault-injection", "mocking", "serverless-pre-function"),
    *("cors", "ip-restriction", "ua-restriction", "referer-restriction", "csrf", "uri-blocker"),
    *("request-validation", "chaitin-waf", "multi-auth", "openid-connect", "saml-auth"),
    *("cas-auth", "authz-casbin", "authz-casdoor", "wolf-rbac", "ldap-auth-advanced"),
    *("ldap-auth", "hmac-auth", "basic-auth", "jwt-auth", "jwe-decrypt", "key-auth"),
    *("dingtalk-auth", "feishu-auth", "acl", "consumer-restriction", "attach-consumer-label"),
    *("forward-auth", "opa", "authz-keycloak", "data-mask", "proxy-cache", "body-transformer"),
    *("ai-prompt-template", "ai-prompt-decorator", "ai-prompt-guard", "ai-rag"),
    *("ai-rate-limiting", "ai-proxy-multi", "ai-proxy", "ai-cache"),
    *("ai-aws-content-moderation", "ai-aliyun-content-moderation", "ai-lakera-guard"),
    *("proxy-mirror", "graphql-proxy-cache", "proxy-rewrite", "workflow", "api-breaker"),
    *("graphql-limit-count", "limit-conn", "limit-count", "limit-req", "gzip"),
    *("traffic-label", "traffic-split", "redirect", "response-rewrite", "oas-validator"),
    *("mcp-bridge", "degraphql", "kafka-proxy", "grpc-transcode", "grpc-web", "http-dubbo"),
    *("public-api", "prometheus", "datadog", "lago", "loki-logger", "elasticsearch-logger"),
    *("echo", "loggly", "http-logger", "splunk-hec-logging", "skywalking-logger"),
    *("google-cloud-logging", "sls-logger", "tcp-logger", "kafka-logger", "rocketmq-logger"),
    *("syslog", "udp-logger", "file-logger", "clickhouse-logger", "tencent-cloud-cls"),
    *("inspect", "example-plugin", "aws-lambda", "azure-functions", "openwhisk"),
    *("openfunction", "serverless-post-function", "ext-plugin-post-req"),
    *("ext-plugin-post-resp", "ai-request-rewrite"),
)
"""Plugins that APISIX 3.18 loads by itself, in their order."""

_HTTPS_OFFSET = 443
_LARGEST_PORT = 65535
_EVERYWHERE = ("0.0.0.0", "")


def config_yaml(shared: Shared, router: str, plugins: set[str]) -> Json:
    """The settings as plain data.

    Args:
        shared: the other file.
        router: that chooses as the source does.
        plugins: names of all that are used.
    """
    reads = "json" if shared.context.options.output_format == "json" else "yaml"
    provider = {"role": "data_plane", "role_data_plane": {"config_provider": reads}}
    apisix: Json = {}
    plain, secure = _listeners(shared)
    apisix["node_listen"] = plain
    if secure:
        apisix["ssl"] = {"enable": True, "listen": secure}
    elif not native(shared):
        apisix["ssl"] = {"enable": False}
    if router != BY_HOST:
        apisix["router"] = {"http": router}
    data: Json = {"deployment": provider, "apisix": apisix}
    others = sorted(plugins - set(LOADED))
    if others:
        data["plugins"] = [*LOADED, *others]
    return data


def _listeners(shared: Shared) -> tuple[list[Json], list[Json]]:
    """The plain ports and those of HTTPS."""
    gateway, listen = shared.gateway, shared.context.options.listen
    settings = gateway.settings
    plain: list[Json] = []
    secure: list[Json] = []
    for one in gateway.listeners:
        entry = _entry(one.host, one.port)
        (secure if one.protocol == "https" else plain).append(entry)
        _ = one.name, one.certificates  # which of them is shown, the server name says
    if not gateway.listeners:
        plain.append(_entry(settings.host, settings.port))
        if shared.root.get("ssls"):
            port = settings.port + _HTTPS_OFFSET
            secure.append(_entry(settings.host, min(port, _LARGEST_PORT)))
    else:
        _ = settings.host, settings.port
    if listen is not None:
        plain[:1] = [_entry(*listen)]
    if settings.admin_port is not None:
        message = "APISIX has no Admin API where files are its configuration"
        report = shared.context.report
        report.about(settings, Fate.DROPPED, Level.INFO, "listeners", message, "admin_port")
    return plain, secure


def _entry(host: str, port: int) -> Json:
    return {"port": port} if host in _EVERYWHERE else {"ip": host, "port": port}
