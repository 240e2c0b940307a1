"""`gal import`: any gateway's configuration as GAL's YAML."""

from __future__ import annotations

from typing import Any

import click

from gal.cli import options


@click.command(name="import")
@options.inputs
@options.source
@options.output
@options.output_format
@options.law_two
@options.reports
@click.pass_context
def command(context: click.Context, /, **choices: Any) -> None:
    """Read a gateway's configuration into GAL's YAML.

    The same as `gal convert --to gal`.
    """
    from gal.cli.convert import run

    context.exit(run("gal", choices))
