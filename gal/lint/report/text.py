"""Findings for people: each with its line, what it is related to, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.lint.rule import Severity

if TYPE_CHECKING:
    from gal.lint.excerpt import Excerpt
    from gal.lint.finding import Place
    from gal.lint.run import Outcome, Reported

_COLOURS = {
    Severity.CRITICAL: "1;31",
    Severity.HIGH: "31",
    Severity.MEDIUM: "33",
    Severity.LOW: "36",
    Severity.INFO: "34",
}
_RESET = "\x1b[0m"


def render(outcome: Outcome, *, colour: bool = False, verbose: bool = False) -> str:
    """Every finding with the line that it points at."""
    blocks = [_finding(one, colour) for one in outcome.findings]
    if verbose:
        blocks += [_ignored(one) for one in outcome.ignored]
    return "\n".join(blocks)


def concise(outcome: Outcome) -> str:
    """Every finding in one line."""
    return "".join(f"{_head(one, False)}\n" for one in outcome.findings)


def _head(one: Reported, colour: bool) -> str:
    rule = one.finding.rule
    label = f"{one.severity.value}[{rule.code}]"
    if colour:
        label = f"\x1b[{_COLOURS[one.severity]}m{label}{_RESET}"
    return f"{one.finding.place.position}: {label} {one.finding.message} ({rule.name})"


def _finding(one: Reported, colour: bool) -> str:
    lines = [_head(one, colour)]
    width = len(str(one.finding.place.position.line))
    if one.excerpt is not None:
        lines += _excerpt(one.excerpt, one.finding.place.position.line, colour, one.severity)
    for place, excerpt in zip(one.finding.related, one.related, strict=True):
        lines.append(f"{' ' * width} = {place.position}: {_related(place, excerpt)}")
    if one.finding.help:
        lines.append(f"{' ' * width} = help: {one.finding.help}")
    if one.finding.fix is not None:
        option = "" if one.finding.fix.safety.value == "safe" else f"={_option(one)}"
        lines.append(f"{' ' * width} = --fix{option}: {one.finding.fix.message}")
    return "\n".join(lines) + "\n"


def _option(one: Reported) -> str:
    assert one.finding.fix is not None
    return "all" if one.finding.fix.safety.value == "unsafe" else "tighten"


def _related(place: Place, excerpt: Excerpt | None) -> str:
    if place.message:
        return place.message
    return excerpt.text.strip() if excerpt is not None else "see here"


def _excerpt(excerpt: Excerpt, line: int, colour: bool, severity: Severity) -> list[str]:
    number = str(line)
    blank = " " * len(number)
    mark = "^" * excerpt.width
    if colour:
        mark = f"\x1b[{_COLOURS[severity]}m{mark}{_RESET}"
    # Tabs keep their width above the mark.
    before = "".join(c if c == "\t" else " " for c in excerpt.text[: excerpt.start])
    return [f"{number} | {excerpt.text}", f"{blank} | {before}{mark}"]


def _ignored(one: Reported) -> str:
    why = one.ignored
    assert why is not None
    reason = f": {why.reason}" if why.reason else ""
    return f"{one.finding.place.position}: ignored[{one.finding.rule.code}] by {why.by}{reason}\n"
