"""What an exporter has read of the model, so that what it has not read is known (law 1).

`Claims.view(gateway)` looks like the gateway and notes every field that is asked for. Whatever
differs from its default and was never asked for is a loss, and the driver says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from types import FunctionType, MethodType
from typing import Any, TypeVar, cast

from gal.model.node import ModelNode, Policy

N = TypeVar("N", bound=ModelNode)
_BOOKKEEPING = frozenset({"origin"})


class _View:
    """Stands in for a model node. Its class claims to be the node's, so `isinstance` holds.

    A field that was read is an attribute from then on: `__dict__` holds what was read, and reading
    it again costs nothing more.
    """

    __slots__ = ("__dict__", "_claims", "_node")

    def __init__(self, node: ModelNode, claims: Claims) -> None:
        self._node = node
        self._claims = claims

    def __getattr__(self, name: str) -> Any:
        node = self._node
        cls: Any = type(node)
        if name in _shape(cls).names:
            value = self.__dict__[name] = self._claims.wrap(getattr(node, name))
            return value
        made = getattr(cls, name, None)
        if isinstance(made, property):
            return made.__get__(self)  # what it reads counts as read
        if isinstance(made, FunctionType):
            return MethodType(made, self)
        return getattr(node, name)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._node)

    def __eq__(self, other: object) -> bool:
        return bool(self._node == unwrap(other))

    def __hash__(self) -> int:
        return id(self._node)

    def __repr__(self) -> str:
        return repr(self._node)


def unwrap(value: Any) -> Any:
    """The node behind a view; anything else as it is."""
    return value._node if type(value) is _View else value


class Claims:
    """The fields of a model that were read, kept per node."""

    __slots__ = ("_views", "_whole")

    def __init__(self) -> None:
        self._views: dict[int, _View] = {}
        self._whole: set[int] = set()

    def view(self, node: N) -> N:
        """The node, as one that notes which of its fields are read."""
        found = self._views.get(id(node))
        if found is None:
            found = self._views[id(node)] = _View(node, self)
        return cast(N, found)

    def wrap(self, value: Any) -> Any:
        """A field's value, with the nodes in it as views."""
        if isinstance(value, ModelNode):
            return self.view(value)
        if isinstance(value, list) and value and isinstance(value[0], ModelNode):
            return [self.wrap(item) for item in value]
        return value

    def claim(self, node: ModelNode) -> None:
        """Say that a node was dealt with as a whole."""
        self._whole.add(id(unwrap(node)))

    def unclaimed(self, node: ModelNode) -> Iterator[tuple[ModelNode, str]]:
        """Every (node, field) below `node` that says something and was never read.

        A node that nobody looked into is given once, with its field in the node above.
        """
        node = unwrap(node)
        if id(node) in self._whole:
            return
        view = self._views.get(id(node))
        seen = view.__dict__ if view is not None else {}
        if isinstance(node, Policy) and not node.enabled and "enabled" in seen:
            return  # it is switched off, and says nothing more
        cls: Any = type(node)
        for name, default in _shape(cls).defaults:
            value = getattr(node, name)
            if value is None or value == default:
                continue
            if name not in seen:
                yield node, name
                continue
            for below in value if isinstance(value, list) else [value]:
                if isinstance(below, ModelNode):
                    yield from self.unclaimed(below)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a class of the model consists of.

    Attributes:
        names: its fields, but for the origin.
        defaults: those that can be lost, with the value that says nothing. What takes no part in
            comparisons follows from the rest.
    """

    names: frozenset[str]
    defaults: tuple[tuple[str, Any], ...]


@cache
def _shape(cls: Any) -> _Shape:
    own = [item for item in fields(cls) if item.name not in _BOOKKEEPING]
    compared = tuple((item.name, _default(item)) for item in own if item.compare)
    return _Shape(frozenset(item.name for item in own), compared)


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else MISSING
