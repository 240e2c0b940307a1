"""The answers as tables, for a terminal and as Markdown."""

from __future__ import annotations

from gal.compat.compare import Answer, Compatibility, Reason, Verdict
from gal.ledger import Level

_WIDTH = 64


def text(found: Compatibility) -> str:
    """Two tables: every feature with the gateways side by side, and why it is not exact."""
    from tabulate import tabulate

    heads, rows = _matrix(found)
    lines = [tabulate(rows, heads, tablefmt="simple", disable_numparse=True)]
    why = _why(found)
    if why:
        heads = ["what", "gateway", "where", "why"]
        widths = [None, None, None, _WIDTH]
        table = tabulate(why, heads, tablefmt="simple", maxcolwidths=widths, disable_numparse=True)
        lines += ["", table]
    return "\n".join([*lines, "", _summary(found)]) + "\n"


def markdown(found: Compatibility) -> str:
    """The same as `text`, for a pull request or a page."""
    from gal.report.markdown import escape

    heads, rows = _matrix(found)
    parts = ["# Compatibility\n", f"{escape(_summary(found))}\n"]
    parts.append(_table(heads, [[escape(cell) for cell in row] for row in rows]))
    why = _why(found)
    if why:
        heads = ["what", "gateway", "where", "why"]
        parts += ["## Why\n", _table(heads, [[escape(cell) for cell in row] for row in why])]
    return "\n".join(parts)


def _matrix(found: Compatibility) -> tuple[list[str], list[list[str]]]:
    rows = [
        [
            one.name,
            str(len(one.places) or "-"),
            *(_cell(one.answers[name]) for name in found.gateways),
        ]
        for one in found.features
    ]
    return ["what", "places", *found.gateways], rows


def _cell(answer: Answer) -> str:
    if not answer.closed:
        return answer.verdict.value
    partly = "" if answer.verdict is Verdict.IMPOSSIBLE else "partly "
    return f"{answer.verdict.value} ({partly}closed)"


def _why(found: Compatibility) -> list[list[str]]:
    return [
        [feature.name, name, _where(reason), reason.message]
        for feature in found.features
        for name in found.gateways
        for reason in feature.answers[name].reasons
        if reason.level is not Level.INFO
    ]


def _where(reason: Reason) -> str:
    more = len(reason.places) - 1
    return f"{reason.places[0]} (+{more})" if more else reason.places[0]


def _summary(found: Compatibility) -> str:
    told = []
    for name in found.gateways:
        verdicts = [one.answers[name].verdict.value for one in found.features]
        told.append(f"{name} {verdicts.count('exact')} of {len(verdicts)} exact")
    return f"{found.source}: {', '.join(told)}"


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
