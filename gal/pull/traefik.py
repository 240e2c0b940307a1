"""Traefik's API (https://doc.traefik.io/traefik/reference/install-configuration/api-dashboard/),
as one file with entry points and the dynamic configuration of all providers.

The API tells what Traefik has made of its configuration: what an entry point gives to its routers
stands in each of them, and so it is left out of the entry points here. What belongs to Traefik
itself (`@internal`) is left out, and so are routers that it does not serve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.pull import Json, Pulled
from gal.pull.traefik_names import Names, names_of

if TYPE_CHECKING:
    from gal.pull.client import Client

API = "the API of Traefik"
TOKEN_HEADER = "Authorization"
FORMAT = "yaml"

_RAW_DATA = "/api/rawdata"
_ENTRY_POINTS = "/api/entrypoints"
_SECTIONS = {
    ("http", "routers"): "routers",
    ("http", "middlewares"): "middlewares",
    ("http", "services"): "services",
    ("tcp", "routers"): "tcpRouters",
    ("tcp", "middlewares"): "tcpMiddlewares",
    ("tcp", "services"): "tcpServices",
    ("udp", "routers"): "udpRouters",
    ("udp", "services"): "udpServices",
}
"""Section of the file -> its name in the API."""

_STATE = ("status", "usedBy", "using", "serverStatus", "error", "err")
_OBSERVED = {"accessLogs": True, "metrics": True, "tracing": True, "traceVerbosity": "minimal"}
_APPLIED = ("middlewares", "tls")
"""Of the `http` of an entry point: it stands in its routers."""

_USUAL: Json = {
    "forwardedHeaders": {},
    "http": {"sanitizePath": True, "maxHeaderBytes": 1048576},
    "http2": {
        "maxConcurrentStreams": 250,
        "maxDecoderHeaderTableSize": 4096,
        "maxEncoderHeaderTableSize": 4096,
    },
    "transport": {
        "lifeCycle": {"graceTimeOut": "10s"},
        "respondingTimeouts": {"readTimeout": "1m0s", "idleTimeout": "3m0s"},
    },
    "udp": {"timeout": "3s"},
}
"""What an entry point is like by itself."""

_PAGE_SIZE = "1000"


def pull(client: Client, workspace: str | None = None) -> Pulled:
    """Entry points, and routers, middlewares and services of HTTP, TCP and UDP.

    Raises:
        PullError: it is not Traefik that answers.
    """
    del workspace
    raw = client.get(_RAW_DATA).data
    if not isinstance(raw, dict) or not _are_objects(raw.get(one) for one in _SECTIONS.values()):
        raise client.strange(_RAW_DATA)
    data: Json = {"entryPoints": _entry_points(client)}
    counts = {"entry points": len(data["entryPoints"])}
    notes: list[str] = []
    unseen = _Unseen()
    for protocol in ("http", "tcp", "udp"):
        own = {
            part: _served(part, raw.get(name) or {}, notes)
            for (one, part), name in _SECTIONS.items()
            if one == protocol
        }
        names = names_of(own)
        sections = {part: _section(part, objects, names) for part, objects in own.items()}
        for part, objects in sections.items():
            if objects:
                data.setdefault(protocol, {})[part] = objects
                counts[part if protocol == "http" else f"{protocol} {part}"] = len(objects)
        if names.transports:
            stubs: Json = {key: {} for key in sorted(names.transports)}
            data[protocol]["serversTransports"] = stubs
        unseen.add(names)
    return Pulled(data, counts, (*notes, *unseen.notes(data)))


@dataclass(slots=True)
class _Unseen:
    """What is named in the configuration, but the API does not tell."""

    missing: set[str] = field(default_factory=set)
    transports: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)

    def add(self, names: Names) -> None:
        """What is missing in one protocol."""
        self.missing |= names.missing
        self.transports |= set(names.transports.values())
        self.options |= names.options

    def notes(self, data: Json) -> Iterator[str]:
        """It in words, as far as the file depends on it."""
        routers = [
            router
            for protocol in ("http", "tcp")
            for router in data.get(protocol, {}).get("routers", {}).values()
        ]
        if any("tls" in router for router in routers):
            named = f" ({', '.join(sorted(self.options))})" if self.options else ""
            yield (
                f"Traefik's API tells neither certificates nor TLS options{named}: where they ask"
                " clients for a certificate, the file does not say so"
            )
        if self.transports:
            yield (
                "Traefik's API does not tell how servers are spoken to: in the file these"
                f" transports have no settings: {', '.join(sorted(self.transports))}"
            )
        if self.missing:
            yield f"these are named but not there: {', '.join(sorted(self.missing))}"


def _section(part: str, objects: Json, names: Names) -> Json:
    """One kind of objects, by their names in the file."""
    kept = {
        names.key(part, name): names.renamed(part, name, _tidy(part, one))
        for name, one in objects.items()
    }
    return dict(sorted(kept.items()))


def _are_objects(values: Any) -> bool:
    return all(
        value is None
        or (isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()))
        for value in values
    )


def _served(part: str, objects: Json, notes: list[str]) -> Json:
    """The objects that somebody has configured, without routers that are not in force."""
    own = {name: one for name, one in objects.items() if not name.endswith("@internal")}
    if part != "routers":
        return own
    left_out = sorted(objects.keys() - own.keys())
    if left_out:
        notes.append(f"routers of Traefik itself are left out: {', '.join(left_out)}")
    warned = sorted(name for name, one in own.items() if one.get("status") == "warning")
    if warned:
        notes.append(f"Traefik warns of these routers, see its log: {', '.join(warned)}")
    off = sorted(name for name, one in own.items() if one.get("status") == "disabled")
    if off:
        notes.append(f"routers that Traefik has errors in do not act: {', '.join(off)}")
    return {name: one for name, one in own.items() if name not in off}


def _tidy(part: str, item: Json) -> Json:
    kept = {key: value for key, value in item.items() if key not in _STATE}
    if part != "routers":
        return kept
    rule = str(kept.get("rule", ""))
    if kept.get("priority") == len(rule.encode()):
        del kept["priority"]  # what it is by itself
    if kept.get("observability") == _OBSERVED:
        del kept["observability"]
    return kept


def _entry_points(client: Client) -> Json:
    found: list[Json] = []
    page = 1
    while True:
        answer = client.get(_ENTRY_POINTS, {"page": str(page), "per_page": _PAGE_SIZE})
        points = answer.data
        if not isinstance(points, list) or not all(
            isinstance(one, dict) and isinstance(one.get("name"), str) for one in points
        ):
            raise client.strange(_ENTRY_POINTS)
        found += points
        following = answer.headers.get("x-next-page", "")
        if not following.isdigit() or int(following) <= page:
            break  # the last page names the first one
        page = int(following)
    return {point["name"]: _entry_point(point) for point in sorted(found, key=_name)}


def _name(point: Json) -> str:
    return str(point["name"])


def _entry_point(point: Json) -> Json:
    kept: Json = {key: value for key, value in point.items() if key != "name"}
    http = kept.get("http")
    if isinstance(http, dict):
        kept["http"] = {key: value for key, value in http.items() if key not in _APPLIED}
    own = _without(kept, _USUAL)
    return {"address": own.pop("address", ""), **own}


def _without(value: Json, usual: Json) -> Json:
    """A mapping without what it says by itself anyway."""
    kept: Json = {}
    for key, below in value.items():
        default = usual.get(key)
        if isinstance(below, dict) and isinstance(default, dict):
            inner = _without(below, default)
            if inner:
                kept[key] = inner
        elif key not in usual or below != default:
            kept[key] = below
    return kept
