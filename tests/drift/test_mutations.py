"""Every single change of a configuration gives exactly the ids that it is to give."""

from __future__ import annotations

from functools import cache

from gal.drift.change import Change, Drift
from gal.drift.engine import compare
from gal.model import Gateway
from tests.drift.mutation_table import TABLE
from tests.drift.mutation_table_more import MORE
from tests.drift.mutations import Mutation, through

MUTATIONS = [*TABLE, *MORE]
BY_NAME = {one.name: one for one in MUTATIONS}


@cache
def sides(name: str, provider: str) -> tuple[Gateway, Gateway]:
    """The configuration without and with a change, as one gateway has it."""
    mutation = BY_NAME[name]
    return through(mutation.unchanged(), provider), through(mutation.mutated(), provider)


def drift_of(mutation: Mutation, old: str, new: str) -> Drift:
    """From the old side in one format to the new side in another one."""
    before, after = sides(mutation.name, old)[0], sides(mutation.name, new)[1]
    return compare(before, after, old_provider=old, new_provider=new)


def told(drift: Drift) -> list[Change]:
    return [one for one in drift.changes if not one.cosmetic]


def ids(drift: Drift) -> tuple[str, ...]:
    return tuple(one.id for one in told(drift))
