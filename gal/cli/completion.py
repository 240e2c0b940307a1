"""`gal completion`: the script that teaches a shell the commands and options."""

from __future__ import annotations

import sys

import click
from click.shell_completion import get_completion_class


@click.command(name="completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    Use it as `eval "$(gal completion bash)"`.
    """
    found = get_completion_class(shell)
    if found is None:  # the choice above lists only shells that click knows
        raise click.UsageError(f"no completion for {shell}")
    script = found(context.find_root().command, {}, "gal", "_GAL_COMPLETE")
    sys.stdout.write(script.source())
