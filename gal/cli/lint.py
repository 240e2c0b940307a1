"""`gal lint`: what is wrong, or dangerous, in configurations."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gal.cli import options as shared
from gal.errors import UsageError

if TYPE_CHECKING:
    from gal.lint.collect import Collected
    from gal.lint.config import Found
    from gal.lint.options import Options
    from gal.lint.run import Outcome

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("text", "concise", "json", "sarif", "junit", "github", "gitlab")
LEVELS = ("critical", "high", "medium", "low", "info", "never")


def _rules(function: F) -> F:
    options = (
        click.option(
            *("--select", "select"),
            multiple=True,
            metavar="RULES",
            help="Run these rules only: codes, names, starts of codes (GAL0), or ALL.",
        ),
        click.option(
            "--extend-select", multiple=True, metavar="RULES", help="Run these rules, too."
        ),
        click.option("--ignore", multiple=True, metavar="RULES", help="Do not run these rules."),
        click.option(
            "--persona",
            type=click.Choice(("regular", "pedantic", "auditor")),
            help="Whose rules run: everybody's, also for order, also for every suspicion.",
        ),
        click.option(
            "--config",
            metavar="FILE",
            help="Settings; else the nearest gal.toml or pyproject.toml with [tool.gal.lint].",
        ),
        click.option("--no-config", is_flag=True, help="No settings file at all."),
        click.option(
            "--no-ignores", is_flag=True, help="Findings count whatever comments and settings say."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _known(function: F) -> F:
    options = (
        click.option("--baseline", metavar="FILE", help="Findings in this file do not count."),
        click.option(
            "--write-baseline",
            metavar="FILE",
            help="Write all findings there, so that they do not count from now on.",
        ),
        click.option(
            "--diff-base",
            metavar="REF",
            help="Only findings that the files of this git revision do not have.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _output(function: F) -> F:
    options = (
        click.option(
            "--format",
            "output_format",
            type=click.Choice(FORMATS),
            default="text",
            show_default=True,
            help="Format of the findings.",
        ),
        click.option("-o", "--output", metavar="FILE", help="Write the findings there."),
        click.option(
            "--statistics", is_flag=True, help="Only how often each rule finds something."
        ),
        click.option(
            "--fail-on",
            type=click.Choice(LEVELS),
            help="Exit with 1 when a finding is this severe or more.  [default: medium]",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No summary on standard error."),
        click.option("-v", "--verbose", is_flag=True, help="Also what is ignored, and why."),
        click.option(
            "--color",
            type=click.Choice(("auto", "always", "never")),
            default="auto",
            help="Colours of text; NO_COLOR is respected.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


class _Command(click.Command):
    """`--fix` alone takes no value: what follows is a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        args[:end] = ["--fix=safe" if one == "--fix" else one for one in args[:end]]
        return super().parse_args(ctx, args)


@click.command(name="lint", cls=_Command)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@shared.source
@_rules
@_known
@click.option(
    "--fix",
    "fix",
    type=click.Choice(("safe", "tighten", "all")),
    metavar="[=safe|tighten|all]",
    help="Mend what can be: changes that no request notices (safe, and --fix alone), also "
    "stricter values (tighten), or all.",
)
@click.option(
    "--skip-others",
    is_flag=True,
    help="Pass over named files that are of no gateway, as in folders (for pre-commit).",
)
@_output
@click.pass_context
def command(context: click.Context, /, paths: tuple[str, ...], **asked: Any) -> None:
    """Find what is wrong, or dangerous, in gateway configurations.

    PATH is files, folders, or `-`; the current folder if left away. Exit code 1 when there are
    findings at or above --fail-on, 2 when a file cannot be read.
    """
    context.exit(_lint(paths or (".",), asked))


def _lint(paths: tuple[str, ...], asked: dict[str, Any]) -> int:
    from gal.lint.collect import collect
    from gal.lint.run import lint

    if asked["fix"] and "-" in paths:
        raise UsageError("--fix changes files, and standard input is none")
    if asked["diff_base"] and "-" in paths:
        raise UsageError("--diff-base compares files, and git knows none on standard input")
    found = _settings(asked)
    options = _options(found.options, asked)
    collected = collect(paths, source=asked["source"], pass_over=asked["skip_others"])
    if asked["fix"]:
        _fix(collected, options, asked["fix"])
        collected = collect(paths, source=asked["source"], pass_over=asked["skip_others"])
    outcome = lint(collected.batches, options)
    outcome.errors[:0] = collected.errors
    _leave_known(outcome, collected, options, found, asked)
    if asked["write_baseline"]:
        from gal.lint import baseline

        baseline.write(asked["write_baseline"], outcome.findings)
        _say(asked, f"{len(outcome.findings)} findings written to {asked['write_baseline']}")
        outcome.findings.clear()
    _write(outcome, asked)
    return _end(outcome, collected, asked["fail_on"] or found.fail_on or "medium", asked)


def _settings(asked: dict[str, Any]) -> Found:
    from gal.lint import config
    from gal.lint.options import Options

    if asked["no_config"]:
        if asked["config"]:
            raise UsageError("--config and --no-config contradict each other")
        return config.Found(Options(), None, None)
    path = asked["config"] or config.nearest(Path.cwd())
    return config.load(path) if path else config.Found(Options(), None, None)


def _options(options: Options, asked: dict[str, Any]) -> Options:
    from gal.lint.options import codes_of
    from gal.lint.rule import Persona

    changed: dict[str, Any] = {}
    for name in ("select", "extend_select", "ignore"):
        words = tuple(word for text in asked[name] for word in text.split(",") if word.strip())
        if words:
            codes_of(words)
            changed[name] = words if name == "select" else (*getattr(options, name), *words)
    if asked["persona"]:
        changed["persona"] = Persona(asked["persona"])
    if asked["no_ignores"]:
        changed["heed_ignores"] = False
    return replace(options, **changed)


def _leave_known(
    outcome: Outcome, collected: Collected, options: Options, found: Found, asked: dict[str, Any]
) -> None:
    """Take away what the baseline, or the revision that is compared with, has as well."""
    from gal.lint import baseline

    name = asked["baseline"] or found.baseline
    if name and not asked["write_baseline"]:
        outcome.leave_out(baseline.read(name).knows, "baseline")
    if asked["diff_base"]:
        from gal.lint.diff_base import known_at

        knows = known_at(asked["diff_base"], collected.batches, options, asked["source"])
        outcome.leave_out(knows, "base")


def _fix(collected: Collected, options: Options, safety: str) -> None:
    from gal.lint.fixing import fix

    for line in fix(collected.batches, options, safety):
        sys.stderr.write(f"{line}\n")


def _write(outcome: Outcome, asked: dict[str, Any]) -> None:
    from gal.lint import report
    from gal.writing import write_atomically

    to_file = asked["output"] not in (None, "-")
    colour = not to_file and shared.coloured(asked["color"], sys.stdout)
    if asked["statistics"]:
        text = report.statistics(outcome, asked["output_format"])
    else:
        text = report.render(
            outcome, asked["output_format"], colour=colour, verbose=asked["verbose"]
        )
    if to_file:
        write_atomically(Path(asked["output"]), text)
    else:
        sys.stdout.write(text)


def _end(outcome: Outcome, collected: Collected, fail_on: str, asked: dict[str, Any]) -> int:
    from gal.lint.rule import Severity

    for error in outcome.errors:
        sys.stderr.write(f"{error.render()}\n")
    if asked["verbose"] and collected.passed_over:
        _say(asked, f"{collected.passed_over} files of no gateway were passed over")
    if asked["output_format"] in ("text", "concise"):
        _say(asked, outcome.summary())
    if outcome.errors:
        return 2
    worst = outcome.worst()
    if fail_on == "never" or worst is None:
        return 0
    return int(worst.rank >= Severity(fail_on).rank)


def _say(asked: dict[str, Any], text: str) -> None:
    if not asked["quiet"]:
        sys.stderr.write(f"{text}\n")
