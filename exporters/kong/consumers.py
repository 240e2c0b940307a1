"""Consumers and their credentials (https://developer.konghq.com/gateway/entities/consumer/)."""

from __future__ import annotations

import hashlib

from gal.exporters.kong.build import Build, Json, kept, put
from gal.exporters.kong.ids import is_made, made_id
from gal.model import (
    BasicCredential,
    Consumer,
    Credentials,
    HmacCredential,
    JwtCredential,
    KeyCredential,
    OAuth2Credential,
)

OWN_HASH = "kong-sha1:"
"""Before a password's hash that only Kong can check (see the importer)."""


def holds_hashes(build: Build) -> bool:
    """Whether passwords are written as Kong keeps them: some are known as Kong's hashes only."""
    return any(
        one.password_hash is not None and one.password_hash.reveal().startswith(OWN_HASH)
        for consumer in build.gateway.consumers
        for one in consumer.credentials.basic
    )


def consumer_entity(consumer: Consumer, build: Build, *, hashes: bool) -> Json:
    """A consumer with its credentials and groups, without plugins."""
    extensions = kept(consumer.extensions)
    entity: Json = {}
    named = "username" not in extensions
    extensions.pop("username", None)
    name = consumer.name if named else None
    own = build.id_of(consumer.id)
    if not is_made("consumers", name, own):
        entity["id"] = own
    put(entity, "username", name)
    put(entity, "custom_id", consumer.custom_id)
    if consumer.groups:
        entity["acls"] = [{"group": group} for group in dict.fromkeys(consumer.groups)]
    owner = own or made_id("consumers", consumer.name)
    _credentials(consumer.credentials, entity, build, owner if hashes else None)
    if consumer.tags:
        entity["tags"] = list(consumer.tags)
    return entity | extensions


def _credentials(credentials: Credentials, entity: Json, build: Build, owner: str | None) -> None:
    jwt = [_jwt(one, build) for one in credentials.jwt]
    basic = [_basic(one, build, owner) for one in credentials.basic]
    found = {
        "basicauth_credentials": [one for one in basic if one is not None],
        "keyauth_credentials": [_key(one, build) for one in credentials.api_keys],
        "jwt_secrets": [one for one in jwt if one is not None],
        "hmacauth_credentials": [_hmac(one, build) for one in credentials.hmac],
        "oauth2_credentials": [_oauth2(one, build) for one in credentials.oauth2],
    }
    entity.update({key: values for key, values in found.items() if values})


def _basic(one: BasicCredential, build: Build, owner: str | None) -> Json | None:
    entity = {"username": one.username}
    password = own_password(one, owner)
    if password is None:
        message = "Kong cannot check this kind of hash: this user cannot enter"
        build.report.dropped(one, "credentials", message, "password_hash")
        return None
    entity["password"] = password
    return _around(entity, build.id_of(one.id), one.tags)


def own_password(one: BasicCredential, owner: str | None) -> str | None:
    """A password as it is written: plain, or as Kong's hash with the consumer's id where the file
    holds hashes; None for a hash that Kong cannot check.
    """
    if one.password_hash is not None:
        text = one.password_hash.reveal()
        return text.removeprefix(OWN_HASH) if text.startswith(OWN_HASH) else None
    if one.password is None:
        return None
    plain = one.password.reveal()
    if owner is None:
        return plain
    return hashlib.sha1((plain + owner).encode(), usedforsecurity=False).hexdigest()


def _key(one: KeyCredential, build: Build) -> Json:
    entity: Json = {}
    if one.key is not None:
        entity["key"] = one.key.reveal()
    if one.lifetime is not None:
        entity["ttl"] = max(1, round(one.lifetime.in_seconds))
    return _around(entity, build.id_of(one.id), one.tags)


def _jwt(one: JwtCredential, build: Build) -> Json | None:
    """A credential with all that decK asks for, which puts files into Kong."""
    if not build.native and one.secret is None and one.public_key is None:
        build.report.dropped(one, "credentials", "nobody knows a secret that Kong makes up")
        build.context.claims.claim(one)
        return None
    entity: Json = {}
    put(entity, "key", one.key)
    if one.key is None and not build.native:
        entity["key"] = made_id("jwt_secrets", one.public_key or one.algorithm)
        build.note(one, "credentials", "no token names it: it has no key", "key")
    entity["algorithm"] = one.algorithm
    if one.secret is not None:
        entity["secret"] = one.secret.reveal()
    elif one.public_key is not None:
        entity["secret"] = unused_secret(one.public_key)
    put(entity, "rsa_public_key", one.public_key)
    return _around(entity, build.id_of(one.id), one.tags)


def unused_secret(public_key: str) -> str:
    """What stands beside a public key: decK wants a secret, Kong never looks at it there (the
    importer takes this one for none).
    """
    return hashlib.sha256(public_key.encode()).hexdigest()


def _hmac(one: HmacCredential, build: Build) -> Json:
    entity: Json = {"username": one.username}
    if one.secret is not None:
        entity["secret"] = one.secret.reveal()
    return _around(entity, build.id_of(one.id), one.tags)


def _oauth2(one: OAuth2Credential, build: Build) -> Json:
    entity: Json = {"name": one.name}
    put(entity, "client_id", one.client_id)
    if one.client_secret is not None:
        entity["client_secret"] = one.client_secret.reveal()
    if one.redirect_uris:
        entity["redirect_uris"] = list(one.redirect_uris)
    if one.public:
        entity["client_type"] = "public"
    put(entity, "hash_secret", one.hash_secret, False)
    return _around(entity, build.id_of(one.id), one.tags)


def _around(entity: Json, given: str | None, tags: list[str]) -> Json:
    put(entity, "id", given)
    if tags:
        entity["tags"] = list(tags)
    return entity
