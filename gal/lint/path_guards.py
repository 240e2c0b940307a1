"""Routes that are told apart by their paths, of which some ask for more than others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gal.lint.asked import behind_of, identity_asked
from gal.lint.envoy_rules import looks_at_paths
from gal.lint.exposure import answered, limited_by_address
from gal.model import Acl, Authentication, DirectResponse, Guard, IpAccess, Policy

if TYPE_CHECKING:
    from gal.lint.subject import RouteView

_ANY = "*"
_NOBODY = 0
"""Stands for what is behind a route that refuses everybody."""
_GUARDS: tuple[type[Policy], ...] = (Authentication, Acl, IpAccess)


def guards_differ(one: RouteView, other: RouteView) -> bool:
    """Whether two routes let different clients in."""
    return any(one.policy(kind) != other.policy(kind) for kind in _GUARDS)


def guarded_by_path(views: Iterable[RouteView]) -> tuple[RouteView, RouteView] | None:
    """A route that not everybody may use, and one to the same application, or on a host where
    nobody may use the first, that everybody may: only the path decides between them.
    """
    guarded: dict[int, dict[str, RouteView]] = {}
    opened: dict[int, dict[str, RouteView]] = {}
    for view in views:
        refuses = _refuses(view)
        if answered(view) and not refuses:
            continue
        closed = refuses or identity_asked(view) or limited_by_address(view)
        behind = [_NOBODY] if refuses else [id(one) for one in behind_of(view)]
        behind += [] if closed else [_NOBODY]
        for one in behind:
            hosts = (guarded if closed else opened).setdefault(one, {})
            for host in view.route.hosts or [_ANY]:
                hosts.setdefault(host.lower(), view)
    for one, hosts in guarded.items():
        others = opened.get(one, {})
        for host, view in hosts.items():
            other = others.get(host) or others.get(_ANY)
            if other is None and host == _ANY and others:
                other = next(iter(others.values()))
            if other is not None:
                return view, other
    return None


def rules_by_path(views: Iterable[RouteView]) -> Guard | None:
    """The rules of Envoy's `rbac` that act on a route and look at the path."""
    for view in views:
        asked = view.policy(Authentication)
        for guard in asked.guards if asked is not None else ():
            if guard.name == "rbac" and looks_at_paths(guard):
                return guard
    return None


def _refuses(view: RouteView) -> bool:
    """Whether a route keeps everybody away from its paths, and from these only."""
    direct = view.policy(DirectResponse)
    if direct is None or direct.trigger is not None or not 400 <= direct.status_code < 500:
        return False
    return bool(view.route.paths) and all(one.text not in ("", "/") for one in view.route.paths)
