"""Files are written whole or not at all, and what is no file stays what it is."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from gal.errors import UsageError
from gal.writing import write_atomically


@pytest.mark.parametrize(
    ("before", "private", "after"),
    [
        (None, True, 0o600),
        (0o644, True, 0o600),
        (0o640, False, 0o640),
        (0o755, False, 0o755),
    ],
)
def test_permissions(before: int | None, private: bool, after: int, tmp_path: Path) -> None:
    path = tmp_path / "kong.yaml"
    if before is not None:
        path.write_text("old", encoding="utf-8")
        path.chmod(before)
    write_atomically(path, "new", private=private)
    assert path.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == after
    assert os.listdir(tmp_path) == ["kong.yaml"]


@pytest.mark.parametrize("private", [True, False])
def test_a_link_stays_one(private: bool, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "kong.yaml"
    link.symlink_to("real/kong.yaml")
    write_atomically(link, "new", private=private)
    assert link.is_symlink()
    assert (tmp_path / "real/kong.yaml").read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("private", [True, False])
def test_a_pipe_is_written_to(private: bool, tmp_path: Path) -> None:
    """A device is as well: an administrator who writes to /dev/null still has one after it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    write_atomically(pipe, "new", private=private)
    reader.join(10)
    assert seen == ["new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("none/kong.yaml", "No such file or directory"),
        ("folder", "Is a directory"),
        ("circle", ""),
    ],
)
def test_where_nothing_can_be_written(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    path = tmp_path / name
    with pytest.raises(UsageError, match=f"cannot write {path}: .*{why}"):
        write_atomically(path, "new")
    assert sorted(os.listdir(tmp_path)) == ["circle", "folder"]
