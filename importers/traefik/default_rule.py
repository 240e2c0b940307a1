"""The rule of routers that have none in the labels of their container
(https://doc.traefik.io/traefik/reference/install-configuration/providers/docker/, `defaultRule`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gal.importers.traefik.labels import interpolated
from gal.importers.traefik.nodes import mapping_at, scalar_at
from gal.importers.traefik.recognition import label_pairs
from gal.reading import Document, Mapping, Node, Scalar
from gal.reading import Sequence as NodeSequence

_USUAL = "Host(`{{ normalize .Name }}`)"
_OPTION = re.compile(r"--providers\.(?:docker|swarm)\.(defaultrule|exposedbydefault)=(.*)", re.I)
_OPTIONS = ("defaultrule", "exposedbydefault")
_PROVIDERS = ("docker", "swarm")
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
_LABEL = re.compile(r'index\s+\.Labels\s+["`]([^"`]+)["`]')
_OTHER = re.compile(r"[\W_]+")
_FALSE = frozenset(("false", "f", "0"))


@dataclass(frozen=True, slots=True)
class DefaultRule:
    """What Traefik does with containers that say no rule.

    Attributes:
        template: of the rule.
        exposed: containers without `traefik.enable` are taken, too.
    """

    template: str = _USUAL
    exposed: bool = True

    def of(self, name: str, service: Mapping, project: str | None) -> str | None:
        """The rule of a container's routers; None where only Docker knows it.

        Args:
            name: of the service in its compose file.
            service: the service.
            project: name of the compose project, where the file says it.
        """
        made, at = "", 0
        for found in _ACTION.finditer(self.template):
            value = _value(found[1], name, service, project)
            if value is None:
                return None
            made += self.template[at : found.start()] + value
            at = found.end()
        rest = self.template[at:]
        return None if "{{" in rest else (made + rest) or None


def _value(action: str, name: str, service: Mapping, project: str | None) -> str | None:
    """What an action of the template gives, None where it is not known here."""
    if action in (".Name", "normalize .Name"):
        return router_name(name, project) if project is not None else None
    if action in (".ContainerName", "normalize .ContainerName"):
        given = service.peek("container_name")
        if not isinstance(given, Scalar):
            return None
        return _normal(given.text) if action.startswith("normalize") else given.text
    label = _LABEL.fullmatch(action)
    if label is not None and service.peek("labels") is not None:
        pairs = label_pairs(service.entries["labels"])
        return next((interpolated(value) for key, value, _ in pairs if key == label[1]), None)
    return None


def router_name(name: str, project: str | None) -> str:
    """The name that Traefik gives the router of a container."""
    return _normal(f"{name}_{project}" if project is not None else name)


def _normal(text: str) -> str:
    return _OTHER.sub("-", text).strip("-")


def default_rule(documents: Sequence[Document]) -> DefaultRule:
    """What the static configuration says, in a file or on a command line. Marks nothing."""
    found: dict[str, str] = {}
    for document in documents:
        for key, value in _options(document.root):
            found.setdefault(key, value)
    exposed = found.get("exposedbydefault", "true").lower() not in _FALSE
    return DefaultRule(found.get("defaultrule") or _USUAL, exposed)


def _options(root: Node) -> Iterator[tuple[str, str]]:
    if not isinstance(root, Mapping):
        return
    providers = _lower(root).get("providers")
    for name in _PROVIDERS:
        below = _lower(providers).get(name)
        for key in _OPTIONS:
            value = _lower(below).get(key)
            if isinstance(value, Scalar):
                yield key, value.text
    for service in _lower(root.entries.get("services")).values():
        command = _lower(service).get("command")
        words = command.items if isinstance(command, NodeSequence) else [command]
        for word in words:
            given = _OPTION.fullmatch(word.text) if isinstance(word, Scalar) else None
            if given is not None:
                yield given[1].lower(), interpolated(given[2])


def _lower(node: Node | None) -> dict[str, Node]:
    if not isinstance(node, Mapping):
        return {}
    return {key.lower(): value for key, value in node.entries.items()}


def give_rules(root: Mapping, rule: str, name: str) -> None:
    """Give the routers of a container without a rule this one; without routers it gets one."""
    http = root.peek("http")
    if not isinstance(http, Mapping):
        http = mapping_at(root, "http", root)
        root.put("http", http)
    routers = http.peek("routers")
    if not isinstance(routers, Mapping):
        routers = mapping_at(http, "routers", http)
        http.put("routers", routers)
    if not routers.entries:
        routers.put(name, mapping_at(root, name, routers))
    for router in routers.entries.values():
        if isinstance(router, Mapping) and not router.has("rule"):
            router.put("rule", scalar_at(router, rule, "rule", router))


def lacks_rule(root: Mapping) -> bool:
    """Whether Traefik makes a rule for a container: a router has none, or there is no router but
    something of HTTP, or nothing at all.
    """
    http = root.peek("http")
    routers = http.peek("routers") if isinstance(http, Mapping) else None
    if isinstance(routers, Mapping) and routers.entries:
        return any(
            isinstance(one, Mapping) and not one.has("rule") for one in routers.entries.values()
        )
    services = http.peek("services") if isinstance(http, Mapping) else None
    several = isinstance(services, Mapping) and len(services.entries) > 1
    other = not isinstance(http, Mapping) and (root.has("tcp") or root.has("udp"))
    return not (several or other)
