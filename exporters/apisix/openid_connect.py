"""OpenID Connect (https://apisix.apache.org/docs/apisix/plugins/openid-connect/)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gal.exporters.apisix.jwt_auth import claim_schema
from gal.exporters.apisix.plugin import CannotGuardError, Json, differs, kept, native, note, put
from gal.reading import is_placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.model import OAuth2Auth

_FEATURE = "authentication"
_WELL_KNOWN = "/.well-known/openid-configuration"


def oauth2(auth: OAuth2Auth, shared: Shared) -> Json:
    """An `openid-connect` plugin.

    Raises:
        CannotGuardError: APISIX cannot ask for what is asked for.
    """
    values = kept(auth.extensions)
    reason = _beyond(auth, values, shared)
    if reason:
        shared.context.claims.claim(auth)
        raise CannotGuardError(reason)
    config: Json = {
        "client_id": auth.client_id or "gal",
        "discovery": _discovery(auth.issuer or "", shared),
    }
    if auth.client_secret is not None:
        config["client_secret"] = auth.client_secret.reveal()
    put(config, "scope", " ".join(auth.scopes) or "openid", "openid")
    put(config, "redirect_uri", auth.redirect_uri)
    put(config, "bearer_only", auth.bearer_only, False)
    if auth.required_scopes:
        config["required_scopes"] = auth.required_scopes[0].split()
    if auth.audiences:
        config["claim_schema"] = claim_schema(list(auth.audiences), [])
    if not native(shared):
        _ours(auth, config, shared)
    return config | values


def _ours(auth: OAuth2Auth, config: Json, shared: Shared) -> None:
    """What APISIX does otherwise by itself."""
    config["set_access_token_header"] = False
    config["set_id_token_header"] = False
    config["set_userinfo_header"] = False
    if auth.bearer_only:
        config["use_jwks"] = True
    else:
        secret = "" if auth.client_secret is None else auth.client_secret.reveal()
        made = hashlib.sha256(f"gal session of {secret}".encode()).hexdigest()
        config["session"] = {"secret": made}
        message = "the secret of sessions is made from that of the client"
        note(shared, auth, _FEATURE, message, "client_secret")
    if auth.hide_credentials:
        message = "APISIX leaves the token in the request"
        shared.context.report.dropped(auth, _FEATURE, message, "hide_credentials")
    if auth.jwks_uri is not None:
        message = "APISIX finds the keys by the issuer's discovery document"
        differs(shared, auth, _FEATURE, message, "jwks_uri")


def _beyond(auth: OAuth2Auth, values: Json, shared: Shared) -> str:
    """Why APISIX cannot do it, if so."""
    if auth.server is not None:
        return "APISIX is no authorization server"
    if auth.issuer is None:
        return "APISIX wants an issuer"
    others = [name for name in auth.extensions if name != "apisix"]
    if others:
        return f"settings that only {', '.join(others)} knows may decide who enters"
    if len(auth.required_scopes) > 1:
        return "APISIX wants all of the required scopes, not one of them"
    if auth.audiences and not auth.bearer_only:
        return "APISIX checks the audience of bearer tokens only"
    if native(shared):
        return ""
    if not auth.bearer_only:
        if auth.client_id is None or auth.client_secret is None:
            return "APISIX wants the client's name and secret for logging in"
        if is_placeholder(auth.client_secret.reveal()) and "session" not in values:
            return "APISIX wants a secret for sessions, which GAL makes from that of the client"
    return ""


def _discovery(issuer: str, shared: Shared) -> str:
    """The URL of the discovery document."""
    if native(shared) or "/.well-known/" in issuer or is_placeholder(issuer):
        return issuer
    return issuer.rstrip("/") + _WELL_KNOWN
