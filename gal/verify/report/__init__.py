"""Reports of a verification, in several formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gal.verify.verification import Verification

FORMATS = ("text", "json", "markdown", "html", "junit")


def render(result: Verification, form: str, *, colour: bool = False) -> str:
    """The report as text that ends with a line break.

    Args:
        result: what came of the probes.
        form: one of `FORMATS`.
        colour: for `text`, with the colours of a terminal.
    """
    from gal.verify.report import html, json, junit, markdown, text

    if form == "text":
        return text.render(result, colour=colour)
    renderers: dict[str, Callable[[Verification], str]] = {
        "json": json.render,
        "markdown": markdown.render,
        "html": html.render,
        "junit": junit.render,
    }
    return renderers[form](result)
