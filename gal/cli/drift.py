"""`gal drift`: what changed in meaning between two configurations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import click

from gal import registry
from gal.cli import options

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.drift.change import Drift

FAIL_ON: Final = (
    *("security", "breaking", "any", "never"),
    *("critical", "high", "medium", "low", "info"),
)


def _text(drift: Drift, *, cosmetic: bool, verbose: bool, colour: bool) -> str:
    from gal.drift.report.text import render

    return render(drift, cosmetic=cosmetic, verbose=verbose, colour=colour)


FORMATS: Final[Mapping[str, Callable[..., str]]] = {"text": _text}
"""Reports by the name of their format; each takes the drift, `cosmetic`, `verbose` and `colour`."""


def _explain(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Print what an id means, and end."""
    del parameter
    if value is None or context.resilient_parsing:
        return
    from gal.drift.catalogue import explain

    sys.stdout.write(explain(value))
    context.exit()


@click.command(name="drift")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--from-old",
    type=click.Choice(registry.importers()),
    help="Format of OLD; found out from its content if left away.",
)
@click.option(
    "--from-new",
    type=click.Choice(registry.importers()),
    help="Format of NEW; found out from its content if left away.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="high",
    show_default=True,
    help="Exit with 1 when a change weakens security or may, breaks traffic, is there at all, or "
    "has this level or one above it.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 0 for no change, 10 cosmetic only, 11 behaviour, 12 traffic, 13 security "
    "weakened.",
)
@click.option(
    "--show",
    type=click.Choice(("cosmetic",)),
    multiple=True,
    help="Also show what only those see who read the files: names, order, tags.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(FORMATS)),
    default="text",
    show_default=True,
    help="Format of the report.",
)
@click.option(
    "--explain",
    metavar="ID",
    callback=_explain,
    expose_value=False,
    is_eager=True,
    help="Say what an id such as D021 means, and end.",
)
@click.option("-v", "--verbose", is_flag=True, help="Labels, sentences and objects of each change.")
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto")
def command(
    old: str,
    new: str,
    from_old: str | None,
    from_new: str | None,
    fail_on: str,
    detailed_exitcode: bool,
    show: tuple[str, ...],
    form: str,
    verbose: bool,
    color: str,
) -> None:
    """Say what changed in meaning from OLD to NEW, two configurations of any formats.

    OLD and NEW are a file, a folder, - for standard input, or git:REF:PATH for what a commit has.
    Objects are matched by what they mean; names, order and spelling are cosmetic. No connection
    is ever opened.
    """
    from gal.cli.sides import read_side
    from gal.drift.exit import detailed_exit_code, exit_code
    from gal.garbage import without_collection

    if old == new == "-":
        raise click.UsageError("only one side can come from standard input")
    with without_collection():
        drift = _compared(read_side(old, from_old), read_side(new, from_new))
        text = FORMATS[form](
            drift,
            cosmetic="cosmetic" in show,
            verbose=verbose,
            colour=options.coloured(color, sys.stdout),
        )
    sys.stdout.write(text)
    code = detailed_exit_code(drift) if detailed_exitcode else exit_code(drift, fail_on)
    raise click.exceptions.Exit(code)


def _compared(old: Conversion, new: Conversion) -> Drift:
    from gal.drift.engine import compare

    return compare(old.gateway, new.gateway, old_provider=old.source, new_provider=new.source)
