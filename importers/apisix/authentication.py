"""Who may enter by credentials: `basic-auth`, `key-auth`, `jwt-auth`, `forward-auth`,
`openid-connect`, and what only APISIX knows (https://apisix.apache.org/docs/apisix/plugins/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import Kept, carry, extensions, quiet
from gal.importers.apisix.openid_connect import is_said, openid_connect
from gal.importers.apisix.plugin import Plugin, plugins_of
from gal.ledger import Fate, Level
from gal.model import (
    ApiKeyAuth,
    Authentication,
    BasicAuth,
    Duration,
    ForwardAuth,
    Guard,
    JwtAuth,
    ModelNode,
    Require,
)
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.ledger import Reporter

KEY_NAMES = {"header_names": "header", "query_params": "query"}
JWT_NAMES = {
    "header_names": "header",
    "query_params": "query",
    "cookie_names": "cookie",
    "verify_claims": "claims_to_verify",
    "require_claims": "claims_to_verify",
    "key_claim": "key_claim_name",
}
FORWARD_NAMES = {"address": "uri", "fail_open": "allow_degradation"}
_SECTIONS = {
    "basic-auth": "basic",
    "key-auth": "api_key",
    "jwt-auth": "jwt",
    "openid-connect": "oauth2",
    "forward-auth": "forward",
}
_WITH_CONSUMERS = frozenset(("basic-auth", "key-auth", "jwt-auth", "hmac-auth"))


def basic_auth(plugin: Plugin) -> BasicAuth:
    """A `basic-auth` plugin. The users are the consumers'."""
    config = plugin.node
    config.mark("anonymous_consumer")
    return BasicAuth(
        realm=config.take_str("realm", "basic"),
        hide_credentials=config.take_bool("hide_credentials", False),
        origin=plugin.origin(),
    )


def api_key_auth(plugin: Plugin) -> ApiKeyAuth:
    """A `key-auth` plugin. The keys are the consumers'; the header is looked into first."""
    config = plugin.node
    config.mark("anonymous_consumer")
    return ApiKeyAuth(
        header_names=_place(config, "header", "apikey"),
        query_params=_place(config, "query", "apikey"),
        hide_credentials=config.take_bool("hide_credentials", False),
        realm=config.take_str("realm", "key"),
        origin=plugin.origin(KEY_NAMES),
    )


def jwt_auth(plugin: Plugin, report: Reporter) -> JwtAuth:
    """A `jwt-auth` plugin. The consumer's credential decides on the algorithm; `exp` and `nbf` are
    checked where they are, and have to be there when they are named.
    """
    config = plugin.node
    config.mark("anonymous_consumer")
    claims = config.take_strings("claims_to_verify") or []
    carry(config, report, "authentication", Kept("store_in_ctx", False, Level.INFO))
    auth = JwtAuth(
        algorithms=[],
        header_names=_place(config, "header", "authorization"),
        query_params=_place(config, "query", "jwt"),
        cookie_names=_place(config, "cookie", "jwt"),
        verify_claims=claims or ["exp", "nbf"],
        require_claims=bool(claims),
        key_claim=config.take_str("key_claim_name", "key"),
        hide_credentials=config.take_bool("hide_credentials", False),
        realm=config.take_str("realm", "jwt"),
        origin=plugin.origin(JWT_NAMES),
    )
    message = 'APISIX takes a token without "Bearer", too; other gateways want the word'
    report.about(auth, Fate.APPROXIMATED, Level.INFO, "authentication", message, "header_names")
    return auth


def forward_auth(plugin: Plugin, report: Reporter) -> tuple[ForwardAuth, dict[str, Any]]:
    """A `forward-auth` plugin, and what only APISIX knows of it.

    Raises:
        InputError: no address.
    """
    config = plugin.node
    auth = ForwardAuth(
        address=config.require_str("uri"),
        request_headers=config.take_strings("request_headers") or [],
        upstream_headers=config.take_strings("upstream_headers") or [],
        client_headers=config.take_strings("client_headers") or [],
        timeout=Duration.milliseconds(config.take_int("timeout", 3000)),
        fail_open=config.take_bool("allow_degradation", False),
        origin=plugin.origin(FORWARD_NAMES),
    )
    if not auth.request_headers:
        message = "APISIX passes none of the client's headers on; other gateways pass all"
        report.approximated(auth, "authentication", message, "request_headers")
    kept = carry(
        config,
        report,
        "authentication",
        Kept("request_method", "GET", message="other gateways ask without the body"),
        Kept("extra_headers", message="other gateways send no headers of their own"),
        Kept("status_on_error", 403, message="other gateways answer with a status of their own"),
        Kept("ssl_verify", True, Level.WARNING, "whether the service's certificate is checked"),
        *quiet("keepalive", "keepalive_pool", "keepalive_timeout", "max_req_body_size"),
    )
    return auth, kept


def guard(plugin: Plugin, report: Reporter) -> Guard:
    """An access control that only APISIX knows. Its settings are kept as they are."""
    plugin.node.take_all()
    found = Guard(
        name=plugin.name,
        provider="apisix",
        config=plugin.node.plain(),
        origin=plugin.origin({"name": ""}),
    )
    message = "only APISIX knows this access control: any other gateway will refuse everybody"
    report.about(found, Fate.CARRIED, Level.INFO, "authentication", message)
    return found


def authentication(
    members: list[Plugin], report: Reporter, consumers: frozenset[str]
) -> Authentication:
    """What all of these plugins ask for together.

    Args:
        members: plugins of which each has to let a request in.
        report: where to say what differs.
        consumers: names of the consumers that there are.
    """
    policy = Authentication()
    kept: dict[str, Any] = {}
    if len(members) == 1 and members[0].name == "multi-auth" and not members[0].conditional:
        _any_of(policy, members[0], report, kept)
    else:
        for plugin in members:
            _add(policy, plugin, report, kept)
        if len(policy.kinds()) + len(policy.guards) > 1:
            policy.require = Require.ALL
    _anonymous(policy, members, report, kept, consumers)
    policy.extensions = extensions(kept)
    policy.origin = members[0].origin()
    policy.__post_init__()
    return policy


def _add(policy: Authentication, plugin: Plugin, report: Reporter, kept: dict[str, Any]) -> None:
    field = _SECTIONS.get(plugin.name)
    unsaid = plugin.name == "openid-connect" and not is_said(plugin.node)
    if field is None or plugin.conditional or unsaid or getattr(policy, field) is not None:
        policy.guards.append(guard(plugin, report))
        return
    setattr(policy, field, _part(plugin, report, kept))
    _meta(plugin, report, kept)


def _part(plugin: Plugin, report: Reporter, kept: dict[str, Any]) -> ModelNode:
    if plugin.name == "basic-auth":
        return basic_auth(plugin)
    if plugin.name == "key-auth":
        return api_key_auth(plugin)
    if plugin.name == "jwt-auth":
        return jwt_auth(plugin, report)
    if plugin.name == "openid-connect":
        return openid_connect(plugin, report)
    auth, more = forward_auth(plugin, report)
    if more:
        kept["forward-auth"] = more
    return auth


def _meta(plugin: Plugin, report: Reporter, kept: dict[str, Any]) -> None:
    found = take_meta(plugin, report, "authentication")
    if found:
        kept.setdefault("meta", {})[plugin.name] = found["_meta"]


def take_meta(plugin: Plugin, report: Reporter, feature: str) -> dict[str, Any]:
    """`_meta` of a plugin that acts on all requests: what has to be kept of it."""
    meta = plugin.node.take_mapping("_meta")
    if meta is None:
        return {}
    meta.mark("disable")
    meta.mark("filter")
    kept = carry(
        meta,
        report,
        feature,
        Kept("priority", message="other gateways have an order of their own"),
        Kept("error_response", message="other gateways answer refusals in their own words"),
        Kept("pre_function", message="only APISIX runs this code"),
    )
    return {"_meta": kept} if kept else {}


def _any_of(policy: Authentication, plugin: Plugin, report: Reporter, kept: dict[str, Any]) -> None:
    """A `multi-auth` plugin: each item is a mapping from a plugin to its settings."""
    for item in plugin.node.take_sequence("auth_plugins"):
        if not isinstance(item, Mapping):
            raise item.mismatch("a mapping")
        for one in plugins_of(item).values():
            _add(policy, one, report, kept)
    if not policy.kinds() and not policy.guards:
        raise plugin.node.missing("auth_plugins")
    kept["plugin"] = "multi-auth"
    _meta(plugin, report, kept)


def _anonymous(
    policy: Authentication,
    members: list[Plugin],
    report: Reporter,
    kept: dict[str, Any],
    consumers: frozenset[str],
) -> None:
    """The consumer that requests without credentials count as, where one plugin decides alone."""
    for plugin in _with_parts(members):
        node = plugin.node.peek("anonymous_consumer")
        if node is None or plugin.name not in _WITH_CONSUMERS:
            continue
        plugin.node.mark("anonymous_consumer")
        name = node.as_str()
        if len(members) > 1 or policy.guards or len(policy.kinds()) > 1:
            kept.setdefault("anonymous", {})[plugin.name] = name
            message = "several plugins decide: others refuse those without credentials"
            report.at(node, Fate.APPROXIMATED, Level.WARNING, "authentication", message)
        elif name not in consumers:
            kept.setdefault("anonymous", {})[plugin.name] = name
            message = "this consumer is not there, so those without credentials are refused"
            report.at(node, Fate.CARRIED, Level.INFO, "authentication", message)
        else:
            policy.anonymous = name


def _with_parts(members: list[Plugin]) -> list[Plugin]:
    """The plugins, with those that a `multi-auth` among them holds."""
    found = list(members)
    for plugin in members:
        below = plugin.node.peek("auth_plugins")
        for item in below.items if isinstance(below, Sequence) else []:
            if isinstance(item, Mapping):
                found.extend(
                    Plugin(n, c) for n, c in item.entries.items() if isinstance(c, Mapping)
                )
    return found


def _place(config: Mapping, key: str, default: str) -> list[str]:
    """Where a credential is looked for; an empty name looks nowhere."""
    name = config.take_str(key, default)
    return [name] if name else []
