"""Middlewares into policies (https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/).

Traefik has them act in the order of the router's list; the model has one order for all. Where a
client can see the difference, the ledger says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gal.importers.traefik import (
    authentication,
    headers,
    ip_access,
    rate_limit,
    redirect,
    resilience,
    rewriting,
    traffic,
)
from gal.importers.traefik.classify import (
    CARRIED,
    groups_of,
    guards,
    inversions,
    is_elsewhere,
)
from gal.importers.traefik.options import strings
from gal.importers.traefik.placement import REFERENCE, Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import DirectResponse, Origin, Policies, Route
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Dynamic, Middleware

Reader = Callable[["Middleware", Placement], None]

_READERS: dict[str, Reader] = {
    "addPrefix": rewriting.add_prefix,
    "basicAuth": authentication.basic_auth,
    "buffering": traffic.size_limit,
    "circuitBreaker": resilience.circuit_breaker,
    "compress": traffic.compression,
    "digestAuth": authentication.digest_auth,
    "forwardAuth": authentication.forward_auth,
    "headers": headers.headers,
    "ipAllowList": ip_access.ip_access,
    "ipWhiteList": ip_access.ip_access,
    "rateLimit": rate_limit.rate_limit,
    "redirectRegex": redirect.redirect_regex,
    "redirectScheme": redirect.redirect_scheme,
    "replacePath": rewriting.replace_path,
    "replacePathRegex": rewriting.replace_path_regex,
    "retry": resilience.retry,
    "stripPrefix": rewriting.strip_prefix,
    "stripPrefixRegex": rewriting.strip_prefix_regex,
}


def place_middlewares(
    policies: Policies,
    chain: Sequence[Middleware],
    route: Route,
    shared: Dynamic,
    *,
    where: Node,
) -> str | None:
    """Have the middlewares of a router act on its route.

    The route has its matches, schemes and methods already.

    Args:
        policies: of the route.
        chain: the middlewares, in the order in which they act.
        route: gets what is no policy: the path for the upstream, its host, the scheme.
        shared: the configuration.
        where: the router, for what is said of it.

    Returns:
        Why Traefik takes the router away, where it refuses one of the middlewares. The route then
        answers 404, for callers that keep it.
    """
    report = shared.context.report
    place = Placement(policies, route, report)
    acting: list[Middleware] = []
    try:
        flat = flatten(chain, shared)
    except UnusableError as error:
        return _closed(policies, where, str(error))
    for middleware in flat:
        shared.acting.add(middleware.name)
        if place.answered:
            _skip(middleware, place)
            continue
        try:
            _read(middleware, place, shared.context.options.treat_as_auth)
        except UnusableError as error:
            settings(middleware).take_all()
            report.at(middleware.node, Fate.DROPPED, Level.WARNING, "middlewares", str(error))
            reason = f'Traefik refuses the middleware "{middleware.name}": {error}'
            return _closed(policies, where, reason)
        acting.append(middleware)
    _tell_order(acting, place)
    place.finish()
    return None


def _closed(policies: Policies, where: Node, reason: str) -> str:
    """Have a route that Traefik does not have answer like one that is not there."""
    policies.direct_response = DirectResponse(404, origin=Origin(where, {}))
    return reason


def _read(middleware: Middleware, place: Placement, treat_as_auth: frozenset[str]) -> None:
    reader = _READERS.get(middleware.kind)
    if reader is not None:
        reader(middleware, place)
    elif middleware.kind in CARRIED:
        level, message = CARRIED[middleware.kind]
        place.carry(middleware, message, level)
    elif middleware.kind == REFERENCE:
        place.guard(middleware, f'another provider has the middleware "{middleware.name}"')
    elif guards(middleware, treat_as_auth):
        place.guard(middleware, "its name says that it may refuse")
    else:
        name = next(iter(settings(middleware)), middleware.kind)
        what = f"the plugin {name}" if middleware.kind == "plugin" else middleware.kind
        place.carry(middleware, f"only Traefik knows what {what} does")


def _skip(middleware: Middleware, place: Placement) -> None:
    """A middleware behind one that always answers."""
    settings(middleware).take_all()
    message = "where a middleware before it always answers, it never acts"
    place.report.at(middleware.node, Fate.DROPPED, Level.INFO, "middlewares", message, whole=False)


def _tell_order(chain: Sequence[Middleware], place: Placement) -> None:
    """Say where the model's order differs."""
    before: list[tuple[Middleware, set[str]]] = []
    said: set[str] = set()
    for middleware in chain:
        own = groups_of(middleware)
        for earlier, groups in before:
            for message in inversions(groups, own):
                if message not in said:
                    said.add(message)
                    place.report.at(
                        earlier.node,
                        Fate.APPROXIMATED,
                        Level.WARNING,
                        "middlewares",
                        message,
                        whole=False,
                    )
        before.append((middleware, own))


def flatten(chain: Sequence[Middleware], shared: Dynamic) -> list[Middleware]:
    """The middlewares that act, with those that a `chain` stands for in its place.

    Raises:
        UnusableError: a chain names a middleware that nobody defines, or stands in itself.
    """
    return list(_flat(chain, shared, ()))


def _flat(
    chain: Iterable[Middleware], shared: Dynamic, above: tuple[str, ...]
) -> Iterator[Middleware]:
    for middleware in chain:
        if middleware.kind != "chain":
            yield middleware
            continue
        if middleware.name in above:
            raise UnusableError(f'the chain "{middleware.name}" stands in itself')
        shared.acting.add(middleware.name)
        names = strings(settings(middleware), "middlewares")
        below = [named(name, shared, middleware.node) for name in names]
        yield from _flat(below, shared, (*above, middleware.name))


def named(name: str, shared: Dynamic, by: Mapping) -> Middleware:
    """A middleware by the name that a router or a chain gives it.

    Args:
        name: with the provider behind an `@`, or without.
        shared: the configuration.
        by: what names it. One that another provider has stands there.

    Raises:
        UnusableError: nobody defines it, or it is of no kind or of several.
    """
    from gal.importers.traefik.dynamic import Middleware

    key = shared.resolve(name, "middlewares")
    if key is None:
        if is_elsewhere(name):
            return Middleware(name, REFERENCE, None, by)
        raise UnusableError(f'there is no middleware "{name}"')
    node = shared.middlewares[key]
    kinds = list(node)
    if len(kinds) != 1:
        raise UnusableError(f'the middleware "{name}" has to be of one kind')
    below = node.take(kinds[0])
    config = below if isinstance(below, Mapping) else None
    return Middleware(key, spelling(kinds[0]), config, node)


def spelling(kind: str) -> str:
    """A kind of middlewares as it is documented; one that nobody knows as it is given."""
    known = (*_READERS, *CARRIED, "chain", "plugin")
    return next((one for one in known if one.lower() == kind.lower()), kind)
