"""Same in, same out: what a provider's files are read as gives the same files again.

The first trip may settle spellings; from the second on nothing changes at all.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gal import registry
from gal.context import OutputFile
from gal.convert import convert, write_gateway
from gal.ledger import Ledger
from gal.reading import read_documents
from gal.writing import render
from tests.cases.casefile import case_files, read_case
from tests.cases.directions import gateway_of

FILES = case_files()
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]
PROVIDERS = sorted(set(registry.importers()) & set(registry.exporters()))


def again(files: list[OutputFile], provider: str) -> list[OutputFile]:
    """The files that come of reading files."""
    documents = [
        document
        for file in files
        for document in read_documents(render(file.data), file.name)
        if registry.importer(provider).recognise(document)
    ]
    return convert(documents, provider, source=provider).files


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_second_trip_changes_nothing(path: Path, provider: str) -> None:
    text = read_case(path).find("yaml model") or ""
    first = again(write_gateway(gateway_of(text), provider, Ledger()), provider)
    second = again(first, provider)
    assert [render(file.data) for file in second] == [render(file.data) for file in first]
