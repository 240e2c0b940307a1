"""`gal pull`: a running gateway's configuration as a file."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gal import pull
from gal.errors import UsageError

if TYPE_CHECKING:
    from gal.pull.client import Client

_TOKEN = "GAL_TOKEN"


@click.command(name="pull")
@click.argument("provider", type=click.Choice(pull.PROVIDERS), metavar="P")
@click.argument("url")
@click.option("-o", "--output", metavar="FILE", help="Write it there, else to standard output.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("yaml", "json")),
    help="Format of the file: yaml, for Envoy json, if left away.",
)
@click.option(
    "--token-env",
    metavar="NAME",
    help=f"The environment variable that holds the token; {_TOKEN} where it is set.",
)
@click.option("--workspace", metavar="NAME", help="A workspace of Kong Enterprise.")
@click.option("--ca-file", metavar="FILE", help="Authorities of the server's certificate.")
@click.option("--insecure", is_flag=True, help="Take any certificate of the server.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    help="Seconds to wait for a connection, and for each part of an answer.",
)
@click.option("-q", "--quiet", is_flag=True, help="Only errors on standard error.")
def command(
    provider: str,
    url: str,
    output: str | None,
    output_format: str | None,
    token_env: str | None,
    workspace: str | None,
    ca_file: str | None,
    insecure: bool,
    timeout: float,
    quiet: bool,
) -> None:
    """Fetch the configuration of a running gateway, as a file that GAL reads.

    P is apisix, envoy, kong or traefik, and URL the base of its API: http://127.0.0.1:8001 for
    Kong's Admin API. Nothing but GET is sent. The file holds what the gateway tells, keys and
    passwords included; it is written for its owner only.
    """
    from gal.cli.progress import Progress
    from gal.context import OutputFile
    from gal.writing import render_file, write_atomically

    if workspace is not None and provider != "kong":
        raise click.UsageError("--workspace is for kong")
    how = pull.puller(provider)
    client = _client(how, url, token_env, (ca_file, insecure), timeout)
    try:
        with Progress(quiet=quiet) as progress:
            progress.stage(f"asking {client.address.origin}")
            pulled = how.pull(client, workspace)
    finally:
        client.close()
    file = OutputFile(provider, pulled.data, pulled.last_line)
    text = render_file(file, output_format or how.FORMAT)
    if output is None or output == "-":
        sys.stdout.write(text)
    else:
        write_atomically(Path(output), text, private=True)
    if not quiet:
        _tell(pulled)


def _client(
    how: pull.Puller, url: str, token_env: str | None, tls: tuple[str | None, bool], timeout: float
) -> Client:
    from gal.pull.address import authorization, parse_address
    from gal.pull.client import Client, tls_context

    ca_file, insecure = tls
    if insecure and ca_file is not None:
        raise click.UsageError("--insecure takes any certificate: --ca-file has no effect then")
    if math.isnan(timeout):
        raise click.UsageError("--timeout is a number of seconds")
    address = parse_address(url)
    token = _token(token_env)
    headers = {}
    if address.user is not None:
        headers["Authorization"] = authorization(address.user)
    if token is not None:
        if how.TOKEN_HEADER in headers:
            raise click.UsageError("there are credentials in the URL, and a token, too: give one")
        bearer = how.TOKEN_HEADER == "Authorization"
        headers[how.TOKEN_HEADER] = authorization(token) if bearer else token
    context = tls_context(ca_file, insecure=insecure) if address.scheme == "https" else None
    if headers and context is None and not address.is_local:
        sys.stderr.write("warning: the credentials are sent without TLS\n")
    return Client(address, how.API, headers, context, timeout)


def _token(name: str | None) -> str | None:
    """The token of an environment variable.

    Raises:
        UsageError: the variable that was named is not set, or holds what no header can.
    """
    token = os.environ.get(name or _TOKEN, "").strip()
    if name is not None and not token:
        raise UsageError(f"the environment variable {name} is not set")
    if not token.isascii() or not token.isprintable():
        raise UsageError(f"what {name or _TOKEN} holds is no token: a header cannot carry it")
    return token or None


def _tell(pulled: pull.Pulled) -> None:
    """What there was, and what the file does not hold, on standard error."""
    for note in pulled.notes:
        shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in note)
        sys.stderr.write(f"note: {shown}\n")
    counts = ", ".join(f"{kind} {count}" for kind, count in pulled.counts.items())
    sys.stderr.write(f"pulled: {counts or 'nothing is configured'}\n")
