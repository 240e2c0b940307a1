"""Who may enter: the kinds of authentication of a route, put together.

Where all of them are asked for, their filters stand one behind the other. Where any of them does,
each has an entry of its own in front of the route, chosen by the credential that a request shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product

from gal.exporters.envoy.api_key_auth import api_key_auth
from gal.exporters.envoy.basic_auth import basic_auth
from gal.exporters.envoy.build import Alternative, Json, RouteBuild, Shared
from gal.exporters.envoy.carried import PROVIDER
from gal.exporters.envoy.carried import guard as filter_guard
from gal.exporters.envoy.carried_connections import connection_guard, is_connection_guard
from gal.exporters.envoy.carried_routes import ROUTE_MATCH, route_match
from gal.exporters.envoy.checks import Check, ImpossibleError, Presented
from gal.exporters.envoy.consumer_scopes import first, policies_of
from gal.exporters.envoy.consumers import find_consumer, identify
from gal.exporters.envoy.forward_auth import forward_auth
from gal.exporters.envoy.jwt_auth import jwt_auth
from gal.exporters.envoy.oauth2_auth import oauth2_auth
from gal.ledger import Fate, Level
from gal.model import Authentication, Consumer, Guard, Require

_FEATURE = "authentication"


def authentication(policy: Authentication, build: RouteBuild, shared: Shared) -> None:
    """Have a route ask for credentials. Whatever Envoy cannot do refuses everybody (law 2)."""
    for guard in policy.guards:
        problem = _put_back(guard, build, shared)
        if problem is not None:
            shared.refuse(build, guard, _FEATURE, problem)
        shared.context.claims.claim(guard)
    every = policy.require is Require.ALL or len(policy.kinds()) == 1
    checks = _checks(policy, every, build, shared)
    if not checks:
        return
    removed = dict.fromkeys(name for check in checks for name in check.removed_headers)
    build.request_headers_to_remove += removed
    anonymous = _anonymous(policy, build, shared)
    if every and anonymous is None:
        _ask_all(checks, build, shared)
    elif every:
        _ask_all_or_none(policy, checks, anonymous, build, shared)
    else:
        _ask_any(policy, checks, anonymous, build, shared)


def _put_back(control: Guard, build: RouteBuild, shared: Shared) -> str | None:
    """Why an access control that only one provider knows cannot be put back exactly; None where it
    acts on the route now.
    """
    if control.provider != PROVIDER:
        return f'only {control.provider} knows the access control "{control.name}"'
    if is_connection_guard(control):
        return connection_guard(control, build.route, shared)
    if control.name == ROUTE_MATCH:
        return route_match(control, build, shared)
    return filter_guard(control, build, shared)


def _checks(policy: Authentication, every: bool, build: RouteBuild, shared: Shared) -> list[Check]:
    """The kinds in the order in which Kong asks for them. One that is impossible closes the route,
    unless others open it.
    """
    found: list[Check] = []
    lost: list[ImpossibleError] = []
    for make in _makers(policy, build, shared):
        try:
            found.append(make())
        except ImpossibleError as error:
            lost.append(error)
    for problem in lost:
        if every or not found:
            shared.refuse(build, problem.control, _FEATURE, problem.reason)
        else:
            message = f"{problem.reason}; only the other kinds of authentication let in"
            shared.context.report.refused(problem.control, _FEATURE, message)
    return found


def _makers(
    policy: Authentication, build: RouteBuild, shared: Shared
) -> Iterator[Callable[[], Check]]:
    if policy.jwt is not None:
        yield partial(jwt_auth, policy.jwt, build, shared)
    if policy.oauth2 is not None:
        yield partial(oauth2_auth, policy.oauth2, shared)
    if policy.api_key is not None:
        yield partial(api_key_auth, policy.api_key, shared)
    if policy.basic is not None:
        yield partial(basic_auth, policy.basic, shared)
    if policy.forward is not None:
        yield partial(forward_auth, policy.forward, shared)


def _filters(
    checks: Iterable[Check], shared: Shared, anonymous: Consumer | None = None
) -> dict[str, Json]:
    """The filters that ask for the credentials of all checks, and find the consumer."""
    found: dict[str, Json] = {}
    kinds = []
    for check in checks:
        found.update(check.filters)
        if check.consumers is not None:
            kinds.append(check.consumers)
    if kinds or anonymous is not None:
        found.update(identify(shared, kinds, anonymous.name if anonymous is not None else None))
    return found


def _ask_all(checks: list[Check], build: RouteBuild, shared: Shared) -> None:
    """All have to let in; an OPTIONS request passes those that do not ask it."""
    filters = _filters(checks, shared)
    build.filters.update(filters)
    asking = [check for check in checks if not check.skips_preflight]
    if len(asking) < len(checks) and _takes_options(build):
        changes = _instead(filters, _filters(asking, shared))
        build.alternatives.append(Alternative(methods=["OPTIONS"], changes=changes))


def _instead(filters: Iterable[str], others: dict[str, Json]) -> dict[str, Json | None]:
    """The filters of an entry, instead of those of the route."""
    changes: dict[str, Json | None] = dict.fromkeys(filters)
    changes.update(others)
    return changes


def _ask_any(
    policy: Authentication,
    checks: list[Check],
    anonymous: Consumer | None,
    build: RouteBuild,
    shared: Shared,
) -> None:
    """The first kind that a request shows a credential of decides. Without any, the last kind
    refuses, or the anonymous consumer enters.
    """
    last = [] if anonymous is not None else checks[-1:]
    own = _filters(last, shared, anonymous)
    build.filters.update(own)
    _preflight(checks, own, anonymous, build)
    for check in checks[: len(checks) - len(last)]:
        for shown in check.presented:
            _add(build, [shown], _instead(own, _filters([check], shared)))
    unseen = [check for check in checks if not check.presented]
    if anonymous is not None and unseen:
        reason = "whether an external service lets in cannot be asked only where it is needed"
        shared.refuse(build, policy, _FEATURE, reason)
    if len(checks) > 1:
        message = (
            "the first kind of credential that a request shows decides: with a bad one it is "
            "refused, even where another kind would let it in"
        )
        shared.context.report.approximated(policy, _FEATURE, message, "require")
    if anonymous is not None:
        _report_bad_credentials(policy, shared)


def _ask_all_or_none(
    policy: Authentication,
    checks: list[Check],
    anonymous: Consumer | None,
    build: RouteBuild,
    shared: Shared,
) -> None:
    """A request with all kinds of credentials is checked, any other one is anonymous."""
    if any(not check.presented for check in checks):
        reason = "whether an external service lets in cannot be asked only where it is needed"
        shared.refuse(build, policy, _FEATURE, reason)
        return
    own = _filters([], shared, anonymous)
    build.filters.update(own)
    _preflight(checks, own, anonymous, build)
    for shown in product(*(check.presented for check in checks)):
        _add(build, shown, _instead(own, _filters(checks, shared)))
    _report_bad_credentials(policy, shared)


def _preflight(
    checks: list[Check], own: dict[str, Json], anonymous: Consumer | None, build: RouteBuild
) -> None:
    """An OPTIONS request passes where no kind asks it."""
    skipped = all(check.skips_preflight for check in checks)
    if anonymous is None and skipped and _takes_options(build):
        build.alternatives.append(Alternative(methods=["OPTIONS"], changes=_instead(own, {})))


def _takes_options(build: RouteBuild) -> bool:
    return not build.route.methods or "OPTIONS" in build.route.methods


def _add(build: RouteBuild, shown: Iterable[Presented], changes: dict[str, Json | None]) -> None:
    entry = Alternative(changes=changes)
    for one in shown:
        entry.headers += one.headers
        entry.query_parameters += one.query_parameters
    build.alternatives.append(entry)


def _report_bad_credentials(policy: Authentication, shared: Shared) -> None:
    message = "a request with a bad credential is refused with 401; without any it is anonymous"
    shared.context.report.approximated(policy, _FEATURE, message, "anonymous")


def _anonymous(policy: Authentication, build: RouteBuild, shared: Shared) -> Consumer | None:
    """The consumer that requests without credentials count as, unless it is refused anyway."""
    if policy.anonymous is None:
        return None
    report = shared.context.report
    consumer = find_consumer(shared.gateway, policy.anonymous)
    if consumer is None:
        message = f'there is no consumer "{policy.anonymous}": without credentials it is 401'
        report.approximated(policy, _FEATURE, message, "anonymous")
        return None
    levels = policies_of(consumer, build, shared)
    answer = first(levels, lambda policies: policies.direct_response)
    if answer is None or answer.trigger is not None or answer.status_code < 400:
        return consumer
    shared.context.claims.claim(answer)
    message = "the anonymous consumer is refused: who has no credentials gets 401"
    if answer.status_code == 401:
        report.about(policy, Fate.EXACT, Level.INFO, _FEATURE, message, "anonymous")
    else:
        report.approximated(answer, _FEATURE, f"{message} in its place", "status_code")
    return None
