"""Settings that only one gateway has and the model does not know, but whose meaning is known here:
versions of TLS, and certificates that clients have to show.

They stand in `extensions`: Traefik's `tls.options`
(https://doc.traefik.io/traefik/reference/routing-configuration/http/tls/tls-options/), Envoy's
`DownstreamTlsContext`
(https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto),
and APISIX's `ssls` (https://apisix.apache.org/docs/apisix/admin-api/#ssl).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from gal.drift.change import Level, Security, Traffic
from gal.drift.compare.finding import At, Finding
from gal.drift.shown import NONE, joined, shown_opaque

_MINIMUM: Final = frozenset({"minVersion", "tls_minimum_protocol_version", "ssl_protocols"})
_MAXIMUM: Final = frozenset({"maxVersion", "tls_maximum_protocol_version"})
_DEFAULT: Final = 1.2
"""The lowest version of TLS that all three take where nothing is said."""

_VERSION: Final = re.compile(r"(?i)(?:version)?(tls|ssl)v?[_.]?(\d)[_.]?(\d)?")
_CLIENTS: Final = re.compile(
    r".*\.(?:clientAuth|(?:default_)?validation_context|require_client_certificate)(?=\.|$)"
    r"|extensions\.apisix\.client(?=\.|$)"
)
_TOLD_ELSEWHERE: Final = re.compile(
    r"extensions\.(?:traefik\.static\.api\.insecure|apisix\.(?:uris(?:\.\d+)?|each_(?:header|parameter)))"
)
"""Settings that other comparisons tell of: the administration, and matches as they were written."""


@dataclass(slots=True)
class Known:
    """What is known of a part of two settings.

    Attributes:
        findings: what it means.
        rest: leaves whose meaning is not known.
    """

    findings: list[Finding] = field(default_factory=list)
    rest: int = 0


def as_text(key: str, value: Any) -> Any:
    """A list of versions as one text, so that it is compared as a whole; tags sorted; else the
    value.
    """
    if key in _MINIMUM and isinstance(value, list):
        return joined(sorted(map(str, value)))
    if key == "tags" and isinstance(value, list):
        return sorted(value, key=str)
    return value


def known(name: str, old: Any, new: Any, at: tuple[At, At]) -> Known:
    """What is known of a difference.

    Args:
        name: dotted field, from the extension's name on.
        old: a leaf, or everything below that name; None where there is nothing.
        new: likewise.
        at: where both stand.
    """
    before, after = dict(_leaves(name, old)), dict(_leaves(name, new))
    found, clients = Known(), False
    for path in dict.fromkeys([*before, *after]):
        left, right = before.get(path), after.get(path)
        last = path.rpartition(".")[2]
        if last in _MINIMUM:
            found.findings += _minimum(path, left, right, at)
        elif last in _MAXIMUM:
            texts = _text(left), _text(right)
            found.findings.append(Finding("D042", path, *texts, *at))
        elif _CLIENTS.match(path):
            clients = True
        elif not _TOLD_ELSEWHERE.fullmatch(path):
            found.rest += 1
    if clients:
        found.findings.append(_clients(name, before, after, at))
    return found


def _leaves(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    elif value is not None:
        yield name, value
    for key, one in inner:
        yield from _leaves(f"{name}.{key}", one)


def _minimum(path: str, old: Any, new: Any, at: tuple[At, At]) -> Iterator[Finding]:
    before, after = _lowest(old), _lowest(new)
    if before == after:
        return
    security, traffic = Security.UNKNOWN, Traffic.NONE
    if before is not None and after is not None:
        lower = after < before
        security = Security.WEAKENED if lower else Security.STRENGTHENED
        traffic = Traffic.OPENING if lower else Traffic.BREAKING
    yield Finding("D042", path, _text(old), _text(new), *at, security=security, traffic=traffic)


def _lowest(value: Any) -> float | None:
    """The lowest version of a text; None where it is none."""
    if value is None:
        return _DEFAULT
    found = []
    for kind, major, minor in _VERSION.findall(str(value)):
        number = float(f"{major}.{minor or 0}")
        found.append(number if kind.lower() == "tls" else number / 10)
    if not found and "auto" in str(value).lower():
        return _DEFAULT
    return min(found, default=None)


def _text(value: Any) -> str:
    return NONE if value is None else str(value) if _lowest(value) else shown_opaque("", value)


def _clients(name: str, old: dict[str, Any], new: dict[str, Any], at: tuple[At, At]) -> Finding:
    """Clients have to show another certificate, or any more, or none."""
    marks = [_of_clients(one) for one in (old, new)]
    path = next(iter(marks[0] or marks[1]))
    said = _CLIENTS.match(path)
    asked = said[0] if said is not None and len(said[0]) > len(name) else name
    texts = tuple(
        joined(_of_client(path, asked, one) for path, one in side.items()) if side else NONE
        for side in marks
    )
    security, traffic = Security.UNKNOWN, Traffic.BREAKING
    level: Level | None = None
    if not marks[1]:
        security, traffic = Security.WEAKENED, Traffic.OPENING
    elif not marks[0]:
        security, level = Security.STRENGTHENED, Level.HIGH
    return Finding(
        "D043", asked, texts[0], texts[1], *at, security=security, traffic=traffic, level=level
    )


def _of_client(path: str, asked: str, value: Any) -> str:
    name = path.removeprefix(asked).lstrip(".")
    shown = shown_opaque("", value)
    return f"{name}={shown}" if name else shown


def _of_clients(leaves: dict[str, Any]) -> dict[str, Any]:
    return {path: one for path, one in leaves.items() if _CLIENTS.match(path)}
