"""One router with middlewares, or one service, read for the tables of tests."""

from __future__ import annotations

import json
from typing import Any

from gal.codec import decode, encode
from gal.context import ImportContext, ImportOptions
from gal.convert import NOT_UNDERSTOOD
from gal.importers import traefik
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render

SERVICES = "s: {loadBalancer: {servers: [{url: 'http://a:80'}]}}"
RULE = "PathPrefix(`/api`)"


def read(text: str, options: ImportOptions | None = None) -> tuple[Gateway, Ledger]:
    """The model of a file, and the ledger with what was left unread."""
    documents = read_documents(text, "dynamic.yaml", "yaml")
    ledger = Ledger()
    report = Reporter(ledger, "traefik", Stage.IMPORT)
    gateway = traefik.read(documents, ImportContext(report, options or ImportOptions()))
    for document in documents:
        for _, key, node in document.walk_untaken():
            report.at(node, Fate.DROPPED, Level.WARNING, "", NOT_UNDERSTOOD, position=key)
    return gateway, ledger


def file(*middlewares: str, services: str = SERVICES, rule: str = RULE, router: str = "") -> str:
    """A file with one router to the service `s`; the middlewares, written as YAML in one line, are
    `m1`, `m2` and so on.
    """
    names = [f"m{number}" for number in range(1, len(middlewares) + 1)]
    defined = "".join(
        f"    {name}: {text}\n" for name, text in zip(names, middlewares, strict=True)
    )
    return (
        "http:\n  routers:\n    r:\n"
        f"      rule: {json.dumps(rule)}\n      service: s\n"
        + (f"      middlewares: [{', '.join(names)}]\n" if names else "")
        + (f"      {router}\n" if router else "")
        + (f"  middlewares:\n{defined}" if names else "")
        + "  services:\n"
        + "".join(f"    {line}\n" for line in services.splitlines())
    )


def model(text: str) -> dict[str, Any]:
    """The model as GAL's YAML has it, which has to be read back as the same model."""
    gateway, _ = read(text)
    plain = encode(gateway)
    written = read_documents(render(plain, "yaml"), "gal.yaml", "yaml")[0]
    assert decode(written.root, Gateway) == gateway
    return plain


def route(text: str) -> dict[str, Any]:
    """The only route, without what its router says: name, upstream, path, priority, ports."""
    found = dict(model(text)["routes"][0])
    for key in ("name", "upstream", "path_prefix", "priority", "destinations", "id"):
        found.pop(key, None)
    return found


def policies(*middlewares: str, **more: str) -> dict[str, Any]:
    """What middlewares make of the route."""
    return route(file(*middlewares, **more))


def said(text: str, below: str = "http.") -> list[str]:
    """The entries of the ledger below a path: `LEVEL FATE PATH: MESSAGE`."""
    return [
        f"{entry.level.value} {entry.fate.value} {entry.path.removeprefix(below)}: {entry.message}"
        for entry in read(text)[1].sorted()
        if entry.path.startswith(below)
    ]


def fates(*middlewares: str, **more: str) -> list[str]:
    """Level, fate and path of what the ledger says of middlewares."""
    entries = said(file(*middlewares, **more), "http.middlewares.")
    return [entry.partition(": ")[0] for entry in entries]
