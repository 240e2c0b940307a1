"""Options that several commands share."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TextIO, TypeVar
from urllib.parse import urlsplit

import click

from gal import registry, report
from gal.errors import UsageError
from gal.ledger import Level

F = TypeVar("F", bound=Callable[..., Any])

FAIL_ON = ("info", "warning", "error", "never")


def inputs(function: F) -> F:
    """INPUT...: files, a folder, or `-`."""
    return click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")(function)


def source(function: F) -> F:
    """--from, for when detection should not decide."""
    return click.option(
        "--from",
        "source",
        type=click.Choice(registry.importers()),
        help="Format of the input; found out from its content if left away.",
    )(function)


def output(function: F) -> F:
    """-o: a file, or a folder for all files that the target needs."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE|DIR/",
        help="A file, or a folder for every file that the target needs; else standard output.",
    )(function)


def output_format(function: F) -> F:
    """--format of the output."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(("yaml", "json", "toml")),
        default="yaml",
        show_default=True,
        help="Format of the output: TOML is for Traefik, JSON for all others.",
    )(function)


def listen(function: F) -> F:
    """--listen HOST:PORT."""
    return click.option(
        "--listen",
        metavar="HOST:PORT",
        callback=_address,
        help="Where the gateway listens for plain HTTP, instead of what the input says.",
    )(function)


def auth_service(function: F) -> F:
    """--auth-service URL."""
    return click.option(
        "--auth-service",
        metavar="URL",
        callback=_service_url,
        help="A service that decides on tokens which the target cannot check itself (Traefik asks "
        "it by forwardAuth); without it everybody is refused there.",
    )(function)


def check_output(target: str, output_format: str, service: str | None) -> None:
    """Refuse options that cannot act on a target.

    Raises:
        UsageError: the target does not read the format, or asks no service.
    """
    known = registry.output_formats(target)
    if output_format not in known:
        raise UsageError(f"{target} does not read {output_format}; --format {' or '.join(known)}")
    if service is not None and not registry.uses_auth_service(target):
        raise UsageError(f"--auth-service has no effect on {target}, which checks tokens itself")


def _service_url(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    del context, parameter
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or " " in value:
        raise click.BadParameter(f'"{value}" is no URL such as http://auth.internal/check')
    return value


def law_two(function: F) -> F:
    """--allow-open and --treat-as-auth: what happens to access controls."""
    function = click.option(
        "--treat-as-auth",
        multiple=True,
        metavar="NAME",
        help="A custom plugin that guards access: targets that cannot run it refuse everybody.",
    )(function)
    return click.option(
        "--allow-open",
        is_flag=True,
        help="Leave out access controls that the target cannot do, instead of refusing everybody.",
    )(function)


def reports(function: F) -> F:
    """--report, --report-format, --fail-on, and how much is said on standard error."""
    for option in (
        click.option("--report", "report_file", metavar="FILE", help="Write the ledger there."),
        click.option(
            "--report-format",
            type=click.Choice(report.FORMATS),
            default="text",
            show_default=True,
            help="Format of --report.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(FAIL_ON),
            default="error",
            show_default=True,
            help="Exit with 1 when the ledger has an entry of this level or above.",
        ),
        click.option("-q", "--quiet", is_flag=True, help="No ledger on standard error."),
        click.option("-v", "--verbose", is_flag=True, help="Also what has no effect on traffic."),
        click.option(
            "--color",
            type=click.Choice(("auto", "always", "never")),
            default="auto",
            help="Colours on standard error; NO_COLOR is respected.",
        ),
    ):
        function = option(function)
    return function


def coloured(choice: str, stream: TextIO | None = None) -> bool:
    """Whether a stream, standard error unless another is given, gets colours."""
    if choice != "auto":
        return choice == "always"
    return (stream or sys.stderr).isatty() and not os.environ.get("NO_COLOR")


def exit_code(worst: Level | None, fail_on: str) -> int:
    """1 when the worst level reaches `fail_on`, else 0."""
    if fail_on == "never" or worst is None:
        return 0
    return int(worst.rank >= Level(fail_on).rank)


def _address(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    del context, parameter
    if value is None:
        return None
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise click.BadParameter(f'"{value}" is not HOST:PORT, such as 0.0.0.0:8000')
    return host.strip("[]") or "0.0.0.0", int(port)
