"""The report for a terminal: the verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.verify.report.told import grouped, headline, kinds

if TYPE_CHECKING:
    from gal.verify.verification import Verification

_RED, _GREEN = "31", "32"


def render(result: Verification, *, colour: bool = False) -> str:
    """The verdict, the counts by kind, and every disagreement."""
    from tabulate import tabulate

    code = _RED if result.disagreements else _GREEN
    verdict = headline(result)
    lines = [f"\x1b[{code}m{verdict}\x1b[0m" if colour else verdict, ""]
    for name, way in zip(result.names, result.ways, strict=True):
        lines.append(f"{name}: {way}")
    rows = kinds(result)
    if rows:
        headers = ("probes", "alike", "differ", "not compared")
        lines += ["", tabulate(rows, headers, tablefmt="simple")]
    if result.left:
        lines.append(f"{result.left} further probes were not sent (--max-probes, --timeout)")
    for one, more in grouped(result):
        lines += ["", f"{one.kind}: {one.about}"]
        lines += [f"    {line}" for line in one.request]
        lines += [f"  {message}" for message in one.messages]
        lines.append(f"  {result.names[0]}: {one.first}")
        lines.append(f"  {result.names[1]}: {one.second}")
        lines += [f"  at {at}" for at in one.places]
        if more:
            lines.append(
                f"  ... and {more} more that differ in the same way (--format json has all)"
            )
    return "\n".join(lines) + "\n"
