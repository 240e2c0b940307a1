"""Three configurations: what is wanted (old), what runs (new), and what was applied last (base).

A difference between what is wanted and what runs has one of three causes: somebody changed what is
wanted and has not applied it yet, somebody changed what runs behind our back, or both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gal.drift.change import Change, Drift

UNAPPLIED: Final = "not yet applied"
BEHIND_OUR_BACK: Final = "changed behind our back"
CONFLICT: Final = "conflict"

_Key = tuple[str, str]


def with_causes(drift: Drift, wanted: Drift, running: Drift) -> Drift:
    """The drift with a cause for each change.

    Args:
        drift: from what is wanted to what runs.
        wanted: from the base to what is wanted.
        running: from the base to what runs.
    """
    ours = _keys(wanted)
    theirs = _keys(running)
    return replace(drift, changes=tuple(_caused(one, ours, theirs) for one in drift.changes))


def _keys(drift: Drift) -> frozenset[_Key]:
    return frozenset(key for one in drift.changes for key in _of(one))


def _of(one: Change) -> set[_Key]:
    """What a change is about: the field's first step, for the object and all that it stands for."""
    topic = one.field.split(".", 1)[0]
    return {(name, topic) for name in (one.object, *one.objects)}


def _caused(one: Change, ours: frozenset[_Key], theirs: frozenset[_Key]) -> Change:
    keys = _of(one)
    moved, changed = not keys.isdisjoint(ours), not keys.isdisjoint(theirs)
    if moved and changed:
        return replace(one, cause=CONFLICT)
    # What neither side shows on its own comes of how the two are matched: it is there, and nobody
    # applied it.
    return replace(one, cause=BEHIND_OUR_BACK if changed or not moved else UNAPPLIED)
