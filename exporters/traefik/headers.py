"""Changes of headers as Traefik's `headers` middleware, which sets and removes.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/
(`customRequestHeaders`, `customResponseHeaders`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.values import is_sound
from gal.model import Headers, Operations, Transformation

_GENERATED = re.compile(r"\{\{\s*(uuid|timestamp)\s*\}\}")
_FEATURE = "headers"

Side = Callable[[Headers], Operations | None]


@dataclass(slots=True)
class _Changes:
    """The values of headers by name in small letters, with the name as it was given."""

    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def set(self, name: str, value: str) -> None:
        self.values[name.lower()] = (name, value)

    def render(self) -> dict[str, str]:
        return dict(self.values.values())


def headers(build: RouteBuild, shared: Shared) -> None:
    """Headers change twice: as the transformations of service and route say, then as the policy
    does, whose two sides may stand in different scopes.
    """
    request, response = _Changes(), _Changes()
    service = build.service.transformation if build.service is not None else None
    body = _transformation(build)
    if service is not None and service.enabled and service is not body:
        _both(service.headers, request, response, shared)
    if body is not None:
        _both(body.headers, request, response, shared)
        for name, value in body.metadata.items():
            _set(body, "metadata", request, name, [value], shared)
    own = _side(build, lambda policy: policy.request)
    if own is not None:
        _apply(own, request, shared)
    own = _side(build, lambda policy: policy.response)
    if own is not None:
        _apply(own, response, shared)
    config: Json = {}
    if request.values:
        config["customRequestHeaders"] = request.render()
        build.host = "host" in request.values
    if response.values:
        config["customResponseHeaders"] = response.render()
    if config:
        build.use(shared.middlewares.add("headers", {"headers": config}))


def _transformation(build: RouteBuild) -> Transformation | None:
    """The service's own transformation stands between the route's and those of wider scopes."""
    own = build.route.policies.transformation
    if own is None and build.service is not None and build.service.transformation is not None:
        own = build.service.transformation
        return own if own.enabled else None
    return build.scopes.find(lambda policies: policies.transformation)


def _both(policy: Headers | None, request: _Changes, response: _Changes, shared: Shared) -> None:
    if policy is None or not policy.enabled:
        return
    if policy.request is not None:
        _apply(policy.request, request, shared)
    if policy.response is not None:
        _apply(policy.response, response, shared)


def _side(build: RouteBuild, side: Side) -> Operations | None:
    """The changes of one side, from the most specific scope that says anything about it."""
    for level in build.scopes.levels:
        policy = level.headers
        if policy is None:
            continue
        if not policy.enabled:
            return None
        found = side(policy)
        if found is not None:
            build.scopes.act(policy)
            return found
    return None


def _apply(operations: Operations, changes: _Changes, shared: Shared) -> None:
    report = shared.context.report
    for name in operations.remove:
        if is_sound(name, ""):
            changes.set(name, "")
    for kind, message in (
        ("rename", "Traefik does not rename headers"),
        ("replace", "Traefik does not change a header only where it is there"),
    ):
        for name in getattr(operations, kind):
            report.dropped(operations, _FEATURE, f"{name}: {message}", kind)
    for name, values in operations.set.items():
        _set(operations, "set", changes, name, values, shared)
    for name, values in operations.default.items():
        message = f"{name}: it takes the place of a value that is there, too"
        report.approximated(operations, _FEATURE, message, "default")
        _set(operations, "default", changes, name, values, shared)
    for name, values in operations.add.items():
        if name.lower() == "set-cookie":
            message = f"{name}: Traefik would take away the cookies of the upstream"
            report.dropped(operations, _FEATURE, message, "add")
            continue
        message = f"{name}: it takes the place of the values that are there"
        report.approximated(operations, _FEATURE, message, "add")
        _set(operations, "add", changes, name, values, shared)


def _set(
    owner: Operations | Transformation,
    kind: str,
    changes: _Changes,
    name: str,
    values: list[str],
    shared: Shared,
) -> None:
    """Set a header; an empty value would remove it."""
    report = shared.context.report
    value = ", ".join(values)
    reason = ""
    if not is_sound(name, value):
        reason = "this cannot stand in a header"
    elif _GENERATED.search(value):
        reason = "Traefik makes up no values"
    elif not value:
        reason = "Traefik sets no empty header"
    if reason:
        report.dropped(owner, _FEATURE, f"{name}: {reason}", kind)
        return
    if len(values) > 1:
        message = f"{name}: the values stand in one header, with commas between"
        report.approximated(owner, _FEATURE, message, kind)
    changes.set(name, value)
