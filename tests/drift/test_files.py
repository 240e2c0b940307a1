"""What holds for every file: it does not differ from itself however it is written, and a conversion
of it differs in nothing but what the other gateway cannot say.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gal import registry
from gal.convert import Conversion, read_gateway, write_gateway
from gal.drift.change import Drift
from gal.drift.conversion import read_back
from gal.drift.engine import compare
from gal.errors import GalError
from gal.ledger import Ledger
from gal.reading import read_documents
from gal.writing import render
from tests.cases.casefile import case_files, read_case
from tests.drift.test_laws import only_cosmetic, renamed, shuffled

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
SUFFIXES = {".yaml", ".yml", ".json", ".toml"}
TARGETS = [name for name in registry.exporters() if name != "gal"]

UNORDERED = frozenset(
    {
        *("services", "routes", "upstreams", "consumers", "plugins", "certificates", "snis"),
        *("hosts", "methods", "tags", "keyauth_credentials", "acls", "allow", "deny", "ssls"),
        *("clusters", "consumer_groups", "uris", "origins", "entryPoints"),
    }
)
"""Lists of files whose order means nothing, but for the gateway that goes by it."""


@dataclass(frozen=True, slots=True)
class Text:
    """A configuration: what it is called, and its text."""

    name: str
    text: str


def texts() -> Iterator[Text]:
    """The examples, the cases' models and all that gateways have of them, and the corpus."""
    for folder in ("examples", "fixtures/kong"):
        for path in sorted((ROOT / folder).glob("*.yaml")):
            yield Text(f"{folder}/{path.name}", path.read_text(encoding="utf-8"))
    for path in case_files():
        case = read_case(path)
        blocks = {block.info: block.text for one in case.sections for block in one.blocks}
        blocks |= {block.info: block.text for block in case.blocks}
        for info, text in blocks.items():
            kind, _, words = info.partition(" ")
            if kind == "yaml" and words in ("model", "kong", "apisix", "traefik", "envoy"):
                yield Text(f"{case.name} {words}.yaml", text)
    for path in sorted(CORPUS.glob("*/*")) if CORPUS.is_dir() else []:
        if path.suffix in SUFFIXES:
            yield Text(f"corpus/{path.parent.name}/{path.name}", path.read_text(encoding="utf-8"))


@cache
def read(one: Text) -> Conversion | None:
    """The model; None for what no importer takes on its own, such as parts of a file."""
    try:
        return read_gateway(read_documents(one.text, one.name))
    except GalError:
        return None


READ = [one for one in texts() if read(one) is not None]
BY_NAME = {one.name: one for one in READ}


def model(name: str) -> Conversion:
    found = read(BY_NAME[name])
    assert found is not None
    return found


def drift(old: Conversion, new: Conversion) -> Drift:
    return compare(old.gateway, new.gateway, old_provider=old.source, new_provider=new.source)


def respelled(value: Any, seed: random.Random, *, ordered: bool, key: str = "") -> Any:
    """Data with its keys in another order, and its lists where their order decides nothing."""
    if isinstance(value, dict):
        keys = list(value)
        seed.shuffle(keys)
        return {one: respelled(value[one], seed, ordered=ordered, key=str(one)) for one in keys}
    if isinstance(value, list):
        inner = [respelled(one, seed, ordered=ordered) for one in value]
        if key in UNORDERED and not ordered:
            seed.shuffle(inner)
        return inner
    return value


def _is_plain(one: Text) -> bool:
    """Whether it is YAML without templates."""
    try:
        return bool(list(yaml.safe_load_all(one.text)))
    except yaml.YAMLError:
        return False


def test_enough_of_them() -> None:
    assert len([one for one in READ if not one.name.startswith("corpus/")]) > 200


def test_the_corpus_is_there() -> None:
    if not CORPUS.is_dir():
        pytest.skip("no published files in ../shared/corpus")
    assert len([one for one in READ if one.name.startswith("corpus/")]) > 80


@pytest.mark.parametrize("name", BY_NAME)
def test_a_file_against_itself(name: str) -> None:
    again = read_gateway(read_documents(BY_NAME[name].text, name), source=model(name).source)
    assert drift(model(name), again).changes == ()


@pytest.mark.parametrize("name", BY_NAME)
def test_a_file_with_other_names(name: str) -> None:
    one = model(name)
    assert only_cosmetic(compare(one.gateway, renamed(one.gateway)))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_file_in_another_order(name: str) -> None:
    one = model(name)
    assert only_cosmetic(compare(one.gateway, shuffled(one.gateway, 7)))


@pytest.mark.parametrize("name", [one for one in BY_NAME if _is_plain(BY_NAME[one])])
def test_a_file_with_its_lines_in_another_order(name: str) -> None:
    """The text itself is written anew: keys, lists, and another style of YAML."""
    one = model(name)
    ordered = one.source in ("envoy", "gal")
    documents = [
        respelled(document, random.Random(7), ordered=ordered)
        for document in yaml.safe_load_all(BY_NAME[name].text)
    ]
    if one.source == "apisix" and _ties(one):
        pytest.skip("its routes of equal rank go by their order")
    if one.source == "traefik" and [each.origin for each in one.gateway.listeners].count(None) > 1:
        pytest.skip("without a static part its ports are assumed, in the order of their names")
    text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)
    again = read_gateway(read_documents(text, "again.yaml"), source=one.source)
    assert only_cosmetic(drift(one, again))


def _ties(one: Conversion) -> bool:
    """Whether two routes take the same requests."""
    matches = [
        (tuple(sorted(route.hosts)), tuple(path.text for path in route.paths), route.priority)
        for _, route in one.gateway.walk_routes()
    ]
    return len(matches) != len(set(matches))


CONVERSIONS = [
    (name, target) for name in BY_NAME for target in TARGETS if target != model(name).source
]


@pytest.mark.parametrize(
    ("name", "target"), CONVERSIONS, ids=[f"{name} to {target}" for name, target in CONVERSIONS]
)
def test_a_file_and_its_conversion(name: str, target: str) -> None:
    """Nothing but what the conversion has said: that is not compared, or an assumption."""
    one = model(name)
    try:
        files = write_gateway(one.gateway, target, Ledger())
    except GalError:
        pytest.skip("it cannot be said")
    found = drift(one, read_back(files, target))
    assert only_cosmetic(found)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_file_and_its_model_as_gal_writes_it(name: str) -> None:
    """GAL's own format says all that a gateway's does."""
    one = model(name)
    if one.source == "gal":
        pytest.skip("it is in that format")
    (made,) = write_gateway(one.gateway, "gal", Ledger())
    again = read_gateway(read_documents(render(made.data), "gal.yaml"), source="gal")
    found = drift(one, again)
    assert only_cosmetic(found)
    assert not found.not_compared
