"""Routes that lead to what a gateway tells about itself: its administration, metrics, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.addresses import is_local

if TYPE_CHECKING:
    from gal.lint.subject import RouteView, Subject
    from gal.model import Target

_ADMIN_PORTS = {"kong": (8001, 8444), "apisix": (9180,), "envoy": (9901,)}
_ADMIN_NAMES = {"kong": "kong", "apisix": "apisix", "envoy": "envoy"}
_ADMIN_OF_TRAEFIK = frozenset(("api@internal", "dashboard@internal", "rest@internal"))
_STATE = ("/stats", "/ready", "/server_info", "/hot_restart_version", "/clusters")


def internal_service(view: RouteView) -> str | None:
    """The name of the service of Traefik itself that a route leads to, such as `api@internal`."""
    kept = view.route.extensions.get("traefik", {}).get("service")
    return kept if isinstance(kept, str) and kept.endswith("@internal") else None


def admin_behind(view: RouteView, subject: Subject) -> str | None:
    """In words, which administration a route leads to; None where it leads to none."""
    name = internal_service(view)
    if name is not None:
        return name if name in _ADMIN_OF_TRAEFIK else None
    target = _admin_target(view, subject)
    if target is None or _shows_state_only(view):
        return None
    return f"the administration at {target.host}:{target.port}"


def state_behind(view: RouteView, subject: Subject) -> str | None:
    """In words, which metrics or health a route leads to; None where it leads to none."""
    name = internal_service(view)
    if name is not None:
        return name if name not in _ADMIN_OF_TRAEFIK and name != "noop@internal" else None
    target = _admin_target(view, subject)
    if target is None or not _shows_state_only(view):
        return None
    return f"{_path(view)} of the administration"


def _admin_target(view: RouteView, subject: Subject) -> Target | None:
    ports = set(_ADMIN_PORTS.get(subject.provider, ()))
    own = subject.gateway.settings.admin_port
    if own is not None and subject.provider == "envoy":
        ports = {own}
    for upstream, _ in view.upstreams:
        for target in upstream.targets:
            if target.port in ports and _is_gateway(target.host, subject.provider):
                return target
    return None


def _is_gateway(host: str, provider: str) -> bool:
    """Whether a host is this machine, or called like the gateway's administration."""
    name = _ADMIN_NAMES[provider]
    first = host.lower().split(".")[0]
    return is_local(host) or first == name or (name in first and "admin" in first)


def _shows_state_only(view: RouteView) -> bool:
    return _path(view).startswith(_STATE)


def _path(view: RouteView) -> str:
    """The path that the upstream sees, or how all of them start."""
    rewrite = view.route.rewrite
    if rewrite is not None and rewrite.path is not None:
        return rewrite.path
    if rewrite is not None and rewrite.replacement is not None:
        return rewrite.replacement.partition("\\")[0]
    base = view.service.path if view.service is not None and view.service.path else ""
    added = rewrite.add_prefix if rewrite is not None and rewrite.add_prefix else ""
    strip = rewrite is not None and rewrite.strip_prefix
    own = "" if strip or len(view.route.paths) != 1 else view.route.paths[0].text
    return f"{base}{added}{own}" or "/"
