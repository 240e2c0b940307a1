"""Anybody may be able to make tokens that the gateway takes for good. A shared secret that is short
is found by trying, from a single token and without asking the gateway once; one that stands in
tutorials is tried first; an RSA key of 1024 bits is no longer out of reach. A secret that several
consumers share lets each of them sign for the others.

- **Kong**: secrets and public keys stand at consumers (`jwt_secrets`); the algorithm is HS256 where
  none is named, and a token cannot choose another one. `openid-connect` with
  `verify_signature: false` takes any token.
- **APISIX**: secrets and public keys stand at consumers (`jwt-auth`), where one character is enough
  for a secret; a token cannot choose another algorithm. `openid-connect` with
  `accept_none_alg: true` takes ID tokens that nobody signed.
- **Envoy**: `local_jwks` of `jwt_authn` holds the keys. The requirement
  `extract_only_without_validation` reads tokens without looking at their signature.
- **Traefik** checks no tokens itself.

A secret for HS256 needs 32 random bytes, for HS384 48, for HS512 64 (RFC 7518); `openssl rand
-base64 48` makes one. Secrets that come from elsewhere (`{vault://...}`, `$secret://...`, `${...}`)
are not judged, and no message tells a secret.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import asked, openid
from gal.lint.envoy_files import managers
from gal.lint.finding import Finding, finding, place_of
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, section
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.signing_keys import weak_keys, weak_public_key, weak_secret
from gal.lint.subject import Subject
from gal.lint.tokens import requirements, tokens
from gal.model import Consumer, JwtAuth, JwtCredential

RULE = Rule(
    code="GAL017",
    name="jwt-weak-or-unverified-signature",
    title="Anybody can sign tokens",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(347, 326, 1391),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/jwt/",
        "https://apisix.apache.org/docs/apisix/plugins/jwt-auth/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto",
        "https://www.rfc-editor.org/rfc/rfc8725",
    ),
)
_UNCHECKED = "extract_only_without_validation"
_STRONG = "make a random secret as long as the hash, or sign with a private key"


def check(subject: Subject) -> Iterator[Finding]:
    """Weak keys, keys of several consumers, and tokens that nobody looks at."""
    yield from _consumers(subject)
    for one in tokens(subject):
        for weakness in dict.fromkeys(weak_keys(one.part.jwks or "")):
            yield finding(
                RULE,
                f"tokens are signed with {weakness}",
                one.part,
                "jwks",
                owner=one.owner,
                value=weakness,
                help=_STRONG,
            )
    yield from _unchecked(subject)
    yield from _switched_off(subject)


def _consumers(subject: Subject) -> Iterator[Finding]:
    checks = [one.part for one in asked(subject, JwtAuth)]
    is_base64 = bool(checks) and all(one.secret_is_base64 for one in checks)
    owners: dict[str, tuple[Consumer, JwtCredential]] = {}
    for consumer in subject.gateway.consumers:
        for credential in consumer.credentials.jwt:
            weakness, field = _weakness(credential, is_base64=is_base64)
            if weakness is not None:
                yield _weak(consumer, credential, weakness, field)
                continue
            secret = credential.secret.reveal() if credential.secret is not None else ""
            if not secret or secret.startswith("$") or "{" in secret or field == "public_key":
                continue
            other = owners.setdefault(secret, (consumer, credential))
            if other[0] is not consumer:
                yield _shared(consumer, credential, other)


def _weakness(credential: JwtCredential, *, is_base64: bool) -> tuple[str | None, str]:
    if not credential.algorithm.startswith("HS"):
        return weak_public_key(credential.public_key or ""), "public_key"
    if credential.secret is None:
        return None, "secret"
    secret = credential.secret.reveal()
    return weak_secret(secret, credential.algorithm, is_base64=is_base64), "secret"


def _weak(consumer: Consumer, credential: JwtCredential, weakness: str, field: str) -> Finding:
    return finding(
        RULE,
        f"tokens of {consumer.name} are signed with {weakness}",
        credential,
        field,
        owner=consumer,
        value=weakness,
        help=_STRONG,
    )


def _shared(
    consumer: Consumer, credential: JwtCredential, other: tuple[Consumer, JwtCredential]
) -> Finding:
    return finding(
        RULE,
        f"{consumer.name} signs with the secret of {other[0].name}: either can be the other",
        credential,
        "secret",
        owner=consumer,
        value="a shared secret",
        related=[place_of(other[1], "secret", "the same secret")],
        help="give each consumer a secret of its own",
    )


def _unchecked(subject: Subject) -> Iterator[Finding]:
    for manager in managers(subject):
        for one in manager.named("jwt_authn"):
            for node in requirements(one.config):
                if at(node, _UNCHECKED) is not None:
                    yield finding(
                        RULE,
                        "tokens are read without a look at their signature",
                        node,
                        _UNCHECKED,
                        owner=owner_of(subject, node),
                        value="not checked",
                        help="require a provider, which checks the signature",
                    )


def _switched_off(subject: Subject) -> Iterator[Finding]:
    """OpenID Connect that takes unsigned tokens."""
    for one in openid(subject):
        part = one.part
        node = part.origin.node if part.origin is not None else None
        config = section(node, "config") if subject.provider == "kong" else node
        if flag(config, "verify_signature") is False:
            key = "verify_signature"
        elif flag(config, "accept_none_alg"):
            key = "accept_none_alg"
        else:
            continue
        yield finding(
            RULE,
            "tokens are taken that nobody has signed",
            config if config is not None else part,
            key,
            owner=one.owner,
            value="not checked",
            help="have signatures checked",
        )


_KONG = """\
consumers:
- username: anna
  jwt_secrets:
"""
_APISIX = """\
consumers:
- username: anna
  plugins:
    jwt-auth:
      key: anna
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    rules: [{match: {prefix: /}, requires: {provider_name: issuer}}]
    providers:
      issuer:
        issuer: https://issuer.test
        local_jwks:
"""
_LONG = "kZr2vN8qYw4tB6mXc9dLf3hJp7sGu5eA"
_PUBLIC = """\
          inline_string: >-
            {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256",
            "x": "zUteMIQHsstUsn5FyBpws7-XvrgMRb1reoorEm8lTrM",
            "y": "uKbZ_zrEGPNYsimo5RMF9O6kQWxtWtepTsRooQnnkHU"}]}
"""
_ENCODED = "a1pyMnZOOHFZdzR0QjZtWGM5ZExmM2hKcDdzR3U1ZUE"
_RSA_1024 = """\
      -----BEGIN PUBLIC KEY-----
      MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC40EGP6yG8kaOkkx87fVPSuSbD
      TQEhurCh/inE77YdfY6byV4QWe+E5y9877P5BZGZ+zgjBowGjYLI0GixVHEdZBNR
      yYh8IcmXVaPOMbJ3DS+q3UqMDNAoIlK6sMV3u+VA3Fax9b7k/UisQBGtOqBH5h1n
      qw7zte4hnq2S1Wca7wIDAQAB
      -----END PUBLIC KEY-----
"""

EXAMPLES = (
    bad("kong", f"{_KONG}  - key: anna\n    secret: secret  # <-\n"),
    bad(
        "kong",
        f"{_KONG}  - key: anna\n    algorithm: HS512\n    secret: {_LONG}  # <-\n",
        "too short",
    ),
    bad(
        "kong",
        f"{_KONG}  - {{key: anna, secret: {_LONG}}}\n- username: bert\n  jwt_secrets:\n"
        f"  - key: bert\n    secret: {_LONG}  # <-\n",
        "one secret for two",
    ),
    bad(
        "kong",
        f"{_KONG}  - key: anna\n    algorithm: RS256\n    rsa_public_key: |  # <-\n{_RSA_1024}",
        "1024 bits",
    ),
    good("kong", f"{_KONG}  - {{key: anna, secret: {_LONG}}}\n"),
    good("kong", f"{_KONG}  - {{key: anna}}\n", "Kong makes one up"),
    good("kong", f'{_KONG}  - {{key: anna, secret: "{{vault://env/anna}}"}}\n', "it is elsewhere"),
    bad("apisix", f"{_APISIX}      secret: your-256-bit-secret  # <-\n"),
    bad("apisix", f"{_APISIX}      secret: kZr2vN8qYw4tB6mX  # <-\n"),
    good("apisix", f"{_APISIX}      secret: {_LONG}\n"),
    good("apisix", f"{_APISIX}      secret: $secret://vault/1/anna/jwt\n", "it is elsewhere"),
    good(
        "apisix",
        f"{_APISIX}      base64_secret: true\n      secret: {_ENCODED}=\n",
        "Base64 of a long one",
    ),
    bad(
        "envoy",
        _ENVOY.replace("local_jwks:", "local_jwks:  # <-")
        + """          inline_string: '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'\n""",
    ),
    bad(
        "envoy",
        f"{_ENVOY}{_PUBLIC}".replace(
            "requires: {provider_name: issuer}}]",
            "requires: {extract_only_without_validation: {}}}]  # <-",
        ),
    ),
    good("envoy", f"{_ENVOY}{_PUBLIC}"),
    good("envoy", f"{_ENVOY}          filename: /etc/keys.json\n"),
    good(
        "envoy",
        f"{_ENVOY}          inline_string: >-\n            "
        '{"keys": [{"kty": "oct", "alg": "HS256", "k": '
        f'"{_ENCODED}"}}]}}\n',
    ),
)
