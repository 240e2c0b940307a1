"""Consumers, which Envoy does not know: GAL writes them as a script that finds out, from what the
filters before it leave behind, whose credential has let a request in. Its tables are read back,
and the credentials from those filters.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from gal.importers.envoy import jwk
from gal.importers.envoy.own_scripts import is_of_consumers
from gal.importers.envoy.use import Reading
from gal.model import (
    ApiKey,
    BasicCredential,
    BasicUser,
    Consumer,
    JwtAuth,
    JwtCredential,
    KeyCredential,
    Origin,
    Policies,
    ScopedPolicies,
    Secret,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.chain import HttpFilter, Shared
    from gal.importers.envoy.use import Use
    from gal.model import Gateway, Route

KEY_HEADER = "x-gal-key"
USER_HEADER = "x-gal-basic"
NAMESPACE = "gal.consumer"

_SCRIPT = "gal.consumer"
_CLAIMS = "gal.jwt_claims."
_TABLE = re.compile(r"^local (consumers|keys|users|tokens) = \{\n(.*?)^\}$", re.M | re.S)
_ENTRY = re.compile(r'^  \[("[^"]*")\] = ("[^"]*"),$', re.M)
_BYTE = re.compile(rb"\\(\d{3})")


@dataclass(slots=True)
class People:
    """What is known of the consumers.

    Attributes:
        node: the script's filter, where there is one.
        tables: records by name: consumers, keys, users and tokens.
        keys: keys by their marks.
        users: users by name.
        tokens: what signs tokens, by what names it.
        policies: policies of single consumers on routes, by name.
        routes: on which the script acts.
        own: whether a chain has the script.
    """

    node: Mapping | None = None
    tables: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)
    users: dict[str, BasicUser] = field(default_factory=dict)
    tokens: dict[str, JwtCredential] = field(default_factory=dict)
    policies: dict[str, list[tuple[Route, Policies]]] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    own: dict[int, bool] = field(default_factory=dict)


def is_own(use: Use) -> bool:
    """Whether GAL's own script finds out the consumers of a chain."""
    known = use.shared.state(People).own
    if id(use.chain) not in known:
        known[id(use.chain)] = any(map(_is_script, use.chain.filters))
    return known[id(use.chain)]


def _is_script(one: HttpFilter) -> bool:
    source = one.config.peek("default_source_code") if one.config is not None else None
    text = source.peek("inline_string") if isinstance(source, Mapping) else None
    return one.kind.endswith(".lua") and text is not None and is_script(one.name, text.as_str())


def is_script(name: str, code: str) -> bool:
    """Whether a script is GAL's own."""
    return name == _SCRIPT and is_of_consumers(code)


def claims_label(use: Use) -> str | None:
    """The name of a filter by which GAL asks for claims of tokens; None for any other filter."""
    name = use.filter.name
    return name.removeprefix(_CLAIMS) if name.startswith(_CLAIMS) else None


def read(use: Use, code: str, context: dict[str, Any]) -> Reading:
    """The script, and what it is told for a route."""
    people = use.shared.state(People)
    use.take_all()
    if people.node is None:
        people.node = use.filter.node
        people.tables = {name: _records(body) for name, body in _TABLE.findall(code)}
    return Reading(use, marks={"consumer": (use, context)})


def _records(body: str) -> dict[str, list[str]]:
    return {
        _unquoted(name): _unquoted(record).split("\n")[:-1] for name, record in _ENTRY.findall(body)
    }


def _unquoted(text: str) -> str:
    raw = text[1:-1].encode("utf-8", "surrogatepass")
    return _BYTE.sub(lambda found: bytes([int(found[1])]), raw).decode("utf-8", "replace")


def note_keys(use: Use, credentials: list[ApiKey]) -> None:
    """Keys of consumers."""
    known = use.shared.state(People).keys
    for one in credentials:
        known.setdefault(one.name or "", one)


def note_users(use: Use, users: list[BasicUser]) -> None:
    """Users who are consumers."""
    known = use.shared.state(People).users
    for one in users:
        known.setdefault(one.username, one)


def note_token(use: Use, name: str, policy: JwtAuth) -> None:
    """What signs the tokens of a consumer; `policy` has its key set."""
    known = use.shared.state(People).tokens
    if name in known:
        return
    try:
        key = json.loads(policy.jwks or "")["keys"][0]
    except (ValueError, KeyError, IndexError, TypeError):
        return
    credential = JwtCredential(name, str(key.get("alg", "HS256")), origin=policy.origin)
    if key.get("kty") == "oct":
        secret, encoded = _secret(str(key.get("k", "")))
        credential.secret = Secret(secret)
        policy.secret_is_base64 = encoded
    else:
        credential.public_key = jwk.pem(key)
    known[name] = credential


def _secret(text: str) -> tuple[str, bool]:
    """A shared secret as a text; in Base64, where it is none."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return text, False
    try:
        return raw.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode(), True


def join(known: Policies, more: Policies) -> None:
    """Add policies of a consumer to those that another filter has."""
    for item in fields(Policies):
        value = getattr(more, item.name)
        if item.name != "origin" and value and getattr(known, item.name) in (None, {}):
            setattr(known, item.name, value)


def note_policies(route: Route, found: dict[str, Policies], shared: Shared) -> None:
    """Policies of single consumers on a route on which the script finds them out."""
    people = shared.state(People)
    people.routes.append(route)
    for name, policies in found.items():
        people.policies.setdefault(name, []).append((route, policies))


def _settle_policies(gateway: Gateway, people: People, found: dict[str, Consumer]) -> None:
    """Policies that are the same wherever a consumer is known are the consumer's own."""
    for name, everywhere in people.policies.items():
        first = everywhere[0][1]
        if name not in found:
            continue
        if len(everywhere) == len(people.routes) and all(one == first for _, one in everywhere):
            found[name].policies = first
            continue
        for route, policies in everywhere:
            scoped = ScopedPolicies(name, route=route.name, policies=policies)
            gateway.scoped_policies.append(scoped)


def finish(gateway: Gateway, shared: Shared) -> None:
    """Put the consumers into the model."""
    people = shared.state(People)
    if people.node is None:
        return
    tables = people.tables
    origin = Origin(people.node, {})
    found: dict[str, Consumer] = {}
    for name, record in tables.get("consumers", {}).items():
        values = [*record, "", "", "", ""]
        found[name] = Consumer(
            name, custom_id=values[2] or None, groups=record[4:], id=values[1] or None
        )
        found[name].origin = origin
    for mark, record in tables.get("keys", {}).items():
        key, owner = people.keys.get(mark), found.get(record[0])
        if owner is not None and key is not None:
            identity = record[1] or None
            credential = KeyCredential(key.key, id=identity, origin=key.origin)
            owner.credentials.api_keys.append(credential)
    for username, record in tables.get("users", {}).items():
        user, owner = people.users.get(username), found.get(record[0])
        if owner is not None and user is not None:
            owner.credentials.basic.append(
                BasicCredential(username, user.password, user.password_hash, origin=user.origin)
            )
    for name, record in tables.get("tokens", {}).items():
        token, owner = people.tokens.get(name), found.get(record[0])
        if owner is not None and token is not None:
            owner.credentials.jwt.append(replace(token))
    _settle_policies(gateway, people, found)
    gateway.consumers += found.values()
