"""Consumers and their credentials (https://developer.konghq.com/gateway/entities/consumer/)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_choice, take_idle, take_integer, take_secret, take_tags
from gal.ledger import Fate, Level
from gal.model import (
    BasicCredential,
    Consumer,
    Duration,
    HmacCredential,
    JwtCredential,
    KeyCredential,
    OAuth2Credential,
    Origin,
    Policies,
    Secret,
)

if TYPE_CHECKING:
    from gal.importers.kong.references import Entity, File

OWN_HASH = "kong-sha1:"
"""Before a password's hash that only Kong can check: it is made with the consumer's id."""

_ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"),
    *("PS256", "PS384", "PS512", "EdDSA"),
)
_NEED_PUBLIC_KEY = ("RS", "PS", "Ed")
_LONGEST = 100000000
_NAMES = {"name": "username", "groups": "acls"}
_NAMES_BY_CUSTOM_ID = {"name": "custom_id", "groups": "acls"}


def read_consumers(file: File) -> dict[str, Consumer]:
    """All consumers with their credentials, by the keys of their entities, without plugins.

    Raises:
        InputError: Kong would refuse one of them.
    """
    consumers: dict[str, Consumer] = {}
    names: set[str] = set(file.names.get("consumers", {}))
    custom_ids: set[str] = set()
    for entity in file.of("consumers"):
        consumer = _consumer(file, entity, names)
        if consumer.custom_id is not None:
            if consumer.custom_id in custom_ids:
                where = entity.node.entries["custom_id"]
                raise where.error(f'the custom_id "{consumer.custom_id}" is there twice')
            custom_ids.add(consumer.custom_id)
        consumers[entity.key] = consumer
    for kind, read in (
        ("basicauth_credentials", _basic),
        ("keyauth_credentials", _key),
        ("jwt_secrets", _jwt),
        ("hmacauth_credentials", _hmac),
        ("oauth2_credentials", _oauth2),
        ("acls", _group),
    ):
        for entity in file.of(kind):
            owner = file.reference(entity, "consumer", "consumers")
            if owner is None:
                raise entity.node.missing("consumer")
            take_idle(entity.node, file.report)
            read(file, entity, consumers[owner.key])
    return consumers


def _consumer(file: File, entity: Entity, names: set[str]) -> Consumer:
    node = entity.node
    take_idle(node, file.report)
    username, custom_id = node.take_str("username"), node.take_str("custom_id")
    if username is None and custom_id is None:
        raise node.error('a consumer needs "username" or "custom_id"')
    name = username or custom_id or ""
    if username is None:
        while name in names:
            name += "-custom-id"
        names.add(name)
    consumer = Consumer(
        name,
        custom_id=custom_id,
        id=node.take_str("id") or entity.id,
        tags=take_tags(node),
        policies=Policies(origin=Origin(node, {})),
        origin=Origin(node, _NAMES if username is not None else _NAMES_BY_CUSTOM_ID),
    )
    if username is None:
        consumer.extensions["kong"] = {"username": None}
    groups = node.take("groups")
    if groups is not None:
        groups.take_all()
        consumer.extensions.setdefault("kong", {})["groups"] = groups.plain()
        message = "consumer groups are the enterprise edition's; see what their policies become"
        file.report.at(groups, Fate.CARRIED, Level.INFO, "consumer_groups", message)
    return consumer


def _basic(file: File, entity: Entity, consumer: Consumer) -> None:
    node = entity.node
    password = take_secret(node, "password")
    if password is None:
        raise node.missing("password")
    credential = BasicCredential(
        node.require_str("username"),
        id=node.take_str("id"),
        tags=take_tags(node),
        origin=Origin(node, {"password_hash": "password"}),
    )
    if entity.transform:
        credential.password = password
    else:
        credential.password_hash = Secret(OWN_HASH + password.reveal())
        message = "this is Kong's own hash of the password: other gateways cannot check it"
        where = node.entries["password"]
        file.report.at(where, Fate.CARRIED, Level.WARNING, "credentials", message)
    consumer.credentials.basic.append(credential)


def _key(file: File, entity: Entity, consumer: Consumer) -> None:
    del file
    node = entity.node
    lifetime = take_integer(node, "ttl", 0, 0, _LONGEST)
    consumer.credentials.api_keys.append(
        KeyCredential(
            take_secret(node, "key"),
            lifetime=Duration.seconds(lifetime) if lifetime else None,
            id=node.take_str("id"),
            tags=take_tags(node),
            origin=Origin(node, {"lifetime": "ttl"}),
        )
    )


def _jwt(file: File, entity: Entity, consumer: Consumer) -> None:
    del file
    node = entity.node
    algorithm = take_choice(node, "algorithm", _ALGORITHMS, "HS256")
    public_key = node.take_str("rsa_public_key")
    if public_key is None and algorithm.startswith(_NEED_PUBLIC_KEY):
        raise node.error(f'algorithm {algorithm} needs the field "rsa_public_key"')
    secret = take_secret(node, "secret")
    if secret is not None and public_key is not None and _is_unused(secret.reveal(), public_key):
        secret = None
    consumer.credentials.jwt.append(
        JwtCredential(
            node.take_str("key"),
            algorithm,
            secret,
            public_key,
            id=node.take_str("id"),
            tags=take_tags(node),
            origin=Origin(node, {"public_key": "rsa_public_key"}),
        )
    )


def _is_unused(secret: str, public_key: str) -> bool:
    """Whether it is what the exporter writes for decK beside a public key, where Kong never looks
    at a secret.
    """
    return secret == hashlib.sha256(public_key.encode()).hexdigest()


def _hmac(file: File, entity: Entity, consumer: Consumer) -> None:
    del file
    node = entity.node
    consumer.credentials.hmac.append(
        HmacCredential(
            node.require_str("username"),
            take_secret(node, "secret"),
            id=node.take_str("id"),
            tags=take_tags(node),
            origin=Origin(node, {}),
        )
    )


def _oauth2(file: File, entity: Entity, consumer: Consumer) -> None:
    del file
    node = entity.node
    kind = take_choice(node, "client_type", ("confidential", "public"), "confidential")
    consumer.credentials.oauth2.append(
        OAuth2Credential(
            node.require_str("name"),
            node.take_str("client_id"),
            take_secret(node, "client_secret"),
            node.take_strings("redirect_uris") or [],
            public=kind == "public",
            hash_secret=node.take_bool("hash_secret", False),
            id=node.take_str("id"),
            tags=take_tags(node),
            origin=Origin(node, {"public": "client_type"}),
        )
    )


def _group(file: File, entity: Entity, consumer: Consumer) -> None:
    node = entity.node
    take_idle(node, file.report, "id", "tags")
    group = node.take("group")
    if group is None:
        raise node.missing("group")
    name = group.as_str()
    if name in consumer.groups:
        raise group.error(f'the group "{name}" is there twice')
    consumer.groups.append(name)
