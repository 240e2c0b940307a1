"""`gal verify`: do two gateways treat requests alike?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gal import registry
from gal.cli import options

if TYPE_CHECKING:
    from gal.verify.probe import Probe
    from gal.verify.verification import Participant

_FORMATS = ("text", "json", "markdown", "html", "junit")


@click.command(name="verify")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--from-a", type=click.Choice(registry.importers()), help="Format of A.")
@click.option("--from-b", type=click.Choice(registry.importers()), help="Format of B.")
@click.option("--url-a", metavar="URL", help="Ask a gateway that already runs instead of A.")
@click.option("--url-b", metavar="URL", help="Ask a gateway that already runs instead of B.")
@click.option("--max-probes", type=click.IntRange(1), default=1000, show_default=True)
@click.option(
    "--timeout", type=click.FloatRange(1), default=120.0, show_default=True, help="Seconds in all."
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write the report there.")
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto")
@click.pass_context
def command(
    context: click.Context,
    first: str,
    second: str,
    from_a: str | None,
    from_b: str | None,
    url_a: str | None,
    url_b: str | None,
    max_probes: int,
    timeout: float,
    form: str,
    output: str | None,
    color: str,
) -> None:
    """Send the same requests to two gateways and compare what comes of them.

    The probes are derived from both configurations. Envoy and Traefik are started on this machine,
    with recording servers instead of their upstreams; for a gateway that cannot be started, `gal
    trace` tells what it would do. Nothing is sent beyond this machine unless a URL is given. Exit
    code 1 when they differ.
    """
    from gal.verify.report import render
    from gal.verify.verification import Bounds, verify
    from gal.writing import write_atomically

    sides = (_participant(first, from_a, url_a), _participant(second, from_b, url_b))
    result = verify(*sides, Bounds(max_probes, timeout), _progress)
    text = render(result, form, colour=output is None and options.coloured(color, sys.stdout))
    if output is None:
        sys.stdout.write(text)
    else:
        write_atomically(Path(output), text)
    context.exit(1 if result.disagreements else 0)


def _participant(name: str, source: str | None, url: str | None) -> Participant:
    from gal.cli.files import read_inputs
    from gal.convert import read_gateway
    from gal.verify.startable import startable
    from gal.verify.verification import Participant

    documents = read_inputs([name])
    read = read_gateway(documents, source=source)
    if url is not None:
        return Participant(name, read.gateway, url=url)
    found, reason = startable(read.source, documents)
    return Participant(name, read.gateway, found, reason)


def _progress(probes: Iterable[Probe]) -> Iterable[Probe]:
    """A bar on a terminal."""
    if not sys.stderr.isatty():
        yield from probes
        return
    known = list(probes)
    with click.progressbar(known, label="probes", file=sys.stderr) as shown:
        yield from shown
