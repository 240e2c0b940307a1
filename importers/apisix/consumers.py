"""Consumers, their credentials and groups
(https://apisix.apache.org/docs/apisix/terminology/consumer/,
https://apisix.apache.org/docs/apisix/terminology/credential/).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.apisix.classify import CREDENTIALS
from gal.importers.apisix.fields import (
    Kept,
    carry,
    carry_idle,
    extensions,
    quiet,
    take_labels,
    take_secret,
)
from gal.importers.apisix.plugin import Plugin, Plugins, take_plugins
from gal.ledger import Fate, Level
from gal.model import (
    BasicCredential,
    Consumer,
    HmacCredential,
    JwtCredential,
    KeyCredential,
    Origin,
    Policies,
    Secret,
)
from gal.reading import Mapping, is_placeholder

if TYPE_CHECKING:
    from gal.importers.apisix.file import Entity, File
    from gal.ledger import Reporter

_NAMES = {"name": "username", "groups": "group_id", "custom_id": "labels.custom_id"}
_CUSTOM_ID = "custom_id:"
"""The label that APISIX tells upstreams as `X-Consumer-Custom-ID` (`apisix/consumer.lua`)."""

_HMAC_NAMES = {"username": "key_id", "secret": "secret_key"}
_ALGORITHMS = ("HS256", "HS384", "HS512")


@dataclass(slots=True)
class Consumers:
    """The model's consumers, with the plugins that act on their requests.

    Attributes:
        models: by name.
        plugins: of each, those of its group first.
        unused: plugins of groups that nobody is of.
        groups: plugins of the groups that somebody is of.
    """

    models: dict[str, Consumer] = field(default_factory=dict)
    plugins: dict[str, Plugins] = field(default_factory=dict)
    unused: list[Plugins] = field(default_factory=list)
    groups: list[Plugins] = field(default_factory=list)


def read_consumers(file: File) -> Consumers:
    """All consumers, without their policies.

    Raises:
        InputError: a consumer without a name, or a credential of nobody.
    """
    result = Consumers()
    groups = _groups(file)
    later: list[Entity] = list(file.of("credentials"))
    for entity in file.of("consumers"):
        if entity.id is not None and "/credentials/" in entity.id:
            later.append(entity)
        else:
            _read(file, entity.node, result, groups, None)
    for entity in file.of("consumer_groups"):
        for node in entity.node.take_mappings("consumers"):
            _read(file, node, result, groups, entity.id)
    taken = {group for one in result.models.values() for group in one.groups}
    result.unused = [plugins for group, plugins in groups.items() if group not in taken]
    result.groups = [plugins for group, plugins in groups.items() if group in taken]
    for entity in later:
        owner, _, name = (entity.id or "").partition("/credentials/")
        consumer = result.models.get(owner)
        if consumer is None:
            raise entity.node.error(
                f'this credential is of "{owner}", who is none of the consumers',
                "its id is USERNAME/credentials/NAME",
            )
        node = entity.node
        node.mark("id")
        carry_idle(node, file.report, "name", "labels")
        for plugin in take_plugins(node).values():
            _credential(consumer, plugin, name or None, file.report)
    return result


def _groups(file: File) -> dict[str, Plugins]:
    found: dict[str, Plugins] = {}
    for entity in file.of("consumer_groups"):
        node = entity.node
        node.mark("id")
        given = node.peek("name")
        entity.id = entity.id or (given.as_str() if given is not None else None)
        carry_idle(node, file.report, "name", "labels")
        if entity.id is None:
            raise node.missing("id")
        found[entity.id] = take_plugins(node)
    return found


def _read(
    file: File,
    node: Mapping,
    result: Consumers,
    groups: dict[str, Plugins],
    group: str | None,
) -> None:
    report = file.report
    name = node.require_str("username")
    node.mark("id")
    kept = carry_idle(node, report)
    reference = node.take("group_id")
    if reference is not None:
        group = reference.as_str()
        if group not in groups:
            raise reference.error(f'there is no "{group}" among the consumer_groups')
    if name in result.models:
        raise node.entries["username"].error(f'there are two consumers "{name}"')
    labels = take_labels(node)
    custom = [one for one in labels if one.startswith(_CUSTOM_ID)]
    consumer = Consumer(
        name,
        custom_id=custom[0].removeprefix(_CUSTOM_ID) if custom else None,
        groups=[] if group is None else [group],
        policies=Policies(origin=Origin(node, {})),
        tags=[one for one in labels if one not in custom],
        extensions=extensions(kept),
        origin=Origin(node, _NAMES),
    )
    result.models[name] = consumer
    own: Plugins = {}
    for plugin in take_plugins(node).values():
        if plugin.name in CREDENTIALS:
            _credential(consumer, plugin, None, report)
        else:
            own[plugin.name] = plugin
    for item in node.take_mappings("credentials"):
        _by_adc(consumer, item, report)
    result.plugins[name] = {**groups.get(group or "", {}), **own}


def _by_adc(consumer: Consumer, item: Mapping, report: Reporter) -> None:
    """A credential as ADC writes it: `name`, `type` and `config`, or `plugins`."""
    if item.peek("type") is None and item.peek("plugins") is not None:
        identity = item.take_str("id") or item.take_str("name")
        item.mark("name")
        carry_idle(item, report, "labels")
        for plugin in take_plugins(item).values():
            _credential(consumer, plugin, identity, report)
        return
    kind, config = item.require_str("type"), item.take_mapping("config")
    identity = item.take_str("id") or item.take_str("name")
    item.mark("name")
    carry_idle(item, report, "labels")
    if config is None:
        raise item.missing("config")
    _credential(consumer, Plugin(kind, config), identity, report)


def _credential(consumer: Consumer, plugin: Plugin, identity: str | None, report: Reporter) -> None:
    config, credentials = plugin.node, consumer.credentials
    if plugin.name == "key-auth":
        key = Secret(config.require_str("key"))
        credentials.api_keys.append(KeyCredential(key, id=identity, origin=plugin.origin()))
    elif plugin.name == "basic-auth":
        credentials.basic.append(
            BasicCredential(
                config.require_str("username"),
                Secret(config.require_str("password")),
                id=identity,
                origin=plugin.origin(),
            )
        )
    elif plugin.name == "hmac-auth":
        _hmac(consumer, plugin, identity, report)
    elif plugin.name == "jwt-auth":
        _jwt(consumer, plugin, identity, report)
    else:
        config.take_all()
        kept = consumer.extensions.setdefault("apisix", {}).setdefault("credentials", [])
        kept.append(_named({"name": plugin.name, "config": config.plain()}, identity))
        message = f"only APISIX has {plugin.name}: nobody enters with this elsewhere"
        report.at(config, Fate.CARRIED, Level.WARNING, "credentials", message)


def _named(kept: dict[str, Any], identity: str | None) -> dict[str, Any]:
    return kept if identity is None else {**kept, "id": identity}


def _hmac(consumer: Consumer, plugin: Plugin, identity: str | None, report: Reporter) -> None:
    config = plugin.node
    name = config.take_str("key_id") or config.take_str("access_key")
    if name is None:
        raise config.missing("key_id")
    secret = take_secret(config, "secret_key")
    if secret is None:
        raise config.missing("secret_key")
    older = quiet("algorithm", "clock_skew", "signed_headers", "keep_headers")
    carry(
        config,
        report,
        "credentials",
        *older,
        *quiet("encode_uri_params", "validate_request_body", "max_req_body"),
    )
    consumer.credentials.hmac.append(
        HmacCredential(name, secret, id=identity, origin=plugin.origin(_HMAC_NAMES))
    )


def _jwt(consumer: Consumer, plugin: Plugin, identity: str | None, report: Reporter) -> None:
    config = plugin.node
    algorithm = config.take_str("algorithm", "HS256")
    public = config.take_str("public_key")
    if algorithm not in _ALGORITHMS and public is None:
        raise config.missing("public_key")
    secret = take_secret(config, "secret")
    if config.take_bool("base64_secret", False) and secret is not None:
        secret = _decoded(config, secret, report)
    kept = carry(
        config,
        report,
        "credentials",
        Kept("exp", 86400, Level.INFO, "for tokens that APISIX itself signs"),
        Kept("private_key", None, Level.INFO, "for tokens that APISIX itself signs"),
        Kept("lifetime_grace_period", 0, message="other gateways allow no such leeway"),
    )
    credential = JwtCredential(
        config.require_str("key"),
        algorithm=algorithm,
        secret=secret if algorithm in _ALGORITHMS else None,
        public_key=public if algorithm not in _ALGORITHMS else None,
        id=identity,
        origin=plugin.origin(),
    )
    consumer.credentials.jwt.append(credential)
    if kept:
        stored = consumer.extensions.setdefault("apisix", {}).setdefault("jwt-auth", {})
        stored[credential.key] = kept


def _decoded(config: Mapping, secret: Secret, report: Reporter) -> Secret:
    """The secret itself, for which its Base64 stands; the text as it is where it is not text."""
    node = config.entries["base64_secret"]
    text = secret.reveal()
    try:
        if not is_placeholder(text):
            message = "the secret stands decoded here"
            decoded = base64.b64decode(text, validate=True).decode()
            report.at(node, Fate.EXACT, Level.INFO, "credentials", message)
            return Secret(decoded)
    except (binascii.Error, UnicodeDecodeError):
        pass
    message = "other gateways take the secret as it is written, so tokens signed with it fail"
    report.at(node, Fate.APPROXIMATED, Level.WARNING, "credentials", message)
    return secret
