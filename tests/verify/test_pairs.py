"""The same requests to a gateway and to its conversion, both running: Envoy and Traefik, each to
the other and to itself, for every case of `fixtures/`.

A conversion to the same gateway changes nothing at all. To the other one it may differ where the
ledger says so.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.context import OutputFile
from gal.convert import convert, write_gateway
from gal.ledger import Ledger, Level
from gal.reading import Document, read_documents
from gal.verify.gateways import Startable
from gal.verify.gateways.envoy import EnvoyFile
from gal.verify.gateways.traefik import TraefikFiles
from gal.verify.verification import Bounds, Participant, Verification, verify
from gal.writing import render
from tests.cases.casefile import case_files, read_case
from tests.cases.directions import gateway_of
from tests.gateways.processes import binary

FILES = case_files()
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]
GATEWAYS = ("envoy", "traefik")


def startable(files: list[OutputFile], gateway: str, folder: Path) -> Startable:
    """Files that were written for a gateway, to be started."""
    data = {one.name: one.data for one in files}
    if gateway == "envoy":
        return EnvoyFile(data["envoy.yaml"], folder)
    return TraefikFiles(data["traefik.yaml"], data["dynamic.yaml"], folder)


def documents(files: list[OutputFile]) -> list[Document]:
    """The same files, read as a user's."""
    return [one for file in files for one in read_documents(render(file.data), file.name)]


def compared(text: str, source: str, target: str, folder: Path) -> tuple[Verification, bool]:
    """What comes of the probes, and whether the ledger says that something differs."""
    files = write_gateway(gateway_of(text), source, Ledger())
    done = convert(documents(files), target, source=source)
    one = Participant(source, done.gateway, startable(files, source, folder))
    other = Participant(target, done.gateway, startable(done.files, target, folder))
    told = any(entry.level is not Level.INFO for entry in done.ledger)
    return verify(one, other, Bounds(probes=200, step=2.0)), told


@pytest.mark.gateway
@pytest.mark.parametrize("target", GATEWAYS)
@pytest.mark.parametrize("source", GATEWAYS)
@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_conversion_does_what_its_source_does(
    path: Path, source: str, target: str, tmp_path: Path
) -> None:
    binary(source)
    binary(target)
    text = read_case(path).find("yaml model") or ""
    if "_file:" in text:
        pytest.skip("the case names certificate files that are not here")
    result, told = compared(text, source, target, tmp_path)
    assert result.ways == ("started", "started")
    if told and source != target:
        return
    assert [(one.probe.about, one.messages) for one in result.disagreements] == []
