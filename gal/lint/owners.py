"""Which part of the model a value of a document belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.model import ModelNode

if TYPE_CHECKING:
    from gal.lint.subject import Subject
    from gal.reading import Node


def owner_of(subject: Subject, node: Node) -> ModelNode:
    """The route, service, upstream, consumer or certificate that a value stands in; the gateway
    for others.
    """
    known = subject.once(_owners)
    at: Node | None = node
    while at is not None:
        found = known.get(id(at))
        if found is not None:
            return found
        at = at.parent
    return subject.gateway


def _owners(subject: Subject) -> dict[int, ModelNode]:
    gateway = subject.gateway
    parts: list[ModelNode] = [route for _, route in gateway.walk_routes()]
    parts += [*gateway.services, *gateway.upstreams, *gateway.consumers, *gateway.scoped_policies]
    parts += gateway.certificates
    found: dict[int, ModelNode] = {}
    for one in parts:
        if one.origin is not None:
            found.setdefault(id(one.origin.node), one)
    return found
