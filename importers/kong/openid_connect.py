"""OpenID Connect: `openid-connect` of the enterprise edition
(https://developer.konghq.com/plugins/openid-connect/reference/).

It has some 170 settings. The model says whom it trusts, as whom, and what a token must hold; what
asks for more makes the whole plugin a `Guard`, and the rest is kept for Kong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.kong.settings import Kept, begin, carry
from gal.ledger import Fate, Level
from gal.model import Extensions, OAuth2Auth, Secret
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.kong.plugin import Plugin
    from gal.ledger import Reporter

NAMES = {
    "issuer": "config.issuer",
    "client_id": "config.client_id",
    "client_secret": "config.client_secret",
    "scopes": "config.scopes",
    "required_scopes": "config.scopes_required",
    "audiences": "config.audience_required",
    "jwks_uri": "config.extra_jwks_uris",
    "redirect_uri": "config.redirect_uri",
    "bearer_only": "config.auth_methods",
    "hide_credentials": "config.hide_credentials",
    "run_on_preflight": "config.run_on_preflight",
}

_METHODS = (
    "password",
    "client_credentials",
    "authorization_code",
    "bearer",
    "introspection",
    "userinfo",
    "kong_oauth2",
    "refresh_token",
    "session",
)
_LOGIN = frozenset(("authorization_code", "session"))
_TOKENS = frozenset(("bearer", "introspection", "userinfo"))

_DEMANDS = (
    "groups_required",
    "roles_required",
    "claims_forbidden",
    "issuers_allowed",
    "domains",
    "max_age",
    "introspect_jwt_tokens",
)
"""Settings that refuse some of those who hold a valid token, and that the model cannot say."""
_POSSESSION = ("proof_of_possession_mtls", "proof_of_possession_dpop")
_CLAIMS = {"scopes_claim": ["scope"], "audience_claim": ["aud"]}
"""Where the demanded scopes and audiences are looked for, if not told otherwise."""

_QUIET = (
    "authorization_",
    "by_username_",
    "cache_",
    "client_",
    "discovery_",
    "display_",
    "http_",
    "https_",
    "keepalive",
    "login_",
    "logout_",
    "no_proxy",
    "rediscovery_",
    "session_",
    "ssl_verify",
    "timeout",
    "unauthorized_error",
    "forbidden_error",
)
"""Starts of settings about logging in, keeping and asking, not about who may enter."""

_USUAL = {
    "bearer_token_param_type": ["header", "query", "body"],
    "consumer_by": ["username", "custom_id"],
    "credential_claim": ["sub"],
    "expose_error_code": True,
    "forbidden_destroy_session": True,
    "groups_claim": ["groups"],
    "id_token_param_type": ["header", "query", "body"],
    "introspection_accept": "application/json",
    "introspection_check_active": True,
    "introspection_hint": "access_token",
    "jwt_session_claim": "sid",
    "password_param_type": ["header", "query", "body"],
    "proof_of_possession_dpop": "off",
    "proof_of_possession_mtls": "off",
    "refresh_token_param_type": ["header", "query", "body"],
    "refresh_tokens": True,
    "response_mode": "query",
    "response_type": ["code"],
    "roles_claim": ["roles"],
    "unauthorized_destroy_session": True,
    "upstream_access_token_header": "authorization:bearer",
    "userinfo_accept": "application/json",
    "verify_claims": True,
    "verify_nonce": True,
    "verify_parameters": False,
    "verify_signature": True,
}
"""What Kong takes where nothing is said, of the settings that are neither off nor quiet."""


def openid_connect(plugin: Plugin, report: Reporter) -> OAuth2Auth | None:
    """The plugin, or None where it has to be kept whole.

    Raises:
        InputError: there is no issuer.
    """
    config = begin(plugin, report)
    config.mark("anonymous")
    if _is_beyond_the_model(config):
        return None
    methods = config.take_strings("auth_methods")
    auth = OAuth2Auth(
        issuer=config.require_str("issuer"),
        client_id=_only(config, "client_id"),
        client_secret=_secret(_only(config, "client_secret")),
        scopes=_or_default(config.take_strings("scopes"), ["openid"]),
        required_scopes=config.take_strings("scopes_required") or [],
        audiences=config.take_strings("audience_required") or [],
        jwks_uri=_only(config, "extra_jwks_uris"),
        redirect_uri=_only(config, "redirect_uri"),
        bearer_only=methods is not None and not _LOGIN.intersection(methods),
        hide_credentials=config.take_bool("hide_credentials", False),
        run_on_preflight=config.take_bool("run_on_preflight", True),
        origin=plugin.origin(NAMES),
    )
    for key in _CLAIMS:
        config.mark(key)
    _report_methods(config, methods, report)
    if auth.jwks_uri is not None:
        message = "Kong also takes the keys that the issuer's discovery document leads to"
        report.approximated(auth, "authentication", message, "jwks_uri")
    auth.extensions = _kept(config, methods, report)
    return auth


def _is_beyond_the_model(config: Mapping) -> bool:
    """Whether it refuses somebody for reasons that the model cannot say."""
    for key in config.keys():
        value = _value(config, key)
        if not value:
            continue
        if key in _DEMANDS or (key in _POSSESSION and value != "off"):
            return True
        if key.endswith("_required") and key not in ("scopes_required", "audience_required"):
            return True
    if _value(config, "consumer_claim") and not _value(config, "consumer_optional"):
        return True
    for demand, claim in (
        ("scopes_required", "scopes_claim"),
        ("audience_required", "audience_claim"),
    ):
        if _value(config, demand) and _value(config, claim) not in (None, _CLAIMS[claim]):
            return True
    if any(" " in str(one) for one in _value(config, "audience_required") or []):
        return True  # several audiences at once
    methods = _value(config, "auth_methods")
    return methods is not None and not (_LOGIN | _TOKENS).intersection(methods)


def _value(config: Mapping, key: str) -> Any:
    node = config.peek(key)
    return None if node is None else node.plain()


def _only(config: Mapping, key: str) -> str | None:
    """The first item of a list, or the text that stands in its place."""
    node: Node | None = config.take(key)
    if isinstance(node, Sequence):
        return node.items[0].as_str() if node.items else None
    return None if node is None else node.as_str()


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)


def _or_default(given: list[str] | None, default: list[str]) -> list[str]:
    return default if given is None else given


def _report_methods(config: Mapping, methods: list[str] | None, report: Reporter) -> None:
    if methods == ["bearer"]:
        return
    if methods is None:
        message = (
            "Kong takes every way to authenticate that it knows here, passwords and client "
            "credentials among them; other gateways take tokens or a login page"
        )
        report.at(config, Fate.APPROXIMATED, Level.WARNING, "authentication", message, whole=False)
        return
    others = [method for method in methods if method not in ("bearer", "authorization_code")]
    missing = [] if "bearer" in methods else ["bearer"]
    message = "only Kong knows the choice of these ways to authenticate"
    if others:
        message = f"only Kong knows {', '.join(others)} as ways to authenticate"
    if missing:
        message += "; other gateways also accept a bearer token of this issuer"
    report.at(
        config.entries["auth_methods"], Fate.APPROXIMATED, Level.WARNING, "authentication", message
    )


def _kept(config: Mapping, methods: list[str] | None, report: Reporter) -> Extensions:
    """What is left, and lists of which the model took the first item only."""
    kept = []
    for key in ("client_id", "client_secret", "extra_jwks_uris", "redirect_uri"):
        node = config.peek(key)
        if isinstance(node, Sequence) and len(node) > 1:
            kept.append(Kept(key, message="only the first of these is used elsewhere"))
    extensions = carry(config, report, "authentication", *kept)
    if methods is not None and methods != ["bearer"]:
        extensions.setdefault("kong", {})["auth_methods"] = methods
    done = {"anonymous", "_comment", "_ignore", "auth_methods", *_CLAIMS}
    done.update(path.removeprefix("config.") for path in NAMES.values())
    rest = carry(
        config, report, "authentication", *(_quiet(config, key) for key in config.untaken())
    )
    if rest:
        extensions.setdefault("kong", {}).update(rest["kong"])
    return extensions


def _quiet(config: Mapping, key: str) -> Kept:
    value = _value(config, key)
    usual = value == _USUAL[key] if key in _USUAL else not value
    if usual or key.startswith(_QUIET):
        return Kept(key, None, Level.INFO, "only Kong has this setting")
    return Kept(key, None, Level.WARNING, "only Kong has this setting")
