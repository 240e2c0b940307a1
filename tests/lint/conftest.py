"""Every test of the linter runs in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.lint.options import codes_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def known_words() -> None:
    """Tests have rules of their own, which the words of the one before do not name."""
    codes_of.cache_clear()
