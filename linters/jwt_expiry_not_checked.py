"""A token that was issued once opens for ever: after the user has left, after the key of the device
was stolen, after the token was found in a log.

- **Kong**: the plugin `jwt` checks no time at all unless `claims_to_verify` names `exp`. With it, a
  token has to have the claim, and `maximum_expiration` limits how far ahead it may lie.
- **APISIX**: `jwt-auth` checks `exp` and `nbf` where a token has them. A token without `exp` is
  good for ever unless `claims_to_verify` names the claim, and where it names `nbf` alone, `exp` is
  not looked at. Before 3.17 a named claim could still be missing, and 3.16 checked nothing for an
  empty list; tell the linter such a version (`versions`) to have it judge by that.
- **Envoy**: `jwt_authn` checks `exp` where a token has it. A token without is good for ever unless
  `require_expiration` or `max_lifetime` is set. `clock_skew_seconds: 4294967295` checks nothing.
- **Traefik** checks no tokens itself.

Where nothing is checked the finding is high; where only tokens without `exp` get through it is
medium, since the issuer has to make such tokens first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gal.lint.asked import Asked
from gal.lint.finding import Edit, Finding, Fix, finding
from gal.lint.peeking import section, texts
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.samples import ENVOY_TOKENS as _ENVOY
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.subject import Subject, explicit
from gal.lint.tokens import tokens
from gal.model import JwtAuth
from gal.reading import Mapping

RULE = Rule(
    code="GAL015",
    name="jwt-expiry-not-checked",
    title="Expired tokens are accepted",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(613,),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/jwt/",
        "https://apisix.apache.org/docs/apisix/plugins/jwt-auth/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto",
    ),
    fix=Safety.TIGHTEN,
)
_REQUIRED_SINCE = (3, 17)
"""The first version of APISIX in which a claim that `claims_to_verify` names has to be there."""
_NOTHING_FOR_AN_EMPTY_LIST = (3, 16)


def check(subject: Subject) -> Iterator[Finding]:
    """Checks of tokens that do not look at `exp`, or do without it."""
    for one in tokens(subject):
        auth = one.part
        version = _version(subject)
        required = auth.require_claims and not (version and version < _REQUIRED_SINCE)
        if "exp" not in auth.verify_claims or _nothing(auth, version):
            message = "nothing checks whether a token has expired"
            if explicit(auth, "verify_claims") and auth.verify_claims == ["nbf"]:
                message = "of a token only nbf is checked, not exp"
            yield _finding(one, message, Severity.HIGH, "not checked", subject)
        elif not required and auth.max_lifetime is None:
            message = "a token without exp is good for ever"
            yield _finding(one, message, Severity.MEDIUM, "not required", subject)


def _version(subject: Subject) -> tuple[int, ...]:
    """The version of APISIX that the user names, such as (3, 16); empty for all others."""
    given = subject.settings.versions.get("apisix", "") if subject.provider == "apisix" else ""
    return tuple(int(part) for part in given.split(".")[:2] if part.isdigit())


def _nothing(auth: JwtAuth, version: tuple[int, ...]) -> bool:
    empty = explicit(auth, "verify_claims") and not auth.require_claims
    return empty and version == _NOTHING_FOR_AN_EMPTY_LIST


def _finding(
    one: Asked[JwtAuth], message: str, severity: Severity, value: str, subject: Subject
) -> Finding:
    return finding(
        RULE,
        message,
        one.part,
        "verify_claims" if value == "not checked" else "require_claims",
        owner=one.owner,
        value=value,
        severity=severity,
        help="require the claim exp",
        fix=_fix(one.part, subject.provider),
    )


def _fix(auth: JwtAuth, provider: str) -> Fix | None:
    node = auth.origin.node if auth.origin is not None else None
    if not isinstance(node, Mapping):
        return None
    if provider == "envoy" and auth.verify_claims:
        edit = Edit(node, "require_expiration", True)
        # Nothing but stricter, which cannot be proved: the model has no words for a token that
        # needs one claim and has another looked at where it is there.
        return Fix("require the claim exp", Safety.UNSAFE, (edit,))
    if provider == "kong":
        config = section(node, "config")
        claims = [*texts(config, "claims_to_verify"), "exp"]
        value: Any = claims if config is not None else {"claims_to_verify": claims}
        at = (config, "claims_to_verify") if config is not None else (node, "config")
        return Fix("check the claim exp", Safety.TIGHTEN, (Edit(*at, value),))
    return None


_OTHER = """\
      other:
        remote_jwks: {http_uri: {uri: "https://other.test/keys", cluster: one, timeout: 1s}}
"""

EXAMPLES = (
    bad("kong", f"{_KONG}  - name: jwt  # <-\n", "nothing is checked by default"),
    bad("kong", f"{_KONG}  - name: jwt\n    config:\n      claims_to_verify: [nbf]  # <-\n"),
    good("kong", f"{_KONG}  - name: jwt\n    config: {{claims_to_verify: [exp]}}\n"),
    good(
        "kong",
        f"{_KONG}  - name: jwt\n    config:\n      claims_to_verify: [exp, nbf]\n"
        "      maximum_expiration: 3600\n",
    ),
    good("kong", f"{_KONG}  - name: jwt\n    enabled: false\n", "it does not run"),
    bad("apisix", f"{_APISIX}    jwt-auth: {{}}  # <-\n", "tokens without exp"),
    bad("apisix", f"{_APISIX}    jwt-auth:\n      claims_to_verify: [nbf]  # <-\n"),
    good("apisix", f"{_APISIX}    jwt-auth: {{claims_to_verify: [exp]}}\n"),
    good("apisix", f"{_APISIX}    jwt-auth: {{claims_to_verify: [exp, nbf]}}\n"),
    good("apisix", f"{_APISIX}    jwt-auth: {{_meta: {{disable: true}}}}\n", "it does not run"),
    bad(
        "apisix",
        f"{_APISIX}    jwt-auth:\n      claims_to_verify: [exp]  # <-\n",
        "this version takes tokens without it",
        settings={"versions": {"apisix": "3.16.0"}},
    ),
    bad("envoy", _ENVOY.replace("      issuer:\n", "      issuer:  # <-\n"), "tokens without exp"),
    bad("envoy", f"{_ENVOY}        clock_skew_seconds: 4294967295  # <-\n"),
    good("envoy", f"{_ENVOY}        require_expiration: true\n"),
    good("envoy", f"{_ENVOY}        max_lifetime: 3600s\n"),
    good(
        "envoy",
        f"{_ENVOY}        require_expiration: true\n{_OTHER}",
        "nothing asks for tokens of the other one",
    ),
)
