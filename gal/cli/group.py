"""The `gal` command: its sub commands by name, and how errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import cast

import click

from gal.errors import GalError

COMMANDS = {
    "compat": "gal.cli.compat",
    "completion": "gal.cli.completion",
    "convert": "gal.cli.convert",
    "drift": "gal.cli.drift",
    "generate": "gal.cli.generate",
    "import": "gal.cli.import_",
    "pull": "gal.cli.pull",
    "explain": "gal.cli.explain",
    "lint": "gal.cli.lint",
    "rules": "gal.cli.rules",
    "schema": "gal.cli.schema",
    "trace": "gal.cli.trace",
    "validate": "gal.cli.validate",
    "verify": "gal.cli.verify",
}


class _Commands(click.Group):
    """A group whose commands are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        return cast(click.Command, import_module(COMMANDS[cmd_name]).command)


@click.command(cls=_Commands, name="gal", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gal-gateway", prog_name="gal", message="%(prog)s %(version)s")
def cli() -> None:
    """Move API gateway configuration from one gateway to another.

    Exit codes: 0 clean, 1 findings at or above --fail-on, 2 bad usage or bad input.
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line and give its exit code; every error is one message on standard error."""
    try:
        return _run(arguments)
    except Exception as error:
        if os.environ.get("GAL_TRACEBACK"):
            raise
        kind = type(error).__name__
        sys.stderr.write(
            f"gal: internal error ({kind}): this is a bug in gal, please report it; "
            "GAL_TRACEBACK=1 shows where\n"
        )
        return 2


def _run(arguments: Sequence[str]) -> int:
    try:
        return cli.main(args=list(arguments), prog_name="gal", standalone_mode=False) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return 2
    except click.Abort:
        sys.stderr.write("gal: interrupted\n")
        return 2
    except GalError as error:
        sys.stderr.write(f"{error.render()}\n")
        return 2
    except RecursionError:
        sys.stderr.write("gal: the input is nested too deeply\n")
        return 2
    except MemoryError:
        sys.stderr.write("gal: the input does not fit into memory\n")
        return 2
    except BrokenPipeError:
        # The reader of a pipe has seen enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
