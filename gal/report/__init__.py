"""The ledger for people and programs: each format is one rendering of the same entries."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from gal.errors import UsageError

if TYPE_CHECKING:
    from gal.convert import Conversion

FORMATS = ("text", "json", "markdown", "sarif")


def render(conversion: Conversion, target: str, report_format: str) -> str:
    """The report of a conversion to `target`.

    Raises:
        UsageError: the format is not one of `FORMATS`.
    """
    if report_format not in FORMATS:
        raise UsageError(f'no report format "{report_format}"; there are: {", ".join(FORMATS)}')
    module = import_module(f"gal.report.{report_format}")
    return cast("Callable[[Conversion, str], str]", module.render)(conversion, target)
