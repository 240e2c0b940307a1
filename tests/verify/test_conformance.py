"""What the model says of a case is what the real gateways do with its conversion.

Every case of `fixtures/` is written for Envoy and for Traefik, both are started, and every probe
that the case gives has to come out as `gal trace` tells. Where the ledger says that something is
approximated, dropped or closed, the gateway may differ.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.convert import write_gateway
from gal.ledger import Ledger, Level
from gal.verify.gateways import Startable
from gal.verify.gateways.envoy import EnvoyFile
from gal.verify.gateways.traefik import TraefikFiles
from gal.verify.verification import Bounds, Participant, verify
from tests.cases.casefile import case_files, read_case
from tests.cases.directions import gateway_of
from tests.gateways.processes import binary

FILES = case_files()
TARGETS = ("envoy", "traefik")
NAMES = [f"{path.parent.name}/{path.stem}" for path in FILES]


@pytest.mark.gateway
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_gateway_does_what_the_trace_tells(path: Path, target: str, tmp_path: Path) -> None:
    binary(target)
    text = read_case(path).find("yaml model") or ""
    if "_file:" in text:
        pytest.skip("the case names certificate files that are not here")
    ledger = Ledger()
    files = {one.name: one.data for one in write_gateway(gateway_of(text), target, ledger)}
    startable: Startable
    if target == "envoy":
        startable = EnvoyFile(files["envoy.yaml"], tmp_path)
    else:
        startable = TraefikFiles(files["traefik.yaml"], files["dynamic.yaml"], tmp_path)
    model = Participant("model", gateway_of(text), None, "it is a model")
    gateway = Participant(target, gateway_of(text), startable)
    result = verify(model, gateway, Bounds(probes=300, step=2.0))
    assert result.ways[1] == "started"
    if any(entry.level is not Level.INFO for entry in ledger):
        return
    assert [(one.probe.about, one.messages) for one in result.disagreements] == []
