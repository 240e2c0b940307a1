"""Consumers, their credentials and groups
(https://apisix.apache.org/docs/apisix/terminology/consumer/,
https://apisix.apache.org/docs/apisix/terminology/credential/,
https://apisix.apache.org/docs/apisix/terminology/consumer-group/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gal.exporters.apisix.consumer_policies import consumer_plugins, settle_scoped
from gal.exporters.apisix.people import people_of
from gal.exporters.apisix.plugin import Json, below, kept, labels, put
from gal.ledger import Level
from gal.model import Consumer, Credentials, JwtCredential, ModelNode

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.exporters.apisix.people import People
    from gal.model import Secret

_FEATURE = "credentials"
_SYMMETRIC = ("HS256", "HS384", "HS512")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NO_END = "APISIX's keys have no end: this one is left away"
_MADE_UP = "APISIX makes up no credentials: this one is left away"

Found = tuple[str, Json, str | None, list[str]]
"""A credential: plugin, settings, its id and its tags."""


def write_consumers(shared: Shared) -> dict[str, list[Json]]:
    """The sections `consumers` (with credentials among them) and `consumer_groups`. Comes after
    all routes: their plugins decide what consumers have to switch off.
    """
    people = people_of(shared)
    entities: list[Json] = []
    groups: dict[str, None] = {}
    settle_scoped(people, shared)
    for consumer in shared.gateway.consumers:
        entities += _consumer(consumer, people, shared)
        own = people.groups[consumer.name]
        if len(own) == 1 and people.groups_are_ids:
            groups[own[0]] = None
    for name, plugins in people.made.items():
        entities.append({"username": name, "plugins": plugins})
    found: dict[str, list[Json]] = {}
    if entities:
        found["consumers"] = entities
    if groups:
        found["consumer_groups"] = [{"id": name, "plugins": {}} for name in groups]
    return found


def _consumer(consumer: Consumer, people: People, shared: Shared) -> list[Json]:
    """A consumer and its further credentials."""
    values = kept(consumer.extensions)
    more = values.pop("credentials", [])
    tokens = below(values, "jwt-auth")
    values.pop("jwt-auth", None)
    username = people.username(consumer.name)
    if username != consumer.name:
        message = f'APISIX calls this consumer "{username}"'
        shared.context.report.approximated(consumer, "consumers", message, "name")
    entity: Json = {"username": username}
    own = people.groups[consumer.name]
    _ = consumer.groups
    if len(own) == 1 and people.groups_are_ids:
        entity["group_id"] = own[0]
    words = labels(list(consumer.tags))
    if consumer.custom_id is not None and not re.search(r"\s", consumer.custom_id):
        words["custom_id"] = consumer.custom_id
    if words:
        entity["labels"] = words
    plugins = consumer_plugins(consumer, people, shared)
    credentials: dict[str, Json] = {}
    entries: list[Json] = []
    found = [*_credentials(consumer, tokens, people, shared), *_carried(more)]
    if consumer.name in people.closed:
        found = []
    for name, config, given, tags in found:
        if given is None and name not in credentials:
            credentials[name] = config
            continue
        label = _UNSAFE.sub("-", given or f"{name}-{len(entries) + 2}")
        entry: Json = {"id": f"{username}/credentials/{label}", "plugins": {name: config}}
        if tags:
            entry["labels"] = labels(tags)
        entries.append(entry)
    if credentials or plugins:
        entity["plugins"] = {**credentials, **plugins}
    return [entity | values, *entries]


def _carried(items: object) -> list[Found]:
    """Credentials that only APISIX knows."""
    found: list[Found] = []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and isinstance(item.get("config"), dict):
            given = item.get("id")
            identity = None if given is None else str(given)
            found.append((str(item.get("name")), dict(item["config"]), identity, []))
    return found


def _credentials(
    consumer: Consumer, tokens: Json, people: People, shared: Shared
) -> Iterator[Found]:
    credentials, report = consumer.credentials, shared.context.report
    yield from _keys(credentials, shared)
    yield from _passwords(credentials, shared)
    for signer in credentials.jwt:
        made = _jwt(signer, below(tokens, signer.key or ""), people, shared)
        if made is not None:
            yield "jwt-auth", made, signer.id, signer.tags
    for hmac in credentials.hmac:
        if hmac.secret is None:
            report.dropped(hmac, _FEATURE, _MADE_UP)
            continue
        config = {"key_id": hmac.username, "secret_key": hmac.secret.reveal()}
        yield "hmac-auth", config, hmac.id, hmac.tags
    for application in credentials.oauth2:
        message = "APISIX is no authorization server: applications are left away"
        report.dropped(application, _FEATURE, message, level=Level.INFO)
        shared.context.claims.claim(application)


def _keys(credentials: Credentials, shared: Shared) -> Iterator[Found]:
    report = shared.context.report
    for key in credentials.api_keys:
        if key.lifetime is not None:
            report.refused(key, _FEATURE, _NO_END, "lifetime")
        elif key.key is None:
            report.dropped(key, _FEATURE, _MADE_UP)
        elif not key.key.reveal():
            message = "an empty key would open to everybody: this one is left away"
            report.refused(key, _FEATURE, message, "key")
        else:
            yield "key-auth", {"key": key.key.reveal()}, key.id, key.tags


def _passwords(credentials: Credentials, shared: Shared) -> Iterator[Found]:
    for basic in credentials.basic:
        if basic.password is None:
            message = "APISIX keeps passwords in plain text, and this is a hash: nobody enters"
            shared.context.report.refused(basic, _FEATURE, message, "password_hash")
            continue
        config = {"username": basic.username, "password": basic.password.reveal()}
        _check_password(basic, config["password"], shared)
        yield "basic-auth", config, basic.id, basic.tags


def _check_password(subject: ModelNode, password: str, shared: Shared) -> None:
    if ":" in password or re.search(r"\s", password):
        message = "APISIX ends passwords at a colon, and takes spaces away: this one never fits"
        shared.context.report.approximated(subject, _FEATURE, message, "password")


def _jwt(one: JwtCredential, values: Json, people: People, shared: Shared) -> Json | None:
    symmetric = one.algorithm in _SYMMETRIC
    secret: Secret | None = one.secret
    missing = secret is None if symmetric else one.public_key is None
    if one.key is None or missing:
        shared.context.report.dropped(one, _FEATURE, _MADE_UP)
        shared.context.claims.claim(one)
        return None
    config: Json = {"key": one.key}
    put(config, "algorithm", one.algorithm, "HS256")
    if symmetric and secret is not None:
        config["secret"] = secret.reveal()
        if people.base64 == {True}:
            config["base64_secret"] = True
    else:
        config["public_key"] = one.public_key
    return config | values
