"""APISIX's Admin API (https://apisix.apache.org/docs/apisix/admin-api/), as a standalone
`apisix.yaml`.

The versions 2 and 3 answer in two shapes, and version 3 page by page. An APISIX that reads a file
instead of etcd has another Admin API, `/apisix/admin/configs`, which gives all at once. Where there
is neither, the Control API (https://apisix.apache.org/docs/apisix/control-api/) tells some of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gal.pull import Json, Pulled, by_key, in_order
from gal.pull.apisix_control import pull_control

if TYPE_CHECKING:
    from gal.pull.client import Client

API = "the Admin API of APISIX"
TOKEN_HEADER = "X-API-KEY"
FORMAT = "yaml"

_KINDS = {
    "routes": ("routes",),
    "services": ("services",),
    "upstreams": ("upstreams",),
    "consumers": ("consumers",),
    "consumer_groups": ("consumer_groups",),
    "global_rules": ("global_rules",),
    "plugin_configs": ("plugin_configs",),
    "plugin_metadata": ("plugin_metadata",),
    "ssls": ("ssls", "ssl"),
    "stream_routes": ("stream_routes",),
    "protos": ("protos", "proto"),
    "secrets": ("secrets",),
}
"""Section of the file -> how the API calls it, newest first."""

_NEEDED = frozenset(("services", "upstreams", "consumers", "global_rules"))
"""What every version has; that there are routes is found out before."""

_OWN = ("create_time", "update_time", "modifiedIndex", "createdIndex")
_END = "#END"
"""Without it, APISIX takes a file for one that is still being written."""

_ADMIN = "/apisix/admin"
_PAGE_SIZE = 500
_MOST_PAGES = 100_000
_NO_SUCH_LIST = (400, 404, 405)


def pull(client: Client, workspace: str | None = None) -> Pulled:
    """All objects.

    Raises:
        PullError: a kind cannot be read: a file without it would say something else.
    """
    del workspace
    asked = _Asked(client, "" if client.address.prefix.endswith(_ADMIN) else _ADMIN)
    routes = asked.all_of("routes")
    if routes is None:
        return _other_ways(client, asked)
    found = {"routes": routes}
    for kind, names in _KINDS.items():
        if kind != "routes":
            found[kind] = asked.section(kind, names)
    consumers = found["consumers"]
    listed = {consumer.get("id") for consumer in consumers}  # credentials in the same list
    own = asked.credentials(consumers)
    found["consumers"] = [*consumers, *(one for one in own if one["id"] not in listed)]
    counts = {kind.replace("_", " "): len(items) for kind, items in found.items() if items}
    return Pulled(_file(found, sort=True), counts, tuple(_notes(asked.missing, found)), _END)


def _other_ways(client: Client, asked: _Asked) -> Pulled:
    """The Admin API of a standalone APISIX, else the Control API."""
    path = f"{asked.base}/configs"
    whole = client.get(path, expected=_NO_SUCH_LIST).data
    if whole is None:
        pulled = pull_control(client)
        return Pulled(_file(pulled.data, sort=False), pulled.counts, pulled.notes, _END)
    if not isinstance(whole, dict):
        raise client.strange(path)
    found = {kind: _dicts(whole.get(kind)) or [] for kind in _KINDS}
    counts = {kind.replace("_", " "): len(items) for kind, items in found.items() if items}
    # The order of a file stays: it may decide between routes of equal rank.
    return Pulled(_file(found, sort=False), counts, tuple(_notes([], found)), _END)


def _file(found: Json, *, sort: bool) -> Json:
    data: Json = {}
    for kind, items in found.items():
        tidied = [_tidy(item) for item in items]
        if tidied:
            data[kind] = in_order(tidied, "id", "username") if sort else tidied
    return data or {"routes": []}


def _tidy(item: Json) -> Json:
    kept = {key: value for key, value in item.items() if key not in _OWN and value is not None}
    tidied: Json = by_key(kept, "id", "username", "name")
    return tidied


def _notes(missing: list[str], found: dict[str, list[Json]]) -> list[str]:
    notes = []
    if missing:
        notes.append(f"this APISIX has no {', '.join(missing)}")
    if any("key" not in one and "cert" in one for one in found["ssls"]):
        notes.append("the Admin API gives no private keys: those of certificates are not there")
    return notes


@dataclass(slots=True)
class _Asked:
    """Asks for lists of objects.

    Attributes:
        base: the path before all lists.
        missing: kinds that the API does not have.
    """

    client: Client
    base: str
    missing: list[str] = field(default_factory=list)

    def section(self, kind: str, names: tuple[str, ...]) -> list[Json]:
        """All objects of a kind, under whichever of its names the API has it.

        Raises:
            PullError: every APISIX has this kind, but it is not there.
        """
        for name in names:
            found = self.all_of(name, needed=kind in _NEEDED)
            if found is not None:
                return found
        self.missing.append(kind)
        return []

    def credentials(self, consumers: list[Json]) -> list[Json]:
        """The credentials of all consumers, with ids as in a standalone file."""
        found: list[Json] = []
        for consumer in consumers:
            name = str(consumer.get("username") or "")
            if not name or "/credentials/" in str(consumer.get("id", "")):
                continue
            own = self.all_of(f"consumers/{quote(name, safe='')}/credentials", lenient=True)
            if own is None:
                return found  # a version without them
            for credential in own:
                identity = str(credential.get("id", "")).rpartition("/")[2]
                found.append({**credential, "id": f"{name}/credentials/{identity}"})
        return found

    def all_of(
        self, name: str, *, needed: bool = False, lenient: bool = False
    ) -> list[Json] | None:
        """All pages of a list; None where there is no such list.

        Args:
            name: of the list.
            needed: that it is missing is an error.
            lenient: another object in its place means that it is missing.
        """
        path = f"{self.base}/{name}"
        found: dict[str, Json] = {}
        for page in range(1, _MOST_PAGES):
            query = {"page": str(page), "page_size": str(_PAGE_SIZE)}
            expected = () if needed else _NO_SUCH_LIST
            data = self.client.get(path, query, expected=expected).data
            if data is None:
                return None
            items, total = _items(data)
            if items is None:
                if lenient:
                    return None
                raise self.client.strange(path)
            before = len(found)
            for item in items:
                identity, value = _object(item, name.partition("/")[0])
                found[identity] = value
            whole = total is None or len(found) >= total or len(items) < _PAGE_SIZE
            if whole or len(found) == before:
                return list(found.values())
        raise self.client.error(f"the pages of {path} have no end")


def _items(data: Any) -> tuple[list[Json] | None, int | None]:
    """The items of an answer, and how many there are on all pages; None for no list at all."""
    if not isinstance(data, dict):
        return None, None
    if "list" in data:
        total = data.get("total")
        return _dicts(data["list"]), total if isinstance(total, int) else None
    node = data.get("node")
    if isinstance(node, dict) and (node.get("dir") or "nodes" in node):
        return _dicts(node.get("nodes") or []), None
    return None, None


def _dicts(value: Any) -> list[Json] | None:
    if value is None or value == {}:
        return []  # how an empty list of Lua looks like
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    return value


def _object(item: Json, kind: str) -> tuple[str, Json]:
    """An object and what it is stored under, which is its id where it has none itself."""
    value = item.get("value", item)
    value = dict(value) if isinstance(value, dict) else {}
    key = str(item.get("key") or "")
    stored = key.partition(f"/{kind}/")[2]
    named = "id" in value or "username" in value
    if stored and (not named or "/credentials/" in stored):
        value["id"] = stored
    return key or str(value.get("id") or value.get("username") or id(item)), value
