"""Reading Kong files for the tables of tests: the model as plain data, and what the ledger says."""

from __future__ import annotations

from typing import Any

import pytest

from gal.codec import encode
from gal.convert import Conversion, read_gateway
from gal.errors import InputError
from gal.reading import read_documents

HEAD = '_format_version: "3.0"\n'


def read(*texts: str) -> Conversion:
    """The conversion of one or several files; one without a version gets 3.0."""
    documents = []
    for number, text in enumerate(texts, 1):
        whole = text if text.lstrip().startswith(("_format_version", "{")) else HEAD + text
        documents += read_documents(whole, f"kong-{number}.yaml", "yaml")
    return read_gateway(documents, source="kong")


def model(*texts: str) -> dict[str, Any]:
    """The model as GAL's YAML has it."""
    return encode(read(*texts).gateway)


def said(*texts: str) -> list[str]:
    """The entries of the ledger: `LEVEL FATE PATH: MESSAGE`."""
    return [
        f"{entry.level.value} {entry.fate.value} {entry.path}: {entry.message}"
        for entry in read(*texts).ledger.sorted()
    ]


def fragment(data: Any, path: str) -> Any:
    """A part of plain data, by a path such as `services.0.name`; None where there is none."""
    for step in filter(None, path.split(".")):
        if isinstance(data, list):
            data = data[int(step)] if int(step) < len(data) else None
        else:
            data = None if data is None else data.get(step)
    return data


def refusal(*texts: str) -> str:
    """`LINE:COLUMN: MESSAGE` of the error that a file gives; lines count without the version."""
    with pytest.raises(InputError) as caught:
        read(*texts)
    position = caught.value.position
    assert position is not None
    line = position.line - (0 if texts[-1].lstrip().startswith("_format_version") else 1)
    return f"{line}:{position.column}: {caught.value.message}"
