"""OAuth 2.0: Kong as the authorization server (`oauth2`), and OpenID Connect, which only the
enterprise edition has (https://developer.konghq.com/plugins/oauth2/,
https://developer.konghq.com/plugins/openid-connect/).
"""

from __future__ import annotations

from gal.exporters.kong.build import Build, Json, kept, put
from gal.model import OAuth2Auth, OAuth2Server

_GRANTS = {
    "authorization_code": "enable_authorization_code",
    "client_credentials": "enable_client_credentials",
    "implicit": "enable_implicit_grant",
    "password": "enable_password_grant",
}


def oauth2(auth: OAuth2Auth, build: Build) -> tuple[str, Json, str]:
    """Name and settings of the plugin, and why Kong's open edition cannot do it, if so."""
    config = kept(auth.extensions)
    if auth.server is not None:
        written = _server(auth.server)
        put(written, "hide_credentials", auth.hide_credentials, False)
        reason = "" if auth.server.grants else "no grant is enabled"
        return "oauth2", written | config, reason
    reason = "" if build.native else "only Kong's enterprise edition knows OpenID Connect"
    if reason:
        build.context.claims.claim(auth)
    return "openid-connect", _client(auth) | config, reason


def _server(server: OAuth2Server) -> Json:
    written: Json = {_GRANTS[grant]: True for grant in server.grants if grant in _GRANTS}
    if server.scopes:
        written["scopes"] = list(server.scopes)
    put(written, "mandatory_scope", server.mandatory_scope, False)
    put(written, "token_expiration", _number(server.token_lifetime.in_seconds), 7200)
    put(written, "refresh_token_ttl", _number(server.refresh_token_lifetime.in_seconds), 1209600)
    if server.provision_key is not None:
        written["provision_key"] = server.provision_key.reveal()
    return written


def _client(auth: OAuth2Auth) -> Json:
    written: Json = {}
    put(written, "issuer", auth.issuer)
    if auth.client_id is not None:
        written["client_id"] = [auth.client_id]
    if auth.client_secret is not None:
        written["client_secret"] = [auth.client_secret.reveal()]
    put(written, "scopes", list(auth.scopes), ["openid"])
    put(written, "scopes_required", list(auth.required_scopes), [])
    put(written, "audience_required", list(auth.audiences), [])
    if auth.jwks_uri is not None:
        written["extra_jwks_uris"] = [auth.jwks_uri]
    if auth.redirect_uri is not None:
        written["redirect_uri"] = [auth.redirect_uri]
    if auth.bearer_only:
        written["auth_methods"] = ["bearer"]
    put(written, "hide_credentials", auth.hide_credentials, False)
    put(written, "run_on_preflight", auth.run_on_preflight, True)
    return written


def _number(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds
