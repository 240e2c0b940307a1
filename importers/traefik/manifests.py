"""Kubernetes manifests of Traefik as its dynamic configuration
(https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/).

Objects are called `NAMESPACE-NAME`, as Traefik calls them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.traefik.nodes import mapping_at, scalar_at
from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic

_GROUPS = ("traefik.io/", "traefik.containo.us/")
_KINDS = ("IngressRoute", "Middleware", "TraefikService", "TLSOption", "TLSStore")
_OTHERS = ("IngressRouteTCP", "IngressRouteUDP", "MiddlewareTCP", "ServersTransport")
_SERVERS = frozenset(
    (
        *("passHostHeader", "responseForwarding", "scheme", "serversTransport", "sticky"),
        *("strategy", "healthCheck", "passiveHealthCheck", "nativeLB", "nodePortLB"),
    )
)
_ROUTER = {
    "match": "rule",
    "priority": "priority",
    "syntax": "ruleSyntax",
    "observability": "observability",
}
_IN_SECRETS = ("rootCAs", "rootCAsSecrets", "certificatesSecrets")
_DOMAIN = "svc.cluster.local"


def is_kubernetes(root: Mapping) -> bool:
    """Whether it is an object of Kubernetes."""
    return root.has("apiVersion") and root.has("kind")


def is_manifest(root: Mapping) -> bool:
    """Whether it is an object that only Traefik reads."""
    version = root.entries.get("apiVersion")
    return isinstance(version, Scalar) and version.text.startswith(_GROUPS) and root.has("kind")


@dataclass(slots=True)
class Manifests:
    """Reads manifests into one dynamic configuration.

    Attributes:
        dynamic: gets the objects.
        ports: numbers of ports, by namespace, service and name.
    """

    dynamic: Dynamic
    ports: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def learn(self, root: Node) -> None:
        """What a `Service` of the cluster calls its ports. Marks nothing."""
        if not isinstance(root, Mapping) or not is_kubernetes(root):
            return
        data = root.plain()
        spec, metadata = data.get("spec"), data.get("metadata")
        if data["kind"] != "Service" or not isinstance(spec, dict):
            return
        own = metadata if isinstance(metadata, dict) else {}
        ports = spec.get("ports")
        for port in ports if isinstance(ports, list) else ():
            if isinstance(port, dict) and "name" in port and "port" in port:
                key = str(own.get("namespace", "default")), str(own.get("name")), str(port["name"])
                self.ports[key] = str(port["port"])

    def read(self, root: Mapping) -> None:
        """One object."""
        if not is_manifest(root):
            root.take_all()
            message = "Traefik does not read this itself; it is not looked at"
            self.dynamic.context.report.at(root, Fate.DROPPED, Level.INFO, "kubernetes", message)
            return
        root.mark("apiVersion")
        kind = root.require_str("kind")
        metadata = root.take_mapping("metadata") or mapping_at(root)
        name = metadata.take_str("name", "")
        namespace = metadata.take_str("namespace", "default")
        for key in ("labels", "annotations"):
            metadata.mark(key)
            below = metadata.peek(key)
            if below is not None:
                below.take_all()
        spec = root.take_mapping("spec") or mapping_at(root)
        key = f"{namespace}-{name}"
        if kind == "IngressRoute":
            self._routers(spec, key, namespace)
        elif kind == "Middleware":
            self._middleware(spec, key, namespace)
        elif kind == "TraefikService":
            self.dynamic.services[key] = self._service(spec, namespace)
        elif kind == "ServersTransport":
            self._of_the_cluster(spec)
            self.dynamic.servers_transports[key] = spec
        elif kind == "TLSOption":
            self.dynamic.tls_options[key if name != "default" else "default"] = spec
        else:
            spec.take_all()
            message = f"only Traefik reads objects of the kind {kind}"
            self.dynamic.context.report.at(root, Fate.DROPPED, Level.WARNING, "tcp", message)

    def _of_the_cluster(self, spec: Mapping) -> None:
        """Certificates of a `ServersTransport`, which stand in objects of the cluster."""
        for option in _IN_SECRETS:
            below = spec.take(option)
            if below is not None:
                below.take_all()
                null = Scalar(below.source, below.line, below.column, spec, option, "null", False)
                spec.put(option, null)
                message = "these certificates are objects of the cluster, which are not here"
                report = self.dynamic.context.report
                report.at(below, Fate.DROPPED, Level.WARNING, "upstream", message)

    def _routers(self, spec: Mapping, key: str, namespace: str) -> None:
        """Each route of an `IngressRoute` is a router."""
        shared = {"entryPoints": spec.take("entryPoints"), "tls": spec.take("tls")}
        for number, route in enumerate(spec.take_mappings("routes")):
            route.mark("kind")
            name = key if number == 0 else f"{key}-{number}"
            router = self._router(route, name, namespace)
            for option, value in shared.items():
                if value is not None:
                    router.put(option, self._tls(value, namespace) if option == "tls" else value)
            self.dynamic.routers[name] = router
        chosen = spec.take("ingressClassName")
        if chosen is not None:
            message = "it says which of the cluster's Traefiks reads this"
            self.dynamic.context.report.at(chosen, Fate.DROPPED, Level.INFO, "routers", message)
        parents = spec.take("parentRefs")
        if parents is not None:
            parents.take_all()
            message = "only Traefik has routers below routers"
            report = self.dynamic.context.report
            report.at(parents, Fate.DROPPED, Level.WARNING, "routers", message)

    def _router(self, route: Mapping, name: str, namespace: str) -> Mapping:
        router = mapping_at(route)
        for given, option in _ROUTER.items():
            value = route.take(given)
            if value is not None:
                router.put(option, value)
        middlewares = self._middlewares(route, namespace)
        if middlewares is not None:
            router.put("middlewares", middlewares)
        services = route.take_mappings("services")
        if services:
            target = self._target(services, name, namespace, route)
            router.put("service", scalar_at(route, target, "service", router))
        return router

    def _tls(self, tls: Node, namespace: str) -> Node:
        """The options of a router by the key of their object; its secret is the cluster's."""
        if not isinstance(tls, Mapping):
            return tls
        made = mapping_at(tls)
        for name in ("certResolver", "domains"):
            value = tls.take(name)
            if value is not None:
                made.put(name, value)
        secret = tls.take_str("secretName")
        if secret is not None:
            message = f"the certificate is in the cluster's secret {secret}"
            node = tls.entries[tls.spelt("secretName")]
            self.dynamic.context.report.at(
                node, Fate.DROPPED, Level.WARNING, "certificates", message
            )
        options = tls.take_mapping("options")
        if options is not None:
            text = self._key(options, namespace)
            made.put("options", scalar_at(options, text, "options", made))
        store = tls.take("store")
        if store is not None:
            store.take_all()
        return made

    def _middlewares(self, node: Mapping, namespace: str) -> Sequence | None:
        """References to middlewares as their names."""
        given = node.take("middlewares")
        if not isinstance(given, Sequence):
            return None
        names = Sequence(given.source, given.line, given.column, node, "middlewares")
        for number, item in enumerate(given.items):
            if isinstance(item, Mapping):
                names.items.append(scalar_at(item, self._key(item, namespace), number, names))
            else:
                names.items.append(item)
        return names

    def _key(self, reference: Mapping, namespace: str) -> str:
        name = reference.require_str("name")
        own = reference.take_str("namespace", namespace)
        return name if "@" in name else f"{own}-{name}"

    def _middleware(self, spec: Mapping, key: str, namespace: str) -> None:
        """What a middleware names of other objects, by their keys."""
        chain = spec.peek("chain")
        if isinstance(chain, Mapping):
            names = self._middlewares(chain, namespace)
            if names is not None:
                chain.put("middlewares", names)
        errors = spec.peek("errors")
        service = errors.peek("service") if isinstance(errors, Mapping) else None
        if isinstance(errors, Mapping) and isinstance(service, Mapping):
            target = self._target([service], f"{key}-errors", namespace, service)
            errors.put("service", scalar_at(service, target, "service", errors))
        self.dynamic.middlewares[key] = spec

    # -- services

    def _service(self, spec: Mapping, namespace: str) -> Mapping:
        """A `TraefikService`: its members are services of the cluster or further objects."""
        for kind, lists in (
            ("weighted", ("services",)),
            ("highestRandomWeight", ("services",)),
            ("mirroring", ("mirrors",)),
        ):
            below = spec.peek(kind)
            if not isinstance(below, Mapping):
                continue
            if kind == "mirroring":
                target = self._member(below, namespace)
                below.put("service", scalar_at(below, target, "service", below))
            for name in lists:
                members = below.peek(name)
                for member in members.items if isinstance(members, Sequence) else ():
                    if isinstance(member, Mapping):
                        target = self._member(member, namespace)
                        member.put("name", scalar_at(member, target, "name", member))
        return spec

    def _target(self, services: list[Mapping], name: str, namespace: str, at: Mapping) -> str:
        """The service of a route: the only one that it names, or one made of several."""
        if len(services) == 1:
            services[0].mark("weight")
            return self._member(services[0], namespace)
        made = mapping_at(at)
        weighted = mapping_at(at, "weighted", made)
        made.put("weighted", weighted)
        members = Sequence(at.source, at.line, at.column, weighted, "services")
        weighted.put("services", members)
        for number, service in enumerate(services):
            member = mapping_at(service, number, members)
            weight = service.take("weight")
            if weight is not None:
                member.put("weight", weight)
            target = self._member(service, namespace)
            member.put("name", scalar_at(service, target, "name", member))
            members.items.append(member)
        self.dynamic.services[f"{name}-wrr"] = made
        return f"{name}-wrr"

    def _member(self, service: Mapping, namespace: str) -> str:
        """The key of a service that is named; one of the cluster becomes a load balancer."""
        name = service.require_str("name")
        kind = service.take_str("kind", "Service")
        own = service.take_str("namespace", namespace)
        if "@" in name:
            return name
        if kind == "TraefikService":
            return f"{own}-{name}"
        port = service.take_str("port") or "80"
        port = self.ports.get((own, name, port), port)
        key = f"{own}-{name}-{port}"
        if key not in self.dynamic.services:
            self.dynamic.services[key] = self._balancer(service, name, own, port)
        else:
            for option in _SERVERS:
                below = service.take(option)
                if below is not None:
                    below.take_all()
        return key

    def _speaks_tls(self, port: str, service: Mapping) -> bool:
        """Traefik goes by the number and the name of the port."""
        given = service.peek("port")
        return port == "443" or (isinstance(given, Scalar) and given.text.startswith("https"))

    def _balancer(self, service: Mapping, name: str, namespace: str, port: str) -> Mapping:
        made = mapping_at(service)
        balancer = mapping_at(service, "loadBalancer", made)
        made.put("loadBalancer", balancer)
        scheme = service.take_str("scheme") or (
            "https" if self._speaks_tls(port, service) else "http"
        )
        for option in sorted(_SERVERS - {"scheme"}):
            value = service.take(option)
            if option in ("nativeLB", "nodePortLB"):
                continue
            if value is None:
                continue
            if option == "serversTransport" and isinstance(value, Scalar) and "@" not in value.text:
                value = scalar_at(value, f"{namespace}-{value.text}", option, balancer)
            balancer.put(option, value)
        middlewares = self._middlewares(service, namespace)
        if middlewares is not None:
            made.put("middlewares", middlewares)
        host = f"{name}.{namespace}.{_DOMAIN}"
        servers = Sequence(service.source, service.line, service.column, balancer, "servers")
        server = mapping_at(service, 0, servers)
        server.put("url", scalar_at(service, f"{scheme}://{host}:{port}", "url", server))
        servers.items.append(server)
        balancer.put("servers", servers)
        message = f"its targets are those of {host}, under that name only the cluster knows them"
        self.dynamic.context.report.at(
            service, Fate.APPROXIMATED, Level.INFO, "upstream", message, whole=False
        )
        return made
