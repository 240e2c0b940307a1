"""The filter `jwt_authn`: signed tokens.

Which tokens a request needs says the route (`requirement_name`), or the first rule of the chain
that takes it. A rule that takes only some of the requests of a route makes a route of its own.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gal.importers.envoy import jwt_providers
from gal.importers.envoy.jwt_providers import Check, UnsayableError
from gal.importers.envoy.jwt_rules import ALL, NONE, Rule, narrowed, parse, relation
from gal.importers.envoy.names import Names
from gal.importers.envoy.use import AUTHENTICATION, Reading, carried, guarded, nothing
from gal.importers.envoy.values import take_flag
from gal.ledger import Fate, Level
from gal.model import Authentication, Guard, OAuth2Auth, Origin

if TYPE_CHECKING:
    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.use import Use
    from gal.model import Gateway, PathMatch, Policies, Route
    from gal.reading import Mapping

_OFF, _NAMED, _RULES, _CLOSED = "off", "named", "rules", "closed"
_SCOPE = "scope"


@dataclass(slots=True)
class _Splits:
    """Routes of which some requests need other tokens, and what is known of each rule."""

    found: list[tuple[Route, Use, list[tuple[PathMatch, int]]]] = field(default_factory=list)
    rules: dict[int, list[Rule]] = field(default_factory=dict)


def given(use: Use, route: Route, where: Mapping) -> Hashable:
    """Which requirement holds for a route."""
    del where
    own = use.own
    if own is not None:
        if take_flag(own, "disabled"):
            return (_OFF,)
        return _NAMED, own.take_str("requirement_name", "")
    rules = _rules_of(use)
    some: list[tuple[PathMatch, int]] = []
    for at, rule in enumerate(rules):
        how = relation(rule, route)
        if how == NONE:
            continue
        if how == ALL:
            return _with(some, at, use, route)
        path = narrowed(rule, route)
        if path is None:
            return _CLOSED, at
        some.append((path, at))
    return _with(some, -1, use, route)


def _rules_of(use: Use) -> list[Rule]:
    known = use.shared.state(_Splits).rules
    identity = id(use.filter.node)
    if identity not in known:
        known[identity] = [parse(node) for node in use.base.take_mappings("rules")]
    return known[identity]


def _with(some: list[tuple[PathMatch, int]], last: int, use: Use, route: Route) -> Hashable:
    """The rule that holds, where others take some of the requests before."""
    if some:
        use.shared.state(_Splits).found.append((route, use, some))
    return _RULES, last


def read(use: Use) -> Reading:
    """A token that lets in, or a guard."""
    for below in (use.own,):
        if below is not None:
            below.take_all()
    how = use.given
    if how[0] == _OFF:
        return Reading(use)
    if how[0] == _CLOSED:
        return guarded(use, "a rule of it takes some requests of the route only")
    try:
        check = _resolved(use, how)
    except UnsayableError as error:
        return guarded(use, str(error))
    if check is None:
        return nothing(use) if how == (_RULES, -1) and not _rules_of(use) else Reading(use)
    if check.optional:
        message = "it lets everybody in, with a token or without: here it is not looked at"
        return carried(use, message)
    found = Reading(use, groups={"access"})
    found.policies.authentication = _policy(check)
    return found


def _resolved(use: Use, how: tuple[str, Any]) -> Check | None:
    """What has to be shown; None for nothing.

    Raises:
        UnsayableError: the model has no words for it.
    """
    kind, which = how
    jwt_providers.settle_filter(use)
    if kind == _NAMED:
        return jwt_providers.named(use, which)
    if which < 0:
        if use.base.has("filter_state_rules"):
            raise UnsayableError("which token is needed says another filter")
        return None
    rule = _rules_of(use)[which].node
    name = rule.take_str("requirement_name")
    if name is not None:
        return jwt_providers.named(use, name)
    requires = rule.take_mapping("requires")
    return None if requires is None else jwt_providers.requirement(use, requires)


def _policy(check: Check) -> Authentication:
    kept = check.kept
    return Authentication(
        jwt=check.policy,
        extensions={"envoy": {"jwt_authn": kept}} if kept else {},
        origin=check.policy.origin,
    )


def split_routes(gateway: Gateway, shared: Shared) -> None:
    """Put routes for the requests that need other tokens before those that they were taken from."""
    state = shared.state(_Splits)
    for node in (one.node for rules in state.rules.values() for one in rules):
        if not node.is_taken("requires") and not node.is_taken("requirement_name"):
            node.take_all()
            message = "no route comes to this rule"
            shared.report.at(node, Fate.DROPPED, Level.INFO, AUTHENTICATION, message)
    splits = state.found
    if not splits:
        return
    before: dict[int, list[Route]] = {}
    names = Names({route.name for route in gateway.routes if route.name})
    for route, use, some in splits:
        for path, rule in some:
            before.setdefault(id(route), []).append(_split(route, use, path, rule, names))
    routes: list[Route] = []
    for route in gateway.routes:
        routes += before.get(id(route), [])
        routes.append(route)
    gateway.routes[:] = routes


def _split(route: Route, use: Use, path: PathMatch, rule: int, names: Names) -> Route:
    """The part of a route that a rule takes."""
    name = names.unique(route.name) if route.name else route.name
    known = route.policies.authentication or Authentication(origin=Origin(use.node, {}))
    found = replace(known, jwt=None, type=None)
    try:
        check = _resolved(use, (_RULES, rule))
        if check is not None and not check.optional:
            found = replace(found, jwt=check.policy, type=None)
    except UnsayableError as error:
        control = Guard(use.short, "envoy", use.plain(), origin=Origin(use.node, {}))
        found = replace(found, guards=[*found.guards, control], type=None)
        message = f"only Envoy knows this access control ({error}): others refuse everybody"
        use.report.at(use.node, Fate.CARRIED, Level.WARNING, AUTHENTICATION, message)
    whole = found if found.kinds() or found.guards else None
    policies = replace(route.policies, authentication=whole)
    return replace(route, name=name, paths=[path], policies=policies)


# -- what GAL asks of tokens besides


def settle_claims(policies: Policies, claims: tuple[Use, dict[str, Any]], shared: Shared) -> None:
    """Claims that a token has to have: scopes, a start, or what names the consumer."""
    del shared
    use, rules = claims
    known = policies.authentication
    jwt = known.jwt if known is not None else None
    principals = [
        one
        for policy in (rules.get("policies") or {}).values()
        for one in policy.get("principals") or ()
    ]
    wanted = list(_claims(principals))
    names = {name for _, name, _ in wanted}
    if known is None or jwt is None or not wanted:
        _guard(policies, use)
    elif names == {_SCOPE}:
        policies.authentication = replace(
            known,
            jwt=None,
            type=None,
            oauth2=OAuth2Auth(
                issuer=jwt.issuer,
                audiences=jwt.audiences,
                jwks_uri=jwt.jwks_uri,
                bearer_only=True,
                hide_credentials=jwt.hide_credentials,
                required_scopes=_scopes(principals),
                origin=jwt.origin,
            ),
        )
    elif all(_is_own_claim(*one) for one in wanted):
        others = names - {"nbf"}
        changed = replace(jwt, key_claim=others.pop() if len(others) == 1 else jwt.key_claim)
        if "nbf" in names:
            verified = dict.fromkeys([*changed.verify_claims, "nbf"])
            changed = replace(changed, require_claims=True, verify_claims=list(verified))
        policies.authentication = replace(known, jwt=changed, type=None)
    else:
        _guard(policies, use)


def _guard(policies: Policies, use: Use) -> None:
    from gal.importers.envoy.merging import add_guard

    message = "only Envoy looks at these claims of tokens: any other gateway refuses everybody"
    use.report.at(use.node, Fate.CARRIED, Level.WARNING, AUTHENTICATION, message)
    add_guard(policies, Guard("rbac", "envoy", use.plain(), origin=Origin(use.node, {})))


def _claims(principals: Any) -> list[tuple[str, str, Any]]:
    """All claims that principals look at: token, name, value."""
    found: list[tuple[str, str, Any]] = []
    for one in principals:
        matcher = one.get("sourced_metadata", {}).get("metadata_matcher")
        if matcher is not None:
            path = [step.get("key", "") for step in matcher.get("path") or ()]
            if len(path) == 2:
                found.append((path[0], path[1], matcher.get("value")))
            continue
        for key in ("and_ids", "or_ids"):
            found += _claims((one.get(key) or {}).get("ids") or ())
        if "not_id" in one:
            found += _claims([one["not_id"]])
    return found


def _is_own_claim(token: str, name: str, value: Any) -> bool:
    """Whether a start is asked for, or the name of the credential that has signed the token."""
    if value == {"present_match": True}:
        return True
    credential = token.partition(":")[2]
    return bool(name) and value == {"string_match": {"exact": credential}}


def _scopes(principals: list[Any]) -> list[str]:
    """The scopes, of which one is needed; several words in one are needed together."""
    tops = principals[0].get("or_ids", {}).get("ids") or []
    found = []
    for one in tops:
        parts = one["and_ids"]["ids"] if "and_ids" in one else [one]
        found.append(" ".join(word for part in parts if (word := _word(part))))
    return found


def _word(part: Any) -> str:
    for _, _, value in _claims([part]):
        exact = (value or {}).get("list_match", {}).get("one_of", {}).get("string_match", {})
        if "exact" in exact:
            return str(exact["exact"])
    return ""
