"""Findings of what stands in many places: what somebody wrote is a finding each, what a default
says everywhere is one finding together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint.finding import Edit, Finding, Fix, Place, Where, finding, place_of
from gal.lint.rule import Rule, Safety
from gal.lint.together import together

if TYPE_CHECKING:
    from gal.lint.subject import Subject
    from gal.model import ModelNode

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where something is wrong.

    Attributes:
        where: what has the field, or lacks it.
        key: the field; empty for one that is not there.
        owner: whose requests it is about.
        written: somebody wrote it; else a default says so.
        what: the subject of the messages, such as `keys of key-auth`.
        value: for the fingerprint.
        edits: what would end it; none where nothing can.
        related: further places, shown where the hit is a finding of its own.
    """

    where: Where
    key: str
    owner: ModelNode
    written: bool
    what: str
    value: str
    edits: tuple[Edit, ...] = ()
    related: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """What the findings say.

    Attributes:
        message: behind the subject, such as `are taken from the query`.
        help: what to do.
        fix: what the fix does; empty without one.
        safety: of the fix.
    """

    message: str
    help: str
    fix: str = ""
    safety: Safety = Safety.TIGHTEN


def findings(
    rule: Rule, hits: Iterable[Hit], wording: Wording, subject: Subject
) -> Iterator[Finding]:
    """A finding for each place that somebody wrote, and one for all defaults of a kind."""
    defaults: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        if hit.written:
            yield _finding(rule, [hit], wording, subject)
        else:
            defaults.setdefault((hit.what, hit.value), []).append(hit)
    for several in defaults.values():
        yield together(several, lambda hits: _finding(rule, hits, wording, subject))


def _finding(rule: Rule, hits: Sequence[Hit], wording: Wording, subject: Subject) -> Finding:
    first = hits[0]
    message = f"{first.what} {wording.message}"
    if not first.written:
        message += " by default" if len(hits) == 1 else f" by default, in {len(hits)} places"
    edits = tuple(edit for hit in hits for edit in hit.edits)
    others = [place_of(hit.where, hit.key, "here, too") for hit in hits[1:_SHOWN]]
    fixable = wording.fix and all(hit.edits for hit in hits)
    return finding(
        rule,
        message,
        first.where,
        first.key,
        owner=first.owner if len(hits) == 1 else subject.gateway,
        value=first.value,
        related=first.related if len(hits) == 1 else others,
        help=wording.help,
        fix=Fix(wording.fix, wording.safety, edits) if fixable else None,
        count=len(hits),
    )
