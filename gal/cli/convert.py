"""`gal convert`: from one gateway's configuration to another's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gal import registry
from gal.cli import options
from gal.cli.files import read_inputs, write_outputs
from gal.cli.progress import Progress

if TYPE_CHECKING:
    from gal.convert import Conversion


def _formats() -> str:
    read = [f"  {name}: {registry.importer(name).FORMATS}" for name in registry.importers()]
    written = [f"  {name}: {registry.exporter(name).FORMATS}" for name in registry.exporters()]
    return "\b\nReads:\n" + "\n".join(read) + "\n\n\b\nWrites:\n" + "\n".join(written)


class _WithFormats(click.Command):
    """Its help ends with the formats, which are asked of the providers only then."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.epilog = _formats()
        super().format_epilog(ctx, formatter)


@click.command(name="convert", cls=_WithFormats)
@options.inputs
@options.source
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Choice(registry.exporters()),
    help="Gateway to write for.",
)
@options.output
@options.output_format
@options.listen
@options.auth_service
@options.law_two
@click.option(
    "--verify",
    is_flag=True,
    help="Read what was written back, compare it with the input, and add to the ledger what it "
    "does not say yet.",
)
@options.reports
@click.pass_context
def command(context: click.Context, /, target: str, **choices: Any) -> None:
    """Convert a gateway's configuration for another gateway.

    INPUT is files, a folder, or - for standard input. The ledger, one fate for every field of the
    input, goes to standard error. Access controls that the target cannot do are closed, and the
    exit code is then 1.
    """
    context.exit(run(target, choices))


def run(target: str, choices: dict[str, Any]) -> int:
    """Convert as the options of the command line say, report, and give the exit code."""
    conversion = _converted(target, choices)
    if choices["report_file"] is not None:
        from gal import report
        from gal.writing import write_atomically

        text = report.render(conversion, target, choices["report_format"])
        write_atomically(Path(choices["report_file"]), text)
    if not choices["quiet"]:
        from gal.report import text as table

        colour = options.coloured(choices["color"])
        everything = choices["verbose"]
        sys.stderr.write(table.render(conversion, target, colour=colour, everything=everything))
    return options.exit_code(conversion.ledger.worst(), choices["fail_on"])


def _converted(target: str, choices: dict[str, Any]) -> Conversion:
    """Read, convert and write, with a sign of life on the terminal."""
    from gal.context import ExportOptions, ImportOptions
    from gal.convert import convert
    from gal.garbage import without_collection

    options.check_output(target, choices["output_format"], choices.get("auth_service"))
    with Progress(quiet=choices["quiet"]) as progress, without_collection():
        progress.stage("reading")
        documents = read_inputs(choices["inputs"])
        progress.stage("converting")
        conversion = convert(
            documents,
            target,
            source=choices.get("source"),
            import_options=ImportOptions(frozenset(choices.get("treat_as_auth", ()))),
            export_options=ExportOptions(
                choices.get("listen"),
                choices.get("allow_open", False),
                choices["output_format"],
                choices.get("auth_service"),
            ),
        )
        progress.stage("writing")
        write_outputs(conversion.files, choices["output"], choices["output_format"])
        if choices.get("verify"):
            from gal.drift.conversion import check

            progress.stage("reading it back")
            moved = choices.get("listen") is not None
            check(conversion, target, choices["output_format"], moved=moved)
    return conversion
