"""A signature only says who signed a token, not for whom it was made. One identity provider signs
tokens for all of its applications, often with the same keys: without a check of `aud`, a token that
a user gave to any other application opens this one as well. Without a check of `iss`, tokens of
every issuer with one of these keys do.

- **Kong**: the plugin `openid-connect` takes tokens for anybody unless `audience_required` names
  the audience; the issuer it knows from the discovery document. The plugin `jwt` finds the key by
  the issuer and has no check of the audience: it is not judged here.
- **APISIX**: `openid-connect` takes bearer tokens (`bearer_only`, `use_jwks`, `public_key`,
  `introspection_endpoint`) for anybody unless `claim_validator.audience.match_with_client_id` is
  set; `audience.required` alone only wants the claim to be there. The issuer it checks by
  `issuer.valid_issuers` or the discovery document. `jwt-auth` has keys of single consumers.
- **Envoy**: a provider of `jwt_authn` checks neither claim unless it has `issuer` and `audiences`.
- **Traefik** checks no tokens itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gal.lint.asked import Asked, openid
from gal.lint.finding import Finding, finding, place_of
from gal.lint.peeking import at, flag, items, section
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.lint.tokens import tokens
from gal.model import Guard, ModelNode, OAuth2Auth

RULE = Rule(
    code="GAL016",
    name="jwt-issuer-audience-not-checked",
    title="Nothing checks who made a token, or for whom",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(345, 347),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/openid-connect/",
        "https://apisix.apache.org/docs/apisix/plugins/openid-connect/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto",
    ),
)
_BEARER = ("bearer_only", "use_jwks")
_CHECKED = ("public_key", "introspection_endpoint")
_MOST_RELATED = 4
_TOKENS = frozenset(("bearer", "introspection", "userinfo"))


def check(subject: Subject) -> Iterator[Finding]:
    """Checks of an issuer's tokens that look at neither claim, or at one of them."""
    for one in tokens(subject):
        auth = one.part
        if auth.jwks_uri is None and auth.jwks is None:
            continue  # keys of single consumers
        missing = [] if auth.issuer else ["issuer"]
        missing += [] if auth.audiences else ["audience"]
        if missing:
            yield _finding(auth, one.owner, missing)
    unsaid = [part for part in openid(subject) if _takes_any_audience(part, subject)]
    if unsaid:
        owner = unsaid[0].owner if len(unsaid) == 1 else subject.gateway
        yield _finding(unsaid[0].part, owner, ["audience"], [one.part for one in unsaid[1:]])


def _finding(
    where: ModelNode, owner: ModelNode, missing: list[str], further: Sequence[ModelNode] = ()
) -> Finding:
    what = f"the {missing[0]} of a token is not" if len(missing) == 1 else ""
    places = f", in {len(further) + 1} places" if further else ""
    return finding(
        RULE,
        f"{what or 'neither issuer nor audience of a token is'} checked{places}",
        where,
        owner=owner,
        value=" and ".join(missing),
        related=[place_of(one, message="nor here") for one in further[:_MOST_RELATED]],
        help=f"name the {' and the '.join(missing)} that tokens need",
        count=len(further) + 1,
    )


def _takes_any_audience(one: Asked[OAuth2Auth] | Asked[Guard], subject: Subject) -> bool:
    part = one.part
    node = part.origin.node if part.origin is not None else None
    if isinstance(part, OAuth2Auth) and (part.audiences or part.server is not None):
        return False
    if subject.provider == "kong":
        config = section(node, "config")
        methods = {str(one.plain()) for one in items(config, "auth_methods")}
        takes = not methods or not methods.isdisjoint(_TOKENS)
        return takes and not items(config, "audience_required")
    if subject.provider != "apisix":
        return False
    takes = any(flag(node, key) for key in _BEARER) or any(at(node, key) for key in _CHECKED)
    checked = flag(node, "claim_validator.audience.match_with_client_id")
    return takes and not checked and at(node, "claim_schema") is None


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins:
  - name: openid-connect  # <-
    config:
      issuer: https://issuer.test
"""
_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    openid-connect:  # <-
      client_id: shop
      client_secret: ${SECRET}
      discovery: https://issuer.test/.well-known/openid-configuration
      bearer_only: true
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    rules: [{match: {prefix: /}, requires: {provider_name: issuer}}]
    providers:
      issuer:  # <-
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
"""


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


EXAMPLES = (
    bad("kong", _KONG),
    bad("kong", f"{_KONG}      auth_methods: [bearer]\n      scopes_required: [orders]\n"),
    good("kong", f"{_plain(_KONG)}      audience_required: [shop]\n"),
    good("kong", f"{_plain(_KONG)}      auth_methods: [authorization_code, session]\n", "a login"),
    good(
        "kong",
        _plain(_KONG)
        .replace("openid-connect", "jwt")
        .replace("issuer: https://issuer.test", "key_claim_name: iss"),
        "keys of single consumers",
    ),
    bad("apisix", _APISIX),
    bad(
        "apisix",
        f"{_APISIX}      use_jwks: true\n      claim_validator: {{audience: {{required: true}}}}\n",
        "any audience",
    ),
    good(
        "apisix",
        f"{_plain(_APISIX)}      claim_validator: {{audience: {{match_with_client_id: true}}}}\n",
    ),
    good(
        "apisix",
        _plain(_APISIX).replace("bearer_only: true", 'session: {secret: "${SESSION}"}'),
        "a login, whose tokens are made for it",
    ),
    good(
        "apisix",
        "routes:\n- uri: /shop\n  upstream: {nodes: {'shop.internal:80': 1}}\n"
        "  plugins: {jwt-auth: {}}\n",
        "keys of single consumers",
    ),
    bad("envoy", _ENVOY, "neither"),
    bad("envoy", f"{_ENVOY}        issuer: https://issuer.test\n", "for any application of it"),
    bad("envoy", f"{_ENVOY}        audiences: [shop]\n"),
    good(
        "envoy", f"{_plain(_ENVOY)}        issuer: https://issuer.test\n        audiences: [shop]\n"
    ),
    good(
        "envoy",
        _plain(_ENVOY).replace(
            "provider_name: issuer",
            "provider_and_audiences: {provider_name: issuer, audiences: [shop]}",
        )
        + "        issuer: https://issuer.test\n",
        "the rule names the audience",
    ),
    good(
        "envoy",
        _plain(_ENVOY).replace("requires: {provider_name: issuer}", ""),
        "no rule asks for its tokens",
    ),
)
