"""Drift in the formats that people and machines read.

Every report takes the whole of `Outcome`, so that what is printed and the exit code come from the
same changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gal.drift.change import Change, Drift
    from gal.drift.expected import Expectation

FORMATS = ("text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a report tells.

    Attributes:
        drift: what changed, without what was expected.
        failing: the changes for which the exit code is not 0.
        exit_code: of the command.
        names: of the two sides, as the user gave them.
        expected: the changes that were expected.
        unused: expectations that nothing met.
        expired: expectations whose last day is over.
        cosmetic: show what only those see who read the files, too.
        verbose: show labels and sentences, too.
        colour: with colours, for text.
    """

    drift: Drift
    failing: tuple[Change, ...]
    exit_code: int
    names: tuple[str, str]
    expected: tuple[Change, ...] = ()
    unused: tuple[Expectation, ...] = ()
    expired: tuple[Expectation, ...] = ()
    cosmetic: bool = False
    verbose: bool = False
    colour: bool = False

    @property
    def shown(self) -> tuple[Change, ...]:
        """The changes that are told one by one."""
        return tuple(one for one in self.drift.changes if self.cosmetic or not one.cosmetic)


def render(outcome: Outcome, form: str) -> str:
    """The report in one of `FORMATS`."""
    if form == "text":
        return _text(outcome)
    return cast(str, import_module(f"gal.drift.report.{form}").render(outcome))


def _text(outcome: Outcome) -> str:
    from gal.drift.report import text

    told = text.render(
        outcome.drift,
        names=outcome.names,
        cosmetic=outcome.cosmetic,
        verbose=outcome.verbose,
        colour=outcome.colour,
    )
    notes = []
    if outcome.expected:
        notes.append(f"{len(outcome.expected)} expected")
    notes += [f"expected, but not there: {one.id} {one.object}" for one in outcome.unused]
    notes += [f"expected until {one.until}: {one.id} {one.object}" for one in outcome.expired]
    return told + "".join(f"{note}\n" for note in notes)


def render_failure(message: str, form: str) -> str:
    """What a report says when a side could not be read: never that nothing changed.

    Args:
        message: the error.
        form: one of `FORMATS`.
    """
    return cast(str, import_module("gal.drift.report.failure").render(message, form))
