"""Kong's Admin API (https://developer.konghq.com/api/gateway/admin-ee/), as a flat declarative
file of the format 3.0.

A Kong without a database gives all of it at once, at `/config`; else every kind is asked for by
itself, page by page. Both give the same file. Objects keep their ids, since the order of routes of
equal rank depends on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from gal.pull import Json, Pulled, by_key, in_order

if TYPE_CHECKING:
    from gal.pull.client import Client

API = "the Admin API of Kong"
TOKEN_HEADER = "Kong-Admin-Token"
FORMAT = "yaml"

_NEEDED = {
    "services": "/services",
    "routes": "/routes",
    "plugins": "/plugins",
    "consumers": "/consumers",
    "upstreams": "/upstreams",
    "certificates": "/certificates",
    "snis": "/snis",
    "ca_certificates": "/ca_certificates",
}
_OTHERS = {
    "keyauth_credentials": "/key-auths",
    "basicauth_credentials": "/basic-auths",
    "jwt_secrets": "/jwts",
    "hmacauth_credentials": "/hmac-auths",
    "oauth2_credentials": "/oauth2",
    "mtls_auth_credentials": "/mtls-auths",
    "acls": "/acls",
    "consumer_groups": "/consumer_groups",
    "vaults": "/vaults",
    "key_sets": "/key-sets",
    "keys": "/keys",
    "partials": "/partials",
    "filter_chains": "/filter-chains",
}
"""Kinds that only some have: plugins bring their credentials, editions and versions the rest."""

_GROUP_MEMBERS = "consumer_group_consumers"
_KINDS = (*_NEEDED, "targets", *_OTHERS, _GROUP_MEMBERS)
_REFERENCES = frozenset(
    (
        *("service", "route", "consumer", "upstream", "certificate", "client_certificate"),
        *("consumer_group", "credential", "set"),
    )
)
_CONFIG = "/config"
_MISSING = (400, 404, 405)
"""How Kong says that there is no such list, or that it is not for its way of storing things."""

_OWN = ("created_at", "updated_at", "ws_id", "cert_digest")
_WITH_DEFAULT = frozenset(
    (
        *("retries", "connect_timeout", "read_timeout", "write_timeout"),
        *("protocols", "regex_priority", "path_handling", "priority", "enabled", "algorithm"),
        *("hash_on", "hash_fallback", "hash_on_cookie_path", "slots", "use_srv_name"),
        *("hash_secret", "client_type", "weight"),
    )
)
"""Fields in which null says something: without it they would have a value."""

_ORDER = ("name", "username", "group", "target", "id")
_PAGE = "1000"
_MOST_PAGES = 100_000


def pull(client: Client, workspace: str | None = None) -> Pulled:
    """All entities, or those of one workspace.

    Raises:
        PullError: a kind cannot be read: a file without it would say something else.
    """
    found = (None if workspace else _whole(client)) or _by_kind(client, workspace)
    # Passwords stand there as Kong keeps them, hashed, which `_transform: false` says.
    data: Json = {"_format_version": "3.0", "_transform": False}
    if workspace:
        data["_workspace"] = workspace
    for kind, items in found.items():
        if items:
            data[kind] = in_order([_tidy(item) for item in items], *_ORDER)
    counts = {kind.replace("_", " "): len(items) for kind, items in found.items() if items}
    return Pulled(data, counts)


def _whole(client: Client) -> dict[str, list[Json]] | None:
    """What a Kong without a database has loaded, by kind; None where it has a database."""
    from gal.errors import GalError
    from gal.reading import read_documents

    data = client.get(_CONFIG, expected=(*_MISSING, 403)).data
    if data is None:
        return None
    text = data.get("config") if isinstance(data, dict) else None
    if not isinstance(text, str):
        raise client.strange(_CONFIG)
    try:
        whole = read_documents(text, _CONFIG)[0].root.plain()
    except (GalError, IndexError):
        raise client.strange(_CONFIG) from None  # and not with the line, which is a secret
    if not isinstance(whole, dict):
        raise client.strange(_CONFIG)
    kinds = {key: value for key, value in whole.items() if not key.startswith("_")}
    order = [*(kind for kind in _KINDS if kind in kinds), *sorted(kinds.keys() - set(_KINDS))]
    found = {}
    for kind in order:
        items = kinds[kind] or []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise client.strange(_CONFIG)
        found[kind] = [_with_references(item) for item in items]
    return found


def _with_references(item: Json) -> Json:
    """The entity with references as the lists of the Admin API have them."""
    return {
        key: {"id": value} if key in _REFERENCES and isinstance(value, str) else value
        for key, value in item.items()
    }


def _by_kind(client: Client, workspace: str | None) -> dict[str, list[Json]]:
    asked = _Asked(client, f"/{quote(workspace, safe='')}" if workspace else "")
    found: dict[str, list[Json]] = {}
    for kind, path in (_NEEDED | _OTHERS).items():
        found[kind] = asked.all_of(path, optional=kind in _OTHERS)
    found["targets"] = asked.targets(found["upstreams"])
    found[_GROUP_MEMBERS] = asked.members(found["consumer_groups"])
    return {kind: found[kind] for kind in _KINDS}


@dataclass(slots=True)
class _Asked:
    """Asks for lists of entities.

    Attributes:
        base: the path of the workspace.
    """

    client: Client
    base: str

    def all_of(self, path: str, *, optional: bool = False) -> list[Json]:
        """All pages of a list; nothing where a list that not every Kong has is missing."""
        found: list[Json] = []
        offset: str | None = None
        seen: set[str] = set()
        while len(seen) < _MOST_PAGES:
            query = {"size": _PAGE} | ({"offset": offset} if offset else {})
            expected = _MISSING if optional and not found else ()
            page = self.client.get(f"{self.base}{path}", query, expected=expected).data
            if page is None:
                return []
            found += self._items(page, path)
            offset = _next_offset(page)
            if offset is None:
                return found
            if offset in seen:
                break
            seen.add(offset)
        raise self.client.error(f"the pages of {path} have no end")

    def _items(self, page: object, path: str) -> list[Json]:
        items = page.get("data") if isinstance(page, dict) else None
        if items == {}:
            return []  # how an empty list of Lua looks like
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.client.strange(path)
        return items

    def targets(self, upstreams: list[Json]) -> list[Json]:
        """The targets of all upstreams, each with a reference to its own."""
        found: list[Json] = []
        for upstream in upstreams:
            identity = str(upstream.get("id") or upstream.get("name") or "")
            own = self.all_of(f"/upstreams/{quote(identity, safe='')}/targets")
            found += [{"upstream": {"id": identity}, **target} for target in own]
        return found

    def members(self, groups: list[Json]) -> list[Json]:
        """Which consumers are of which group."""
        found = []
        for group in groups:
            identity = str(group.get("id") or "")
            path = f"/consumer_groups/{quote(identity, safe='')}/consumers"
            page = self.client.get(f"{self.base}{path}").data
            items = page.get("consumers", page.get("data")) if isinstance(page, dict) else None
            if not isinstance(items, list):
                raise self.client.strange(path)
            for consumer in items:
                member = {"id": consumer.get("id")} if isinstance(consumer, dict) else consumer
                found.append({"consumer": member, "consumer_group": {"id": identity}})
        return found


def _next_offset(page: Json) -> str | None:
    """Where the next page begins. `next` is a path without the prefix of a proxy before Kong."""
    offset = page.get("offset")
    if isinstance(offset, str) and offset:
        return offset
    following = page.get("next")
    if not isinstance(following, str):
        return None
    return next(iter(parse_qs(urlsplit(following).query).get("offset", ())), None)


def _tidy(item: Json) -> Json:
    """The entity without what Kong notes for itself, and without fields that are not set."""
    kept = {
        key: value
        for key, value in item.items()
        if key not in _OWN and (value is not None or key in _WITH_DEFAULT)
    }
    tidied: Json = by_key(kept, "id", "name", "username", "target")
    return tidied
