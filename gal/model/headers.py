"""Changes of headers, query parameters and JSON bodies on their way through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gal.model.node import ModelNode, Policy

MultiMap = dict[str, list[str]]
"""Values by name, several a name, in order; in YAML one value may stand without its list."""


@dataclass(slots=True)
class Operations(ModelNode):
    """What is done to a set of named values, in the order of these fields. Header names compare
    without case, query parameters with it.

    Attributes:
        remove: names that are taken away.
        rename: new names by old ones; an absent name does nothing.
        replace: values for names that are there; an absent name stays absent.
        set: values whether the name is there or not.
        default: values for names that are not there.
        add: values beside those that are there.
    """

    remove: list[str] = field(default_factory=list)
    rename: dict[str, str] = field(default_factory=dict)
    replace: MultiMap = field(default_factory=dict)
    set: MultiMap = field(default_factory=dict)
    default: MultiMap = field(default_factory=dict)
    add: MultiMap = field(default_factory=dict)


@dataclass(slots=True)
class Headers(Policy):
    """Changes of headers. In YAML the operations carry the side's name: `request_add`,
    `response_remove`. Values may hold `{{uuid}}` and `{{timestamp}}`.

    The two sides are resolved apart: the most specific scope that says anything about requests
    decides on requests, and likewise for responses.

    Attributes:
        request: on the request, before the upstream gets it.
        response: on the response, before the client gets it.
    """

    request: Operations | None = None
    response: Operations | None = None


@dataclass(slots=True)
class Query(Policy):
    """Changes of query parameters.

    Attributes:
        request: on the request, before the upstream gets it.
    """

    request: Operations = field(default_factory=Operations)


@dataclass(slots=True)
class RequestLine(Policy):
    """Another method or path for the upstream, after the route was chosen.

    Attributes:
        method: the method that the upstream sees.
        path: the whole path that the upstream sees.
    """

    method: str | None = None
    path: str | None = None


@dataclass(slots=True)
class ComputedField(ModelNode):
    """A field of the body that the gateway makes up.

    Attributes:
        field: name in the body.
        generator: `uuid` or `timestamp`.
        prefix: text before the value.
    """

    field: str
    generator: str = "uuid"
    prefix: str = ""


@dataclass(slots=True)
class BodyOperations(ModelNode):
    """What is done to the fields of a JSON body, in the order of these fields.

    Attributes:
        remove: fields that are taken away.
        rename: new names by old ones.
        replace: values for fields that are there.
        default: values for fields that are not there.
        append: values beside those that are there; a field becomes a list.
    """

    remove: list[str] = field(default_factory=list)
    rename: dict[str, str] = field(default_factory=dict)
    replace: dict[str, Any] = field(default_factory=dict)
    default: dict[str, Any] = field(default_factory=dict)
    append: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Validation(ModelNode):
    """What a body must have.

    Attributes:
        required_fields: fields without which a request is refused with 400.
    """

    required_fields: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Transformation(Policy):
    """Changes of JSON bodies.

    Attributes:
        defaults: values for fields that a request's body lacks.
        computed_fields: fields that the gateway makes up for a request's body.
        metadata: headers that the upstream gets, by name.
        validation: what a request's body must have.
        headers: changes of headers that apply before those of the route.
        request: further operations on a request's body.
        response: operations on a response's body.
    """

    defaults: dict[str, Any] = field(default_factory=dict)
    computed_fields: list[ComputedField] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    validation: Validation | None = None
    headers: Headers | None = None
    request: BodyOperations | None = None
    response: BodyOperations | None = None
