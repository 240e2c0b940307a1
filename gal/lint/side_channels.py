"""Connections that a gateway opens for itself: to issuers of tokens, directories, stores of
counters, services that decide, and logs.

Sources: the fields are those of each plugin's page (https://developer.konghq.com/plugins/,
https://apisix.apache.org/docs/apisix/), of Traefik's middlewares `forwardAuth` and `rateLimit`, and
of Envoy's filters `jwt_authn`, `ext_authz`, `ratelimit` and `oauth2`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.addresses import host_and_port
from gal.lint.hosts import host_of
from gal.lint.peeking import flag, items, section, text, texts
from gal.lint.plugin_nodes import PluginNode, plugin_nodes
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.lint.subject import Subject


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A connection.

    Attributes:
        what: what it leads to, such as `Redis`.
        hosts: where; none where that is not known.
        node: what holds the settings.
        key: the setting that decides; it may be absent.
        secure: TLS is spoken.
        unchecked: why the certificate is not checked, where TLS is spoken.
        passwords: it carries passwords of users.
    """

    what: str
    hosts: tuple[str, ...]
    node: Mapping
    key: str
    secure: bool
    unchecked: str = ""
    passwords: bool = False


_DEFAULT = "that is off by default"
_EXPLICIT = "that is switched off explicitly"

_KONG_REDIS = {
    **dict.fromkeys(("rate-limiting", "response-ratelimiting"), "policy"),
    **dict.fromkeys(("rate-limiting-advanced", "proxy-cache-advanced"), "strategy"),
}
_KONG_URLS = {
    "http-log": (("http_endpoint", "the log", False),),
    "openid-connect": (("issuer", "the issuer", True),),
}
_APISIX_LIMITS = ("limit-count", "limit-req", "limit-conn", "graphql-limit-count")
_APISIX_URLS: dict[str, tuple[str, str, bool]] = {
    "forward-auth": ("uri", "the authorization service", True),
    "opa": ("host", "the authorization service", True),
    "openid-connect": ("discovery", "the issuer", True),
    "authz-keycloak": ("discovery", "the issuer", True),
    "authz-casdoor": ("endpoint_addr", "the issuer", True),
    "cas-auth": ("idp_uri", "the issuer", True),
    "http-logger": ("uri", "the log", False),
    "loki-logger": ("endpoint_addrs", "the log", False),
    "elasticsearch-logger": ("endpoint_addrs", "the log", True),
    "clickhouse-logger": ("endpoint_addrs", "the log", True),
    "splunk-hec-logging": ("endpoint.uri", "the log", True),
}
"""Plugin -> its field with a URL, what is there, and whether it checks certificates by default."""

_NO_VERIFY = ("authz-casdoor", "cas-auth")
"""Plugins without `ssl_verify`."""


def channels(subject: Subject) -> Iterator[Channel]:
    """All of them that the files of a gateway name."""
    if subject.provider == "kong":
        yield from _kong(subject)
    elif subject.provider == "apisix":
        yield from _apisix(subject)
    elif subject.provider == "traefik":
        yield from _traefik(subject)
    elif subject.provider == "envoy":
        yield from _envoy(subject)


def _unchecked(node: Mapping, key: str, *, default: bool) -> str:
    said = flag(node, key)
    if said is None:
        return "" if default else _DEFAULT
    return "" if said else _EXPLICIT


def _kong(subject: Subject) -> Iterator[Channel]:
    for plugin in plugin_nodes(subject, *_KONG_REDIS):
        if text(plugin.config, _KONG_REDIS[plugin.name]) == "redis":
            yield _kong_redis(plugin.config)
    for plugin in plugin_nodes(subject, "ldap-auth", "ldap-auth-advanced"):
        config = plugin.config
        secure = bool(flag(config, "ldaps") or flag(config, "start_tls"))
        host = text(config, "ldap_host") or ""
        unchecked = _unchecked(config, "verify_ldap_host", default=False)
        key = "verify_ldap_host" if secure else "ldaps"
        yield Channel("the directory", (host,), config, key, secure, unchecked, passwords=True)
    for plugin in plugin_nodes(subject, *_KONG_URLS):
        for key, what, verifies in _KONG_URLS[plugin.name]:
            yield from _url(plugin.config, key, what, verify="ssl_verify" if verifies else None)


def _kong_redis(config: Mapping) -> Channel:
    redis = section(config, "redis")
    if redis is None:  # the old spelling
        hosts = (text(config, "redis_host") or "",)
        secure = bool(flag(config, "redis_ssl"))
        unchecked = _unchecked(config, "redis_ssl_verify", default=False)
        key = "redis_ssl_verify" if secure else "redis_ssl"
        return Channel("Redis", hosts, config, key, secure, unchecked)
    secure = bool(flag(redis, "ssl"))
    unchecked = _unchecked(redis, "ssl_verify", default=False)
    hosts = (text(redis, "host") or "",)
    return Channel("Redis", hosts, redis, "ssl_verify" if secure else "ssl", secure, unchecked)


def _apisix(subject: Subject) -> Iterator[Channel]:
    for plugin in plugin_nodes(subject, *_APISIX_LIMITS):
        policy = text(plugin.config, "policy") or ""
        if policy.startswith("redis"):
            yield _apisix_redis(plugin.config, policy)
    for plugin in plugin_nodes(subject, "ldap-auth"):
        config = plugin.config
        uri = text(config, "ldap_uri") or ""
        if not uri:
            continue  # a consumer's part of it
        secure = bool(flag(config, "use_tls"))
        unchecked = _unchecked(config, "tls_verify", default=False)
        key = "tls_verify" if secure else "use_tls"
        hosts = (host_and_port(uri.rpartition("//")[2])[0] or uri,)
        yield Channel("the directory", hosts, config, key, secure, unchecked, passwords=True)
    for plugin in plugin_nodes(subject, *_APISIX_URLS):
        yield from _apisix_url(plugin)
    yield from _etcd(subject)


def _apisix_redis(config: Mapping, policy: str) -> Channel:
    prefix = "redis" if policy == "redis" else "redis_cluster"
    hosts = [text(config, "redis_host") or ""]
    if policy != "redis":
        hosts = [host_and_port(one)[0] for one in texts(config, "redis_cluster_nodes")]
    secure = bool(flag(config, f"{prefix}_ssl"))
    unchecked = _unchecked(config, f"{prefix}_ssl_verify", default=False)
    key = f"{prefix}_ssl_verify" if secure else f"{prefix}_ssl"
    return Channel("Redis", tuple(hosts), config, key, secure, unchecked)


def _apisix_url(plugin: PluginNode) -> Iterator[Channel]:
    key, what, checked = _APISIX_URLS[plugin.name]
    verify = None if plugin.name in _NO_VERIFY else "ssl_verify"
    yield from _url(plugin.config, key, what, verify=verify, default=checked)


def _etcd(subject: Subject) -> Iterator[Channel]:
    from gal.lint.client_address import setups

    for root in setups(subject, "apisix"):
        role = text(root, "deployment.role") or "traditional"
        provider = text(root, f"deployment.role_{role}.config_provider")
        node = section(root, "deployment.etcd")
        if node is None or provider not in (None, "etcd"):
            continue
        yield from _url(node, "host", "etcd", verify="tls.verify")


def _url(
    node: Mapping, key: str, what: str, *, verify: str | None = None, default: bool = True
) -> Iterator[Channel]:
    """The connections of a field that holds a URL, or several."""
    urls = [text(one) or "" for one in items(node, key)]
    plain = [one for one in urls if one.lower().startswith("http://")]
    if plain:
        hosts = tuple(host_of(one) or "" for one in plain)
        yield Channel(what, hosts, *_holder(node, key), False)
    safe = [one for one in urls if one.lower().startswith("https://")]
    if safe and verify is not None:
        unchecked = _unchecked(node, verify, default=default)
        hosts = tuple(host_of(one) or "" for one in safe)
        yield Channel(what, hosts, *_holder(node, verify), True, unchecked)


def _holder(node: Mapping, path: str) -> tuple[Mapping, str]:
    above, _, key = path.rpartition(".")
    holder = section(node, above) if above else node
    return (holder, key) if holder is not None else (node, "")


def _traefik(subject: Subject) -> Iterator[Channel]:
    for node in _middlewares(subject):
        for kind, config in node.entries.items():
            if not isinstance(config, Mapping):
                continue
            if kind.lower() == "forwardauth":
                yield from _url(config, "address", "the authorization service")
                tls = section(config, "tls")
                if tls is not None and flag(tls, "insecureSkipVerify"):
                    hosts = (host_of(text(config, "address") or "") or "",)
                    what = "the authorization service"
                    yield Channel(what, hosts, tls, "insecureSkipVerify", True, _EXPLICIT)
            redis = section(config, "redis") if kind.lower() in ("ratelimit",) else None
            if redis is not None:
                yield _traefik_redis(redis)


def _middlewares(subject: Subject) -> Iterator[Mapping]:
    """Those that act; all where the routers stand in other files."""
    from gal.lint import traefik_files

    routers = traefik_files.routers(subject)
    if not routers:
        yield from traefik_files.sources(subject).dynamic.middlewares.values()
        return
    seen: set[int] = set()
    for router in routers:
        for one in router.middlewares:
            if id(one.node) not in seen:
                seen.add(id(one.node))
                yield one.node


def _traefik_redis(redis: Mapping) -> Channel:
    hosts = tuple(host_and_port(one)[0] for one in texts(redis, "endpoints")) or ("localhost",)
    tls = section(redis, "tls")
    if tls is None:
        return Channel("Redis", hosts, redis, "tls", False)
    unchecked = _EXPLICIT if flag(tls, "insecureSkipVerify") else ""
    return Channel("Redis", hosts, tls, "insecureSkipVerify", True, unchecked)


_ENVOY = (
    ("RemoteJwks", "http_uri.cluster", "the issuer"),
    ("ExtAuthz", "grpc_service.envoy_grpc.cluster_name", "the authorization service"),
    ("ExtAuthz", "http_service.server_uri.cluster", "the authorization service"),
    ("RateLimit", "rate_limit_service.grpc_service.envoy_grpc.cluster_name", "the rate limits"),
    ("OAuth2", "config.token_endpoint.cluster", "the issuer"),
)


def _envoy(subject: Subject) -> Iterator[Channel]:
    from gal.lint.envoy_messages import messages

    for name, path, what in _ENVOY:
        nodes = _remote_keys(subject) if name == "RemoteJwks" else messages(subject, name)
        for node in nodes:
            cluster = text(node, path)
            if cluster is not None:
                yield from _to_cluster(subject, *_holder(node, path), cluster, what)


def _remote_keys(subject: Subject) -> list[Mapping]:
    from gal.lint.envoy_messages import messages

    providers = [
        one
        for node in messages(subject, "JwtAuthentication")
        for one in _values(section(node, "providers"))
    ]
    return [found for one in providers if (found := section(one, "remote_jwks")) is not None]


def _values(node: Mapping | None) -> list[Mapping]:
    return [one for one in node.entries.values() if isinstance(one, Mapping)] if node else []


def _to_cluster(
    subject: Subject, holder: Mapping, key: str, name: str, what: str
) -> Iterator[Channel]:
    from gal.lint.envoy_files import sources
    from gal.lint.envoy_tls import hosts_of, is_tls, transport_of, unchecked

    cluster = sources(subject).clusters.get(name)
    if cluster is None:
        return
    hosts = tuple(hosts_of(cluster, sources(subject).endpoints.get(name)))
    transport = transport_of(cluster)
    if transport is None:
        yield Channel(what, hosts, holder, key, False)
    elif is_tls(transport):
        found = unchecked(transport)
        why = found[0] if found is not None and found[1] else ""
        yield Channel(what, hosts, holder, key, True, why)
