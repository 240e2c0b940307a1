"""What stands behind routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.model.headers import Transformation
from gal.model.node import Extensions, ModelNode
from gal.model.policies import Policies
from gal.model.route import Route
from gal.model.upstream import Upstream


class ServiceType(str, Enum):
    """What a service speaks."""

    REST = "rest"
    GRPC = "grpc"


class Protocol(str, Enum):
    """How the gateway speaks to the targets."""

    HTTP = "http"
    HTTPS = "https"
    GRPC = "grpc"
    GRPCS = "grpcs"
    H2C = "h2c"


@dataclass(slots=True)
class Service(ModelNode):
    """An application behind the gateway, with its routes.

    Attributes:
        name: unique, if given.
        type: what it speaks.
        protocol: how the gateway speaks to its targets.
        upstream: its targets, or the name of one of the file's `upstreams`.
        path: base path of the application; it stands before every path that the upstream sees,
            joined with one slash.
        routes: which requests it gets.
        transformation: changes of bodies; its `headers` apply before those of a route.
        policies: for all of its routes.
        enabled: false takes the service and its routes away.
        tags: labels without effect.
        extensions: what only one provider can say.
    """

    name: str | None = None
    type: ServiceType = ServiceType.REST
    protocol: Protocol = Protocol.HTTP
    upstream: Upstream | str | None = None
    path: str | None = None
    routes: list[Route] = field(default_factory=list)
    transformation: Transformation | None = None
    policies: Policies = field(default_factory=Policies)
    enabled: bool = True
    tags: list[str] = field(default_factory=list)
    extensions: Extensions = field(default_factory=dict)
