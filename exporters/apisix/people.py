"""All consumers: the real ones, and those that stand for users and keys of policies.

APISIX's credentials are the consumers', and open every route that asks for their kind. So users
and keys that a policy names itself become consumers whom only the routes of this policy let in,
and whom the others refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gal.claims import unwrap
from gal.exporters.apisix.plugin import Json, Plugins
from gal.model import ApiKeyAuth, Authentication, BasicAuth, Gateway, ModelNode, Policies
from gal.naming import give
from gal.reading import is_placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LONGEST = 256


@dataclass(slots=True)
class Inline:
    """Users and keys of one policy.

    Attributes:
        names: the consumers that stand for them.
        shut_out: those who cannot enter, with the reason.
    """

    names: list[str] = field(default_factory=list)
    shut_out: list[tuple[ModelNode, str]] = field(default_factory=list)


@dataclass(slots=True)
class People:
    """All consumers.

    Attributes:
        usernames: APISIX's names, by the model's.
        groups: groups of each consumer, by the model's name.
        made: plugins of the made-up consumers, by APISIX's name.
        inline: users and keys, by the identity of what names them.
        closed: consumers whose policies keep them out.
        placed: names of the plugins that routes have.
        base64: whether secrets of tokens are Base64, as the policies say.
        groups_are_ids: whether every group is what APISIX takes for an id.
        ready: whether the model was read.
    """

    usernames: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, Plugins] = field(default_factory=dict)
    inline: dict[int, Inline] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    placed: set[str] = field(default_factory=set)
    base64: set[bool] = field(default_factory=set)
    groups_are_ids: bool = True
    ready: bool = False
    _taken: set[str] = field(default_factory=set)
    _known: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def username(self, name: str) -> str:
        """APISIX's name of a consumer; a name that nobody has stays."""
        return self.usernames.get(name, name)

    def members(self, groups: Iterable[str]) -> list[str]:
        """APISIX's names of all who are of one of these groups."""
        wanted = set(groups)
        return [self.usernames[n] for n, own in self.groups.items() if wanted.intersection(own)]

    def free(self, wanted: str) -> str:
        """A name for a consumer that nobody has yet."""
        return give(_UNSAFE.sub("-", wanted)[: _LONGEST - 8] or "consumer", self._taken)


def people_of(shared: Shared) -> People:
    """All consumers of the file."""
    people = shared.state(People)
    if not people.ready:
        people.ready = True
        _read(shared.gateway, people)
    return people


def _read(gateway: Gateway, people: People) -> None:
    """Asks the model's own nodes, so that nothing counts as read."""
    plain: Gateway = unwrap(gateway)
    named = _named_consumers(plain)
    for consumer in plain.consumers:
        name = consumer.name
        placeholder = is_placeholder(name)
        people.usernames[name] = name if placeholder else people.free(name)
        groups = dict.fromkeys(consumer.groups)
        people.groups[name] = [one for one in groups if not (one == name and name in named)]
        for group in people.groups[name]:
            people.groups_are_ids &= _ID.fullmatch(group) is not None
        for basic in consumer.credentials.basic:
            people._known[("basic-auth", basic.username)] = ("", "")
        for key in consumer.credentials.api_keys:
            if key.key is not None:
                people._known[("key-auth", key.key.reveal())] = ("", "")
    for policy in _authentications(plain):
        if policy.jwt is not None:
            people.base64.add(policy.jwt.secret_is_base64)
        if policy.basic is not None and policy.basic.users:
            _add_users(policy.basic, people)
        if policy.api_key is not None and policy.api_key.keys:
            _add_keys(policy.api_key, people)


def _named_consumers(gateway: Gateway) -> set[str]:
    """Consumers that access rules name: the importer has made each a group of its own."""
    found: set[str] = set()
    for policies in _all(gateway):
        acl = policies.acl
        if acl is not None and acl.extensions.get("apisix", {}).get("type") == "consumer_name":
            found |= {*acl.allow, *acl.deny}
    return found


def _all(gateway: Gateway) -> Iterator[Policies]:
    yield gateway.policies
    for service in gateway.services:
        yield service.policies
    for _, route in gateway.walk_routes():
        yield route.policies
    for consumer in gateway.consumers:
        yield consumer.policies


def _authentications(gateway: Gateway) -> Iterator[Authentication]:
    for policies in _all(gateway):
        if policies.authentication is not None and policies.authentication.enabled:
            yield policies.authentication


def _add_users(auth: BasicAuth, people: People) -> None:
    found = people.inline[id(auth)] = Inline()
    for user in auth.users:
        if user.password is None:
            reason = "APISIX keeps passwords in plain text, and this is a hash"
            found.shut_out.append((user, reason))
            continue
        config = {"username": user.username, "password": user.password.reveal()}
        _add(user, ("basic-auth", user.username), config, user.username, found, people)


def _add_keys(auth: ApiKeyAuth, people: People) -> None:
    found = people.inline[id(auth)] = Inline()
    for number, key in enumerate(auth.keys, 1):
        text = key.key.reveal()
        label = key.name or f"gal-key-{number}"
        _add(key, ("key-auth", text), {"key": text}, label, found, people)


def _add(
    subject: ModelNode,
    key: tuple[str, str],
    config: Json,
    label: str,
    found: Inline,
    people: People,
) -> None:
    password = str(config.get("password", ""))
    known = people._known.get(key)
    if known is None:
        name = people.free(label)
        people.made[name] = {key[0]: config}
        people._known[key] = (name, password)
        found.names.append(name)
    elif not known[0]:
        found.shut_out.append((subject, "a consumer has this already"))
    elif known[1] != password:
        found.shut_out.append((subject, "another policy has this name with another password"))
    elif known[0] not in found.names:
        found.names.append(known[0])
