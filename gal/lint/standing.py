"""Policies once for each text: importers give every route its own, though one text is for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from gal.lint.asked import common_owner
from gal.model import ModelNode, Policy

if TYPE_CHECKING:
    from gal.lint.subject import RouteView, Subject

P = TypeVar("P", bound=Policy)


@dataclass(slots=True, eq=False)
class Standing(Generic[P]):
    """A policy that stands once in the file.

    Attributes:
        policy: the policy; of several alike the first one.
        owner: the route, service, upstream, consumer or gateway that it is about.
        routes: those that it acts on; a consumer's policy has none here.
    """

    policy: P
    owner: ModelNode
    routes: list[RouteView]


def standing(subject: Subject, kind: type[P]) -> list[Standing[P]]:
    """All policies of a kind that act, each with all of its routes, in the order of the routes."""
    found: dict[int, Standing[P]] = {}
    for policy, acting in subject.acting(kind):
        key = id(policy) if policy.origin is None else id(policy.origin.node)
        known = found.get(key)
        if known is None:
            found[key] = Standing(policy, acting.owner, list(acting.routes))
        else:
            known.routes += acting.routes
            known.owner = subject.gateway
    for one in found.values():
        if one.owner is subject.gateway and one.routes:
            one.owner = common_owner(subject, one.routes)
    return list(found.values())
