"""Signed tokens as Envoy's `jwt_authn` filter: a provider for each key set or credential, and a
requirement for each policy, which asks for any of its providers.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gal.exporters.envoy.build import HTTP_FILTER, Json, RouteBuild, Shared
from gal.exporters.envoy.checks import (
    Check,
    ImpossibleError,
    Presented,
    as_it_is,
    header_presented,
    query_presented,
)
from gal.exporters.envoy.consumers import header_key, payload_key
from gal.exporters.envoy.jwt_keys import compact, credential_keys, given_keys, remote_keys
from gal.exporters.envoy.regex_text import escaped
from gal.exporters.envoy.values import duration
from gal.ledger import Level
from gal.model import JwtAuth, RateLimitKey

METADATA = "envoy.filters.http.jwt_authn"
TOKEN = "token"
"""Under which name the payload of a token stands in the metadata that an issuer's key let in."""

_TYPE = HTTP_FILTER + "jwt_authn.v3."
_NEVER = 2**32 - 1
_NOT_IN_HEADER_NAMES = re.compile(r"[^a-z0-9-]")


@dataclass(slots=True)
class JwtFilter:
    """The providers so far, and the requirements by what they ask for."""

    config: Json = field(
        default_factory=lambda: {
            "@type": _TYPE + "JwtAuthentication",
            "providers": {},
            "requirement_map": {},
        }
    )
    requirements: dict[str, Check] = field(default_factory=dict)


def jwt_auth(policy: JwtAuth, build: RouteBuild, shared: Shared) -> Check:
    """Ask for a token.

    Raises:
        ImpossibleError: nobody's token could be checked.
    """
    if not (policy.header_names or policy.query_params or policy.cookie_names):
        raise ImpossibleError(policy, "tokens are looked for nowhere")
    _report(policy, shared)
    common = _common(policy, build)
    consumers = policy.jwks_uri is None and policy.jwks is None
    identity = _identity(policy) if consumers else [_needs_start(policy)]
    key = compact(
        [common, policy.issuer, policy.algorithms, policy.jwks_uri, policy.jwks, *identity]
    )
    state = shared.state(JwtFilter)
    if key not in state.requirements:
        if consumers:
            providers = _consumer_providers(policy, common, shared)
            claims = [_claims(policy, name) for name in providers]
        else:
            providers = {TOKEN: _issuer_provider(policy, common, shared)}
            claims = [_issuer_claims(policy)]
        state.requirements[key] = require(providers, claims, state, shared)
    found = state.requirements[key]
    return Check(
        feature="jwt",
        filters=dict(found.filters),
        presented=_presented(policy),
        consumers="jwt" if consumers else None,
        skips_preflight=not policy.run_on_preflight,
        removed_headers=[one["header_name"] for one in _limit_claims(build)],
    )


def require(
    providers: dict[str, Json], claims: list[list[Json]], state: JwtFilter, shared: Shared
) -> Check:
    """Have providers and a requirement in the chain's filter: any of them lets in.

    Args:
        providers: by a name that is their own among these.
        claims: RBAC principals that hold for the token of each provider, all of them; empty lists
            ask for nothing.
        state: the filter.
        shared: what all routes share.
    """
    number = len(state.requirements) + 1
    named = {f"{number}.{name}": provider for name, provider in providers.items()}
    state.config["providers"].update(named)
    asked: list[Json] = [{"provider_name": name} for name in named]
    requirement = asked[0] if len(asked) == 1 else {"requires_any": {"requirements": asked}}
    state.config["requirement_map"][str(number)] = requirement
    filters: Json = {
        shared.filters.ensure("jwt", state.config): {
            "@type": _TYPE + "PerRouteConfig",
            "requirement_name": str(number),
        }
    }
    if any(claims):
        filters[_claims_filter(claims, str(number), shared)] = as_it_is()
    return Check("jwt", filters)


def _claims_filter(claims: list[list[Json]], label: str, shared: Shared) -> str:
    """A filter that lets in whoever has the claims that belong to the key of the token."""
    principals = [one[0] if len(one) == 1 else {"and_ids": {"ids": one}} for one in claims]
    policy = {"permissions": [{"any": True}], "principals": principals}
    rules = {"action": "ALLOW", "policies": {"claims": policy}}
    base = {"@type": HTTP_FILTER + "rbac.v3.RBAC", "rules": rules}
    return shared.filters.ensure("jwt_claims", base, label)


def _common(policy: JwtAuth, build: RouteBuild) -> Json:
    """What all providers of a policy have in common."""
    prefix = policy.header_prefix
    found: Json = {"forward": not policy.hide_credentials}
    headers = [{"name": name, "value_prefix": prefix} for name in policy.header_names]
    if headers:
        found["from_headers"] = headers
    if policy.query_params:
        found["from_params"] = list(policy.query_params)
    if policy.cookie_names:
        found["from_cookies"] = list(policy.cookie_names)
    if policy.audiences:
        found["audiences"] = list(policy.audiences)
    copied = [
        {"header_name": one.header, "claim_name": one.claim} for one in policy.claims_to_headers
    ]
    copied += _limit_claims(build)
    if copied:
        found["claim_to_headers"] = copied
    verified = set(policy.verify_claims) & {"exp", "nbf"}
    found["clock_skew_seconds"] = 1 if verified else _NEVER
    if "exp" in verified and policy.require_claims:
        found["require_expiration"] = True
    if policy.max_lifetime is not None:
        found["max_lifetime"] = duration(policy.max_lifetime)
    return found


def _limit_claims(build: RouteBuild) -> list[Json]:
    """The claim that a limit counts by stands in a header, until the upstream gets the request."""
    limit = build.scopes.find(lambda policies: policies.rate_limit)
    if limit is None or limit.key_type is not RateLimitKey.JWT_CLAIM or not limit.key_claim:
        return []
    return [{"header_name": limit_header(limit.key_claim), "claim_name": limit.key_claim}]


def limit_header(claim: str) -> str:
    """The header that holds the claim of a limit."""
    return "x-gal-claim-" + _NOT_IN_HEADER_NAMES.sub("-", claim.lower())


def _issuer_provider(policy: JwtAuth, common: Json, shared: Shared) -> Json:
    try:
        if policy.jwks_uri is not None:
            keys = remote_keys(policy.jwks_uri, policy, shared)
        else:
            keys = given_keys(policy)
    except ValueError as error:
        raise ImpossibleError(policy, str(error)) from error
    if policy.jwks_uri is not None and policy.algorithms not in ([], ["RS256"]):
        message = "Envoy accepts every signature that the fetched keys can make"
        shared.context.report.approximated(policy, "authentication", message, "algorithms")
    issuer = {} if policy.issuer is None else {"issuer": policy.issuer}
    return {**issuer, **keys, **common, "payload_in_metadata": TOKEN}


def _issuer_claims(policy: JwtAuth) -> list[Json]:
    return [claim(TOKEN, "nbf", {"present_match": True})] if _needs_start(policy) else []


def _identity(policy: JwtAuth) -> list[object]:
    """What else tells the providers of consumers' credentials apart."""
    return [policy.key_claim, policy.secret_is_base64, _needs_start(policy)]


def _consumer_providers(policy: JwtAuth, common: Json, shared: Shared) -> dict[str, Json]:
    """A provider for each credential, by what names it. Each has a key of its own, so the one that
    checks a token is the one that signed it.
    """
    by_issuer = policy.key_claim == "iss"
    found: dict[str, Json] = {}
    for consumer in shared.gateway.consumers:
        for credential in consumer.credentials.jwt:
            try:
                keys = credential_keys(credential, policy)
            except ValueError as error:
                shared.context.report.refused(
                    credential, "credentials", f"{error}: Envoy lets in none of its tokens"
                )
                continue
            name = credential.key or ""
            issuer = name if by_issuer else policy.issuer
            if name in found or (policy.issuer is not None and issuer != policy.issuer):
                reason = "another credential has its name, or the issuer is not the wanted one"
                shared.context.report.refused(
                    credential, "credentials", f"{reason}: Envoy lets in none of its tokens"
                )
                continue
            found[name] = {
                **({} if issuer is None else {"issuer": issuer}),
                **keys,
                **common,
                "payload_in_metadata": payload_key(name),
            }
            if not by_issuer:
                found[name]["header_in_metadata"] = header_key(name)
    if not found:
        raise ImpossibleError(policy, "no consumer has a credential whose tokens Envoy can check")
    return found


def _claims(policy: JwtAuth, name: str) -> list[Json]:
    """What a consumer's token has to say, besides being signed with the consumer's key."""
    found: list[Json] = []
    if policy.key_claim != "iss":
        exact = {"string_match": {"exact": name}}
        unsaid = {"not_id": claim(payload_key(name), policy.key_claim, {"present_match": True})}
        in_header = claim(header_key(name), policy.key_claim, exact)
        either = [
            claim(payload_key(name), policy.key_claim, exact),
            {"and_ids": {"ids": [unsaid, in_header]}},
        ]
        found.append({"or_ids": {"ids": either}})
    if _needs_start(policy):
        found.append(claim(payload_key(name), "nbf", {"present_match": True}))
    return found


def _needs_start(policy: JwtAuth) -> bool:
    return policy.require_claims and "nbf" in policy.verify_claims


def claim(token: str, name: str, value: Json) -> Json:
    """An RBAC principal on a claim of a token that Envoy has checked."""
    path = [{"key": token}, {"key": name}]
    matcher = {"filter": METADATA, "path": path, "value": value}
    return {"sourced_metadata": {"metadata_matcher": matcher}}


def _presented(policy: JwtAuth) -> list[Presented]:
    cookies = [f"(?:.*;\\s*)?{escaped(name)}=.*" for name in policy.cookie_names]
    return [
        *(header_presented(name, policy.header_prefix) for name in policy.header_names),
        *map(query_presented, policy.query_params),
        *(
            Presented([{"name": "cookie", "string_match": {"safe_regex": {"regex": pattern}}}])
            for pattern in cookies
        ),
    ]


def _report(policy: JwtAuth, shared: Shared) -> None:
    report = shared.context.report

    def differs(message: str, name: str) -> None:
        report.approximated(policy, "authentication", message, name)

    if policy.header_prefix == "Bearer ":
        differs('a token after "bearer" in small letters is refused', "header_names")
    if len({"exp", "nbf"} & set(policy.verify_claims)) == 1:
        differs("Envoy checks both exp and nbf, or none: both are checked", "verify_claims")
    elif policy.verify_claims:
        differs("exp and nbf are checked with one second of leeway", "verify_claims")
    if _needs_start(policy):
        differs("a token without nbf is refused with 403, not 401", "require_claims")
    if policy.key_claim != "iss":
        differs(
            "a token whose claim does not fit its key is refused with 403, not 401", "key_claim"
        )
    if policy.realm is not None:
        message = "Envoy names the URL as the realm"
        report.dropped(policy, "authentication", message, "realm", Level.INFO)
