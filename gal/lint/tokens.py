"""The checks of signed tokens that act on routes, those of Envoy included that the model can only
keep as guards (any of several tokens, tokens that may be missing).

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.asked import Asked, asked, common_owner
from gal.lint.peeking import at, flag, items, mappings, number, section, text, texts
from gal.model import ClaimToHeader, Duration, Guard, JwtAuth, Origin
from gal.reading import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gal.lint.subject import Subject

JWT_AUTHN = "jwt_authn"
_NEVER = 2**32 - 1
_NAMES = {
    "jwks_uri": "remote_jwks.http_uri.uri",
    "jwks": "local_jwks",
    "header_names": "from_headers",
    "query_params": "from_params",
    "cookie_names": "from_cookies",
    "claims_to_headers": "claim_to_headers",
    "hide_credentials": "forward",
    "verify_claims": "clock_skew_seconds",
    "require_claims": "require_expiration",
}


def tokens(subject: Subject) -> list[Asked[JwtAuth]]:
    """All checks of tokens, each once, with the routes that they act on."""
    return subject.once(_tokens)


def _tokens(subject: Subject) -> list[Asked[JwtAuth]]:
    found = asked(subject, JwtAuth)
    known = {id(one.part.origin.node): one for one in found if one.part.origin is not None}
    for guard in asked(subject, Guard):
        if guard.part.provider != "envoy" or guard.part.name != JWT_AUTHN:
            continue
        for node, audiences in _providers(guard.part.origin.node if guard.part.origin else None):
            other = known.get(id(node))
            if other is None:
                one = Asked(_read(node, audiences), guard.policy, guard.owner, list(guard.views))
                known[id(node)] = one
                found.append(one)
            else:
                there = {id(view) for view in other.views}
                other.views += [view for view in guard.views if id(view) not in there]
                other.owner = common_owner(subject, other.views)
    return found


def _providers(node: Node | None) -> Iterator[tuple[Mapping, list[str]]]:
    """The providers of a filter that any of its rules asks for, with the audiences it asks for."""
    config = section(node, "typed_config") or section(node, "config")
    named: dict[str, list[str]] = {}
    for one in requirements(config):
        name = text(one, "provider_name")
        if name is not None:
            named.setdefault(name, []).extend(texts(one, "audiences"))
    for name, provider in mappings(config, "providers"):
        if name in named:
            yield provider, named[name]


def requirements(config: Mapping | None) -> Iterator[Mapping]:
    """What the rules and the named requirements of a filter ask for, with all that is inside."""
    pending: list[Node | None] = [at(config, "rules"), at(config, "requirement_map")]
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            yield node
            pending.extend(node.entries.values())
        elif node is not None and not isinstance(node, Scalar):
            pending.extend(items(node))


def _read(node: Mapping, audiences: list[str]) -> JwtAuth:
    auth = JwtAuth(algorithms=[], header_names=[], origin=Origin(node, _NAMES))
    auth.issuer = text(node, "issuer") or None
    auth.audiences = audiences or texts(node, "audiences")
    auth.jwks_uri = text(node, "remote_jwks.http_uri.uri")
    auth.jwks = text(node, "local_jwks.inline_string") or text(node, "local_jwks.filename")
    auth.hide_credentials = not flag(node, "forward")
    auth.header_names = [text(one, "name") or "" for one in items(node, "from_headers")]
    auth.query_params = texts(node, "from_params")
    auth.cookie_names = texts(node, "from_cookies")
    if not (auth.header_names or auth.query_params or auth.cookie_names):
        auth.header_names, auth.query_params = ["Authorization"], ["access_token"]
    if number(node, "clock_skew_seconds") == _NEVER:
        auth.verify_claims = []
    auth.require_claims = flag(node, "require_expiration") is True
    if at(node, "max_lifetime") is not None:
        auth.max_lifetime = Duration(0)
    auth.claims_to_headers = [
        ClaimToHeader(text(one, "claim_name") or "", text(one, "header_name") or "")
        for one in items(node, "claim_to_headers")
    ]
    return auth
