"""The path that a gateway compares with its routes, made from the path that the client sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from gal.model import RouteOrder

_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")
_SLASHES = re.compile(r"/{2,}")
_SAFE = "/!$&'()*+,;=:@~%-._[]#?"
_SAFE_IN = {RouteOrder.ENVOY: f"{_SAFE}|\\", RouteOrder.APISIX: "/!$&'()*+,;=:@~-._[]"}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_RESERVED = frozenset(b"!*'();:@&=+$,/?%#[]")


@dataclass(frozen=True, slots=True)
class PathWay:
    """What an Envoy does with paths before it compares them
    (`HttpConnectionManager.normalize_path`, `merge_slashes`).

    Attributes:
        normalises: it removes dot segments and decodes unreserved characters.
        merges: it merges slashes.
    """

    normalises: bool = True
    merges: bool = True


NORMAL = PathWay()


def compared_path(path: str, order: RouteOrder, way: PathWay = NORMAL) -> str:
    """The path in the form in which the gateway whose order this is compares it.

    Text that is not ASCII stands as its UTF-8 bytes decoded; what is no UTF-8 as surrogates.
    """
    return _envoy(path, way) if order is RouteOrder.ENVOY else _FORMS[order](path)


def quoted(path: str, order: RouteOrder | None = None) -> str:
    """A path as it is sent on: what has no place in a request line gets its percent sign. Where
    everything was decoded, as in APISIX, that goes for percent signs, too; Envoy leaves more alone.
    """
    safe = _SAFE_IN.get(order, _SAFE) if order is not None else _SAFE
    return quote(path, safe=safe, errors="surrogateescape")


def _kong(path: str) -> str:
    """Kong decodes all but reserved characters, removes dot segments and merges slashes
    (`kong.tools.uri.normalize`).
    """
    return _without_dots(_SLASHES.sub("/", _decoded(path, lambda byte: byte not in _RESERVED)))


def _nginx(path: str) -> str:
    """The way of nginx: it decodes everything, removes dot segments and merges slashes (`$uri`)."""
    return _without_dots(_SLASHES.sub("/", _decoded(path, _any_byte)))


def _envoy(path: str, way: PathWay = NORMAL) -> str:
    """Envoy with `normalize_path` and `merge_slashes`: unreserved characters are decoded, a
    backslash is a slash. A path of nothing but slashes stays as it is.
    """
    if not path.strip("/"):
        return path
    if way.normalises:
        plain = _decoded(path, lambda byte: byte in _UNRESERVED).replace("\\", "/")
        path = _without_dots(plain)
    return _SLASHES.sub("/", path) if way.merges else path


def _traefik(path: str) -> str:
    """Traefik decodes unreserved characters, cleans the path (`sanitizePath`: a dot segment at the
    end leaves no slash), and compares it with all but reserved characters decoded.
    """
    plain = _decoded(path, lambda byte: byte in _UNRESERVED)
    clean = _without_dots(_SLASHES.sub("/", plain))
    if plain.endswith(("/.", "/..")):
        clean = clean.rstrip("/") or "/"
    return _decoded(clean, lambda byte: byte not in _RESERVED)


_FORMS: dict[RouteOrder, Callable[[str], str]] = {
    RouteOrder.GAL: _envoy,
    RouteOrder.KONG: _kong,
    RouteOrder.APISIX: _nginx,
    RouteOrder.TRAEFIK: _traefik,
}


def _any_byte(_: int) -> bool:
    return True


def _decoded(path: str, wanted: Callable[[int], bool]) -> str:
    def decode(found: re.Match[str]) -> str:
        byte = int(found[1], 16)
        return chr(byte) if wanted(byte) else found[0].upper()

    if "%" not in path:
        return path
    as_bytes = _PERCENT.sub(decode, path.encode().decode("latin-1")).encode("latin-1")
    return as_bytes.decode("utf-8", "surrogateescape")


def _without_dots(path: str) -> str:
    """The path without `.` and `..`; what would leave the root stays at it."""
    if "/." not in path:
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    ends_in_folder = segments[-1] in (".", "..")
    return "/" + "/".join(kept) + ("/" if ends_in_folder and kept else "")
