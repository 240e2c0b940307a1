"""A decision as a tree for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from gal.errors import Position
from gal.tracing.decision import Decision, Outcome, Step, called, position_of

_COLOURS = {
    Outcome.PASSED: "32",
    Outcome.CHANGED: "36",
    Outcome.ANSWERED: "33",
    Outcome.REFUSED: "31",
    Outcome.NOTED: "2",
    Outcome.UNKNOWN: "35",
}
_NOBODY = "the client gets"


def render(decision: Decision, *, colour: bool = False) -> str:
    """The route, what stands against the others, every step, and what both sides see."""
    request = decision.choice.of.request
    target = decision.hiding.query(request.target)
    lines = [f"{request.method} {request.scheme}://{request.authority}{target}"]
    if decision.choice.of.path != request.path:
        lines.append(f"the gateway compares {decision.choice.of.path}")
    branches = [
        *(_step(step, colour) for step in decision.steps),
        *_ends(decision),
    ]
    for number, branch in enumerate(branches, 1):
        last = number == len(branches)
        head, *rest = branch
        lines.append(f"{'└─' if last else '├─'} {head}")
        lines += [f"{'  ' if last else '│ '}   {line}" for line in rest]
    lines += _others(decision)
    return "\n".join(lines) + "\n"


def _step(step: Step, colour: bool) -> list[str]:
    outcome = step.outcome.value
    if colour:
        outcome = f"\x1b[{_COLOURS[step.outcome]}m{outcome}\x1b[0m"
    return [f"{step.policy}: {outcome}: {step.message}{_at(step.position)}"]


def _at(position: Position | None) -> str:
    return f"  ({place(position)})" if position is not None else ""


def place(position: Position) -> str:
    """A position as `file:line:column`."""
    return f"{position.file}:{position.line}:{position.column}"


def _ends(decision: Decision) -> Iterator[list[str]]:
    shown = decision.hiding.value
    if decision.answer is not None:
        answer = decision.answer
        rest = [f"{name}: {shown(name, value)}" for name, value in answer.headers]
        yield [f"{_NOBODY} {answer.status}", *rest, *([answer.body] if answer.body else [])]
    sent = decision.upstream
    if sent is None:
        return
    query = f"?{decision.hiding.query(sent.query)}" if sent.query is not None else ""
    host = sent.host or "the target's own name"
    headers = [f"{name}: {shown(name, value)}" for name, value in sent.headers]
    yield [f"the upstream sees {sent.method} {sent.path}{query}", f"Host: {host}", *headers]
    shares = [
        f"{one.host}:{one.port}  {one.percent:.4g} %"
        + (f"  of {one.upstream}" if one.upstream else "")
        + _at(position_of(one.node))
        for one in decision.targets
    ]
    yield [f"by {sent.protocol} to" if shares else "no target is known", *shares]
    if decision.response_headers:
        changes = [
            f"{how} {name} {value if how == 'rename' else shown(name, value)}".rstrip()
            for how, name, value in decision.response_headers
        ]
        yield [f"{_NOBODY} the upstream's answer, with", *changes]


def _others(decision: Decision) -> Iterator[str]:
    rejected, beaten = decision.choice.rejected, decision.choice.beaten
    if rejected:
        yield "closer routes that do not take it:"
    for one in rejected:
        name = called(one.candidate.route)
        at = position_of(one.reason.node, one.reason.field)
        yield f"   {name}: {one.reason.message}{_at(at)}"
    if beaten:
        yield "routes that would take it, and come later:"
    for candidate in beaten:
        name = called(candidate.route)
        yield f"   {name}: {decision.choice.why(candidate)}{_at(position_of(candidate.route))}"
