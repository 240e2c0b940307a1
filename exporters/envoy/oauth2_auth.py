"""OAuth 2.0 and OpenID Connect, as far as bearer tokens go: the issuer's keys check them.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter
"""

from __future__ import annotations

from gal.exporters.envoy.build import Json, Shared
from gal.exporters.envoy.checks import Check, ImpossibleError, header_presented, query_presented
from gal.exporters.envoy.jwt_auth import TOKEN, JwtFilter, claim, require
from gal.exporters.envoy.jwt_keys import compact, remote_keys
from gal.exporters.envoy.regex_text import escaped
from gal.model import OAuth2Auth

_DISCOVERY = "/.well-known/openid-configuration"
_QUERY = "access_token"
_PREFIX = "Bearer "


def oauth2_auth(policy: OAuth2Auth, shared: Shared) -> Check:
    """Ask for a bearer token of the issuer.

    Raises:
        ImpossibleError: the gateway itself is to issue tokens, or the issuer's keys are not known.
    """
    if policy.server is not None:
        raise ImpossibleError(policy, "Envoy issues no tokens itself")
    if policy.jwks_uri is None:
        hint = "add `jwks_uri` to its `oauth2` section"
        raise ImpossibleError(policy, f"Envoy does not look up where an issuer's keys are: {hint}")
    state = shared.state(JwtFilter)
    key = compact(
        [
            "oauth2",
            policy.issuer,
            policy.jwks_uri,
            policy.audiences,
            policy.hide_credentials,
            policy.required_scopes,
        ]
    )
    if key not in state.requirements:
        providers = {TOKEN: _provider(policy, shared)}
        state.requirements[key] = require(providers, [_scopes(policy)], state, shared)
    if not policy.bearer_only:
        message = "nobody is sent to the issuer's login page: without a bearer token it is 401"
        shared.context.report.approximated(policy, "authentication", message, "bearer_only")
    return Check(
        feature="oauth2",
        filters=dict(state.requirements[key].filters),
        presented=[header_presented("authorization", _PREFIX), query_presented(_QUERY)],
        skips_preflight=not policy.run_on_preflight,
    )


def _provider(policy: OAuth2Auth, shared: Shared) -> Json:
    try:
        keys = remote_keys(policy.jwks_uri or "", policy, shared)
    except ValueError as error:
        raise ImpossibleError(policy, str(error)) from error
    provider: Json = {
        **keys,
        "forward": not policy.hide_credentials,
        "from_headers": [{"name": "Authorization", "value_prefix": _PREFIX}],
        "from_params": [_QUERY],
        "payload_in_metadata": TOKEN,
    }
    if policy.issuer is not None:
        provider["issuer"] = policy.issuer.removesuffix(_DISCOVERY)
    if policy.audiences:
        provider["audiences"] = list(policy.audiences)
    return provider


def _scopes(policy: OAuth2Auth) -> list[Json]:
    """One of the required scopes; of several words in one, all."""
    wanted: list[Json] = []
    for scope in policy.required_scopes:
        words = [_word(word) for word in scope.split()]
        if words:
            wanted.append(words[0] if len(words) == 1 else {"and_ids": {"ids": words}})
    return [{"or_ids": {"ids": wanted}}] if wanted else []


def _word(word: str) -> Json:
    """The claim `scope` has the word, among others in one text or in a list."""
    among = {"safe_regex": {"regex": f"(?:.* )?{escaped(word)}(?: .*)?"}}
    in_list = {"list_match": {"one_of": {"string_match": {"exact": word}}}}
    either = [
        claim(TOKEN, "scope", {"string_match": among}),
        claim(TOKEN, "scope", in_list),
    ]
    return {"or_ids": {"ids": either}}
