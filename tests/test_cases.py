"""Every case of `fixtures/`: what it says of the model and of each provider holds, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gal import registry
from gal.convert import write_gateway
from gal.ledger import Ledger
from tests.cases import features
from tests.cases.casefile import FOLDER, README, case_files, read_case
from tests.cases.directions import (
    PROVIDERS,
    blocks_of,
    gateway_of,
    ledger_of,
    lines,
    model_of,
    plain,
    read_whole,
    reads,
    writes,
)
from tests.cases.frames import files_of, frame, pieces, whole, without_unsaid
from tests.cases.regen import cannot

FILES = case_files()
PAIRS = [
    pytest.param(path, provider, id=f"{path.parent.name}/{path.stem}-{provider}")
    for path in FILES
    for provider in PROVIDERS
]


def registered(provider: str) -> None:
    """Skip while a half is missing."""
    for half, known in (("importer", registry.importers()), ("exporter", registry.exporters())):
        if provider not in known:
            pytest.skip(f"{provider}: {half} not registered")


@pytest.mark.parametrize(("path", "provider"), PAIRS)
def test_is_written(path: Path, provider: str) -> None:
    if provider not in registry.exporters():
        pytest.skip(f"{provider}: exporter not registered")
    case = read_case(path)
    outcome = writes(case, provider)
    told = case.find(f"text {provider} cannot")
    if told is not None:
        assert (outcome.ledger, cannot(case, provider, outcome)) == (told.splitlines(), True)
        shown = blocks_of(case, provider, "yaml model -> ")
        assert not shown or shown == outcome.data
        return
    assert not cannot(case, provider, outcome), "a block `text PROVIDER cannot` has to say so"
    wanted = blocks_of(case, provider, "yaml model -> ") or blocks_of(case, provider)
    assert wanted == outcome.data
    assert ledger_of(case, f"model -> {provider}") == outcome.ledger


@pytest.mark.parametrize(("path", "provider"), PAIRS)
def test_is_read(path: Path, provider: str) -> None:
    registered(provider)
    case = read_case(path)
    blocks = blocks_of(case, provider)
    if not blocks and case.find(f"text {provider} cannot") is not None:
        pytest.skip("cannot be said")
    assert blocks, f"it has no block `yaml {provider}`, and none `text {provider} cannot`"
    outcome = reads(case, provider, blocks)
    variant = f"yaml {provider} -> model"
    differs = case.find(variant) is not None
    assert outcome.data == model_of(case, variant if differs else "yaml model")
    assert ledger_of(case, f"{provider} -> model") == outcome.ledger


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_is_well_formed(path: Path) -> None:
    case = read_case(path)
    assert case.about, "one or two sentences say what it is about"
    assert case.render() == path.read_text(encoding="utf-8"), "pytest --regen lays it out"
    model_of(case)
    known = {f"{kind} {place}" for kind, place in known_blocks()}
    found = [block.info for one in case.sections for block in one.blocks]
    assert [info for info in found if info not in known] == []
    assert len(found) == len(set(found))
    assert [one.heading for one in case.sections] == [
        name for name in PROVIDERS if name in {one.heading for one in case.sections}
    ]


def known_blocks() -> list[tuple[str, str]]:
    parts = {"kong": (), "apisix": ("config",), "traefik": ("static",), "envoy": ()}
    found = []
    for provider, names in parts.items():
        own = [provider, *(f"{provider} {name}" for name in names)]
        found += [("yaml", name) for name in own]
        found += [("yaml", f"model -> {name}") for name in own]
        found += [("yaml", f"{provider} -> model"), ("text", f"{provider} -> model")]
        found += [("text", f"model -> {provider}"), ("text", f"{provider} cannot")]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_model_is_what_gal_would_write(path: Path) -> None:
    case = read_case(path)
    written = yaml.safe_load(case.find("yaml model") or "")
    assert plain(gateway_of(case.find("yaml model") or "")) == written


def test_every_policy_has_cases() -> None:
    few = {
        folder.name: len(list(folder.glob("*.md")))
        for folder in FOLDER.iterdir()
        if any(folder.glob("*.md")) and len(list(folder.glob("*.md"))) < 3
    }
    assert few == {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_frame_is_current(provider: str) -> None:
    if provider not in registry.exporters():
        pytest.skip(f"{provider}: exporter not registered")
    gateway = gateway_of(read_case(README).find("yaml model frame") or "")
    ledger = Ledger()
    files = {file.name: file.data for file in write_gateway(gateway, provider, ledger)}
    assert lines(ledger) == []
    parts = {name: f"{provider} {part} frame" for part, name in files_of(provider).parts.items()}
    if provider == "envoy":
        parts["envoy.yaml"] = "envoy frame"
    assert {name: frame(info) for name, info in parts.items() if name in files} == {
        name: files[name] for name in parts if name in files
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_defaults_are_current(provider: str) -> None:
    registered(provider)
    readme = read_case(README)
    gateway = gateway_of(readme.find("yaml model frame") or "")
    blocks = pieces(provider, write_gateway(gateway, provider, Ledger()))
    read = read_whole(provider, blocks)
    assert ledger_of(readme, f"{provider} frame -> model") == lines(read.ledger)
    assert without_unsaid(provider, plain(read.gateway), plain(gateway)) == plain(gateway)


def test_features_page_is_current() -> None:
    assert features.PAGE.read_text(encoding="utf-8") == features.page(), "make features writes it"


def test_an_envoy_piece_is_the_whole_bootstrap() -> None:
    files = whole("envoy", {"envoy": {}})
    assert files[-1].data == frame("envoy frame")
