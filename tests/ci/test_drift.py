"""`ci/drift.sh` on real repositories: sides, exit codes, and values that are no commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.conftest import Run, git

GUARDED = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal:8080
  routes:
  - {name: shop, paths: [/shop]}
  plugins:
  - name: key-auth
"""
OPEN = GUARDED.partition("  plugins:")[0]
SLOWER = GUARDED.replace("  routes:", "  connect_timeout: 9000\n  routes:")
RENAMED = GUARDED.replace("name: shop, paths", "name: other, paths")
EXPECTED = """\
[[expect]]
id = "D080"
field = "timeout.connect"
object = "*"
reason = "the upstream is slow to answer"
"""


def repository(folder: Path, name: str, old: str | None, new: str | None) -> str:
    """A repository with a first commit and what is there now; gives the first commit."""
    folder.mkdir(parents=True)
    git("init", "-q", folder=folder)
    (folder / "README.md").write_text("x", encoding="utf-8")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for text in (old, new):
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, encoding="utf-8")
        git("add", "-A", folder=folder)
        git("commit", "-q", "--allow-empty", "-m", "x", folder=folder)
    return git("rev-parse", "HEAD^", folder=folder)


SIDES = {
    "nothing changed": (GUARDED, GUARDED, 0, "no change"),
    "an access control is gone": (GUARDED, OPEN, 1, "D010"),
    "another timeout": (GUARDED, SLOWER, 0, "D080"),
    "another name": (GUARDED, RENAMED, 0, "cosmetic"),
    "cannot be read": (GUARDED, "services: [", 2, "could not compare"),
    "a new file": (None, GUARDED, 0, "The configuration is new"),
    "a deleted file": (GUARDED, None, 2, "could not compare"),
    "neither": (None, None, 2, "neither side has the configuration"),
}


@pytest.mark.parametrize(("old", "new", "code", "said"), SIDES.values(), ids=SIDES)
def test_two_commits(
    old: str | None, new: str | None, code: int, said: str, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "kong.yaml", old, new)
    done = run("drift.sh", folder=folder, GAL_PATH="kong.yaml", GAL_BASE=base)
    report = (folder / "gal-drift.md").read_text(encoding="utf-8")
    assert done.returncode == code, done.stderr
    assert report.startswith("<!-- gal-drift -->\n")
    assert said in report


NAMES = [
    "a folder/kong file.yaml",
    "$(touch hacked).yaml",
    "`touch hacked`;'\"&|.yaml",
    "-o.yaml",
    "*.yaml",
    "größe.yaml",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_names(name: str, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    base = repository(folder, name, GUARDED, OPEN)
    before = {path.name for path in folder.iterdir()}
    done = run("drift.sh", folder=folder, GAL_PATH=name, GAL_BASE=base)
    assert done.returncode == 1, done.stderr
    assert "D010" in (folder / "gal-drift.md").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == before | {"gal-drift.md"}


@pytest.mark.parametrize("path", ["gateways", "./gateways/", "."])
def test_a_folder(path: str, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "gateways/kong.yaml", GUARDED, OPEN)
    done = run("drift.sh", folder=folder, GAL_PATH=path, GAL_BASE=base)
    assert done.returncode == 1, done.stderr


@pytest.mark.parametrize("base", ["first", "a branch"])
def test_a_base_that_the_checkout_lacks_is_fetched(base: str, run: Run, tmp_path: Path) -> None:
    origin, folder = tmp_path / "origin", tmp_path / "work"
    commit = repository(origin, "kong.yaml", GUARDED, OPEN)
    git("branch", "release", commit, folder=origin)
    git("config", "uploadpack.allowAnySHA1InWant", "true", folder=origin)
    git("clone", "-q", "--depth=1", "--branch=main", origin.as_uri(), str(folder), folder=tmp_path)
    done = run(
        "drift.sh",
        folder=folder,
        GAL_PATH="kong.yaml",
        GAL_BASE=commit if base == "first" else "release",
    )
    assert done.returncode == 1, done.stderr
    assert "D010" in (folder / "gal-drift.md").read_text(encoding="utf-8")


OPTIONS = [
    pytest.param({"GAL_FAIL_ON": "any"}, 1, id="anything fails"),
    pytest.param({"GAL_FAIL_ON": "never"}, 0, id="nothing fails"),
    pytest.param({"GAL_FAIL_ON": "$(touch hacked)"}, 2, id="no level"),
    pytest.param({"GAL_FAIL_ON": "any", "GAL_EXPECTED": "my drift.toml"}, 0, id="expected"),
    pytest.param({"GAL_FROM_NEW": "no-format"}, 2, id="no format"),
    pytest.param({"GAL_BASE": ""}, 2, id="no base"),
    pytest.param({"GAL_BASE": "--upload-pack=touch hacked"}, 2, id="an option for a base"),
    pytest.param({"GAL_BASE": "0" * 40}, 0, id="a branch that was not there"),
    pytest.param({"GAL_BASE": "no-such-commit"}, 2, id="no such base"),
    pytest.param({"GAL_NEW": "kong.yaml"}, 2, id="path and sides"),
    pytest.param({"GAL_PATH": "", "GAL_OLD": "kong.yaml"}, 2, id="one side"),
    pytest.param({"GAL": "no-such-command"}, 127, id="GAL is not installed"),
    pytest.param(
        {"GAL_PATH": "", "GAL_OLD": "git:HEAD^:kong.yaml", "GAL_NEW": "kong.yaml"},
        0,
        id="sides",
    ),
]


@pytest.mark.parametrize(("settings", "code"), OPTIONS)
def test_options(settings: dict[str, str], code: int, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "kong.yaml", GUARDED, SLOWER)
    (folder / "my drift.toml").write_text(EXPECTED, encoding="utf-8")
    done = run("drift.sh", folder=folder, **{"GAL_PATH": "kong.yaml", "GAL_BASE": base, **settings})
    report = (folder / "gal-drift.md").read_text(encoding="utf-8")
    assert done.returncode == code, done.stderr
    assert report.startswith("<!-- gal-drift -->\n### Gateway drift\n")
    assert not list(tmp_path.rglob("hacked"))


def test_a_report_of_an_earlier_run_is_not_shown_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gal-drift.md").write_text("no change", encoding="utf-8")
    done = run("drift.sh", GAL_OLD="missing.yaml", GAL_NEW="missing.yaml", GAL="false")
    assert done.returncode == 1
    assert "wrote no report" in (tmp_path / "gal-drift.md").read_text(encoding="utf-8")
