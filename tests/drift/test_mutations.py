"""Every single change of a configuration gives exactly the ids that it is to give."""

from __future__ import annotations

from functools import cache

import pytest

from gal.drift.catalogue import kinds
from gal.drift.change import Change, Drift, Level, Security
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


CASES = [(one, provider) for one in MUTATIONS for provider in one.providers]
NAMES = [f"{one.name}-{provider}" for one, provider in CASES]

OPPOSITE = {
    "D001": "D003",
    "D003": "D001",
    "D062": "D001",
    "D002": "D003",
    "D004": "D005",
    "D005": "D004",
    "D009": "D120",
    "D010": "D012",
    "D011": "D135",
    "D012": "D010",
    "D014": "D136",
    "D015": "D016",
    "D017": "D130",
    "D130": "D017",
    "D131": "D132",
    "D092": "D090",
    "D133": "D019",
    "D019": "D133",
    "D060": "D063",
    "D063": "D060",
    "D065": "D064",
    "D020": "D026",
    "D026": "D020",
    "D021": "D022",
    "D022": "D021",
    "D030": "D033",
    "D031": "D034",
    "D035": "D036",
    "D036": "D035",
    "D040": "D140",
    "D041": "D141",
    "D045": "D048",
    "D047": "D049",
    "D049": "D047",
    "D051": "D050",
    "D061": "D144",
    "D066": "D067",
    "D067": "D066",
    "D070": "D075",
    "D075": "D070",
    "D076": "D071",
}
"""What the same change is the other way round; every other id is its own opposite."""

WEAKER = frozenset({Security.WEAKENED, Security.UNKNOWN})


@pytest.mark.parametrize(("mutation", "provider"), CASES, ids=NAMES)
def test_exactly_what_changed(mutation: Mutation, provider: str) -> None:
    drift = drift_of(mutation, provider, provider)
    assert ids(drift) == mutation.ids
    assert {one.id for one in drift.changes if one.cosmetic} >= set(mutation.cosmetic)
    if mutation.level:
        assert [one.level.value for one in told(drift)] == [mutation.level]


@pytest.mark.parametrize(("mutation", "provider"), CASES, ids=NAMES)
def test_the_other_way_round(mutation: Mutation, provider: str) -> None:
    """Told by the opposite ids, and what weakens one way does not weaken the other way."""
    before, after = sides(mutation.name, provider)
    there = told(compare(before, after, old_provider=provider, new_provider=provider))
    back = told(compare(after, before, old_provider=provider, new_provider=provider))
    assert [one.id for one in back] == [OPPOSITE.get(one.id, one.id) for one in there]
    for one, other in zip(there, back, strict=True):
        if one.security is Security.WEAKENED:
            assert other.security is not Security.WEAKENED
        if one.security is Security.STRENGTHENED:
            assert other.security in WEAKER | {Security.NEUTRAL}


@pytest.mark.parametrize(("mutation", "provider"), CASES, ids=NAMES)
def test_both_sides_have_a_place(mutation: Mutation, provider: str) -> None:
    for one in told(drift_of(mutation, provider, provider)):
        places = [one.old_position, one.new_position]
        if one.old == "none" or one.new == "none":  # what is not there stands nowhere
            assert any(place is not None for place in places), one
        else:
            assert None not in places, one


TOLD = [one for one in MUTATIONS if one.ids and len(one.providers) > 1]


@pytest.mark.parametrize("mutation", TOLD, ids=[one.name for one in TOLD])
def test_both_formats_name_the_same_object(mutation: Mutation) -> None:
    named = {
        tuple((one.id, one.object.partition(" [")[0]) for one in told(drift))
        for drift in (drift_of(mutation, provider, provider) for provider in mutation.providers)
    }
    assert len(named) == 1, named


OTHERWISE = {
    # Traefik has keys as conditions: a guarded route, and one that refuses the others.
    ("the prefix stays", "kong", "traefik"): ("D003",),
    ("the prefix stays", "traefik", "kong"): ("D122", "D002"),
    ("a client certificate for the targets", "kong", "traefik"): ("D003",),
    ("a client certificate for the targets", "traefik", "kong"): ("D122", "D002"),
    # What Kong cannot say is not compared, and what both leave to themselves is an assumption.
    ("a base path", "kong", "apisix"): (),
    ("another answer to too many", "kong", "apisix"): (),
    ("closed without the store", "kong", "apisix"): (),
}
"""Ids between two formats where they are not those of each format."""

PAIRS = [(one, old, new) for one in TOLD for old, new in (one.providers[:2], one.providers[1::-1])]


@pytest.mark.parametrize(
    ("mutation", "old", "new"), PAIRS, ids=[f"{one.name}-{old}-{new}" for one, old, new in PAIRS]
)
def test_from_one_format_to_another(mutation: Mutation, old: str, new: str) -> None:
    """The old side in one format, the new side in another one: the change and nothing else."""
    wanted = OTHERWISE.get((mutation.name, old, new), mutation.ids)
    assert ids(drift_of(mutation, old, new)) == wanted


CRITICAL = (
    *("nobody is asked", "anybody else enters", "no issuer", "let in without the check"),
    *("credentials", "unchecked targets", "more addresses", "all addresses"),
    "no certificate of the client",
)
"""What is critical always: authentication removed or made optional, tokens checked for less,
credentials CORS opened, TLS checks off, an allow-list widened.
"""


@pytest.mark.parametrize("name", CRITICAL)
def test_critical_always(name: str) -> None:
    for provider in BY_NAME[name].providers:
        (one,) = told(drift_of(BY_NAME[name], provider, provider))
        assert one.level is Level.CRITICAL
        assert one.security is Security.WEAKENED


# -- the catalogue


ELSEWHERE = {
    "D101": "not compared, see `test_sides`",
    "D102": "an assumption, see `test_sides`",
    "D112": "spelling of files, see `test_sides`",
}


def test_every_id_is_told_by_some_change() -> None:
    found = {id_ for one in MUTATIONS for id_ in (*one.ids, *one.cosmetic)}
    found |= {OPPOSITE.get(id_, id_) for id_ in found}
    assert set(kinds()) - found == set(ELSEWHERE)


def test_enough_of_them() -> None:
    assert len([one for one in MUTATIONS if one.ids]) >= 90
    assert len(BY_NAME) == len(MUTATIONS)
