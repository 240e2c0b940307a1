"""The report for a comment on a change: bounded, and safe against markup in values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.verify.report.told import grouped, headline, kinds

if TYPE_CHECKING:
    from gal.verify.verification import Verification

_MOST = 50


def render(result: Verification) -> str:
    """The verdict, the counts, and the first fifty kinds of differences."""
    lines = [f"**{_plain(headline(result))}**", ""]
    for name, way in zip(result.names, result.ways, strict=True):
        lines.append(f"- {_code(name)}: {_plain(way)}")
    lines += ["", "| probes | alike | differ | not compared |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {kind} | {alike} | {differ} | {left} |" for kind, alike, differ, left in kinds(result)
    ]
    groups = grouped(result)
    for one, others in groups[:_MOST]:
        lines += ["", f"### {_plain(one.kind)}: {_plain(one.about)}", ""]
        lines += [f"- {_code(line)}" for line in one.request]
        lines += [f"- {_plain(message)}" for message in one.messages]
        lines.append(f"- {_code(result.names[0])}: {_code(one.first)}")
        lines.append(f"- {_code(result.names[1])}: {_code(one.second)}")
        lines += [f"- at {_code(at)}" for at in one.places]
        if others:
            lines.append(f"- and {others} more that differ in the same way")
    more = len(groups) - _MOST
    if more > 0:
        lines += ["", f"... and {more} more kinds of differences"]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing is markup."""
    return "".join(f"\\{one}" if one in "\\`*_[]<>#|@!~" else one for one in _one_line(text))


def _code(text: str) -> str:
    """Text as code, whatever it holds."""
    fence = "`"
    while fence in text:
        fence += "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{_one_line(text)}{pad}{fence}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
