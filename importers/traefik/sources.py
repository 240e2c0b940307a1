"""All files of one configuration together: static, dynamic, labels and manifests."""

from __future__ import annotations

from collections.abc import Sequence as SequenceABC
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.traefik.default_rule import (
    DefaultRule,
    default_rule,
    give_rules,
    lacks_rule,
    router_name,
)
from gal.importers.traefik.dynamic import Dynamic
from gal.importers.traefik.go_texts import as_read
from gal.importers.traefik.labelled import Labelled
from gal.importers.traefik.labels import read_command, read_labels
from gal.importers.traefik.manifests import Manifests, is_kubernetes
from gal.importers.traefik.nodes import mapping_at, scalar_at
from gal.importers.traefik.recognition import recognise
from gal.ledger import Fate, Level
from gal.reading import Document, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from gal.context import ImportContext

_STATIC_ONLY = "Traefik static configuration"
_HTTP = {
    "routers": "routers",
    "middlewares": "middlewares",
    "services": "services",
    "serversTransports": "servers_transports",
}
_ROUTERS = "routers"
_DYNAMIC = frozenset(("http", "tcp", "udp", "tls"))
_DEFAULT_PORT = "80"


@dataclass(frozen=True, slots=True)
class Container:
    """A service of a compose file.

    Attributes:
        name: its key.
        node: what the file says of it.
        project: name of the compose project, where the file says it.
    """

    name: str
    node: Mapping
    project: str | None = None


@dataclass(slots=True)
class Sources:
    """What the files say.

    Attributes:
        dynamic: HTTP routers, middlewares, services, and TLS options.
        static: static configurations: files and command lines.
        tls: `tls` sections.
        others: `tcp` and `udp` sections by their name.
        made: mappings that stand in no document, such as those of labels.
        roots: the documents.
        default: what Traefik does with containers that say no rule.
        labels: what containers say of the same names.
        braces: two braces in a text are no template.
    """

    dynamic: Dynamic
    static: list[Mapping] = field(default_factory=list)
    tls: list[Mapping] = field(default_factory=list)
    others: list[tuple[str, Node]] = field(default_factory=list)
    made: list[Mapping] = field(default_factory=list)
    roots: list[Node] = field(default_factory=list)
    default: DefaultRule = field(default_factory=DefaultRule)
    labels: Labelled = field(default_factory=Labelled)
    braces: bool = False


def gather(documents: SequenceABC[Document], context: ImportContext) -> Sources:
    """Read all documents.

    Raises:
        InputError: one is of Traefik 1, or not what it seems to be.
    """
    sources = Sources(Dynamic(context), default=default_rule(documents))
    manifests = Manifests(sources.dynamic)
    for document in documents:
        manifests.learn(document.root)
    for document in documents:
        document.respell(str.lower)
        sources.roots.append(document.root)
        _read(document, sources, manifests)
    sources.labels.settle(context.report)
    return sources


def _read(document: Document, sources: Sources, manifests: Manifests) -> None:
    root = document.root
    if isinstance(root, Scalar) and root.is_null:
        return
    if isinstance(root, Sequence):
        _labels(root, sources, None)
        return
    mapping = document.mapping()
    if is_kubernetes(mapping):
        sources.dynamic.providers.add("kubernetescrd")
        manifests.read(mapping)
    elif recognise(document) == "docker-compose with Traefik labels":
        _compose(mapping, sources)
    elif mapping.has("labels") and len(mapping) == 1:
        labels = mapping.take("labels")
        if labels is not None:
            _labels(labels, sources, None)
    else:
        _file(mapping, sources)


def _file(root: Mapping, sources: Sources) -> None:
    """A file of the file provider, a static one, or both in one."""
    if any(key.lower() in _DYNAMIC for key in root):
        sources.dynamic.providers.add("file")
        if "{{" in root.source.text:
            sources.braces |= as_read(root)
    _dynamic(root, sources)
    if any(key.lower() not in _DYNAMIC for key in root):
        sources.static.append(root)


def _dynamic(root: Mapping, sources: Sources, *, labels: bool = False) -> None:
    http = root.take_mapping("http")
    if http is not None:
        _http(http, sources, labels=labels)
    tls = root.take_mapping("tls")
    if tls is not None:
        sources.tls.append(tls)
    for name in ("tcp", "udp"):
        below = root.take(name)
        if below is not None:
            sources.others.append((name, below))


def _http(http: Mapping, sources: Sources, *, labels: bool) -> None:
    for key, name in _HTTP.items():
        known: dict[str, Mapping] = getattr(sources.dynamic, name)
        below = http.take_mapping(key)
        for one, node in below.take_items() if below is not None else ():
            if not isinstance(node, Mapping):
                raise node.mismatch("a mapping")
            if labels and sources.labels.add(key, one, node, known):
                continue
            if one in known and key == _ROUTERS and labels:  # both are there, of two providers
                sources.labels.add(key, f"{one}@docker", node, known)
                continue
            if one in known:
                message = f'another file has "{one}", too: that one counts'
                report = sources.dynamic.context.report
                report.at(node, Fate.DROPPED, Level.WARNING, key, message)
                node.take_all()
                continue
            known[one] = node
    models = http.take("models")
    if models is not None:
        models.take_all()
        message = "Traefik makes these itself of its entry points"
        sources.dynamic.context.report.at(models, Fate.DROPPED, Level.INFO, "models", message)


# -- compose files


def _compose(root: Mapping, sources: Sources) -> None:
    sources.dynamic.providers |= {"docker", "swarm"}
    services = root.take_mapping("services")
    project = root.peek("name")
    known = project.text if isinstance(project, Scalar) else None
    for name, service in services.take_items() if services is not None else ():
        if isinstance(service, Mapping):
            _container(Container(name, service, known), sources)
    report = sources.dynamic.context.report
    for key in list(root.untaken()):
        root.mark(key)
        node = root.entries[key]
        node.take_all()
        message = "it is for the containers, not for the gateway"
        report.at(node, Fate.DROPPED, Level.INFO, "compose", message)


def _container(container: Container, sources: Sources) -> None:
    service = container.node
    deploy = service.peek("deploy")
    places = [service, deploy] if isinstance(deploy, Mapping) else [service]
    for place in places:
        labels = place.take("labels")
        if labels is not None:
            _labels(labels, sources, container)
    command = service.peek("command")
    static = read_command(command) if command is not None and _is_traefik(service) else None
    if static is not None:
        sources.static.append(static)
        sources.made.append(static)
    service.take_all()


def _is_traefik(service: Mapping) -> bool:
    """Whether a container runs Traefik itself, and not `traefik/whoami` or the like."""
    image = service.peek("image")
    if not isinstance(image, Scalar):
        return False
    name = image.text.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return name == "traefik" or name.endswith("-traefik")


def _labels(labels: Node, sources: Sources, container: Container | None) -> None:
    report, compose = sources.dynamic.context.report, container is not None
    exposed = sources.default.exposed or not compose
    root = read_labels(labels, report, compose=compose, exposed=exposed)
    if root is None:
        return
    sources.dynamic.providers.add("docker")
    sources.made.append(root)
    if container is None:
        container = _unnamed(root, labels, sources)
    elif lacks_rule(root) and not _is_traefik(container.node):
        _default_rule(root, labels, container, sources)
    _complete(root, container.name, container.node)
    for protocol in ("tcp", "udp"):
        _complete_other(root, protocol, container.name, container.node)
    _dynamic(root, sources, labels=True)


def _default_rule(root: Mapping, labels: Node, container: Container, sources: Sources) -> None:
    """Have Traefik's default rule where a container has none of its own."""
    rule = sources.default.of(container.name, container.node, container.project)
    if rule is not None:
        give_rules(root, rule, router_name(container.name, container.project))
        message = f"its rule is Traefik's default one, {rule}"
        report = sources.dynamic.context.report
        report.at(labels, Fate.APPROXIMATED, Level.INFO, "labels", message, whole=False)
        return
    http = root.peek("http")
    if isinstance(http, Mapping) and http.has("routers"):
        return  # each of them is said to be left out
    message = "Traefik makes a router with its default rule, and only Docker knows the names in it"
    report = sources.dynamic.context.report
    report.at(labels, Fate.DROPPED, Level.WARNING, "labels", message, whole=False)


def _unnamed(root: Mapping, labels: Node, sources: Sources) -> Container:
    """A container for labels that stand alone: it is called like what they describe first."""
    found = ""
    for protocol in ("http", "tcp", "udp"):
        for section in ("services", "routers"):
            below = root.peek(protocol)
            parts = below.peek(section) if isinstance(below, Mapping) else None
            if not found and isinstance(parts, Mapping):
                found = next(iter(parts.entries), "")
    if found:
        message = f'whose labels these are is not said: the host is taken to be "{found}"'
        report = sources.dynamic.context.report
        report.at(labels, Fate.APPROXIMATED, Level.WARNING, "upstream", message, whole=False)
    return Container(found, mapping_at(labels))


def _complete(root: Mapping, name: str, service: Mapping) -> None:
    """What Traefik adds itself: a service for the container, and it as every router's service."""
    http = root.peek("http")
    if not isinstance(http, Mapping):
        return
    services = http.peek("services")
    if not isinstance(services, Mapping):
        services = mapping_at(root, "services", http)
    routers = http.peek("routers")
    if not services.entries and isinstance(routers, Mapping):
        services.put(name, mapping_at(service, name, services))
    if services.entries and not http.has("services"):
        http.put("services", services)
    for one in services.entries.values():
        if isinstance(one, Mapping):
            _give_servers(one, name, service)
    only = next(iter(services.entries)) if len(services.entries) == 1 else None
    for router in routers.entries.values() if isinstance(routers, Mapping) else ():
        if isinstance(router, Mapping) and not router.has("service") and only is not None:
            router.put("service", scalar_at(router, only, "service", router))


def _complete_other(root: Mapping, protocol: str, name: str, container: Mapping) -> None:
    """The container as the server of TCP and UDP services, in the words of a file."""
    below = root.peek(protocol)
    services = below.peek("services") if isinstance(below, Mapping) else None
    for service in services.entries.values() if isinstance(services, Mapping) else ():
        balancer = service.peek("loadBalancer") if isinstance(service, Mapping) else None
        server = balancer.peek("server") if isinstance(balancer, Mapping) else None
        if not isinstance(service, Mapping) or not isinstance(balancer, Mapping):
            continue
        made = _without_server(balancer, service)
        server = server if isinstance(server, Mapping) else mapping_at(balancer, "server", balancer)
        servers = Sequence(server.source, server.line, server.column, made, "servers")
        one = mapping_at(server, 0, servers)
        for key, node in server.entries.items():
            if key.lower() != "port":
                one.put(key, node)
        port = server.take_str("port") or _port_of(container)
        one.put("address", scalar_at(server, f"{name}:{port}", "address", one))
        servers.items.append(one)
        made.put("servers", servers)
        service.put("loadBalancer", made)


def _without_server(balancer: Mapping, service: Mapping) -> Mapping:
    """A load balancer in the words of a file, which has no `server`."""
    made = mapping_at(balancer, "loadBalancer", service)
    for key, node in balancer.entries.items():
        if key.lower() != "server":
            made.put(key, node)
    return made


def _give_servers(service: Mapping, name: str, container: Mapping) -> None:
    """A load balancer's only server is the container, at the port that the labels say."""
    balancer = service.peek("loadBalancer")
    if balancer is None:
        if service.entries:
            return
        balancer = mapping_at(service, "loadBalancer", service)
        service.put("loadBalancer", balancer)
    if not isinstance(balancer, Mapping) or balancer.has("servers"):
        return
    server = balancer.take("server")
    balancer = _without_server(balancer, service)
    service.put("loadBalancer", balancer)
    server = server if isinstance(server, Mapping) else mapping_at(balancer, "server", balancer)
    url = server.take_str("url")
    if url is None:
        port = server.take_str("port") or _port_of(container)
        url = f"{server.take_str('scheme') or 'http'}://{name}:{port}"
    servers = Sequence(server.source, server.line, server.column, balancer, "servers")
    made = mapping_at(server, 0, servers)
    made.put("url", scalar_at(server, url, "url", made))
    for key, node in server.entries.items():
        if key.lower() not in ("url", "port", "scheme"):
            made.put(key, node)
    servers.items.append(made)
    balancer.put("servers", servers)


def _port_of(container: Mapping) -> str:
    """The port that a container shows, 80 where it does not say."""
    for key in ("expose", "ports"):
        below = container.peek(key)
        first = below.items[0] if isinstance(below, Sequence) and below.items else None
        if isinstance(first, Scalar):
            return first.text.rpartition(":")[2].partition("/")[0].partition("-")[0]
        if isinstance(first, Mapping) and isinstance(first.peek("target"), Scalar):
            return str(first.take_str("target"))
    return _DEFAULT_PORT
