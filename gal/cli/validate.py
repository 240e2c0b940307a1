"""`gal validate`: is a file a sound configuration of its format?"""

from __future__ import annotations

import sys

import click

from gal.cli import options
from gal.errors import GalError, InputError


@click.command(name="validate")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.source
@click.option(
    "--skip-others",
    is_flag=True,
    help="Pass over files that are of no gateway (for pre-commit).",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing about sound files.")
@click.pass_context
def command(
    context: click.Context,
    files: tuple[str, ...],
    source: str | None,
    skip_others: bool,
    quiet: bool,
) -> None:
    """Check that files are sound configurations.

    Syntax, types, references, limits, and fields that the gateway does not know. Every file is
    checked by itself, and all that is wrong is said at once. Exit code 2 when any file is not
    sound.
    """
    bad = 0
    for name in files:
        try:
            found = _validate(name, source, skip_others)
        except GalError as error:
            bad += 1
            sys.stderr.write(f"{error.render()}\n")
            continue
        if not quiet and found is not None:
            sys.stdout.write(f"{name}: a sound {found} configuration\n")
    context.exit(2 if bad else 0)


def _validate(name: str, source: str | None, skip_others: bool) -> str | None:
    """The format of a sound file, None for one that is passed over.

    Raises:
        GalError: the file is not sound. Fields that its gateway does not know are errors, too.
    """
    from gal.cli.files import read_inputs
    from gal.convert import NOT_UNDERSTOOD, read_gateway, recognised
    from gal.errors import InputErrors

    try:
        documents = read_inputs([name])
    except InputError:
        from gal.lint.collect import looks_like_one

        if skip_others and not looks_like_one(name):
            return None
        raise
    if skip_others and source is None and not any(map(recognised, documents)):
        return None
    read = read_gateway(documents, source=source)
    unknown = [
        InputError(f'{read.source} has no field "{entry.feature}" here', entry.position, None)
        for entry in read.ledger
        if entry.message == NOT_UNDERSTOOD
    ]
    if unknown:
        raise InputErrors(unknown)
    return read.source
