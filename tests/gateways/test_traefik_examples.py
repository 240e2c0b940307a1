"""Real Traefik loads what comes of every example, without an error in its API."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exporters.traefik.exported import exported
from tests.gateways.traefik import RunningTraefik

FOLDER = Path(__file__).parent.parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.yaml"))
REFUSED = {"authentication_jwt", "authentication_oauth2"}
"""What Traefik cannot do: their routes refuse everybody, and the ledger says so."""


@pytest.mark.gateway
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_traefik_loads_it(path: Path) -> None:
    made = exported(path.read_text(encoding="utf-8"))
    errors = [entry for entry in made.entries if entry[0] == "error"]
    assert bool(errors) is (path.stem in REFUSED)
    with RunningTraefik(made.files) as traefik:
        assert traefik.errors() == []
