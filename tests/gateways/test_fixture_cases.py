"""Real Envoy and real Traefik load what every case of `fixtures/` says of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gal import registry
from gal.context import OutputFile
from gal.writing import render
from tests.cases.casefile import case_files, read_case
from tests.cases.directions import blocks_of
from tests.cases.frames import whole
from tests.gateways.certificates import authority
from tests.gateways.envoy import validate
from tests.gateways.traefik import RunningTraefik

REFUSED_BY_ENVOY: dict[str, str] = {}


def cases(known: dict[str, str]) -> list[Any]:
    """Every case; those that are known to fail have to."""
    found = []
    for path in case_files():
        name = f"{path.parent.name}/{path.stem}"
        marks = [pytest.mark.xfail(reason=known[name])] if name in known else []
        found.append(pytest.param(path, id=name, marks=marks))
    return found


PLACE = re.compile(r"/etc/gateway/\w+\.(crt|key)")
"""Where the cases have certificates."""


def files_of(path: Path, provider: str) -> list[OutputFile]:
    """What a case says of a provider, whether it can be said whole or is closed."""
    case = read_case(path)
    if provider not in registry.exporters():
        pytest.skip("exporter not registered")
    blocks = blocks_of(case, provider, "yaml model -> ") or blocks_of(case, provider)
    if not blocks:
        pytest.skip("cannot be said")
    return whole(provider, blocks)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Files to read instead of those that the cases name."""
    folder = tmp_path_factory.mktemp("certificates")
    issued = authority().issue("api.example.com")
    found = {}
    for suffix, text in (("crt", issued.chain), ("key", issued.key)):
        (folder / f"made.{suffix}").write_text(text, encoding="utf-8")
        found[suffix] = str(folder / f"made.{suffix}")
    return found


def placed(file: OutputFile, certificates: dict[str, str]) -> dict[str, Any]:
    """The data of a file, with certificates that are there."""
    text = PLACE.sub(lambda found: certificates[found.group(1)], render(file.data))
    return dict(yaml.safe_load(text))


@pytest.mark.gateway
@pytest.mark.parametrize("path", cases(REFUSED_BY_ENVOY))
def test_envoy_loads_it(path: Path, certificates: dict[str, str]) -> None:
    assert validate(render(placed(files_of(path, "envoy")[-1], certificates))) is None


@pytest.mark.gateway
@pytest.mark.parametrize("path", cases({}))
def test_traefik_loads_it(path: Path, certificates: dict[str, str]) -> None:
    files = [
        OutputFile(file.name, placed(file, certificates)) for file in files_of(path, "traefik")
    ]
    with RunningTraefik(files) as traefik:
        assert traefik.errors() == []
