"""What GAL writes for Traefik is read back: the same behaviour, and no change at a second turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gal.claims import Claims
from gal.context import ExportContext, ExportOptions, ImportContext, ImportOptions, OutputFile
from gal.convert import NOT_UNDERSTOOD
from gal.exporters import traefik as exporter
from gal.importers import gal_yaml, traefik
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))


def written(gateway: Gateway) -> list[OutputFile]:
    """The files of Traefik."""
    claims = Claims()
    report = Reporter(Ledger(), "traefik", Stage.EXPORT)
    context = ExportContext(report, claims, ExportOptions())
    return list(exporter.write(claims.view(gateway), context))


def read(files: Sequence[OutputFile]) -> tuple[Gateway, Ledger]:
    """The model of files, and the ledger with what was left unread."""
    documents = []
    for file in files:
        documents += read_documents(render(file.data, "yaml"), file.name, "yaml")
    ledger = Ledger()
    report = Reporter(ledger, "traefik", Stage.IMPORT)
    gateway = traefik.read(documents, ImportContext(report, ImportOptions()))
    for document in documents:
        for _, key, node in document.walk_untaken():
            report.at(node, Fate.DROPPED, Level.WARNING, "", NOT_UNDERSTOOD, position=key)
    return gateway, ledger


def example(path: Path) -> Gateway:
    """The model of an example."""
    documents = read_documents(path.read_text(encoding="utf-8"), path.name, "yaml")
    report = Reporter(Ledger(), "gal", Stage.IMPORT)
    return gal_yaml.read(documents, ImportContext(report, ImportOptions()))


def counted(files: Sequence[OutputFile]) -> dict[str, int]:
    """How many routers refuse everybody, how many lead on, and what asks for credentials."""
    http: dict[str, Any] = files[1].data.get("http", {})
    middlewares = http.get("middlewares", {})
    found = {"refusing": 0, "open": 0}
    for router in http.get("routers", {}).values():
        kinds = [next(iter(middlewares[one])) for one in router.get("middlewares", [])]
        refuses = router["service"] == "noop@internal" or any(
            middlewares[one].get("ipAllowList", {}).get("sourceRange") == ["255.255.255.255/32"]
            for one in router.get("middlewares", [])
        )
        found["refusing" if refuses else "open"] += 1
        for kind in kinds:
            if kind in ("basicAuth", "forwardAuth", "digestAuth"):
                found[kind] = found.get(kind, 0) + 1
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_come_back(path: Path) -> None:
    first = written(example(path))
    again, ledger = read(first)
    assert not [one for one in ledger.sorted() if one.message == NOT_UNDERSTOOD]
    assert not [one for one in ledger.sorted() if one.level is Level.ERROR]
    second = written(again)
    assert [one.data for one in written(read(second)[0])] == [one.data for one in second]
    assert second[0].data["entryPoints"] == first[0].data["entryPoints"]


# An alternative of different kinds, such as a key in a header or in a query, becomes two routers.
SPLIT = frozenset(("authentication_api_key",))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_who_may_enter_is_the_same(path: Path) -> None:
    first = counted(written(example(path)))
    second = counted(written(read(written(example(path)))[0]))
    if path.stem in SPLIT:
        assert second.pop("open") == first.pop("open") + 1
    assert second == first


RULES = {
    "host": "Host(`a.x`)",
    "host, not": "!Host(`a.x`) && !HostRegexp(`b$`)",
    "host, one label": "Host(`*.a.x`)",
    "path, not": "PathPrefix(`/a`) && !PathPrefix(`/a/b`) && !Path(`/a`)",
    "methods, not": "!Method(`GET`)",
    "address, not": "!ClientIP(`10.0.0.0/8`)",
    "header, not": "!Header(`X-A`, `1`) && !HeaderRegexp(`X-B`, `^1`)",
    "several ways": "(Host(`a`) && Path(`/a`)) || (Host(`b`) && Query(`q`, `1`))",
    "quotes": 'Path("/`") && Header(`X-A`, `"`)',
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_second_turn_changes_nothing(rule: str) -> None:
    data = {
        "http": {
            "routers": {"r": {"rule": rule, "service": "s"}},
            "services": {"s": {"loadBalancer": {"servers": [{"url": "http://a:80"}]}}},
        }
    }
    first = written(read([OutputFile("dynamic.yaml", data)])[0])
    second = written(read(first)[0])
    assert [one.data for one in second] == [one.data for one in first]
