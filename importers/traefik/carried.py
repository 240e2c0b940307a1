"""What the model cannot say and keeps for Traefik."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gal.importers.traefik.options import plain
from gal.ledger import Fate, Level
from gal.model import Extensions
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.ledger import Reporter

_ONLY_HERE = "only Traefik has this setting"


@dataclass(frozen=True, slots=True)
class Kept:
    """A setting that only Traefik knows.

    Attributes:
        key: its name.
        message: what other gateways do instead.
        default: Traefik's own value, which is not worth keeping.
        level: what other gateways lose.
    """

    key: str
    message: str = _ONLY_HERE
    default: Any = None
    level: Level = Level.WARNING


def quiet(*keys: str) -> tuple[Kept, ...]:
    """Settings whose loss nobody sees from outside."""
    return tuple(Kept(key, level=Level.INFO) for key in keys)


def carry(node: Mapping, report: Reporter, feature: str, *settings: Kept) -> dict[str, Any]:
    """What has to be kept for Traefik of these settings; each gets an entry in the ledger."""
    values: dict[str, Any] = {}
    for kept in settings:
        below = node.take(kept.key)
        if below is None:
            continue
        value = plain(below)
        if value != kept.default:
            values[kept.key] = value
            report.at(below, Fate.CARRIED, kept.level, feature, kept.message)
    return values


def extensions(values: dict[str, Any]) -> Extensions:
    """Kept settings as an object of the model has them."""
    return {"traefik": values} if values else {}
