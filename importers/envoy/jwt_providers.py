"""Providers of `jwt_authn` and what is required of them, as the model's `jwt`.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
(`JwtProvider`, `JwtRequirement`)
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.importers.envoy import consumers
from gal.importers.envoy.carried import carry, quiet
from gal.importers.envoy.use import AUTHENTICATION
from gal.importers.envoy.values import take_duration, take_flag, take_integer, take_text
from gal.ledger import Fate, Level
from gal.model import ClaimToHeader, JwtAuth, Origin
from gal.reading import Mapping, is_placeholder
from gal.redacted import is_redacted

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.use import Use
    from gal.reading import Node

_NEVER = 2**32 - 1
_LEEWAY = 60
_LIMIT_HEADER = "x-gal-claim-"
_NAMES = {
    "jwks_uri": "remote_jwks.http_uri.uri",
    "jwks": "local_jwks",
    "header_names": "from_headers",
    "header_prefix": "from_headers",
    "query_params": "from_params",
    "cookie_names": "from_cookies",
    "claims_to_headers": "claim_to_headers",
    "hide_credentials": "forward",
    "verify_claims": "clock_skew_seconds",
    "require_claims": "require_expiration",
}
_TABLE = {
    **quiet("jwt_cache_config", "clear_route_cache", "pad_forward_payload_header"),
    **quiet("normalize_payload_in_metadata", "header_in_metadata", "failed_status_in_metadata"),
    **quiet("payload_in_metadata"),
    "forward_payload_header": "elsewhere the upstream does not get what the token says",
}
_REMOTE = quiet("cache_duration", "async_fetch", "retry_policy")


class UnsayableError(Exception):
    """The model has no words for a requirement; the text says why."""


@dataclass(slots=True)
class Check:
    """A token that is asked for.

    Attributes:
        policy: what has to be true of it.
        kept: what only Envoy does with it.
        optional: whoever has none, or a bad one, enters, too.
    """

    policy: JwtAuth
    kept: dict[str, Any] = field(default_factory=dict)
    optional: bool = False


@dataclass(slots=True)
class _Known:
    """Providers that were read, by their place and the audiences that are wanted."""

    checks: dict[tuple[int, tuple[str, ...] | None], Check] = field(default_factory=dict)
    providers: dict[int, dict[str, Mapping]] = field(default_factory=dict)
    requirements: dict[int, dict[str, Mapping]] = field(default_factory=dict)


def settle_filter(use: Use) -> None:
    """Settings of the filter as a whole."""
    strip = use.base.take("strip_failure_response")
    prefix = use.base.take("stat_prefix")
    for node in (strip, prefix):
        if node is not None:
            node.take_all()
    _table(use, "requirement_map")
    _table(use, "providers")


def _table(use: Use, key: str) -> dict[str, Mapping]:
    from gal.importers.envoy.use import mappings

    state = use.shared.state(_Known)
    known = state.providers if key == "providers" else state.requirements
    identity = id(use.filter.node)
    if identity not in known:
        known[identity] = dict(mappings(use.base, key))
    return known[identity]


def unused(shared: Shared) -> None:
    """Say of providers and requirements that no route asks for them."""
    state = shared.state(_Known)
    for kind, tables in (("provider", state.providers), ("requirement", state.requirements)):
        for node in (one for table in tables.values() for one in table.values()):
            if node.taken or _is_settled(node):
                continue
            node.take_all()
            message = f"no route asks for this {kind}"
            shared.report.at(node, Fate.DROPPED, Level.INFO, AUTHENTICATION, message)


def _is_settled(node: Node | None) -> bool:
    """Whether all around it was read at once."""
    while node is not None:
        if isinstance(node, Mapping) and node.all_taken:
            return True
        node = node.parent
    return False


def named(use: Use, name: str) -> Check | None:
    """A requirement by its name.

    Raises:
        UnsayableError: there is none, so that Envoy refuses everybody, or none that can be said.
    """
    found = _table(use, "requirement_map").get(name)
    if found is None:
        raise UnsayableError(f'there is no requirement "{name}": it refuses everybody')
    return requirement(use, found)


def requirement(use: Use, node: Mapping) -> Check | None:
    """What a requirement asks for; None for nothing.

    Raises:
        UnsayableError: the model has no words for it.
    """
    name = node.take_str("provider_name")
    if name is not None:
        return provider(use, name)
    both = node.take_mapping("provider_and_audiences")
    if both is not None:
        wanted = tuple(both.take_strings("audiences") or ())
        return provider(use, both.take_str("provider_name", ""), wanted)
    anything = node.take("allow_missing_or_failed")
    if anything is not None:
        return _optional(use, node)
    if node.take("allow_missing") is not None:
        raise UnsayableError("a request without a token enters, one with a bad token does not")
    several = node.take_mapping("requires_any")
    if several is not None:
        return _any(use, several)
    every = node.take_mapping("requires_all")
    if every is not None:
        found = [requirement(use, one) for one in every.take_mappings("requirements")]
        asked = [one for one in found if one is not None]
        if len(asked) == 1:
            return asked[0]
        raise UnsayableError("several tokens are needed at once")
    if node.has("extract_only_without_validation"):
        raise UnsayableError("tokens are read without being checked")
    return None


def _optional(use: Use, node: Mapping) -> Check:
    """Everybody enters. Headers that a token's claims become are the upstream's to trust."""
    for one in _table(use, "providers").values():
        if one.has("claim_to_headers") or one.has("forward_payload_header"):
            raise UnsayableError("the upstream gets headers that only a good token can set")
    return Check(JwtAuth(origin=Origin(node, {})), optional=True)


def _any(use: Use, node: Mapping) -> Check | None:
    """Any of several tokens: those of GAL's own consumers, or the same one twice."""
    items = node.take_mappings("requirements")
    if not items:
        raise UnsayableError("it does not say which token")
    for one in items:
        if one.has("allow_missing") or one.has("allow_missing_or_failed"):
            kind = "allow_missing_or_failed" if one.has("allow_missing_or_failed") else ""
            if kind and len(items) >= 1:
                return _optional(use, one)
            raise UnsayableError("a request without a token enters, one with a bad one does not")
    names = [one.take_str("provider_name") for one in items]
    providers = _table(use, "providers")
    if all(name and _credential(providers.get(name)) for name in names):
        found = [provider(use, name or "") for name in names]
        return found[0]
    if len(set(names)) == 1 and names[0]:
        return provider(use, names[0])
    raise UnsayableError("any of several tokens lets in")


def _credential(node: Mapping | None) -> str | None:
    """What names the credential of a consumer of GAL's own whose tokens a provider checks."""
    payload = node.peek("payload_in_metadata") if node is not None else None
    text = payload.as_str() if payload is not None else ""
    return text.removeprefix("payload:") if text.startswith("payload:") else None


def provider(use: Use, name: str, audiences: tuple[str, ...] | None = None) -> Check:
    """A token of one issuer.

    Raises:
        UnsayableError: there is no such provider, or the model has no words for it.
    """
    node = _table(use, "providers").get(name)
    if node is None:
        raise UnsayableError(f'there is no provider "{name}"')
    known = use.shared.state(_Known).checks
    key = (id(node), audiences)
    if key not in known:
        known[key] = _provider(use, node)
        if audiences:
            known[key] = replace(
                known[key], policy=replace(known[key].policy, audiences=list(audiences))
            )
    return known[key]


def _provider(use: Use, node: Mapping) -> Check:
    if node.has("subjects"):
        raise UnsayableError("it looks at whom a token is about")
    policy = JwtAuth(algorithms=[], header_names=[], origin=Origin(node, _NAMES))
    check = Check(policy)
    policy.issuer = node.take_str("issuer") or None
    policy.audiences = node.take_strings("audiences") or []
    policy.hide_credentials = not (take_flag(node, "forward") or False)
    _keys(use, node, check)
    _places(use, node, policy)
    _times(use, node, check)
    for one in node.take_mappings("claim_to_headers"):
        header, claim = one.take_str("header_name", ""), one.take_str("claim_name", "")
        claim = claim or ".".join(one.take_strings("claim_path") or ())
        if not header.startswith(_LIMIT_HEADER):
            policy.claims_to_headers.append(ClaimToHeader(claim, header, origin=Origin(one, {})))
    policy.run_on_preflight = not (take_flag(use.base, "bypass_cors_preflight") or False)
    if not policy.run_on_preflight:
        message = "no OPTIONS needs a token; in Envoy one without the headers of a preflight does"
        use.report.approximated(policy, AUTHENTICATION, message, "run_on_preflight")
    credential = _credential(node)
    if credential is not None and consumers.is_own(use):
        consumers.note_token(use, credential, policy)
        policy.key_claim = "iss"
        policy.issuer = None if policy.issuer == credential else policy.issuer
        policy.jwks = None
        policy.algorithms = []
    own = node.peek("payload_in_metadata")
    if credential is not None or (own is not None and own.as_str() == "token"):
        for key in ("payload_in_metadata", "header_in_metadata"):
            node.mark(key)
    check.kept |= carry(node, use.report, AUTHENTICATION, _TABLE)
    return check


def _keys(use: Use, node: Mapping, check: Check) -> None:
    """The issuer's keys."""
    remote = node.take_mapping("remote_jwks")
    if remote is not None:
        uri = remote.take_mapping("http_uri")
        check.policy.jwks_uri = uri.take_str("uri") if uri is not None else None
        if uri is not None:
            for key in ("cluster", "timeout"):
                below = uri.take(key)
                if below is not None:
                    below.take_all()
        plain = {"cache_duration": "300s"}
        check.kept |= carry(remote, use.report, AUTHENTICATION, _REMOTE, plain=plain)
        if check.policy.jwks_uri is None:
            raise UnsayableError("it does not say where the keys are")
        return
    text, _ = take_text(node, "local_jwks")
    if text is None:
        raise UnsayableError("the keys stand in a file")
    if is_redacted(text):
        raise UnsayableError("the keys are not shown")
    check.policy.jwks = text
    check.policy.algorithms = _algorithms(text)


def _algorithms(text: str) -> list[str]:
    """The signatures that the keys are pinned to; none where one of them is not."""
    if is_placeholder(text):
        return []
    try:
        found = [key.get("alg") for key in json.loads(text)["keys"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
    return list(dict.fromkeys(found)) if all(isinstance(one, str) for one in found) else []


def _places(use: Use, node: Mapping, policy: JwtAuth) -> None:
    """Where tokens are looked for."""
    prefixes: dict[str, list[str]] = {}
    for one in node.take_mappings("from_headers"):
        prefix = one.take_str("value_prefix", "")
        prefixes.setdefault(prefix, []).append(one.take_str("name", ""))
    policy.query_params = node.take_strings("from_params") or []
    policy.cookie_names = node.take_strings("from_cookies") or []
    if not prefixes and not policy.query_params and not policy.cookie_names:
        policy.header_names, policy.query_params = ["Authorization"], ["access_token"]
        return
    if prefixes:
        policy.header_prefix, policy.header_names = next(iter(prefixes.items()))
    if len(prefixes) > 1:
        message = "tokens in headers with another prefix are refused"
        use.report.approximated(policy, AUTHENTICATION, message, "header_names")


def _times(use: Use, node: Mapping, check: Check) -> None:
    """From when and until when a token is good."""
    policy = check.policy
    skew = take_integer(node, "clock_skew_seconds")
    needs_end = take_flag(node, "require_expiration") or False
    policy.max_lifetime = take_duration(node, "max_lifetime")
    leeway = skew or _LEEWAY
    if leeway == _NEVER:
        policy.verify_claims = []
        return
    if needs_end:
        policy.require_claims = True
        policy.verify_claims = ["exp"]
        message = "here nbf is not looked at, since a token need not have it"
        use.report.approximated(policy, AUTHENTICATION, message, "require_claims")
    if leeway > 1:
        check.kept["clock_skew_seconds"] = leeway
        message = f"Envoy gives tokens {leeway} s of leeway; other gateways have their own"
        use.report.about(
            policy, Fate.APPROXIMATED, Level.INFO, AUTHENTICATION, message, "verify_claims"
        )
