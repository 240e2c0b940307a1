"""Signed tokens: `jwt-auth` for consumers' credentials, `openid-connect` for an issuer's keys
(https://apisix.apache.org/docs/apisix/plugins/jwt-auth/,
https://apisix.apache.org/docs/apisix/plugins/openid-connect/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gal.exporters.apisix.plugin import CannotGuardError, Json, differs, native, note, put
from gal.reading import is_placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.exporters.apisix.people import People
    from gal.model import JwtAuth

_FEATURE = "authentication"
_TIMES = ("exp", "nbf")
_WELL_KNOWN = "/.well-known/openid-configuration"


def jwt_auths(auth: JwtAuth, people: People, shared: Shared) -> list[tuple[str, Json]]:
    """The plugins that look for tokens, each in one header, one parameter and one cookie.

    Raises:
        CannotGuardError: APISIX cannot check what has to be checked.
    """
    if auth.jwks_uri is not None or auth.jwks is not None or auth.issuer is not None:
        return [("openid-connect", _by_issuer(auth, shared))]
    _check(auth, shared)
    common: Json = {}
    put(common, "key_claim_name", auth.key_claim, "key")
    put(common, "realm", auth.realm, "jwt")
    put(common, "hide_credentials", auth.hide_credentials, False)
    claims = [claim for claim in auth.verify_claims if claim in _TIMES]
    if auth.require_claims and claims:
        common["claims_to_verify"] = claims
    elif set(claims) != set(_TIMES):
        message = "APISIX checks exp and nbf wherever they are"
        differs(shared, auth, _FEATURE, message, "verify_claims")
    if len(people.base64) > 1:
        message = "APISIX is told of each secret whether it is Base64: here they are as they stand"
        differs(shared, auth, _FEATURE, message, "secret_is_base64")
    _differences(auth, shared)
    places = [list(auth.header_names), list(auth.query_params), list(auth.cookie_names)]
    if not any(places):
        raise CannotGuardError("nothing is said of where tokens stand")
    made: list[tuple[str, Json]] = []
    for index in range(max(len(names) for names in places)):
        config: Json = {}
        for key, names in zip(("header", "query", "cookie"), places, strict=True):
            usual = "authorization" if key == "header" else "jwt"
            name = names[index] if index < len(names) else ""
            if name.lower() != usual:
                config[key] = name
        made.append(("jwt-auth", config | common))
    return made


def _check(auth: JwtAuth, shared: Shared) -> None:
    """Whether the consumers' credentials say all that the tokens are asked for."""
    if auth.audiences:
        raise CannotGuardError("APISIX's jwt-auth does not check the audience")
    if auth.max_lifetime is not None:
        raise CannotGuardError("APISIX does not limit how long tokens live")
    if not auth.algorithms or native(shared):
        return
    used = {
        credential.algorithm
        for consumer in shared.gateway.consumers
        for credential in consumer.credentials.jwt
    }
    if used - set(auth.algorithms):
        message = "APISIX takes the algorithm of each consumer's credential, whatever is listed"
        raise CannotGuardError(message)


def _differences(auth: JwtAuth, shared: Shared) -> None:
    if auth.header_prefix != "Bearer ":
        message = 'APISIX looks for "Bearer", or nothing, before the token: others do not open'
        differs(shared, auth, _FEATURE, message, "header_prefix")
    else:
        message = 'APISIX takes a token without "Bearer", too'
        note(shared, auth, _FEATURE, message, "header_names")
    if auth.claims_to_headers:
        message = "APISIX gives the upstream no claims"
        shared.context.report.dropped(auth, _FEATURE, message, "claims_to_headers")


def _by_issuer(auth: JwtAuth, shared: Shared) -> Json:
    """An `openid-connect` plugin that takes nothing but tokens, and finds the issuer's keys by the
    issuer's discovery document: they have to be keys of the issuer's own host.
    """
    reason = _beyond(auth)
    if reason:
        shared.context.claims.claim(auth)
        raise CannotGuardError(reason)
    issuer = auth.issuer or ""
    message = (
        "APISIX finds the keys by the issuer's discovery document "
        f"({issuer.rstrip('/')}{_WELL_KNOWN})"
    )
    differs(shared, auth, _FEATURE, message, "jwks_uri")
    config: Json = {
        "client_id": auth.audiences[0] if auth.audiences else "gal",
        "discovery": issuer.rstrip("/") + _WELL_KNOWN,
        "bearer_only": True,
        "use_jwks": True,
        "iat_slack": 0,
        "token_signing_alg_values_expected": auth.algorithms[0],
        "claim_validator": {"issuer": {"valid_issuers": [issuer]}},
        "set_access_token_header": False,
        "set_id_token_header": False,
        "set_userinfo_header": False,
    }
    if len(auth.audiences) == 1:
        audience = {"required": True, "match_with_client_id": True}
        config["claim_validator"]["audience"] = audience
    required = [claim for claim in auth.verify_claims if auth.require_claims and claim in _TIMES]
    schema = claim_schema(list(auth.audiences) if len(auth.audiences) > 1 else [], required)
    if schema:
        config["claim_schema"] = schema
    put(config, "realm", auth.realm, "apisix")
    for name in ("query_params", "cookie_names"):
        if getattr(auth, name):
            message = "APISIX looks for the token in Authorization only: others do not open"
            differs(shared, auth, _FEATURE, message, name)
    if auth.claims_to_headers:
        message = "APISIX gives the upstream no claims"
        shared.context.report.dropped(auth, _FEATURE, message, "claims_to_headers")
    if auth.hide_credentials:
        message = "APISIX leaves the token in the request"
        shared.context.report.dropped(auth, _FEATURE, message, "hide_credentials")
    if set(auth.verify_claims) != set(_TIMES):
        message = "APISIX checks exp and nbf wherever they are"
        differs(shared, auth, _FEATURE, message, "verify_claims")
    return config


def _beyond(auth: JwtAuth) -> str:
    """Why APISIX cannot ask for these tokens, if so."""
    if auth.jwks is not None:
        return "APISIX fetches the keys of an issuer, and takes no JSON Web Key Set"
    if auth.issuer is None:
        return "APISIX finds keys by an issuer's discovery document, and no issuer is given"
    issuer = urlsplit(auth.issuer)
    if issuer.scheme not in ("http", "https") or is_placeholder(auth.issuer):
        return "APISIX finds keys by an issuer's discovery document, and the issuer is no URL"
    if auth.jwks_uri is None:
        return "no keys are given for the issuer's tokens"
    keys = urlsplit(auth.jwks_uri)
    if (keys.scheme, keys.netloc) != (issuer.scheme, issuer.netloc):
        return "APISIX finds keys by the issuer's discovery document, and these are elsewhere"
    if len(auth.algorithms) != 1:
        return "APISIX can be told of one algorithm only"
    if "authorization" not in [name.lower() for name in auth.header_names]:
        return "APISIX looks for an issuer's tokens in Authorization only"
    if auth.header_prefix.strip().lower() != "bearer":
        return 'APISIX looks for "Bearer" before an issuer\'s tokens'
    if auth.max_lifetime is not None:
        return "APISIX does not limit how long tokens live"
    return ""


def claim_schema(audiences: list[str], required: list[str]) -> Json:
    """A JSON Schema for claims: one of the audiences, and claims that have to be there."""
    schema: Json = {}
    names = [*(["aud"] if audiences else []), *required]
    if audiences:
        known = {"enum": audiences}
        several = {"type": "array", "not": {"items": {"not": known}}}
        schema["properties"] = {"aud": {"anyOf": [{"type": "string", **known}, several]}}
    if names:
        schema = {"type": "object", "required": names, **schema}
    return schema
