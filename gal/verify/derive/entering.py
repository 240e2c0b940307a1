"""Credentials that let a request in, made from what the configuration holds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from gal.model import (
    Acl,
    ApiKeyAuth,
    Authentication,
    BasicAuth,
    Consumer,
    Gateway,
    JwtAuth,
    JwtCredential,
    Policies,
    Require,
    Route,
    Secret,
    Service,
)
from gal.reading import is_placeholder

_FAR_AHEAD = 4102444800
"""The first second of 2100: tokens do not end while they are tried."""
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Entry:
    """What lets a request in.

    Attributes:
        name: what it is, without any secret.
        headers: to be added.
        query: to be added, as it stands in a URL.
        wrong: the same with a secret that is nobody's.
    """

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    query: str | None = None
    wrong: tuple[tuple[str, str], ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What reports leave out of requests with it."""
        values = [value for _, value in self.headers]
        if self.query is not None:
            values.append(self.query.partition("=")[2])
        return tuple(values)


def authentication_of(
    gateway: Gateway, service: Service | None, route: Route
) -> Authentication | None:
    """The authentication that acts on a route."""
    levels: list[Policies] = [route.policies]
    levels += [service.policies] if service is not None else []
    for policies in [*levels, gateway.policies]:
        found = policies.authentication
        if found is not None:
            return found if found.enabled else None
    return None


def acl_of(gateway: Gateway, service: Service | None, route: Route) -> Acl | None:
    """The group rules that act on a route."""
    levels: list[Policies] = [route.policies]
    levels += [service.policies] if service is not None else []
    for policies in [*levels, gateway.policies]:
        if policies.acl is not None:
            return policies.acl if policies.acl.enabled else None
    return None


def entries(gateway: Gateway, service: Service | None, route: Route) -> Iterator[Entry]:
    """Every way in that can be made here; nothing where no credentials are asked."""
    policy = authentication_of(gateway, service, route)
    if policy is None or policy.guards:
        return
    kinds = [kind.value for kind in policy.kinds()]
    if policy.require is Require.ALL and len(kinds) > 1:
        return
    consumers = _preferred(gateway, acl_of(gateway, service, route))
    if policy.basic is not None:
        yield from _basic(policy.basic, consumers)
    if policy.api_key is not None:
        yield from _api_keys(policy.api_key, consumers)
    if policy.jwt is not None:
        yield from _tokens(policy.jwt, consumers)


def _preferred(gateway: Gateway, acl: Acl | None) -> list[Consumer]:
    """The consumers, those that the groups let in first."""
    if acl is None:
        return gateway.consumers

    def shut_out(consumer: Consumer) -> bool:
        groups = set(consumer.groups)
        return bool(groups & set(acl.deny)) or bool(acl.allow and not groups & set(acl.allow))

    return sorted(gateway.consumers, key=shut_out)


def _basic(auth: BasicAuth, consumers: list[Consumer]) -> Iterator[Entry]:
    known = [(one.username, one.password) for one in auth.users]
    if not auth.users:
        known += [
            (one.username, one.password)
            for consumer in consumers
            for one in consumer.credentials.basic
        ]
    for name, password in known:
        text = _text(password)
        if text is not None:
            yield Entry(
                f"the password of {name}",
                (("Authorization", _basic_header(name, text)),),
                wrong=(("Authorization", _basic_header(name, "wrong")),),
            )


def _basic_header(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def _api_keys(auth: ApiKeyAuth, consumers: list[Consumer]) -> Iterator[Entry]:
    known = [(one.name or "a key", one.key) for one in auth.keys]
    if not auth.keys:
        known += [
            (f"the key of {consumer.name}", one.key)
            for consumer in consumers
            for one in consumer.credentials.api_keys
            if one.key is not None
        ]
    for what, key in known:
        text = _text(key)
        if text is None or not text.isprintable():
            continue
        for name in auth.header_names[:1]:
            yield Entry(f"{what} in {name}", ((name, text),), wrong=((name, "wrong"),))
        for name in auth.query_params[:1]:
            yield Entry(f"{what} in the query", query=f"{quote(name)}={quote(text)}")


def _tokens(auth: JwtAuth, consumers: list[Consumer]) -> Iterator[Entry]:
    if auth.jwks_uri is not None or auth.jwks is not None or not auth.header_names:
        return
    for consumer in consumers:
        for one in consumer.credentials.jwt:
            secret = _text(one.secret)
            if secret is None or one.key is None or one.algorithm not in _HASHES:
                continue
            header = auth.header_names[0]
            yield Entry(
                f"a token of {consumer.name}",
                ((header, auth.header_prefix + _token(auth, one, secret)),),
                wrong=((header, auth.header_prefix + _token(auth, one, "wrong")),),
            )


def _token(auth: JwtAuth, credential: JwtCredential, secret: str) -> str:
    claims: dict[str, Any] = {auth.key_claim: credential.key, "exp": _FAR_AHEAD, "nbf": 0}
    if auth.issuer is not None:
        claims["iss"] = auth.issuer
    if auth.audiences:
        claims["aud"] = auth.audiences[0]
    parts = [{"alg": credential.algorithm, "typ": "JWT"}, claims]
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    key = secret.encode()
    if auth.secret_is_base64:
        key = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    digest = hmac.new(key, signed.encode(), _HASHES[credential.algorithm]).digest()
    return f"{signed}.{_encoded(digest)}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _text(secret: Secret | None) -> str | None:
    if secret is None or is_placeholder(secret.reveal()):
        return None
    return secret.reveal()
