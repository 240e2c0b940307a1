"""Users and keys that a policy names itself, as consumers that Kong can ask for.

Kong's credentials open every route that asks for their kind. So every policy has a group, which
its `acl` asks for, and all made-up consumers are in one more group, which the `acl` of routes for
real consumers refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.kong.build import Build, Json
from gal.exporters.kong.consumers import own_password
from gal.exporters.kong.ids import Names, made_id
from gal.model import ApiKeyAuth, BasicAuth, BasicCredential, ModelNode

MADE_UP = "gal-made-up"
"""Group of all consumers that stand for users and keys of policies."""


@dataclass(slots=True)
class InlineConsumers:
    """All of them.

    Attributes:
        build: the file.
        hashes: the file holds passwords as Kong's hashes.
        names: names of consumers.
        entities: the consumers, by what they prove themselves with.
        groups: the group of a policy, by its identity.
    """

    build: Build
    hashes: bool
    names: Names = field(default_factory=Names)
    entities: dict[tuple[str, str], Json] = field(default_factory=dict)
    groups: dict[int, str] = field(default_factory=dict)
    taken: set[tuple[str, str]] = field(default_factory=set)
    passwords: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Note what the real consumers have."""
        for consumer in self.build.gateway.consumers:
            self.names.reserve(consumer.name)
            for basic in consumer.credentials.basic:
                self.taken.add(("basic", basic.username))
            for key in consumer.credentials.api_keys:
                if key.key is not None:
                    self.taken.add(("key", key.key.reveal()))

    def users(self, auth: BasicAuth) -> str:
        """The group of those who may enter with a name and a password."""
        group, new = self._group(auth)
        if not new:
            return group
        for user in auth.users:
            plain = None if user.password is None else user.password.reveal()
            one = BasicCredential(user.username, user.password, user.password_hash)
            if plain is None and own_password(one, None) is None:
                self._shut_out(user, "Kong cannot check this kind of hash")
                continue
            if ("basic", user.username) in self.taken:
                self._shut_out(user, "a consumer has this name already")
                continue
            known = self.passwords.setdefault(user.username, plain or "")
            if known != (plain or ""):
                self._shut_out(user, "another policy has this name with another password")
                continue
            entity = self._consumer(("basic", user.username), user.username, group)
            owner = made_id("consumers", entity["username"]) if self.hashes else None
            password = own_password(one, owner)
            entity["basicauth_credentials"] = [{"username": user.username, "password": password}]
        return group

    def keys(self, auth: ApiKeyAuth) -> str:
        """The group of those who may enter with a key."""
        group, new = self._group(auth)
        if not new:
            return group
        for number, key in enumerate(auth.keys, 1):
            text = key.key.reveal()
            if ("key", text) in self.taken:
                self._shut_out(key, "a consumer has this key already")
                continue
            entity = self._consumer(("key", text), key.name or f"{group}-key-{number}", group)
            entity["keyauth_credentials"] = [{"key": text}]
        return group

    def _group(self, auth: ModelNode) -> tuple[str, bool]:
        key = id(unwrap(auth))
        if key in self.groups:
            return self.groups[key], False
        self.groups[key] = f"gal-policy-{len(self.groups) + 1}"
        return self.groups[key], True

    def _consumer(self, key: tuple[str, str], name: str, group: str) -> Json:
        entity = self.entities.get(key)
        if entity is None:
            acls = [{"group": MADE_UP}]
            entity = self.entities[key] = {"username": self.names.give(name), "acls": acls}
        if {"group": group} not in entity["acls"]:
            entity["acls"].append({"group": group})
        return entity

    def _shut_out(self, subject: ModelNode, reason: str) -> None:
        self.build.report.refused(subject, "authentication", f"{reason}: this one cannot enter")
