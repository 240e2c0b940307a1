"""Every example is sound, is what GAL itself would write, and real Envoy loads what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.codec.plan import plan_of
from gal.convert import convert
from gal.ledger import Level
from gal.model import Policies
from gal.reading import read_file
from gal.writing import render
from tests.gateways.envoy import validate

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.gateway
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_envoy_loads_it(path: Path) -> None:
    conversion = convert(read_file(str(path)), "envoy")
    assert [entry for entry in conversion.ledger if entry.level is Level.ERROR] == []
    assert validate(render(conversion.files[0].data)) is None


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_is_lost_in_gals_own_format(path: Path) -> None:
    once = convert(read_file(str(path)), "gal")
    assert list(once.ledger) == []


# What GAL's own design names; the others are there for single gateways.
UNUSUAL = {"plugins", "user_agent", "response_rate_limit", "cache"}


def test_there_is_an_example_for_every_kind_of_policy() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in EXAMPLES)
    kinds = {item.key for item in plan_of(Policies).items} - UNUSUAL
    assert [kind for kind in sorted(kinds) if f"{kind}:" not in text] == []
