"""`gal generate`: from GAL's YAML to the gateways."""

from __future__ import annotations

from typing import Any

import click

from gal import registry
from gal.cli import options
from gal.errors import UsageError


@click.command(name="generate")
@click.argument("config", metavar="CONFIG")
@click.option(
    "--provider",
    type=click.Choice((*registry.exporters(), "all")),
    help="Gateway to write for; the file's own `provider` if left away.",
)
@options.output
@options.output_format
@options.listen
@options.auth_service
@options.law_two
@options.reports
@click.pass_context
def command(context: click.Context, /, config: str, provider: str | None, **choices: Any) -> None:
    """Write a gateway's configuration from GAL's YAML.

    With --provider all, every gateway gets a folder of its own below -o DIR/.
    """
    from gal.cli.convert import run

    choices |= {"inputs": (config,), "source": "gal"}
    if provider != "all":
        context.exit(run(provider or _own_provider(config), choices))
    folder = choices["output"]
    if not folder or folder == "-":
        raise UsageError("--provider all needs a folder: -o DIR/")
    gateways = [name for name in registry.exporters() if name != "gal"]
    below = folder.rstrip("/")
    for name in gateways:  # before the first file is written
        options.check_output(name, choices["output_format"], None)
    codes = []
    for name in gateways:
        own = {**choices, "output": f"{below}/{name}/"}
        if not registry.uses_auth_service(name):
            own["auth_service"] = None
        codes.append(run(name, own))
    context.exit(max(codes))


def _own_provider(config: str) -> str:
    """The `provider` that a GAL file names."""
    from gal.convert import read_gateway
    from gal.reading import read_file

    if config == "-":
        raise UsageError("standard input can be read only once: name the gateway with --provider")
    provider = read_gateway(read_file(config), source="gal").gateway.provider
    if provider is None:
        raise UsageError(f"{config} names no provider: use --provider")
    return provider
