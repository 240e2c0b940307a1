"""Who may enter by credentials: `basic-auth`, `key-auth`, `jwt`, `oauth2`, and what only Kong knows
(https://developer.konghq.com/plugins/?category=authentication).

`openid-connect` is in `openid_connect`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.kong.fields import take_number, take_secret
from gal.importers.kong.openid_connect import openid_connect
from gal.importers.kong.settings import Kept, begin, carry, settings
from gal.ledger import Fate, Level
from gal.model import (
    ApiKeyAuth,
    BasicAuth,
    Duration,
    Guard,
    JwtAuth,
    OAuth2Auth,
    OAuth2Server,
)
from gal.reading import Mapping, Placeholder, is_placeholder

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

BASIC_NAMES = {"realm": "config.realm", "hide_credentials": "config.hide_credentials"}
KEY_NAMES = {
    **BASIC_NAMES,
    "header_names": "config.key_names",
    "query_params": "config.key_names",
    "body_fields": "config.key_in_body",
    "run_on_preflight": "config.run_on_preflight",
}
JWT_NAMES = {
    "header_names": "config.header_names",
    "query_params": "config.uri_param_names",
    "cookie_names": "config.cookie_names",
    "verify_claims": "config.claims_to_verify",
    "require_claims": "config.claims_to_verify",
    "key_claim": "config.key_claim_name",
    "secret_is_base64": "config.secret_is_base64",
    "max_lifetime": "config.maximum_expiration",
    "realm": "config.realm",
    "run_on_preflight": "config.run_on_preflight",
}
OAUTH2_NAMES = {"hide_credentials": "config.hide_credentials", "scopes": "config.scopes"}
SERVER_NAMES = {
    "grants": "config.enable_authorization_code",
    "scopes": "config.scopes",
    "mandatory_scope": "config.mandatory_scope",
    "token_lifetime": "config.token_expiration",
    "refresh_token_lifetime": "config.refresh_token_ttl",
    "provision_key": "config.provision_key",
}
GUARD_NAMES = {"name": "name"}

_GRANTS = {
    "enable_authorization_code": "authorization_code",
    "enable_client_credentials": "client_credentials",
    "enable_implicit_grant": "implicit",
    "enable_password_grant": "password",
}
_LONGEST_EXPIRATION = 31536000
_LONGEST_REFRESH = 100000000


def basic_auth(plugin: Plugin, report: Reporter) -> BasicAuth:
    """A `basic-auth` plugin. The users are the consumers'."""
    config = begin(plugin, report)
    _take_anonymous(config, report)
    return BasicAuth(
        realm=config.take_str("realm", "service"),
        hide_credentials=config.take_bool("hide_credentials", False),
        origin=plugin.origin(BASIC_NAMES),
    )


def api_key_auth(plugin: Plugin, report: Reporter) -> ApiKeyAuth:
    """A `key-auth` plugin. The keys are the consumers'. With every place switched off no key is
    ever found, and everybody is refused.
    """
    config = begin(plugin, report)
    _take_anonymous(config, report)
    names = config.take_strings("key_names")
    names = ["apikey"] if names is None else names
    return ApiKeyAuth(
        header_names=list(names) if config.take_bool("key_in_header", True) else [],
        query_params=list(names) if config.take_bool("key_in_query", True) else [],
        body_fields=list(names) if config.take_bool("key_in_body", False) else [],
        hide_credentials=config.take_bool("hide_credentials", False),
        realm=config.take_str("realm"),
        run_on_preflight=config.take_bool("run_on_preflight", True),
        origin=plugin.origin(KEY_NAMES),
    )


def jwt_auth(plugin: Plugin, report: Reporter) -> JwtAuth:
    """A `jwt` plugin. The consumer's credential decides on the algorithm. No claim is checked
    unless it is named; a checked claim has to be there.

    Raises:
        InputError: a claim other than `exp` and `nbf`, or `maximum_expiration` without `exp`.
    """
    config = begin(plugin, report)
    _take_anonymous(config, report)
    claims = _claims(config)
    lifetime = take_number(config, "maximum_expiration", 0, 0, _LONGEST_EXPIRATION)
    unlimited = not isinstance(lifetime, Placeholder) and lifetime == 0
    if not unlimited and "exp" not in claims:
        raise config.entries["maximum_expiration"].error(
            'field "maximum_expiration" needs "exp" in "claims_to_verify"'
        )
    return JwtAuth(
        algorithms=[],
        header_names=_names(config, "header_names", "authorization"),
        query_params=_names(config, "uri_param_names", "jwt"),
        cookie_names=config.take_strings("cookie_names") or [],
        verify_claims=claims,
        require_claims=bool(claims),
        key_claim=config.take_str("key_claim_name", "iss"),
        secret_is_base64=config.take_bool("secret_is_base64", False),
        max_lifetime=None if unlimited else Duration.seconds(lifetime),
        realm=config.take_str("realm"),
        run_on_preflight=config.take_bool("run_on_preflight", True),
        origin=plugin.origin(JWT_NAMES),
    )


def oauth2_auth(plugin: Plugin, report: Reporter) -> OAuth2Auth | Guard:
    """An `oauth2` plugin, or one of `openid-connect`: a `Guard` where the latter asks for more
    than the model can say, so that no other gateway lets in whom Kong refuses.

    Raises:
        InputError: no grant is enabled, or scopes are mandatory and there are none.
    """
    if plugin.name == "openid-connect":
        return openid_connect(plugin, report) or guard(plugin, report)
    config = begin(plugin, report)
    _take_anonymous(config, report)
    return OAuth2Auth(
        server=_server(plugin, config),
        hide_credentials=config.take_bool("hide_credentials", False),
        extensions=carry(
            config,
            report,
            "authentication",
            Kept("accept_http_if_already_terminated", False, message="whom Kong takes for HTTPS"),
            Kept("auth_header_name", "authorization", message="header that holds the token"),
            Kept("global_credentials", False, message="tokens of one service open others, too"),
            Kept("pkce", "lax", message="which clients need a proof key"),
            Kept("realm", None, Level.INFO, "shown to those who are refused"),
            Kept("reuse_refresh_token", False, message="refresh tokens stay valid"),
        ),
        origin=plugin.origin(OAUTH2_NAMES),
    )


def guard(plugin: Plugin, report: Reporter) -> Guard:
    """An access control that only Kong knows. Its settings are kept as they are."""
    config = settings(plugin)
    config.take_all()
    found = Guard(
        name=plugin.name,
        provider="kong",
        config=config.plain(),
        origin=plugin.origin(GUARD_NAMES),
    )
    message = "only Kong knows this access control: any other gateway will refuse everybody"
    report.about(found, Fate.CARRIED, Level.INFO, "authentication", message)
    return found


def anonymous(plugin: Plugin) -> str | None:
    """The consumer, by id or username, that requests without valid credentials count as. An empty
    name, which old files write, means none.
    """
    return settings(plugin).take_str("anonymous") or None


def _take_anonymous(config: Mapping, report: Reporter) -> None:
    """`anonymous` is another function's business, apart from a name that is none."""
    if config.take_str("anonymous") == "":
        message = "an empty name means that nobody enters without credentials"
        report.at(config.entries["anonymous"], Fate.DROPPED, Level.INFO, "authentication", message)


def _names(config: Mapping, key: str, default: str) -> list[str]:
    names = config.take_strings(key)
    return [default] if names is None else names


def _claims(config: Mapping) -> list[str]:
    claims = []
    for node in config.take_sequence("claims_to_verify"):
        claim = node.as_str()
        if claim not in ("exp", "nbf") and not is_placeholder(claim):
            raise node.error(f'only "exp" and "nbf" can be verified, not "{claim}"')
        claims.append(claim)
    return claims


def _server(plugin: Plugin, config: Mapping) -> OAuth2Server:
    grants = [grant for key, grant in _GRANTS.items() if config.take_bool(key, False)]
    if not grants:
        raise config.error("no grant is enabled", f"set one of {', '.join(_GRANTS)} to true")
    scopes = config.take_strings("scopes")
    mandatory = config.take_bool("mandatory_scope", False)
    if mandatory and scopes is None:
        raise config.entries["mandatory_scope"].error('"mandatory_scope" needs "scopes"')
    refresh = take_number(config, "refresh_token_ttl", 1209600, 0, _LONGEST_REFRESH)
    return OAuth2Server(
        grants=grants,
        scopes=scopes or [],
        mandatory_scope=mandatory,
        token_lifetime=Duration.seconds(config.take_float("token_expiration", 7200)),
        refresh_token_lifetime=Duration.seconds(refresh),
        provision_key=take_secret(config, "provision_key"),
        origin=plugin.origin(SERVER_NAMES),
    )
