"""The same input gives the same bytes in every process, whatever its hash seed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.importers.kong.test_every_field import WHOLE

SHOP = Path(__file__).parents[2] / "fixtures" / "kong" / "shop.yaml"


@pytest.mark.parametrize("target", ["envoy", "gal"])
@pytest.mark.parametrize("text", [SHOP.read_text(encoding="utf-8"), WHOLE], ids=["shop", "all"])
def test_hash_seeds(text: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text(text, encoding="utf-8")
    outputs = set()
    for seed in ("1", "2", "3"):
        command = [sys.executable, "-m", "gal", "convert", "in.yaml", "--to", target, "-v"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1), done.stderr
        outputs.add((done.stdout, done.stderr))
    assert len(outputs) == 1
