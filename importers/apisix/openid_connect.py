"""`openid-connect` (https://apisix.apache.org/docs/apisix/plugins/openid-connect/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.apisix.fields import Kept, carry, extensions, take_secret
from gal.ledger import Fate, Level
from gal.model import OAuth2Auth
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

NAMES = {"issuer": "discovery", "scopes": "scope"}

_USUAL: dict[str, Any] = {
    "accept_none_alg": False,
    "accept_unsupported_alg": True,
    "access_token_expires_leeway": 0,
    "access_token_in_authorization_header": False,
    "client_jwt_assertion_expires_in": 60,
    "force_reauthorize": False,
    "iat_slack": 120,
    "introspection_endpoint_auth_method": "client_secret_basic",
    "introspection_interval": 0,
    "jwk_expires_in": 86400,
    "jwt_verification_cache_ignore": False,
    "logout_path": "/logout",
    "realm": "apisix",
    "renew_access_token_on_expiry": True,
    "revoke_tokens_on_logout": False,
    "set_access_token_header": True,
    "set_id_token_header": True,
    "set_raw_id_token_header": False,
    "set_refresh_token_header": False,
    "set_userinfo_header": True,
    "ssl_verify": True,
    "timeout": 3,
    "token_endpoint_auth_method": "client_secret_basic",
    "unauth_action": "auth",
    "use_jwks": False,
    "use_nonce": False,
    "use_pkce": False,
}
"""What APISIX takes where nothing is said."""
_QUIET = (
    *("access_token_expires_in", "authorization_params", "cache_segment", "post_logout_"),
    *("client_jwt_", "client_rsa_", "introspection_addon", "introspection_interval"),
    *("introspection_expiry", "jwk_expires_in", "jwt_verification", "logout_path", "par"),
    *("proxy_opts", "realm", "redirect_after", "refresh_session", "renew_", "revoke_"),
    *("session", "timeout", "token_endpoint", "use_nonce", "use_pkce", "dpop", "iat_slack"),
)
"""Starts of settings about logging in, keeping and asking, not about who may enter."""
_KNOWN = (
    *_USUAL,
    *("access_token_expires_in", "authorization_params", "cache_segment", "claim_schema"),
    *("claim_validator", "client_jwt_assertion_alg", "client_jwt_assertion_audience"),
    *("client_rsa_private_key", "client_rsa_private_key_id", "dpop"),
    *("introspection_addon_headers", "introspection_endpoint", "introspection_expiry_claim"),
    *("par", "post_logout_redirect_uri", "proxy_opts", "public_key"),
    *("refresh_session_interval", "session", "token_signing_alg_values_expected"),
    *("session_contents", "introspection_headers_key", "lifetime", "redirect_after_logout_uri"),
)


def is_said(config: Mapping) -> bool:
    """Whether the model can say all that the plugin demands. Marks nothing."""
    for key in ("claim_schema", "public_key", "introspection_endpoint"):
        if _value(config, key):
            return False
    validator = _value(config, "claim_validator")
    if isinstance(validator, dict):
        audience = validator.get("audience") or {}
        if audience.get("required") or audience.get("match_with_client_id"):
            return False
        if (validator.get("issuer") or {}).get("valid_issuers"):
            return False
    return config.peek("discovery") is not None


def openid_connect(plugin: Plugin, report: Reporter) -> OAuth2Auth:
    """The plugin, where `is_said` holds.

    Raises:
        InputError: there is no client.
    """
    config = plugin.node
    bearer = config.take_bool("bearer_only", False)
    scopes = config.take_strings("required_scopes") or []
    auth = OAuth2Auth(
        issuer=config.require_str("discovery"),
        client_id=config.require_str("client_id"),
        client_secret=take_secret(config, "client_secret"),
        scopes=config.take_str("scope", "openid").split(),
        redirect_uri=config.take_str("redirect_uri"),
        bearer_only=bearer,
        required_scopes=[" ".join(scopes)] if scopes else [],
        origin=plugin.origin(NAMES),
    )
    if bearer and not _value(config, "use_jwks"):
        message = "APISIX asks the issuer about each token; others check its signature"
        report.about(auth, Fate.APPROXIMATED, Level.WARNING, "authentication", message, "issuer")
    auth.extensions = extensions(_kept(config, report))
    return auth


def _value(config: Mapping, key: str) -> Any:
    node = config.peek(key)
    return None if node is None else node.plain()


def _kept(config: Mapping, report: Reporter) -> dict[str, Any]:
    kept: list[Kept] = []
    for key in _KNOWN:
        if config.peek(key) is None:
            config.mark(key)
            continue
        level = Level.INFO if key.startswith(_QUIET) else Level.WARNING
        message = "only APISIX has this setting"
        if key == "use_jwks":
            level, message = Level.INFO, "other gateways always check the signature of tokens"
        if key == "unauth_action" and _value(config, key) == "pass":
            message = "APISIX lets in those without a token here; other gateways refuse them"
        kept.append(Kept(key, _USUAL.get(key), level, message))
    return carry(config, report, "authentication", *kept)
