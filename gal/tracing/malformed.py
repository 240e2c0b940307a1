"""Requests that a gateway refuses before it looks at its routes, as it runs."""

from __future__ import annotations

import re
from collections.abc import Callable

from gal.model import RouteOrder
from gal.tracing.paths import NORMAL, PathWay
from gal.tracing.request import Request

_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NGINX_METHOD = re.compile(r"[A-Z_-]+")
_ENVOY_METHODS = frozenset(
    (
        *("ACL", "BIND", "CHECKOUT", "CONNECT", "COPY", "DELETE", "GET", "HEAD", "LINK", "LOCK"),
        *("MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "MSEARCH", "NOTIFY", "OPTIONS"),
        *("PATCH", "POST", "PROPFIND", "PROPPATCH", "PURGE", "PUT", "REBIND", "REPORT"),
        *("SEARCH", "SOURCE", "SUBSCRIBE", "TRACE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE"),
    )
)
"""Those that its parser of HTTP/1 knows."""


def malformed(request: Request, order: RouteOrder, way: PathWay = NORMAL) -> str:
    """Why a gateway answers 400 whatever its routes say; empty where it does not."""
    if order is RouteOrder.ENVOY:
        return _envoy(request, way)
    check = _CHECKS.get(order)
    return check(request) if check is not None else ""


def _nginx(request: Request) -> str:
    """Kong and APISIX take what nginx takes."""
    if not _NGINX_METHOD.fullmatch(request.method):
        return f"nginx knows no method {request.method}: they are written in capitals"
    if _BAD_PERCENT.search(request.path):
        return "a percent sign in the path is followed by no two hexadecimal digits"
    if "%00" in request.path:
        return "the path has a zero byte"
    return "the path leads out of the root" if _leaves_root(request.path) else ""


def _leaves_root(path: str) -> bool:
    depth = 0
    for segment in re.split("/+", path.replace("%2e", ".").replace("%2E", "."))[1:]:
        depth += {"..": -1, ".": 0, "": 0}.get(segment, 1)
        if depth < 0:
            return True
    return False


def _traefik(request: Request) -> str:
    if _BAD_PERCENT.search(request.path):
        return "a percent sign in the path is followed by no two hexadecimal digits"
    return ""


def _envoy(request: Request, way: PathWay) -> str:
    if request.method not in _ENVOY_METHODS:
        return f"Envoy knows no method {request.method} in HTTP/1"
    if not request.path.isascii():
        return "the path has characters that have to be written with percent signs"
    if way.normalises and "%00" in request.path:
        return "the path has a zero byte"
    return ""


_CHECKS: dict[RouteOrder, Callable[[Request], str]] = {
    RouteOrder.KONG: _nginx,
    RouteOrder.APISIX: _nginx,
    RouteOrder.TRAEFIK: _traefik,
}
