"""What the vendors' own guides recommend has no finding of level high."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.lint.collect import collect
from gal.lint.options import ALL, Options
from gal.lint.rule import Severity
from gal.lint.run import lint

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "hardened"
SAMPLES = {
    "kong": ["kong.yaml"],
    "apisix": ["apisix.yaml"],
    "traefik": ["traefik.yaml", "dynamic.yaml"],
    "envoy": ["envoy.yaml"],
}


@pytest.mark.parametrize("provider", SAMPLES)
def test_a_hardened_sample(provider: str) -> None:
    paths = [str(FOLDER / name) for name in SAMPLES[provider]]
    collected = collect(paths, source=None, pass_over=False)
    outcome = lint(collected.batches, Options(select=(ALL,)))
    assert not collected.errors
    assert not outcome.errors
    assert outcome.files == len(paths)
    bad = [one for one in outcome.findings if one.severity.rank >= Severity.HIGH.rank]
    assert [f"{one.finding.place.position}: {one.finding.message}" for one in bad] == []
