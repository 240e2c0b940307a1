"""Reading Traefik files of all kinds for the tables of tests: the model, and the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from gal.codec import decode, encode
from gal.context import ImportContext, ImportOptions
from gal.convert import NOT_UNDERSTOOD
from gal.errors import InputError
from gal.importers import traefik
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render

WAITS: dict[str, Any] = {
    "retry": {"attempts": 0},
    "timeout": {"connect": "30s", "send": "0s", "read": "0s"},
}
"""What an upstream has by Traefik's own defaults."""

SERVICE = "  services: {s: {loadBalancer: {servers: [{url: 'http://a:80'}]}}}\n"


def read(*texts: str) -> tuple[Gateway, Ledger]:
    """The model of one or several files, and the ledger with what was left unread."""
    documents = []
    for number, text in enumerate(texts, 1):
        if text.startswith("["):
            documents += read_documents(text, f"file-{number}.toml", "toml")
        else:
            documents += read_documents(text, f"file-{number}.yaml", "yaml")
    ledger = Ledger()
    report = Reporter(ledger, "traefik", Stage.IMPORT)
    gateway = traefik.read(documents, ImportContext(report, ImportOptions()))
    for document in documents:
        for _, key, node in document.walk_untaken():
            report.at(node, Fate.DROPPED, Level.WARNING, "", NOT_UNDERSTOOD, position=key)
    return gateway, ledger


def model(*texts: str) -> dict[str, Any]:
    """The model as GAL's YAML has it, which has to be read back as the same model."""
    gateway, _ = read(*texts)
    plain = encode(gateway)
    written = read_documents(render(plain, "yaml"), "gal.yaml", "yaml")[0]
    assert decode(written.root, Gateway) == gateway
    return plain


def routes(*texts: str) -> list[dict[str, Any]]:
    """The routes of the model."""
    found: list[dict[str, Any]] = model(*texts).get("routes", [])
    return found


def said(*texts: str) -> list[str]:
    """What the ledger says beyond `exact`: `LEVEL FATE PATH: MESSAGE`."""
    return [
        f"{entry.level.value} {entry.fate.value} {entry.path}: {entry.message}"
        for entry in read(*texts)[1].sorted()
        if entry.fate is not Fate.EXACT
    ]


def refusal(*texts: str) -> str:
    """`LINE:COLUMN: MESSAGE` of the error that a file gives."""
    with pytest.raises(InputError) as caught:
        read(*texts)
    position = caught.value.position
    assert position is not None
    return f"{position.line}:{position.column}: {caught.value.message}"


def routers(*lines: str, points: str = "entryPoints: {web: {address: ':80'}}\n") -> str:
    """A file with routers, each written as YAML in one line."""
    below = "".join(f"    {line}\n" for line in lines)
    return f"{points}http:\n  routers:\n{below}{SERVICE}"
