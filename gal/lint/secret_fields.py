"""Which fields of each gateway hold a secret, by the gateway's own schema, and which of them do in
a configuration.

Sources:

- Kong: fields that its schemas call `encrypted` (https://developer.konghq.com/gateway/keyring/),
  and the keys and secrets of credentials, which it keeps as they are.
- APISIX: `encrypt_fields` of the plugins' schemas
  (https://apisix.apache.org/docs/apisix/plugin-develop/#encrypted-storage-fields).
- Traefik: options that are tagged `loggable:"false"`, without names of users, and password hashes
  (https://github.com/traefik/traefik, `pkg/config/dynamic/middlewares.go` and others).
- Envoy: fields annotated as `udpa.annotations.sensitive`
  (https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto).

Passwords of `basic-auth` are left out here: GAL021 looks at how they are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.asked import CREDENTIALS
from gal.lint.client_address import setups
from gal.lint.peeking import at, items, text
from gal.lint.plugin_nodes import plugin_nodes
from gal.reading import Mapping, Node, Scalar, Sequence, is_placeholder
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.lint.subject import Subject

_KONG_PLUGINS = {
    "acme": ("eab_hmac_key", "storage_config.redis.password", "storage_config.vault.token"),
    "ai-proxy": ("auth.aws_secret_access_key", "auth.header_value", "auth.param_value"),
    "ai-request-transformer": ("llm.auth.aws_secret_access_key", "llm.auth.header_value"),
    "ai-response-transformer": ("llm.auth.aws_secret_access_key", "llm.auth.header_value"),
    "aws-lambda": ("aws_secret",),
    "azure-functions": ("apikey",),
    "ldap-auth-advanced": ("ldap_password",),
    "loggly": ("key",),
    "oauth2": ("provision_key",),
    "openid-connect": ("client_secret", "session_secret", "redis.password"),
    "rate-limiting": ("redis.password", "redis_password"),
    "rate-limiting-advanced": ("redis.password", "redis.sentinel_password"),
    "response-ratelimiting": ("redis.password", "redis_password"),
    "session": ("secret",),
    "standard-webhooks": ("secret_v1",),
}
_KONG_CREDENTIALS = {
    "keyauth_credentials": "key",
    "jwt_secrets": "secret",
    "hmacauth_credentials": "secret",
    "oauth2_credentials": "client_secret",
}
_KONG_CONF = ("pg_password", "pg_ro_password")
_REDIS = ("redis_password", "sentinel_password")
_APISIX_PLUGINS = {
    "ai-aliyun-content-moderation": ("access_key_secret",),
    "ai-aws-content-moderation": ("comprehend.secret_access_key",),
    "ai-lakera-guard": ("api_key",),
    "ai-proxy": ("auth.header", "auth.query", "auth.aws.secret_access_key"),
    "ai-proxy-multi": ("instances.auth.header", "instances.auth.query"),
    "ai-rate-limiting": _REDIS,
    "authz-casdoor": ("client_secret",),
    "authz-keycloak": ("client_secret",),
    "aws-lambda": ("authorization.apikey", "authorization.iam.secretkey"),
    "azure-functions": ("authorization.apikey", "master_apikey"),
    "cas-auth": ("cookie.secret",),
    "clickhouse-logger": ("password",),
    "csrf": ("key",),
    "dingtalk-auth": ("app_secret", "secret", "secret_fallbacks"),
    "elasticsearch-logger": ("auth.password",),
    "error-log-logger": ("clickhouse.password", "kafka.brokers.sasl_config.password"),
    "feishu-auth": ("app_secret", "secret", "secret_fallbacks"),
    "graphql-limit-count": _REDIS,
    "hmac-auth": ("secret_key",),
    "http-logger": ("auth_header",),
    "jwe-decrypt": ("secret",),
    "jwt-auth": ("secret",),
    "kafka-logger": ("brokers.sasl_config.password",),
    "kafka-proxy": ("sasl.password",),
    "key-auth": ("key",),
    "lago": ("token",),
    "ldap-auth-advanced": ("ldap_password",),
    "limit-conn": _REDIS,
    "limit-count": _REDIS,
    "limit-req": _REDIS,
    "loggly": ("customer_token",),
    "openfunction": ("authorization.service_token",),
    "openid-connect": ("client_secret", "session.secret", "session.redis.password"),
    "openwhisk": ("service_token",),
    "rocketmq-logger": ("secret_key",),
    "saml-auth": ("secret", "secret_fallbacks"),
    "sls-logger": ("access_key_secret",),
    "splunk-hec-logging": ("endpoint.token",),
    "tencent-cloud-cls": ("secret_key",),
}
_APISIX_SETUP = ("deployment.admin.admin_key.key", "deployment.etcd.password")
_TRAEFIK = (
    *(
        "certificatesResolvers.*.acme.eab.hmacEncoded",
        "http.middlewares.*.rateLimit.redis.password",
    ),
    *("providers.consul.token", "providers.etcd.password", "providers.redis.password"),
    *("providers.redis.sentinel.password", "providers.zooKeeper.password"),
    *("providers.consulCatalog.endpoint.token", "providers.nomad.endpoint.token"),
    *("providers.consulCatalog.endpoint.httpAuth.password", "providers.ecs.secretAccessKey"),
    *("providers.kubernetesCRD.token", "providers.kubernetesIngress.token"),
    *("providers.kubernetesGateway.token", "metrics.influxDB2.token"),
)
_ENVOY_TEXTS = frozenset({"secret_access_key", "session_token", "backend_token", "access_token"})
_ENVOY_SOURCES = frozenset(
    (
        *("password", "auth_password", "downstream_auth_password", "downstream_auth_passwords"),
        *("secret", "secret_data", "credentials_data_source", "web_identity_token_data_source"),
        "keys",
    )
)
_FILLED_IN_BY_HAND = re.compile(r"<[^<>]+>|\*+|[xX]{3,}|\.{3}")
_PEM = "-----BEGIN"
_ASKED_BY_RULE = re.compile(
    rf"(?i)\b(?:Headers?|Query)\(\s*[`\"](?:{'|'.join(sorted(CREDENTIALS))})[`\"]\s*,\s*[`\"][^`\"]"
)
"""A rule of Traefik that only takes requests with a certain credential."""
_SYMMETRIC = re.compile(r'"kty"\s*:\s*"oct"|"d"\s*:\s*"')


_ALIKE = {
    **dict.fromkeys(
        (
            *("key of keyauth_credentials", "key of key-auth", "key of api_key_auth"),
            "rule of a router",
        ),
        "an API key",
    ),
    **dict.fromkeys(
        ("secret of jwt_secrets", "secret of jwt-auth", "local_jwks"), "a key for tokens"
    ),
    **dict.fromkeys(
        ("secret of hmacauth_credentials", "secret_key of hmac-auth"), "a key for signatures"
    ),
}


@dataclass(frozen=True, slots=True)
class SecretField:
    """A field that holds a secret.

    Attributes:
        node: its value.
        name: the field for people, such as `config.redis.password of rate-limiting`.
    """

    node: Scalar
    name: str

    @property
    def kind(self) -> str:
        """What it is, where every gateway has such; else the name."""
        return _ALIKE.get(self.name, self.name)


def secret_fields(subject: Subject) -> Iterator[SecretField]:
    """All fields that hold a secret, in the order of the tables above."""
    reader = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}.get(
        subject.provider
    )
    if reader is not None:
        yield from reader(subject)


def stands_here(value: str) -> bool:
    """Whether a secret itself is written down: no reference to it, no placeholder, nothing that
    somebody has to fill in, and no PEM text.
    """
    if not value or is_placeholder(value) or value.lstrip().startswith(_PEM):
        return False
    if value.startswith(("$secret://", "$env://", "$ENV://", "{vault://")):
        return False
    return _FILLED_IN_BY_HAND.fullmatch(value) is None


def _scalars(node: Node | None) -> Iterator[Scalar]:
    """The texts at a place: one, those of a list, or those of a mapping from names to texts."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Scalar) and not one.is_null:
            yield one
        elif isinstance(one, Sequence):
            pending += reversed(one.items)
        elif isinstance(one, Mapping):
            pending += reversed(one.entries.values())


def _along(node: Node | None, path: str) -> Iterator[Scalar]:
    """The texts at a dotted path, in which `*` stands for every key, and lists for their items."""
    found = [node]
    for step in path.split("."):
        below: list[Node | None] = []
        for one in found:
            for part in one.items if isinstance(one, Sequence) else [one]:
                if step == "*" and isinstance(part, Mapping):
                    below += part.entries.values()
                else:
                    below.append(at(part, step))
        found = [one for one in below if one is not None]
    for one in found:
        yield from _scalars(one)


# -- Kong


def _kong(subject: Subject) -> Iterator[SecretField]:
    yield from _of_plugins(subject, _KONG_PLUGINS)
    for node in subject.walk():
        if isinstance(node, Sequence) and node.key in _KONG_CREDENTIALS:
            field = _KONG_CREDENTIALS[str(node.key)]
            for one in items(node):
                if (text(one, "algorithm") or "HS").startswith("HS"):
                    yield from _at(one, field, f"{field} of {node.key}")
    for root in subject.roots():
        for key in items(root, "keys"):
            yield from _symmetric(at(key, "jwk"), "jwk of keys")
        yield from _at(root, "vaults.config.token", "config.token of vaults")
    for root in setups(subject, "kong"):
        for name in _KONG_CONF:
            yield from _at(root, name, name)


def _of_plugins(subject: Subject, table: dict[str, tuple[str, ...]]) -> Iterator[SecretField]:
    for plugin in plugin_nodes(subject, *table):
        for path in table[plugin.name]:
            yield from _at(plugin.config, path, f"{path} of {plugin.name}")


def _at(node: Node, path: str, name: str) -> Iterator[SecretField]:
    for one in _along(node, path):
        yield SecretField(one, name)


def _symmetric(node: Node | None, name: str) -> Iterator[SecretField]:
    """A key, or a set of keys, in JSON, of which one is not only for others to verify with."""
    if isinstance(node, Scalar) and _SYMMETRIC.search(node.text[:100_000]):
        yield SecretField(node, name)


# -- APISIX


def _apisix(subject: Subject) -> Iterator[SecretField]:
    yield from _of_plugins(subject, _APISIX_PLUGINS)
    for root in subject.roots():
        for one in items(root, "plugin_metadata"):
            for path in _APISIX_PLUGINS.get(text(one, "id") or "", ()):
                yield from _at(one, path, f"{path} of plugin_metadata")
        for field in ("token", "secret_access_key"):
            yield from _at(root, f"secrets.{field}", f"{field} of secrets")
    for root in setups(subject, "apisix"):
        for path in _APISIX_SETUP:
            yield from _at(root, path, path)


# -- Traefik


def _traefik(subject: Subject) -> Iterator[SecretField]:
    for root in subject.roots():
        for path in _TRAEFIK:
            for node in _along(root, path):
                if not node.text.startswith("/"):  # some take the path of a file as well
                    yield SecretField(node, path.replace("*.", ""))
        for node in _along(root, "http.routers.*.rule"):
            if _ASKED_BY_RULE.search(node.text[:10_000]):
                yield SecretField(node, "rule of a router")


# -- Envoy


def _envoy(subject: Subject) -> Iterator[SecretField]:
    for node in subject.walk():
        if not isinstance(node, Mapping):
            continue
        if (text(node, "@type") or "").endswith((".ApiKeyAuth", ".ApiKeyAuthPerRoute")):
            for key in _along(node, "credentials.key"):
                yield SecretField(key, "key of api_key_auth")
        for name, below in node.entries.items():
            field = snake_case(name)
            if field in _ENVOY_TEXTS and isinstance(below, Scalar):
                yield SecretField(below, field)
            elif field in _ENVOY_SOURCES:
                yield from _source(below, field)
            elif field == "local_jwks":
                yield from _symmetric(at(below, "inline_string"), field)


def _source(node: Node, field: str) -> Iterator[SecretField]:
    """What a `DataSource` holds itself; a file or an environment variable is another place."""
    for one in items(node):
        for key in ("inline_string", "inline_bytes"):
            value = at(one, key)
            if isinstance(value, Scalar):
                yield SecretField(value, f"{field}.{key}")
