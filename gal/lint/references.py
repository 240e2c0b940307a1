"""What a configuration defines by a name, and where it uses such names.

Only names are looked at of which all definitions are in the files: those of another provider of
Traefik (`auth@docker`), of a control plane of Envoy, and of a database are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.lint.peeking import at, items, mappings, section, text
from gal.reading import Mapping, Node, Scalar, is_placeholder
from gal.spelling import snake_case

if TYPE_CHECKING:
    from gal.lint.subject import Subject


@dataclass(frozen=True, slots=True)
class Definition:
    """Something that has a name.

    Attributes:
        kind: what it is, in the gateway's own word.
        names: those by which it can be named, such as an id and a name.
        node: where it stands.
    """

    kind: str
    names: tuple[str, ...]
    node: Mapping


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that names something.

    Attributes:
        kind: what it names.
        name: the name.
        node: where it stands.
        needed: without what is named, requests fail or controls are gone.
        elsewhere: another file has it, where these have nothing of this kind.
    """

    kind: str
    name: str
    node: Node
    needed: bool = True
    elsewhere: bool = False


@dataclass(slots=True)
class Names:
    """All definitions and uses of names.

    Attributes:
        definitions: what is defined.
        references: what is named.
        complete: kinds of which all definitions are in the files.
        beside: kinds and names that files around these define.
    """

    definitions: list[Definition] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    complete: set[str] = field(default_factory=set)
    beside: set[tuple[str, str]] = field(default_factory=set)

    def define(self, kind: str, node: Node, *keys: str) -> None:
        """Note a definition by the keys that name it."""
        if isinstance(node, Mapping):
            names = tuple(name for key in keys if (name := text(node, key)))
            self.definitions.append(Definition(kind, names, node))

    def use(self, kind: str, node: Node | None, *, needed: bool = True) -> None:
        """Note a use, unless a template fills it in."""
        if not isinstance(node, Scalar) or node.is_null or not node.text:
            return
        if not is_placeholder(node.text):
            self.references.append(Reference(kind, node.text, node, needed))

    def known(self, kind: str) -> set[str]:
        """The names of a kind."""
        return {name for one in self.definitions if one.kind == kind for name in one.names}


def names_of(subject: Subject) -> Names:
    """All names of a configuration."""
    made = Names()
    reader = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}.get(
        subject.provider
    )
    if reader is not None:
        reader(subject, made)
    return made


# -- Kong


def _kong(subject: Subject, made: Names) -> None:
    selected = False
    for root in subject.roots():
        if not isinstance(root, Mapping):
            continue
        selected |= at(root, "_info.select_tags") is not None
        for consumer in items(root, "consumers"):
            made.define("consumer", consumer, "id", "username")
        for one in items(root, "ca_certificates"):
            made.define("CA certificate", one, "id")
        for one in items(root, "upstreams"):
            made.define("upstream", one, "name", "id")
        for service in items(root, "services"):
            _kong_service(service, made)
    for node in subject.walk():
        if isinstance(node, Mapping) and node.key == "config":
            made.use("consumer", at(node, "anonymous"))
    if not selected:  # else the file is a part of what a database holds
        made.complete |= {"consumer", "CA certificate", "upstream", "service"}


def _kong_service(service: Node, made: Names) -> None:
    made.define("service", service, "name", "id")
    for one in items(service, "ca_certificates"):
        made.use("CA certificate", one)
    made.use("upstream", at(service, "host"), needed=False)
    url = at(service, "url")
    if isinstance(url, Scalar):
        from urllib.parse import urlsplit

        try:
            host = urlsplit(url.text).hostname
        except ValueError:
            host = None
        if host:
            made.references.append(Reference("upstream", host, url, False))


# -- APISIX


def _apisix(subject: Subject, made: Names) -> None:
    for root in subject.roots():
        if not isinstance(root, Mapping):
            continue
        for kind in ("upstreams", "services", "plugin_configs", "consumer_groups"):
            for one in items(root, kind):
                made.define(_SINGULAR[kind], one, "id")
        for one in items(root, "consumers"):
            made.define("consumer", one, "username")
    for node in subject.walk():
        if not isinstance(node, Mapping):
            continue
        made.use("consumer", node.peek("anonymous_consumer"))
        for key, kind in APISIX_KEYS.items():
            made.use(kind, node.peek(key))
    made.complete |= {"consumer", *_SINGULAR.values()}


_SINGULAR = {
    "upstreams": "upstream",
    "services": "service",
    "plugin_configs": "plugin config",
    "consumer_groups": "consumer group",
}
APISIX_KEYS = {
    "upstream_id": "upstream",
    "service_id": "service",
    "plugin_config_id": "plugin config",
    "group_id": "consumer group",
}
"""Fields that name something by its id."""


# -- Traefik


def _traefik(subject: Subject, made: Names) -> None:
    """Files of the file provider; labels and manifests name what other files may define, and so
    does a file without routers.
    """
    for root in subject.roots():
        http = section(root, "http")
        if http is None:
            _points(root, made)
            continue
        made.definitions += _defined(root)
        for _, router in mappings(http, "routers"):
            made.complete |= {*_TRAEFIK_KINDS.values(), "TLS options"}
            _router(router, made)
        for _, service in mappings(http, "services"):
            _service(service, made)
        for _, middleware in mappings(http, "middlewares"):
            for one in items(middleware, "chain.middlewares"):
                _use(made, "middleware", one)
            _use(made, "service", at(middleware, "errors.service"))
        _points(root, made)
    if next(missing(made), None) is not None:
        for document in subject.beside():
            made.beside |= {(one.kind, one.names[0]) for one in _defined(document.root)}


def _defined(root: Node) -> Iterator[Definition]:
    for key, kind in _TRAEFIK_KINDS.items():
        for name, node in mappings(root, f"http.{key}"):
            yield Definition(kind, (name,), node)
    for name, node in mappings(root, "tls.options"):
        yield Definition("TLS options", (name,), node)


_TRAEFIK_KINDS = {
    "services": "service",
    "middlewares": "middleware",
    "serversTransports": "serversTransport",
    "routers": "router",
}


def _points(root: Node, made: Names) -> None:
    for _, point in mappings(root, "entryPoints"):
        for one in items(point, "http.middlewares"):
            _use(made, "middleware", one)
        _use(made, "TLS options", at(point, "http.tls.options"))


def _router(router: Mapping, made: Names) -> None:
    _use(made, "service", at(router, "service"))
    for one in items(router, "middlewares"):
        _use(made, "middleware", one)
    for one in items(router, "parentRefs"):
        _use(made, "router", one)
    _use(made, "TLS options", at(router, "tls.options"))


def _service(service: Mapping, made: Names) -> None:
    _use(made, "serversTransport", at(service, "loadBalancer.serversTransport"))
    for path in ("weighted.services", "mirroring.mirrors", "highestRandomWeight.services"):
        for one in items(service, path):
            _use(made, "service", at(one, "name"))
    for path in ("mirroring.service", "failover.service", "failover.fallback"):
        _use(made, "service", at(service, path))


def _use(made: Names, kind: str, node: Node | None) -> None:
    """A use of a name, with the `@file` of the same provider taken away. Other providers keep
    their own, and `default` TLS options are always there.
    """
    if not isinstance(node, Scalar) or node.is_null:
        return
    name, mark, provider = node.text.rpartition("@")
    if mark and provider != "file":
        return
    name = name if mark else node.text
    if not name or is_placeholder(name) or (kind, name) == ("TLS options", "default"):
        return
    made.references.append(Reference(kind, name, node, elsewhere=bool(mark)))


# -- Envoy


def _envoy(subject: Subject, made: Names) -> None:
    whole = False
    for root in subject.roots():
        resources = section(root, "static_resources")
        for one in items(resources, "clusters"):
            made.define("cluster", one, "name")
        for one in items(resources, "secrets"):
            made.define("secret", one, "name")
        whole |= resources is not None and at(root, "dynamic_resources") is None
    if whole:  # else a control plane knows more of them
        made.complete |= {"cluster", "secret", "JWT provider", "JWT requirement"}
    for node in subject.walk():
        if isinstance(node, Mapping):
            _envoy_uses(node, made)


def _envoy_uses(node: Mapping, made: Names) -> None:
    key = _key(node)
    if key in ("route", "request_mirror_policies") or (node.has("uri") and node.has("timeout")):
        made.use("cluster", node.peek("cluster"))
    elif key == "envoy_grpc":
        made.use("cluster", node.peek("cluster_name"))
    elif key == "weighted_clusters":
        for one in items(node, "clusters"):
            made.use("cluster", at(one, "name"))
    elif key.endswith(("sds_secret_config", "sds_secret_configs")):
        _secret(node, made)
    kind = (text(node, "@type") or "").rpartition(".")[2]
    if kind == "JwtAuthentication":
        _jwt(node, made)
    elif kind in ("TcpProxy", "ZipkinConfig"):
        made.use("cluster", node.peek("cluster") or node.peek("collector_cluster"))


def _key(node: Node) -> str:
    """The key of a value, or of the list that it stands in."""
    at_key = node.key
    if isinstance(at_key, int) and node.parent is not None:
        at_key = node.parent.key
    return snake_case(at_key) if isinstance(at_key, str) else ""


def _secret(node: Mapping, made: Names) -> None:
    if node.peek("sds_config") is None:
        made.use("secret", node.peek("name"))


def _jwt(node: Mapping, made: Names) -> None:
    for name, provider in mappings(node, "providers"):
        made.definitions.append(Definition("JWT provider", (name,), provider))
    for name, requirement in mappings(node, "requirement_map"):
        made.definitions.append(Definition("JWT requirement", (name,), requirement))
        _requirement(requirement, made)
    for rule in items(node, "rules"):
        made.use("JWT requirement", at(rule, "requirement_name"))
        _requirement(at(rule, "requires"), made)
    for _, requirement in mappings(node, "filter_state_rules.requires"):
        _requirement(requirement, made)


def _requirement(node: Node | None, made: Names) -> None:
    pending = [node]
    while pending:
        one = pending.pop()
        made.use("JWT provider", at(one, "provider_name"))
        made.use("JWT provider", at(one, "provider_and_audiences.provider_name"))
        for key in ("requires_any", "requires_all"):
            pending += items(one, f"{key}.requirements")


def missing(names: Names) -> Iterator[Reference]:
    """What is named and not defined, though it would have to be in these files."""
    known = {kind: names.known(kind) for kind in names.complete}
    for one in names.references:
        if not one.needed or one.kind not in known or one.name in known[one.kind]:
            continue
        if (one.kind, one.name) in names.beside:
            continue
        if known[one.kind] or not one.elsewhere:
            yield one
