"""All objects of the input, whichever way they are written: a standalone `apisix.yaml`, answers of
the Admin API, or ADC's YAML (https://apisix.apache.org/docs/apisix/deployment-modes/,
https://apisix.apache.org/docs/apisix/admin-api/).
"""

from __future__ import annotations

from collections.abc import Sequence as SequenceABC
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.errors import InputError
from gal.importers.apisix.recognition import is_config_yaml, kind_of
from gal.ledger import Fate, Level
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.ledger import Reporter
    from gal.reading import Document

KINDS = (
    *("routes", "services", "upstreams", "consumers", "consumer_groups", "global_rules"),
    *("plugin_configs", "plugin_metadata", "ssls", "secrets", "stream_routes", "protos"),
    *("plugins", "credentials"),
)
_SPELLINGS = {"ssl": "ssls", "secret": "secrets", "protos": "protos", "proto": "protos"}
_ENVELOPE = (
    "createdIndex",
    "modifiedIndex",
    "total",
    "action",
    "count",
    "header",
    "has_more",
    "has_domain",
    "orig_modifiedIndex",
    "clean_handlers",
    "update_count",
)


@dataclass(slots=True, eq=False)
class Entity:
    """One object.

    Attributes:
        kind: its section, such as `routes`.
        node: the object.
        id: its id, from the object or from where it was stored.
        service: what it stands in, for ADC's nested routes.
    """

    kind: str
    node: Mapping
    id: str | None
    service: Entity | None = None


@dataclass(slots=True)
class File:
    """All objects by kind, in the order of the input.

    Attributes:
        roots: the documents.
        report: where to say what became of them.
        entities: by kind.
        adc: whether ADC wrote it.
        servers: documents with the settings of the server itself.
    """

    roots: list[Mapping]
    report: Reporter
    entities: dict[str, list[Entity]] = field(default_factory=dict)
    adc: bool = False
    servers: list[Mapping] = field(default_factory=list)
    _index: dict[str, dict[str, Entity]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Entity]:
        """The objects of a kind."""
        return self.entities.get(kind, [])

    def find(self, kind: str, node: Mapping, key: str) -> Entity | None:
        """The object that a field refers to by its id.

        Raises:
            InputError: there is none of that id.
        """
        below = node.take(key)
        if below is None:
            return None
        wanted = below.as_str()
        found = self._ids(kind).get(wanted)
        if found is None:
            raise below.error(f'there is no "{wanted}" among the {kind}')
        return found

    def _ids(self, kind: str) -> dict[str, Entity]:
        index = self._index.get(kind)
        if index is None:
            index = self._index[kind] = {}
            for entity in self.of(kind):
                if entity.id is not None:
                    index.setdefault(entity.id, entity)
        return index


def gather(documents: SequenceABC[Document], context: ImportContext) -> File:
    """All objects of the input.

    Raises:
        InputError: the document is an APISIX `config.yaml` alone, or no object of APISIX.
    """
    file = File([], context.report)
    for document in documents:
        root = document.root
        if isinstance(root, Mapping) and is_config_yaml(root):
            if len(documents) == 1:
                raise config_yaml(root)
            file.servers.append(root)
        elif isinstance(root, Mapping):
            file.roots.append(root)
            _document(file, root)
        elif isinstance(root, Sequence):
            _items(file, root, None)
        else:
            raise root.mismatch("a mapping")
    return file


def config_yaml(root: Mapping) -> InputError:
    """The error for the file with the settings of the server itself."""
    return root.error(
        "this is a config.yaml, the settings of the APISIX server itself, without routes",
        "give the routes: apisix.yaml of the standalone mode, or what the Admin API answers",
    )


def _document(file: File, root: Mapping) -> None:
    if not len(root):
        return  # a standalone file without anything in it
    sections = [key for key in root if _section(key) in KINDS and key != "plugins"]
    listed = any(isinstance(root.peek(key), Sequence | Mapping) for key in sections)
    if not sections or not listed or kind_of(root) is not None:
        _wrapped(file, root, None)
        return
    for key in sections:
        below = root.take(key)
        if below is not None:
            _read_section(file, _section(key), below)
    if root.has("plugins"):
        _server_plugins(file, root)


def _section(key: str) -> str:
    return _SPELLINGS.get(key, key)


def _server_plugins(file: File, root: Mapping) -> None:
    node = root.take("plugins")
    if node is not None:
        node.take_all()
        message = "which plugins APISIX loads: no effect on traffic by itself"
        file.report.at(node, Fate.DROPPED, Level.INFO, "plugins", message)


def _read_section(file: File, kind: str, below: Node) -> None:
    by_name = kind in ("plugin_metadata", "global_rules")
    if isinstance(below, Mapping) and by_name and below.peek("list") is None:
        file.adc = True
        _add(file, Entity(kind, below, None))  # ADC: names of plugins, and their settings
    elif isinstance(below, Mapping):
        _wrapped(file, below, kind)
    else:
        _items(file, below, kind)


def _items(file: File, below: Node, kind: str | None) -> None:
    if not isinstance(below, Sequence):
        raise below.mismatch("a list")
    for item in below.items:
        if not isinstance(item, Mapping):
            raise item.mismatch("a mapping")
        _wrapped(file, item, kind)


def _wrapped(file: File, node: Mapping, kind: str | None, stored: str | None = None) -> None:
    """An object, or one of the Admin API's envelopes around objects."""
    for key in ("list", "nodes", "node", "value"):
        below = node.peek(key)
        if key == "nodes" and not node.has("dir"):
            continue  # those of an upstream
        if below is None or (key == "value" and node.peek("key") is None and len(node) > 4):
            continue
        if not isinstance(below, Mapping | Sequence):
            continue
        node.mark(key)
        for other in _ENVELOPE:
            node.mark(other)
        place = node.take_str("key") or stored
        node.mark("dir")
        if isinstance(below, Sequence):
            _items(file, below, kind)
        else:
            _wrapped(file, below, kind, place)
        return
    _object(file, node, kind, stored)


def _object(file: File, node: Mapping, kind: str | None, stored: str | None) -> None:
    place = _stored_at(stored) if stored else None
    identity = node.peek("id")
    name = identity.as_str() if identity is not None else None
    if place:
        kind = kind or place[0]
        name = name or place[1]
    kind = kind or kind_of(node)
    if kind is None or kind not in KINDS:
        raise node.error(
            "it cannot be told which kind of APISIX object this is",
            f"put it into a list with the name of its kind: {', '.join(KINDS[:8])}",
        )
    if kind == "consumers" and place and "/credentials/" in place[1]:
        name = place[1]
    _add(file, Entity(kind, node, name))


def _check_id(node: Node | None) -> None:
    """Refuse a number that APISIX takes for no id.

    Raises:
        InputError: it is below 1, or no whole number.
    """
    if node is None or node.kind not in ("integer", "number"):
        return
    if not isinstance(node.plain(), int) or node.as_int() < 1:
        raise node.error(f'"{node.as_str()}" is no id: numbers have to be whole, and 1 or more')


def _stored_at(key: str) -> tuple[str, str] | None:
    """Kind and id of what is stored under a key such as `/apisix/routes/1`."""
    steps = key.strip("/").split("/")
    for number, step in enumerate(steps[:-1]):
        if _section(step) in KINDS:
            return _section(step), "/".join(steps[number + 1 :])
    return None


def _add(file: File, entity: Entity) -> None:
    _check_id(entity.node.peek("id"))
    file.entities.setdefault(entity.kind, []).append(entity)
    if entity.kind != "services":
        return
    for key in ("routes", "stream_routes"):
        if entity.node.peek(key) is None:
            entity.node.mark(key)
            continue
        file.adc = True
        for item in entity.node.take_mappings(key):
            identity = item.peek("id")
            name = identity.as_str() if identity is not None else None
            _add(file, Entity(key, item, name, entity))
