"""Reading APISIX files for the tables of tests: the model as plain data, and the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from gal.codec import decode, encode
from gal.context import ImportContext, ImportOptions
from gal.convert import NOT_UNDERSTOOD
from gal.errors import InputError
from gal.importers import apisix
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render


def read(*texts: str, options: ImportOptions | None = None) -> tuple[Gateway, Ledger]:
    """The model of one or several files, and the ledger with what was left unread."""
    documents = []
    for number, text in enumerate(texts, 1):
        is_json = text.lstrip().startswith(("{", "["))
        documents += read_documents(text, f"apisix-{number}", "json" if is_json else "yaml")
    ledger = Ledger()
    report = Reporter(ledger, "apisix", Stage.IMPORT)
    gateway = apisix.read(documents, ImportContext(report, options or ImportOptions()))
    for document in documents:
        for _, key, node in document.walk_untaken():
            report.at(node, Fate.DROPPED, Level.WARNING, "", NOT_UNDERSTOOD, position=key)
    return gateway, ledger


def model(*texts: str, options: ImportOptions | None = None) -> dict[str, Any]:
    """The model as GAL's YAML has it, which has to be read back as the same model."""
    gateway, _ = read(*texts, options=options)
    plain = encode(gateway)
    written = read_documents(render(plain, "yaml"), "gal.yaml", "yaml")[0]
    assert decode(written.root, Gateway) == gateway
    return plain


def said(*texts: str) -> list[str]:
    """The entries of the ledger: `LEVEL FATE PATH: MESSAGE`."""
    return [
        f"{entry.level.value} {entry.fate.value} {entry.path}: {entry.message}"
        for entry in read(*texts)[1].sorted()
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
    """`LINE:COLUMN: MESSAGE` of the error that a file gives."""
    with pytest.raises(InputError) as caught:
        read(*texts)
    position = caught.value.position
    assert position is not None
    return f"{position.line}:{position.column}: {caught.value.message}"


def route(fields: str) -> str:
    """A file with one route to one target; the fields are written as YAML in one line."""
    return f"routes: [{{uri: /x, upstream: {{nodes: {{'a:80': 1}}}}, {fields}}}]"


def plugin(name: str, config: str) -> str:
    """A file with one route that has one plugin."""
    return route(f"plugins: {{{name}: {config}}}")
