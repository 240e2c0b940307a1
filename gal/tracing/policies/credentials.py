"""Whether the credentials of a request are right, for every kind of authentication."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, unquote_plus

from gal.model import (
    ApiKeyAuth,
    BasicAuth,
    Consumer,
    ForwardAuth,
    JwtAuth,
    JwtCredential,
    OAuth2Auth,
    Secret,
)
from gal.reading import is_placeholder
from gal.tracing.exchange import Exchange
from gal.tracing.policies.tokens import Token, decoded_secret, is_signed_with, read_token


@dataclass(frozen=True, slots=True)
class Hidden:
    """What the upstream does not see of the credentials.

    Attributes:
        headers: names of headers.
        parameters: names of query parameters.
    """

    headers: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Check:
    """What became of one kind of authentication.

    Attributes:
        passed: None when only the running gateway can say.
        message: the reason, in words, without any secret.
        consumer: who was found.
        credential: what the credential is called.
        claims: of a token.
        hide: what the upstream does not see.
        status: of the refusal.
        challenge: `WWW-Authenticate` of the refusal.
    """

    passed: bool | None
    message: str
    consumer: Consumer | None = None
    credential: str | None = None
    claims: dict[str, object] = field(default_factory=dict)
    hide: Hidden = field(default_factory=Hidden)
    status: int = 401
    challenge: str | None = None


def basic(auth: BasicAuth, exchange: Exchange) -> Check:
    """A name and a password in `Authorization: Basic`."""
    challenge = f'Basic realm="{auth.realm or "service"}"'
    sent = exchange.header("Authorization") or ""
    scheme, _, encoded = sent.partition(" ")
    if scheme.lower() != "basic":
        return Check(False, "no name and password were sent", challenge=challenge)
    try:
        name, _, password = base64.b64decode(encoded.strip()).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return Check(False, "the Authorization header cannot be read", challenge=challenge)
    hide = Hidden(["Authorization"], []) if auth.hide_credentials else Hidden()
    for user in auth.users:
        if user.username == name:
            passed = _password(password, user.password, user.password_hash)
            return _told(passed, f"the password of {name}", None, name, hide, challenge)
    if not auth.users:
        for consumer in exchange.gateway.consumers:
            for one in consumer.credentials.basic:
                if one.username == name:
                    passed = _password(password, one.password, one.password_hash)
                    what = f"the password of {name}"
                    return _told(passed, what, consumer, name, hide, challenge)
    return Check(False, f"nobody is called {name}", challenge=challenge)


def _password(sent: str, plain: Secret | None, hashed: Secret | None) -> bool | None:
    if plain is not None:
        return None if is_placeholder(plain.reveal()) else plain.reveal() == sent
    text = hashed.reveal() if hashed is not None else ""
    if text.startswith("{SHA}"):
        digest = hashlib.sha1(sent.encode(), usedforsecurity=False).digest()
        return base64.b64encode(digest).decode() == text[5:]
    return None


def _told(
    passed: bool | None,
    what: str,
    consumer: Consumer | None,
    credential: str | None,
    hide: Hidden,
    challenge: str | None,
) -> Check:
    words = {True: "is right", False: "is wrong", None: "cannot be checked here"}[passed]
    return Check(passed, f"{what} {words}", consumer, credential, hide=hide, challenge=challenge)


def api_key(auth: ApiKeyAuth, exchange: Exchange) -> Check:
    """A key in a header, the query, a cookie or the body; the first place that has one decides."""
    sent, place = _sent_key(auth, exchange)
    if sent is None:
        return Check(False, "no key was sent")
    hide = Hidden()
    if auth.hide_credentials:
        hide = Hidden(list(auth.header_names), list(auth.query_params))
    unknown = False
    for key, name, consumer in _keys(auth, exchange):
        if key is None or is_placeholder(key.reveal()):
            unknown = True
        elif key.reveal() == sent:
            message = f"the key in {place} is that of {name}"
            return Check(True, message, consumer, name, hide=hide)
    if unknown:
        return Check(None, f"the key in {place} may be one that is not known here", hide=hide)
    return Check(False, f"the key in {place} is nobody's")


def _keys(
    auth: ApiKeyAuth, exchange: Exchange
) -> Iterator[tuple[Secret | None, str, Consumer | None]]:
    """Every key that opens, whose it is, and the consumer."""
    for number, one in enumerate(auth.keys, 1):
        yield one.key, one.name or f"key {number}", None
    if not auth.keys:
        for consumer in exchange.gateway.consumers:
            for credential in consumer.credentials.api_keys:
                yield credential.key, consumer.name, consumer


def _sent_key(auth: ApiKeyAuth, exchange: Exchange) -> tuple[str | None, str]:
    for name in auth.header_names:
        value = exchange.header(name)
        if value is not None:
            return value, f"the header {name}"
    parameters = [(unquote_plus(one), value) for one, value in exchange.request.parameters()]
    for name in auth.query_params:
        for one, value in parameters:
            if one == name:
                return unquote_plus(value or ""), f"the query parameter {name}"
    for name in auth.cookie_names:
        value = _cookie(exchange, name)
        if value is not None:
            return value, f"the cookie {name}"
    form = dict(parse_qsl(exchange.request.body.decode("utf-8", "replace")))
    for name in auth.body_fields:
        if name in form:
            return form[name], f"the field {name} of the body"
    return None, ""


def _cookie(exchange: Exchange, name: str) -> str | None:
    try:
        found = SimpleCookie(exchange.header("Cookie") or "").get(name)
    except CookieError:
        return None
    return found.value if found is not None else None


def jwt(auth: JwtAuth, exchange: Exchange) -> Check:
    """A signed token; its signature can only be checked here when it is made with a secret."""
    text = _sent_token(auth, exchange)
    if text is None:
        return Check(False, "no token was sent", challenge="Bearer")
    token = read_token(text)
    if token is None:
        return Check(False, "what was sent is no token", challenge="Bearer")
    message = _against_claims(auth, token)
    if message:
        return Check(False, message, challenge="Bearer")
    hide = Hidden()
    if auth.hide_credentials:
        hide = Hidden(list(auth.header_names), list(auth.query_params))
    if auth.jwks_uri is not None or auth.jwks is not None:
        message = "its claims fit; the issuer's keys decide about the signature"
        return Check(None, message, claims=token.claims, hide=hide)
    return _by_consumer(auth, token, exchange, hide)


def _sent_token(auth: JwtAuth, exchange: Exchange) -> str | None:
    for name in auth.header_names:
        value = exchange.header(name)
        prefix = auth.header_prefix
        if value is not None and value[: len(prefix)].lower() == prefix.lower():
            return value[len(prefix) :].strip()
    for name in auth.query_params:
        for one, sent in exchange.request.parameters():
            if one == name:
                return sent
    for name in auth.cookie_names:
        found = _cookie(exchange, name)
        if found is not None:
            return found
    return None


def _against_claims(auth: JwtAuth, token: Token) -> str:
    if auth.algorithms and token.algorithm not in auth.algorithms:
        return f"the algorithm {token.algorithm or 'none'} is not one of the accepted ones"
    if auth.issuer is not None and token.claims.get("iss") != auth.issuer:
        return f"the token is not by {auth.issuer}"
    said = token.claims.get("aud")
    audiences = said if isinstance(said, list) else [said]
    if auth.audiences and set(map(str, audiences)).isdisjoint(auth.audiences):
        return "the token is for another audience"
    missing = [one for one in auth.verify_claims if one not in token.claims]
    if auth.require_claims and missing:
        return f"the token has no {missing[0]}"
    return ""


def _by_consumer(auth: JwtAuth, token: Token, exchange: Exchange, hide: Hidden) -> Check:
    key = token.claims.get(auth.key_claim, token.header.get(auth.key_claim))
    for consumer in exchange.gateway.consumers:
        for one in consumer.credentials.jwt:
            if one.key is not None and one.key == key:
                passed = _signed_by(auth, token, one)
                words = {True: "is right", False: "is wrong", None: "cannot be checked here"}
                message = f"the signature of {consumer.name} {words[passed]}"
                return Check(
                    passed,
                    message,
                    consumer,
                    one.id or one.key,
                    token.claims,
                    hide,
                    challenge="Bearer",
                )
    return Check(False, f"nobody signs as {key}", challenge="Bearer")


def _signed_by(auth: JwtAuth, token: Token, credential: JwtCredential) -> bool | None:
    if token.algorithm != credential.algorithm:
        return False
    if credential.secret is None or is_placeholder(credential.secret.reveal()):
        return None
    text = credential.secret.reveal()
    try:
        secret = decoded_secret(text) if auth.secret_is_base64 else text.encode()
    except (ValueError, binascii.Error):
        return False
    return is_signed_with(token, secret)


def oauth2(auth: OAuth2Auth, exchange: Exchange) -> Check:
    """OAuth 2.0 and OpenID Connect: only the issuer can say more than that a token is there."""
    sent = exchange.header("Authorization") or ""
    if sent.lower().startswith("bearer "):
        return Check(None, "a token was sent; the issuer decides")
    if auth.bearer_only or auth.server is not None:
        return Check(False, "no token was sent", challenge="Bearer")
    return Check(False, "nobody is logged in: the browser is sent to the login page", status=302)


def forward(auth: ForwardAuth, _: Exchange) -> Check:
    """An external service decides; it is not asked here."""
    return Check(None, f"{auth.address} decides; it is not asked here")
