"""What a comparison of two parts of the model finds, before it is known how many routes have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.drift.change import Level, Security, Traffic
from gal.drift.normalise import changed_fields
from gal.drift.shown import NONE, shown
from gal.model import ModelNode

if TYPE_CHECKING:
    from gal.errors import Position

At = tuple["ModelNode | None", str]
"""A node of the model, and the field of it that is meant."""

NOWHERE: At = (None, "")


_WITH_DEFAULTS = (
    *("timeout.", "retry.", "upstream_tls.verify", "size_limit.", "compression.", "cache."),
    *("circuit_breaker.", "health_check.", "load_balancer.slots", "request_id.", "mirror."),
    *("rate_limit.response", "rate_limit.hide_headers", "rate_limit.fail_open"),
    *("rate_limit.store", "rate_limit.algorithm", "response_rate_limit.", "redirect.status_code"),
    *("cors.max_age", "cors.allowed_methods", "cors.allowed_headers", "cors.expose_headers"),
    *("cors.forward_preflight", "cors.private_network", "cors.allow_origin_when_absent"),
    *("host_header", "https_redirect", "request_buffering", "response_buffering"),
    *("ip_access.status_code", "ip_access.message", "acl.status_code", "user_agent.status_code"),
    *("authentication.basic.realm", "authentication.basic.hide", "authentication.api_key.hide"),
    *("authentication.api_key.realm", "authentication.api_key.run", "authentication.jwt.hide"),
    *("authentication.jwt.realm", "authentication.jwt.run", "authentication.forward.timeout"),
)
"""Fields that gateways have defaults of their own for. Access controls are not among them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference between two parts of the model.

    Attributes:
        id: of the change.
        field: dotted field of the model.
        old: old value as text.
        new: new value as text.
        old_at: where the old value stands.
        new_at: where the new value stands.
        message: one sentence; empty for that of the field and both values.
        security: instead of the usual label.
        traffic: instead of the usual label.
        level: instead of the usual level.
        detail: further texts that tell two findings apart, such as all that a route does
            differently that takes the requests of another one.
    """

    id: str
    field: str
    old: str
    new: str
    old_at: At = NOWHERE
    new_at: At = NOWHERE
    message: str = ""
    security: Security | None = None
    traffic: Traffic | None = None
    level: Level | None = None
    detail: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Id, field and both values."""
        return f"{self.id} {self.field} {self.old} {self.new}"

    @property
    def from_defaults(self) -> bool:
        """Whether it is about something that has a default, and neither side says it."""
        if not self.field.startswith(_WITH_DEFAULTS):
            return False
        return not stands(self.old_at) and not stands(self.new_at)


def stands(at: At) -> bool:
    """Whether a field stands in a file; of a model that comes from no file everything is said."""
    node, name = at
    if node is None:
        return False
    if node.origin is None:
        return not name or leaf(node, name) is not None
    return node.origin.locate(name)[1]


def position(at: At) -> Position | None:
    """Where a field stands, or its object."""
    node, name = at
    if node is None or node.origin is None:
        return None
    return node.origin.locate(name)[0].position


def fields_of(
    old: ModelNode | None, new: ModelNode | None, ids: Mapping[str, str], prefix: str
) -> Iterator[Finding]:
    """One finding for each leaf that differs, with the id that its first part has in `ids`."""
    for name in changed_fields(old, new):
        id_ = ids.get(name) or ids.get(name.partition(".")[0])
        if id_ is not None:
            yield of_field(id_, old, new, name, prefix)


def of_field(
    id_: str,
    old: ModelNode | None,
    new: ModelNode | None,
    name: str,
    prefix: str,
    *,
    security: Security | None = None,
    traffic: Traffic | None = None,
    level: Level | None = None,
    message: str = "",
) -> Finding:
    """The finding of one leaf, by its dotted name below both nodes."""
    return Finding(
        id_,
        f"{prefix}.{name}" if prefix else name,
        shown(name, leaf(old, name)),
        shown(name, leaf(new, name)),
        at(old, name),
        at(new, name),
        message,
        security,
        traffic,
        level,
    )


def leaf(node: ModelNode | None, name: str) -> object:
    """The value of a dotted field, None where there is nothing."""
    value: object = node
    for step in name.split("."):
        value = getattr(value, step, None)
    return value


def at(node: ModelNode | None, name: str = "") -> At:
    """Where a dotted field stands: at the innermost node that knows its place."""
    *outer, last = name.split(".")
    found, rest = node, name
    for number, step in enumerate(outer):
        inner = getattr(found, step, None)
        if not isinstance(inner, ModelNode) or inner.origin is None:
            return found, rest
        found, rest = inner, ".".join([*outer[number + 1 :], last])
    return found, rest


def whole(
    id_: str,
    old: ModelNode | None,
    new: ModelNode | None,
    field: str,
    said: tuple[str, str] | None = None,
    *,
    security: Security | None = None,
    traffic: Traffic | None = None,
    level: Level | None = None,
    message: str = "",
) -> Finding:
    """The finding of a policy as a whole, that one side may not have."""
    before, after = said or (_told(old), _told(new))
    return Finding(
        id_,
        field,
        before,
        after,
        (old, ""),
        (new, ""),
        message,
        security,
        traffic,
        level,
    )


def _told(node: ModelNode | None) -> str:
    return NONE if node is None else shown("", node)
