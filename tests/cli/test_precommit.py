"""The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit on a repository of its own.

The environment that pre-commit would build for a hook is left out: `language: system` runs the
`gal` that is tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
BIN = Path(sys.executable).parent

RISKY = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal
  routes:
  - {name: shop, paths: [/shop]}
  plugins:
  - name: cors
    config:
      origins: ["*"]
      credentials: true
"""
BROKEN = '_format_version: "3.0"\nservices: 5\n'
OTHER = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"
VALUES = "image: {tag: x}\n"
TEMPLATE = "{{- if .Values.on }}\na: [{{ .Values.a }}\n{{- end }}\n"

ROWS = [
    ("gal-lint", {"kong.yaml": RISKY, "other.yaml": OTHER}, 1, "kong.yaml:11:7: high[GAL001]"),
    ("gal-lint", {"other.yaml": OTHER, "values.yaml": VALUES, "README.md": "x"}, 0, "Passed"),
    ("gal-lint", {"templates/a.yaml": TEMPLATE}, 0, "Passed"),
    ("gal-lint", {"kong.yaml": BROKEN}, 1, "kong.yaml:2:11:"),
    ("gal-lint-fix", {"kong.yaml": RISKY}, 1, "GAL001"),
    ("gal-validate", {"kong.yaml": RISKY, "other.yaml": OTHER}, 0, "Passed"),
    ("gal-validate", {"templates/a.yaml": TEMPLATE}, 0, "Passed"),
    ("gal-validate", {"kong.yaml": BROKEN}, 1, "kong.yaml:2:11:"),
]


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(folder.parent / "cache"),
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    return subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    run("git", "init", "-q", folder=folder)
    local = [{**hook, "language": "system"} for hook in HOOKS]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("hook", "files", "code", "said"),
    [pytest.param(*row, id=f"{row[0]}-{number}") for number, row in enumerate(ROWS)],
)
def test_a_hook(hook: str, files: dict[str, str], code: int, said: str, repository: Path) -> None:
    for name, text in files.items():
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    run("git", "add", ".", folder=repository)
    done = run(sys.executable, "-m", "pre_commit", "run", hook, "--color=never", folder=repository)
    assert said in done.stdout, done.stdout + done.stderr
    assert done.returncode == code


def test_pre_commit_accepts_the_manifest() -> None:
    done = run(
        sys.executable,
        *("-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"),
        folder=ROOT,
    )
    assert done.returncode == 0, done.stdout
