"""A route to apply policies to, outside of any file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gal.claims import Claims
from gal.context import ExportContext
from gal.exporters.envoy.build import RouteBuild, Shared
from gal.ledger import Ledger, Reporter, Stage
from gal.model import Gateway, Policies, Route
from gal.scopes import Scopes


@dataclass(frozen=True, slots=True)
class Built:
    """What policies are handed besides themselves, and what came of it."""

    build: RouteBuild
    shared: Shared
    ledger: Ledger

    @property
    def messages(self) -> list[str]:
        """`FATE LEVEL: message` of the ledger, without what is only told."""
        return [
            f"{entry.fate.value} {entry.level.value}: {entry.message}"
            for entry in self.ledger
            if entry.level.value != "info"
        ]

    def filter(self, name: str) -> Any:
        """A filter's settings for the route."""
        return self.build.filters.get(name)

    def steps(self, name: str, side: str) -> list[str]:
        """Header mutations as `ACTION name: value`."""
        mutations = self.build.filters.get(name, {}).get("mutations", {})
        return [_shown(step) for step in mutations.get(f"{side}_mutations", [])]


def _shown(step: dict[str, Any]) -> str:
    if "remove" in step:
        return f"remove {step['remove']}"
    header = step["append"]["header"]
    return f"{step['append']['append_action']} {header['key']}: {header['value']}"


def built(*, gateway: Gateway | None = None, **route: Any) -> Built:
    """A route with the given fields and `policies`, to which nothing has been applied."""
    model = gateway or Gateway()
    made = Route(**{"policies": Policies(), **route})
    ledger = Ledger()
    claims = Claims()
    context = ExportContext(Reporter(ledger, "envoy", Stage.EXPORT), claims)
    scopes = Scopes((made.policies, model.policies))
    return Built(
        RouteBuild(made, None, scopes, "route"), Shared(claims.view(model), context), ledger
    )
