"""The findings of a run, in every format."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, cast

from gal.errors import UsageError

if TYPE_CHECKING:
    from gal.lint.run import Outcome

FORMATS = ("text", "concise", "json", "sarif", "junit", "github", "gitlab")


def render(outcome: Outcome, form: str, *, colour: bool = False, verbose: bool = False) -> str:
    """The text of a report.

    Args:
        outcome: the run.
        form: one of `FORMATS`.
        colour: for text.
        verbose: text tells what is ignored, too.
    """
    if form in ("text", "concise"):
        from gal.lint.report import text

        if form == "concise":
            return text.concise(outcome)
        return text.render(outcome, colour=colour, verbose=verbose)
    module = import_module(f"gal.lint.report.{form}")
    return cast(str, module.render(outcome))


def statistics(outcome: Outcome, form: str) -> str:
    """How often each rule finds something.

    Raises:
        UsageError: there is no such form of it.
    """
    rows = outcome.statistics()
    if form == "json":
        keys = ("code", "name", "count")
        return json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2) + "\n"
    if form not in ("text", "concise"):
        raise UsageError(f"--statistics has no format {form}; there are text and json")
    return "".join(f"{count:6} {code} {name}\n" for code, name, count in rows)
