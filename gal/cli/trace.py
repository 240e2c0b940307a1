"""`gal trace`: what a gateway does with a request."""

from __future__ import annotations

import json
import sys

import click

from gal.cli import options


@click.command(name="trace")
@click.argument("config", nargs=-1, required=True, metavar="CONFIG... METHOD URL")
@options.source
@click.option("-H", "--header", "headers", multiple=True, metavar="'K: V'", help="A header.")
@click.option("--client-ip", default="127.0.0.1", show_default=True, help="The client's address.")
@click.option("--sni", metavar="NAME", help="TLS server name; the URL's host if left away.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the output.",
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto")
def command(
    config: tuple[str, ...],
    source: str | None,
    headers: tuple[str, ...],
    client_ip: str,
    sni: str | None,
    form: str,
    color: str,
) -> None:
    """Tell which route a request takes, and what each policy does with it.

    Nothing is sent: it is what the gateway that the configuration is written for would do, step by
    step, with the lines that say so.
    """
    from gal.cli.files import read_inputs
    from gal.convert import read_gateway
    from gal.tracing.json import data
    from gal.tracing.request import parse_request
    from gal.tracing.text import render
    from gal.tracing.tracer import trace

    if len(config) < 3:
        raise click.UsageError("write gal trace CONFIG METHOD URL")
    *inputs, method, url = config
    request = parse_request(method, url, headers, client_ip, sni)
    decision = trace(read_gateway(read_inputs(inputs), source=source).gateway, request)
    if form == "json":
        sys.stdout.write(json.dumps(data(decision), indent=2, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(render(decision, colour=options.coloured(color, sys.stdout)))
