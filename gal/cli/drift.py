"""`gal drift`: what changed in meaning between two configurations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from gal import registry
from gal.cli import options
from gal.errors import GalError

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.drift.change import Drift
    from gal.drift.report import Outcome

FAIL_ON: Final = (
    *("security", "breaking", "any", "never"),
    *("critical", "high", "medium", "low", "info"),
)


FORMATS: Final = ("text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab")


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
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Format of the report.",
)
@click.option("-o", "--output", metavar="FILE", help="Write the report there.")
@click.option(
    "--base",
    metavar="BASE",
    help="What was applied last: says of each change whether OLD is not yet applied, NEW was "
    "changed behind our back, or both.",
)
@click.option("--expected", metavar="FILE", help="Changes in this TOML file do not count.")
@click.option(
    "--strict-expected",
    is_flag=True,
    help="Exit with 1 when an entry of --expected is over, or nothing meets it.",
)
@click.option(
    "--write-expected", metavar="FILE", help="Add entries for all changes to a file, and end."
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
def command(old: str, new: str, **asked: Any) -> None:
    """Say what changed in meaning from OLD to NEW, two configurations of any formats.

    OLD and NEW are a file, a folder, - for standard input, or git:REF:PATH for what a commit has.
    Objects are matched by what they mean; names, order and spelling are cosmetic. No connection
    is ever opened.
    """
    if [old, new, asked["base"]].count("-") > 1:
        raise click.UsageError("only one side can come from standard input")
    if asked["strict_expected"] and not asked["expected"]:
        raise click.UsageError("--strict-expected needs --expected")
    try:
        outcome = _outcome(old, new, asked)
    except GalError as error:
        if asked["output"] not in (None, "-"):
            from gal.drift.report import render_failure

            _write(asked["output"], render_failure(error.render(), asked["form"]))
        raise
    if asked["write_expected"]:
        from gal.drift.expected import add_to

        add_to(asked["write_expected"], outcome.drift.changes)
        return
    from gal.drift.report import render

    _write(asked["output"], render(outcome, asked["form"]))
    raise click.exceptions.Exit(outcome.exit_code)


def _outcome(old: str, new: str, asked: dict[str, Any]) -> Outcome:
    """Read the sides, compare them, and take out what was expected."""
    from datetime import date

    from gal.cli.sides import read_side
    from gal.drift import exit as exits
    from gal.drift.expected import apart, load
    from gal.drift.report import Outcome
    from gal.garbage import without_collection

    with without_collection():
        first = read_side(old, asked["from_old"])
        second = read_side(new, asked["from_new"])
        drift = _compared(first, second)
        if asked["base"]:
            from gal.drift.three_way import with_causes

            base = read_side(asked["base"], None)
            drift = with_causes(drift, _compared(base, first), _compared(base, second))
        found = apart(drift, load(asked["expected"]) if asked["expected"] else (), date.today())
        drift = found.drift
    code = exits.exit_code(drift, asked["fail_on"])
    if asked["detailed_exitcode"]:
        code = exits.detailed_exit_code(drift)
    elif asked["strict_expected"] and (found.unused or found.expired):
        code = 1
    to_terminal = asked["output"] in (None, "-")
    return Outcome(
        drift,
        exits.failing(drift, asked["fail_on"]),
        code,
        (old, new),
        found.expected,
        found.unused,
        found.expired,
        cosmetic="cosmetic" in asked["show"],
        verbose=asked["verbose"],
        colour=to_terminal and options.coloured(asked["color"], sys.stdout),
    )


def _write(output: str | None, text: str) -> None:
    from gal.writing import write_atomically

    if output is None or output == "-":
        sys.stdout.write(text)
    else:
        write_atomically(Path(output), text)


def _compared(old: Conversion, new: Conversion) -> Drift:
    from gal.drift.engine import compare
    from gal.drift.unread import with_unread

    drift = compare(old.gateway, new.gateway, old_provider=old.source, new_provider=new.source)
    return with_unread(drift, old, new)
