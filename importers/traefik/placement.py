"""Where the middlewares of one router gather until all of them are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.options import empty, plain
from gal.ledger import Fate, Level
from gal.model import (
    Authentication,
    BasicAuth,
    ForwardAuth,
    Guard,
    Headers,
    Operations,
    Origin,
    Policies,
    Require,
    Rewrite,
    Route,
)
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware
    from gal.ledger import Reporter

REFERENCE = "reference"
"""Kind of a middleware that the configuration names but another provider has."""


class UnusableError(Exception):
    """Traefik refuses a middleware or a service, and takes away every router that names it."""


@dataclass(slots=True)
class Changes:
    """Changes of the headers of one side; an empty value takes the header away.

    Attributes:
        values: names as they were given with their values, by name in small letters.
    """

    values: dict[str, tuple[str, str]] = field(default_factory=dict)

    def set(self, name: str, value: str) -> None:
        """Set a header, whatever was said before."""
        self.values.pop(name.lower(), None)
        self.values[name.lower()] = (name, value)

    def default(self, name: str, value: str) -> None:
        """Set a header that nothing was said of yet."""
        self.values.setdefault(name.lower(), (name, value))

    def operations(self, origin: Origin) -> Operations | None:
        """The changes as the model has them."""
        if not self.values:
            return None
        found = Operations(origin=origin)
        for name, value in self.values.values():
            if value:
                found.set[name] = [value]
            else:
                found.remove.append(name)
        return found


@dataclass(slots=True)
class Placement:
    """The policies of one router while its middlewares are read, in their order.

    Attributes:
        policies: get what the middlewares say.
        route: the router's, with its matches.
        report: where to say what became of them.
        basic: asks for names and passwords.
        forward: an external check.
        guards: access controls that only Traefik knows.
        kept: further settings of the authentication.
        user_header: where the upstream is told who has shown a password.
        request: changes of request headers, the last one wins.
        response: changes of response headers, the first one wins.
        rewrite: which path the upstream sees.
        answered: a middleware always answers, so that what comes later never acts.
        first: the first middleware of authentication and of headers, by feature.
    """

    policies: Policies
    route: Route
    report: Reporter
    basic: BasicAuth | None = None
    forward: ForwardAuth | None = None
    guards: list[Guard] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)
    user_header: str | None = None
    request: Changes = field(default_factory=Changes)
    response: Changes = field(default_factory=Changes)
    rewrite: Rewrite | None = None
    answered: bool = False
    first: dict[str, Middleware] = field(default_factory=dict)

    def guard(self, middleware: Middleware, reason: str) -> None:
        """Keep an access control that only Traefik knows: everybody else refuses all (law 2)."""
        name, config = middleware.kind, plain(settings(middleware))
        if name == "plugin" and config:
            name = next(iter(config))
        kept = {middleware.kind: config if middleware.kind != REFERENCE else middleware.name}
        origin = Origin(middleware.node, {})
        self.first.setdefault("authentication", middleware)
        self.guards.append(Guard(name, "traefik", kept, {"name": middleware.name}, origin=origin))
        message = f"only Traefik knows this access control ({reason}); others refuse everybody"
        self.report.at(middleware.node, Fate.CARRIED, Level.WARNING, "authentication", message)

    def carry(self, middleware: Middleware, message: str, level: Level = Level.WARNING) -> None:
        """Keep a middleware that only Traefik knows as it is."""
        config = plain(settings(middleware))
        kept = {"name": middleware.name, middleware.kind: config}
        self.policies.plugins.setdefault("traefik", []).append(kept)
        self.report.at(middleware.node, Fate.CARRIED, level, "plugins", message)

    def finish(self) -> None:
        """Put together what several middlewares say."""
        self._finish_authentication()
        if self.request.values or self.response.values:
            origin = Origin(settings(self.first["headers"]), {})
            self.policies.headers = Headers(
                request=self.request.operations(origin),
                response=self.response.operations(origin),
                origin=origin,
            )
        if self.rewrite is not None:
            self.route.rewrite = self.rewrite

    def _finish_authentication(self) -> None:
        if self.basic is None and self.forward is None and not self.guards:
            return
        both = self.basic is not None and self.forward is not None
        others = self.policies.authentication  # what the service asks for
        guards = [*self.guards, *(others.guards if others is not None else [])]
        self.policies.authentication = Authentication(
            require=Require.ALL if both else Require.ANY,
            basic=self.basic,
            forward=self.forward,
            guards=guards,
            extensions={"traefik": self.kept} if self.kept else {},
            origin=Origin(settings(self.first["authentication"]), {}),
        )


def settings(middleware: Middleware) -> Mapping:
    """The settings of a middleware, empty where there are none."""
    return empty(middleware.node) if middleware.config is None else middleware.config
