"""`ci/gitlab-drift.yml`: its script, run for real."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.ci.conftest import ROOT, TOKEN, Api, Done, clean
from tests.ci.test_drift import GUARDED, OPEN, SLOWER, repository

JOB = yaml.safe_load((ROOT / "ci" / "gitlab-drift.yml").read_text(encoding="utf-8"))[".gal-drift"]


def run(folder: Path, api: Api, base: str, **more: str) -> Done:
    """The job's script in one shell, with its variables and those of GitLab."""
    builds = folder.parent / "builds"
    builds.mkdir()
    (builds / "gal").symlink_to(ROOT)
    given = {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": api.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_JOB_NAME_SLUG": "gal-drift",
        "CI_BUILDS_DIR": str(builds),
        "GAL_TOKEN": TOKEN,
        "GAL": str(Path(sys.executable).parent / "gal"),
    }
    own = {
        name: re.sub(r"\$(\w+)", lambda found: given[found[1]], text)
        for name, text in JOB["variables"].items()
    }
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(JOB["script"])],
        cwd=folder,
        env={**clean(folder.parent), **given, **own, **more},
        capture_output=True,
        text=True,
        check=False,
    )


ENDS = {
    "nothing changed": (GUARDED, GUARDED, {}, 0, "no change"),
    "an access control is gone": (GUARDED, OPEN, {}, 1, "D010"),
    "a change that fails as asked": (GUARDED, SLOWER, {"GAL_FAIL_ON": "any"}, 1, "D080"),
    "cannot be read": (GUARDED, "services: [", {}, 2, "could not compare"),
}


@pytest.mark.parametrize(("old", "new", "more", "code", "said"), ENDS.values(), ids=ENDS)
def test_the_script(
    old: str, new: str, more: dict[str, str], code: int, said: str, api: Api, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "kong file.yaml", old, new)
    done = run(folder, api, base, GAL_PATH="kong file.yaml", **more)
    assert done.returncode == code, done.stderr
    (note,) = api.comments
    assert note["body"].startswith("<!-- gal-drift:gal-drift -->\n")
    assert said in note["body"]
    assert said in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(("statuses", "token"), [({"GET": 401}, TOKEN), ({}, "")])
def test_without_a_note_the_exit_code_counts(
    statuses: dict[str, int], token: str, api: Api, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "kong.yaml", GUARDED, OPEN)
    api.statuses.update(statuses)
    done = run(folder, api, base, GAL_PATH="kong.yaml", GAL_TOKEN=token)
    assert (done.returncode, api.comments) == (1, [])
    assert "warning: no comment: " in done.stderr
    assert "D010" in done.stdout


def test_values_are_quoted() -> None:
    script = [*JOB["before_script"], *JOB["script"]]
    unquoted = re.sub(r"\"[^\"]*\"", "", " ".join(script))
    assert "$" not in unquoted.replace("code=$?", "")
