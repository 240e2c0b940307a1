"""What signed tokens are checked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from gal.drift.change import Security, Traffic
from gal.drift.compare.finding import Finding, fields_of, of_field
from gal.drift.compare.places import details
from gal.drift.compare.secrets import Held, secret_changed
from gal.drift.lattice import Direction, by_inclusion, by_order, of_bounded
from gal.drift.normalise import changed_fields
from gal.model import Duration, JwtAuth, OAuth2Auth

_JWT = "authentication.jwt"
_OAUTH2 = "authentication.oauth2"
_JWT_DETAILS = {
    **dict.fromkeys(("jwks_uri", "jwks"), "D138"),
    **dict.fromkeys(
        (
            *("header_prefix", "key_claim", "claims_to_headers", "secret_is_base64"),
            *("hide_credentials", "realm", "run_on_preflight"),
        ),
        "D137",
    ),
}
_OAUTH2_DETAILS = {
    **dict.fromkeys(("client_id", "redirect_uri", "scopes", "bearer_only"), "D137"),
    **dict.fromkeys(("hide_credentials", "run_on_preflight"), "D137"),
    **dict.fromkeys(("jwks_uri", "server"), "D138"),
}
_VALIDATION = {Direction.WIDER: "D015", Direction.NARROWER: "D016"}


def jwt(old: JwtAuth, new: JwtAuth) -> Iterator[Finding]:
    """Issuer, audiences, algorithms and times by inclusion; keys as another authority."""
    changed = changed_fields(old, new)
    directions = {
        "issuer": _required(old.issuer, new.issuer),
        "audiences": of_bounded(old.audiences, new.audiences),
        "algorithms": of_bounded(old.algorithms, new.algorithms),
        "verify_claims": by_inclusion(old.verify_claims, new.verify_claims).reverse,
        "require_claims": _switched(old.require_claims, new.require_claims),
        "max_lifetime": by_order(_length(old.max_lifetime), _length(new.max_lifetime)),
    }
    for name, direction in directions.items():
        if name in changed and direction is not Direction.SAME:
            yield _checked(old, new, name, _JWT, direction)
    yield from details(old, new, _JWT_DETAILS, _JWT)


def oauth2(old: OAuth2Auth, new: OAuth2Auth) -> Iterator[Finding]:
    """The issuer, audiences and scopes that a token needs, and the client."""
    changed = changed_fields(old, new)
    directions = {
        "issuer": _required(_issuer(old.issuer), _issuer(new.issuer)),
        "audiences": of_bounded(old.audiences, new.audiences),
        "required_scopes": of_bounded(old.required_scopes, new.required_scopes),
    }
    for name, direction in directions.items():
        if name in changed and direction is not Direction.SAME:
            yield _checked(old, new, name, _OAUTH2, direction)
    before, after = (Held("", one.client_secret, (one, "client_secret")) for one in (old, new))
    yield from secret_changed(before, after, f"{_OAUTH2}.client_secret")
    yield from fields_of(old, new, _OAUTH2_DETAILS, _OAUTH2)


def _checked(
    old: JwtAuth | OAuth2Auth, new: JwtAuth | OAuth2Auth, name: str, prefix: str, way: Direction
) -> Finding:
    told = partial(of_field, old=old, new=new, name=name, prefix=prefix)
    if way in _VALIDATION:
        return told(_VALIDATION[way])
    return told("D138", security=Security.UNKNOWN, traffic=Traffic.BREAKING)


def _required(old: str | None, new: str | None) -> Direction:
    """A value that a token needs: none accepts any."""
    if old == new:
        return Direction.SAME
    if new is None:
        return Direction.WIDER
    return Direction.NARROWER if old is None else Direction.OTHER


def _issuer(url: str | None) -> str | None:
    """An issuer without the path of its discovery document."""
    if url is None:
        return None
    return url.removesuffix("/.well-known/openid-configuration").rstrip("/")


def _switched(old: bool, new: bool) -> Direction:
    """A check that is off or on."""
    if old is new:
        return Direction.SAME
    return Direction.NARROWER if new else Direction.WIDER


def _length(duration: Duration | None) -> float | None:
    return None if duration is None else duration.in_seconds
