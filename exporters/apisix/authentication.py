"""Who may enter by credentials: `basic-auth`, `key-auth`, `jwt-auth`, `openid-connect`,
`forward-auth`, and `multi-auth` where any of several does
(https://apisix.apache.org/docs/apisix/plugins/multi-auth/).

Several plugins on one route all have to let a request in. `multi-auth` knows only those that ask
for a consumer's credentials.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.claims import unwrap
from gal.exporters.apisix.jwt_auth import jwt_auths
from gal.exporters.apisix.openid_connect import oauth2
from gal.exporters.apisix.plugin import (
    CannotGuardError,
    Json,
    Plugins,
    below,
    between,
    differs,
    kept,
    native,
    note,
    put,
)
from gal.model import (
    ApiKeyAuth,
    Authentication,
    BasicAuth,
    ForwardAuth,
    Guard,
    ModelNode,
    Require,
)

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.exporters.apisix.people import People

BY_CONSUMER = frozenset(
    ("basic-auth", "key-auth", "jwt-auth", "hmac-auth", "ldap-auth", "jwe-decrypt", "wolf-rbac")
)
"""Plugins that ask for a consumer's credentials."""

CLIENT_CERTIFICATE = "client-certificate"
"""Name of the guard that the importer makes of an `ssl` with `client`; it is no plugin."""

STAND_IN = "route"
"""Name of the guard that the importer makes for a route which the model cannot say."""

_ANYWHERE = ("Authorization", "Cookie")
"""Headers for an external check that wants all of them: APISIX passes on those that it is told."""

_FEATURE = "authentication"
_LONGEST = 60000
_USUAL = 3000


@dataclass(slots=True)
class Asked:
    """What an authentication is in APISIX.

    Attributes:
        plugins: settings by name.
        inline: made-up consumers whom alone it lets in; None for the real ones.
        consumers: whether it asks for consumers' credentials.
    """

    plugins: Plugins = field(default_factory=dict)
    inline: list[str] | None = None
    consumers: bool = False


def authentication(
    policy: Authentication, people: People, preflights: bool, shared: Shared
) -> Asked:
    """The plugins that ask for credentials.

    Args:
        policy: who may enter.
        people: all consumers.
        preflights: whether OPTIONS requests get as far as here: `cors` answers them.
        shared: the file.

    Raises:
        CannotGuardError: APISIX cannot ask for this.
    """
    values = kept(policy.extensions)
    asked = Asked()
    parts = _parts(policy, values, people, asked, shared)
    if preflights:
        _preflights(policy, shared)
    meta, anonymous = below(values, "meta"), below(values, "anonymous")
    for name, config in parts:
        if name in meta:
            config["_meta"] = meta[name]
        if name in anonymous:
            config["anonymous_consumer"] = anonymous[name]
    if not parts:
        if policy.anonymous is not None or not native(shared):
            raise CannotGuardError("nothing is said of who may enter")
        return asked
    asked.consumers = any(name in BY_CONSUMER for name, _ in parts)
    together = values.get("plugin") == "multi-auth"
    any_of = policy.require is Require.ANY and len(parts) > 1
    repeated = len({name for name, _ in parts}) < len(parts)
    if together or any_of or repeated:
        _together(policy, parts, any_of or together, meta, people, asked, shared)
        return asked
    if policy.anonymous is not None:
        _anonymous(policy, parts, people, asked, shared)
    asked.plugins = dict(parts)
    return asked


def _parts(
    policy: Authentication, values: Json, people: People, asked: Asked, shared: Shared
) -> list[tuple[str, Json]]:
    parts: list[tuple[str, Json]] = []
    inline: list[list[str]] = []
    if policy.basic is not None:
        parts.append(("basic-auth", basic_auth(policy.basic, shared)))
        inline += _inline(policy.basic, bool(policy.basic.users), people, shared)
    if policy.api_key is not None:
        parts += [("key-auth", config) for config in api_key_auths(policy.api_key, shared)]
        inline += _inline(policy.api_key, bool(policy.api_key.keys), people, shared)
    if policy.jwt is not None:
        parts += jwt_auths(policy.jwt, people, shared)
    if policy.oauth2 is not None:
        parts.append(("openid-connect", oauth2(policy.oauth2, shared)))
    if policy.forward is not None:
        config = forward_auth(policy.forward, below(values, "forward-auth"), shared)
        parts.append(("forward-auth", config))
    _add_guards(policy, parts, shared)
    if inline:
        asked.inline = _only_inline(policy, inline)
    return parts


def _add_guards(policy: Authentication, parts: list[tuple[str, Json]], shared: Shared) -> None:
    for guard in policy.guards:
        if _is_certificate(guard, shared):
            continue
        one = (guard.name, _guard(guard, shared))
        taken = [config for name, config in parts if name == guard.name]
        if taken and policy.require is Require.ALL and one[1] not in taken:
            raise CannotGuardError(f"APISIX has one {guard.name} on a route, and two are asked for")
        if one not in parts:
            parts.append(one)


def is_stand_in(guard: Guard) -> bool:
    """Whether it is on a route that stands for one which only APISIX can say."""
    return guard.provider == "apisix" and guard.name == STAND_IN


def _is_certificate(guard: Guard, shared: Shared) -> bool:
    """Whether it stands for a client's certificate, which an `ssl` of the file asks for."""
    if guard.provider != "apisix" or guard.name != CLIENT_CERTIFICATE:
        return False
    _ = guard.settings, guard.config
    asked = any("client" in kept(one.extensions) for one in shared.gateway.certificates)
    if not asked:
        raise CannotGuardError("no certificate of the file asks clients for theirs")
    return True


def _only_inline(policy: Authentication, inline: list[list[str]]) -> list[str]:
    """The made-up consumers of all kinds; consumers of other kinds could not be told from them."""
    kinds = [one for one in (policy.basic, policy.api_key) if one is not None]
    if len(inline) < len(kinds) or policy.jwt is not None or policy.guards:
        message = "APISIX cannot tell users of this policy from consumers in one place"
        raise CannotGuardError(message)
    if policy.require is Require.ALL and len(inline) > 1:
        raise CannotGuardError("APISIX knows each of these users by one kind of credentials")
    return [name for names in inline for name in names]


def _inline(auth: ModelNode, named: bool, people: People, shared: Shared) -> list[list[str]]:
    """The made-up consumers of a policy that names users or keys itself."""
    found = people.inline.get(id(unwrap(auth)))
    if not named or found is None:
        return []
    shared.context.claims.claim(auth)
    for subject, reason in found.shut_out:
        message = f"{reason}: this one cannot enter"
        shared.context.report.refused(subject, _FEATURE, message)
    note(shared, auth, _FEATURE, "the upstream gets the names of those who entered in X-Consumer-*")
    return [found.names]


def basic_auth(auth: BasicAuth, shared: Shared) -> Json:
    """A `basic-auth` plugin."""
    config: Json = {}
    put(config, "realm", auth.realm, "basic")
    put(config, "hide_credentials", auth.hide_credentials, False)
    del shared
    return config


def api_key_auths(auth: ApiKeyAuth, shared: Shared) -> list[Json]:
    """`key-auth` plugins, each of which looks into one header, then into one query parameter.

    Raises:
        CannotGuardError: keys are looked for where APISIX does not look.
    """
    headers = list(dict.fromkeys(auth.header_names))
    queries = list(dict.fromkeys(auth.query_params))
    if not headers and not queries:
        raise CannotGuardError("APISIX looks for keys in headers and the query only")
    for name in ("cookie_names", "body_fields"):
        if getattr(auth, name):
            message = "APISIX looks for keys in headers and the query only: others do not open"
            differs(shared, auth, _FEATURE, message, name)
    common: Json = {}
    put(common, "realm", auth.realm, "key")
    put(common, "hide_credentials", auth.hide_credentials, False)
    made = []
    for index in range(max(len(headers), len(queries))):
        # No request has a header or a parameter with an empty name.
        config: Json = {}
        put(config, "header", headers[index] if index < len(headers) else "", "apikey")
        put(config, "query", queries[index] if index < len(queries) else "", "apikey")
        made.append(config | common)
    return made


def forward_auth(auth: ForwardAuth, values: Json, shared: Shared) -> Json:
    """A `forward-auth` plugin."""
    config: Json = {"uri": auth.address}
    asked = list(auth.request_headers)
    if not asked and not native(shared):
        asked = list(_ANYWHERE)
        message = f"APISIX passes on the headers that it is told: {', '.join(asked)}"
        differs(shared, auth, _FEATURE, message, "request_headers")
    for key, names in (
        ("request_headers", asked),
        ("upstream_headers", auth.upstream_headers),
        ("client_headers", auth.client_headers),
    ):
        if names:
            config[key] = list(names)
    if auth.timeout is not None:
        wanted = round(auth.timeout.in_milliseconds)
        milliseconds = between(wanted, 1, _LONGEST)
        if milliseconds != wanted:
            message = f"APISIX waits {milliseconds} ms"
            differs(shared, auth, _FEATURE, message, "timeout")
        put(config, "timeout", milliseconds, _USUAL)
    put(config, "allow_degradation", auth.fail_open, False)
    if auth.trust_forwarded:
        message = (
            "APISIX tells the service itself who asks: it passes on no X-Forwarded-* of clients"
        )
        differs(shared, auth, _FEATURE, message, "trust_forwarded")
    return config | values


def _guard(guard: Guard, shared: Shared) -> Json:
    """An access control that only APISIX knows.

    Raises:
        CannotGuardError: another provider knows it.
    """
    if guard.provider != "apisix":
        shared.context.claims.claim(guard)
        raise CannotGuardError(f"only {guard.provider} knows {guard.name}")
    if is_stand_in(guard):
        shared.context.claims.claim(guard)
        raise CannotGuardError("the route that this stands for is not there")
    _ = guard.settings
    return dict(guard.config)


def _together(
    policy: Authentication,
    parts: list[tuple[str, Json]],
    any_of: bool,
    meta: Json,
    people: People,
    asked: Asked,
    shared: Shared,
) -> None:
    """A `multi-auth` plugin, whose last one lets the anonymous consumer in."""
    repeated = {name for name, _ in parts if sum(one == name for one, _ in parts) > 1}
    inside = [(name, config) for name, config in parts if any_of or name in repeated]
    outside = [(name, config) for name, config in parts if not any_of and name not in repeated]
    if len(repeated) > 1 and not any_of:
        raise CannotGuardError("APISIX takes several places for one kind of credentials only")
    for name, _ in inside:
        if name not in BY_CONSUMER:
            message = f"APISIX asks {name} for itself: it cannot be one of several that let in"
            raise CannotGuardError(message)
    if policy.anonymous is not None:
        _let_in_anonymous(policy.anonymous, inside[-1][1], people, asked)
    plugins: list[dict[str, Any]] = [{name: config} for name, config in inside]
    made: Json = {"auth_plugins": plugins}
    if "multi-auth" in meta:
        made["_meta"] = meta["multi-auth"]
    asked.plugins = {"multi-auth": made, **dict(outside)}
    del shared


def _let_in_anonymous(name: str, config: Json, people: People, asked: Asked) -> None:
    config["anonymous_consumer"] = people.username(name)
    if asked.inline is not None:
        asked.inline.append(people.username(name))


def _anonymous(
    policy: Authentication,
    parts: list[tuple[str, Json]],
    people: People,
    asked: Asked,
    shared: Shared,
) -> None:
    """Who comes without credentials counts as a consumer."""
    if len(parts) > 1 or parts[0][0] not in BY_CONSUMER:
        message = "APISIX refuses those without credentials here"
        differs(shared, policy, _FEATURE, message, "anonymous")
        return
    _let_in_anonymous(policy.anonymous or "", parts[0][1], people, asked)


def _preflights(policy: Authentication, shared: Shared) -> None:
    for auth in (policy.api_key, policy.jwt, policy.oauth2):
        if auth is not None and not auth.run_on_preflight:
            message = "APISIX asks OPTIONS requests for credentials, too"
            differs(shared, auth, _FEATURE, message, "run_on_preflight")
