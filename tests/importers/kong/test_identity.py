"""From Kong to GAL's YAML and back is the identity: the file holds all that the importer found."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.codec import decode, encode
from gal.convert import convert, read_gateway
from gal.model import Gateway
from gal.reading import read_documents, read_file
from gal.writing import render
from tests.importers.kong.test_every_field import WHOLE as EVERY_FIELD

FIXTURES = Path(__file__).parents[3] / "fixtures" / "kong"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FIXTURES.glob("*.yaml"))}
TEXTS["every field"] = EVERY_FIELD


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("output_format", ["yaml", "json"])
def test_nothing_changes_on_the_way_through_gal(text: str, output_format: str) -> None:
    gateway = read_gateway(read_documents(text, "kong.yaml")).gateway
    written = render(encode(gateway), output_format)
    assert decode(read_documents(written, "gal.yaml")[0].root, Gateway) == gateway


@pytest.mark.parametrize("target", ["gal", "envoy"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_two_runs_give_the_same_bytes(text: str, target: str) -> None:
    runs = [convert(read_documents(text, "kong.yaml"), target) for _ in range(2)]
    first, second = ("".join(render(file.data) for file in run.files) for run in runs)
    assert first == second
    assert list(runs[0].ledger) == list(runs[1].ledger)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_envoy_from_gal_is_envoy_from_kong(text: str, tmp_path: Path) -> None:
    """Going by GAL's YAML takes nothing away."""
    straight = convert(read_documents(text, "kong.yaml"), "envoy").files[0].data
    middle = tmp_path / "gal.yaml"
    middle.write_text(render(convert(read_documents(text, "kong.yaml"), "gal").files[0].data))
    assert convert(read_file(str(middle)), "envoy").files[0].data == straight
