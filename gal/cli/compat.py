"""`gal compat`: what each gateway can do of what a configuration uses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from gal import registry
from gal.cli import options

if TYPE_CHECKING:
    from gal.compat import Compatibility


@click.command(name="compat")
@options.inputs
@options.source
@click.option(
    "--to",
    "gateways",
    multiple=True,
    type=click.Choice([name for name in registry.exporters() if name != "gal"]),
    help="Ask only this gateway; may be given several times. All of them if left away.",
)
@click.option(
    "--treat-as-auth",
    multiple=True,
    metavar="NAME",
    help="A custom plugin that guards access: targets that cannot run it refuse everybody.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json", "markdown")),
    default="text",
    show_default=True,
    help="Format of the answer.",
)
def command(
    inputs: tuple[str, ...],
    source: str | None,
    gateways: tuple[str, ...],
    treat_as_auth: tuple[str, ...],
    output_format: str,
) -> None:
    """Say what each gateway can do of what a configuration uses.

    INPUT is files, a folder, or - for standard input. The configuration is written for every
    gateway, and nothing of that is kept but what was lost: each feature is exact, approximated or
    impossible there, with the reason. An access control that is impossible is closed: everybody
    would be refused.
    """
    from gal.cli.files import read_inputs
    from gal.compat import compatibility
    from gal.context import ImportOptions
    from gal.garbage import without_collection

    with without_collection():
        found = compatibility(
            read_inputs(inputs),
            source=source,
            gateways=list(dict.fromkeys(gateways)),
            options=ImportOptions(frozenset(treat_as_auth)),
        )
        sys.stdout.write(_rendered(found, output_format))


def _rendered(found: Compatibility, output_format: str) -> str:
    if output_format == "json":
        from gal.compat.json import as_json

        return as_json(found)
    from gal.compat.text import markdown, text

    return markdown(found) if output_format == "markdown" else text(found)
