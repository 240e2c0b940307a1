"""The entities of a Kong file, and how they name each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.importers.kong.ids import made_id
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.ledger import Reporter

NAME_KEYS = {
    "services": "name",
    "routes": "name",
    "upstreams": "name",
    "consumers": "username",
    "snis": "name",
    "key_sets": "name",
    "oauth2_credentials": "client_id",
    "jwt_secrets": "key",
    "keyauth_credentials": "key",
    "basicauth_credentials": "username",
    "hmacauth_credentials": "username",
}
"""Kind of entity -> the key that names one of them in its kind, and has to be unique."""


@dataclass(slots=True)
class Entity:
    """One object of a Kong file.

    Attributes:
        kind: its section, such as `services`.
        node: the object.
        root: the document that it stands in.
        old: its document is older than 3.0.
        transform: its document holds values as people write them, not as Kong keeps them.
        parents: the entities that it is nested in, by the field that would name them.
        key: unique among all entities of the input.
        name: its name in its kind, if it has one.
        id: its id, given or made up from the name; unset where Kong makes a random one.
    """

    kind: str
    node: Mapping
    root: Mapping
    old: bool = False
    transform: bool = True
    parents: dict[str, Entity] = field(default_factory=dict)
    key: str = ""
    name: str | None = None
    id: str | None = None


@dataclass(slots=True)
class File:
    """All that was given, as one.

    Attributes:
        roots: the documents.
        entities: by kind, in the order of the input.
        names: for each kind, entities by name.
        ids: for each kind, entities by id.
    """

    roots: list[Mapping]
    report: Reporter
    entities: dict[str, list[Entity]] = field(default_factory=dict)
    names: dict[str, dict[str, Entity]] = field(default_factory=dict)
    ids: dict[str, dict[str, Entity]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Entity]:
        """All entities of a kind."""
        return self.entities.get(kind, [])

    def add(self, entity: Entity) -> None:
        """Register an entity under its name and id.

        Raises:
            InputError: another one has the same name.
        """
        kind, node = entity.kind, entity.node
        own = self.entities.setdefault(kind, [])
        name_key = NAME_KEYS.get(kind)
        name_node = node.peek(name_key) if name_key else None
        given = node.peek("id")
        entity.key = f"{kind}#{len(own)}"
        entity.name = None if name_node is None else name_node.as_str()
        entity.id = given.as_str() if given is not None else made_id(kind, entity.name)
        known = self.names.setdefault(kind, {})
        if entity.name is not None and entity.name in known:
            self._duplicate(entity, known[entity.name], name_node or node)
        elif entity.name is not None:
            known[entity.name] = entity
        if entity.id is not None:
            self.ids.setdefault(kind, {}).setdefault(entity.id, entity)
        own.append(entity)

    def _duplicate(self, entity: Entity, other: Entity, node: Node) -> None:
        same_file = entity.root is other.root
        if entity.kind == "routes" and same_file:
            return  # generators write such files; see `routes.distinct_names`
        what = "this key" if entity.kind in ("keyauth_credentials", "jwt_secrets") else entity.name
        raise node.error(
            f"{entity.kind}: {what} is there twice",
            f"the other one stands at {other.node.position}",
        )

    def reference(self, entity: Entity, key: str, kind: str) -> Entity | None:
        """The entity of `kind` that another one is nested in, or names under `key`.

        Raises:
            InputError: it is not in the input, or named although the entity is nested in it.
        """
        node = entity.node
        parent = entity.parents.get(key)
        below = node.take(key)
        if parent is not None:
            if below is not None:
                raise below.error(
                    f'field "{key}" must be left out: this stands inside of what it would name'
                )
            return parent
        return None if below is None else self.resolve(below, kind)

    def resolve(self, node: Node, kind: str) -> Entity:
        """The entity that a reference means: a name, an id, `{id: ...}` or `{name: ...}`.

        Raises:
            InputError: there is none.
        """
        names, ids = self.names.get(kind, {}), self.ids.get(kind, {})
        if not isinstance(node, Mapping):
            text = node.as_str()
            found = names.get(text) or ids.get(text)
            if found is None:
                raise node.error(f'there is no "{text}" among the {kind}', self._known(kind))
            return found
        by_id, by_name = node.take_str("id"), node.take_str("name") or node.take_str("username")
        if by_id is None and by_name is None:
            raise node.error('a reference needs "id" or "name"')
        found = ids.get(by_id or "") or names.get(by_name or "") or names.get(by_id or "")
        if found is None:
            raise node.error(
                f'there is no "{by_id or by_name}" among the {kind}', self._known(kind)
            )
        return found

    def _known(self, kind: str) -> str | None:
        names = list(self.names.get(kind, {}))
        if not names:
            return None
        return f"there are: {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
