"""`action.yml`: its inputs are documented, values reach the shell by the environment only, and its
steps, run for real, post the report and end as `gal drift` does.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.conftest import BOT, ROOT, TOKEN, Api, Done, clean, git
from tests.ci.test_drift import GUARDED, OPEN, SLOWER, repository

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
EXPRESSION = re.compile(r"\$\{\{ (.*?) \}\}")


def test_it_is_a_composite_action() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" for step in STEPS)
    assert all("uses" not in step for step in STEPS)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_no_value_is_part_of_a_command(step: dict[str, Any]) -> None:
    assert "${{" not in step["run"]
    unquoted = re.sub(r"\"[^\"]*\"|'[^']*'", "", step["run"])
    assert "$" not in unquoted.replace("code=$?", "").replace("stop=$(", "")


def test_every_input_is_used() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", str(ACTION["runs"])))
    assert used == set(ACTION["inputs"])


def test_the_documentation_has_every_input_and_output() -> None:
    found = re.findall(r"^\| `([\w-]+)` \|(.*?)\|", PAGE, re.MULTILINE)
    rows = {name: cell.strip() for name, cell in found}
    names = [*ACTION["inputs"], *ACTION["outputs"]]
    assert [name for name in rows if name in names] == names
    for name, given in ACTION["inputs"].items():
        default = str(given["default"])
        shown = f"`{default}`" if default and "${{" not in default else ""
        assert rows[name] == shown, name


def test_no_input_is_required_and_all_say_what_they_are() -> None:
    for given in ACTION["inputs"].values():
        assert given["description"]
        assert "required" not in given


# -- its steps


class Workflow:
    """A run of the action's steps, as the runner makes it."""

    def __init__(self, folder: Path, api: Api, base: str, inputs: dict[str, str]) -> None:
        self.folder, self.temp = folder, folder.parent / "runner temp"
        (self.temp / "gal" / "bin").mkdir(parents=True)
        for name in ("gal", "python"):
            own = Path(sys.executable).parent / name
            (self.temp / "gal" / "bin" / name).symlink_to(own)
        self.summary, self.output = self.temp / "summary", self.temp / "output"
        defaults = {name: str(given["default"]) for name, given in ACTION["inputs"].items()}
        defaults["token"] = TOKEN
        self.values = {f"inputs.{name}": text for name, text in {**defaults, **inputs}.items()}
        asked = self.values["inputs.comment"] == "true"
        self.values |= {
            "runner.temp": str(self.temp),
            "inputs.base || github.event.pull_request.base.sha || github.event.before": (
                inputs.get("base") or base
            ),
            "inputs.comment == 'true' && github.event.pull_request.number || ''": (
                "7" if asked else ""
            ),
        }
        self.environment = {
            **clean(folder.parent),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": api.url,
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
            "RUNNER_TEMP": str(self.temp),
        }

    def evaluated(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self.values[found[1]], text)

    def step(self, step: dict[str, Any]) -> Done:
        environment = {name: self.evaluated(text) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if self.output.is_file():
            for line in self.output.read_text(encoding="utf-8").splitlines():
                name, _, value = line.partition("=")
                self.values[f"steps.{step.get('id')}.outputs.{name}"] = value
            self.output.unlink()
        return done

    def run(self) -> list[Done]:
        """Every step but the installation, until one fails."""
        done: list[Done] = []
        for step in STEPS[1:]:
            done.append(self.step(step))
            if done[-1].returncode:
                break
        return done


ENDS = {
    "nothing changed": (GUARDED, GUARDED, {}, 0, "no change"),
    "an access control is gone": (GUARDED, OPEN, {}, 1, "D010"),
    "a change that does not fail": (GUARDED, SLOWER, {}, 0, "D080"),
    "a change that fails as asked": (GUARDED, SLOWER, {"fail-on": "any"}, 1, "D080"),
    "cannot be read": (GUARDED, "services: [", {}, 2, "could not compare"),
    "a hostile option": (GUARDED, OPEN, {"fail-on": '"; touch hacked; "'}, 2, "no report"),
    "a hostile name": (GUARDED, OPEN, {"base": "$(touch hacked)"}, 2, "cannot be fetched"),
}


@pytest.mark.parametrize(("old", "new", "inputs", "code", "said"), ENDS.values(), ids=ENDS)
def test_the_comment_comes_before_the_exit_code(
    old: str, new: str, inputs: dict[str, str], code: int, said: str, api: Api, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "gateways/kong $(touch hacked).yaml", old, new)
    path = {"path": "gateways/kong $(touch hacked).yaml"}
    workflow = Workflow(folder, api, base, path | inputs)
    done = workflow.run()
    assert [one.returncode for one in done] == [0, 0, code]
    assert workflow.values["steps.drift.outputs.exit-code"] == str(code)
    (comment,) = api.comments
    assert said in comment["body"].replace("\\", "")
    assert workflow.summary.read_text(encoding="utf-8") == comment["body"]
    assert TOKEN not in "".join(one.stdout + one.stderr for one in done)
    assert not list(tmp_path.rglob("hacked"))


def test_the_second_run_updates_the_comment(api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "kong.yaml", GUARDED, OPEN)
    assert [one.returncode for one in Workflow(folder, api, base, {"path": "kong.yaml"}).run()] == [
        *(0, 0, 1)
    ]
    (folder / "kong.yaml").write_text(GUARDED, encoding="utf-8")
    again = Workflow(tmp_path / "again" / "work", api, base, {"path": "kong.yaml"})
    git("clone", "-q", str(folder), str(again.folder), folder=tmp_path)
    (again.folder / "kong.yaml").write_text(GUARDED, encoding="utf-8")
    assert [one.returncode for one in again.run()] == [0, 0, 0]
    assert [("no change" in one["body"], one["user"]["login"]) for one in api.comments] == [
        (True, BOT)
    ]


@pytest.mark.parametrize(
    ("inputs", "statuses"),
    [({"comment": "false"}, {}), ({}, {"GET": 403}), ({"token": ""}, {})],
    ids=["not asked for", "a fork", "no token"],
)
def test_without_a_comment_the_summary_has_the_report(
    inputs: dict[str, str], statuses: dict[str, int], api: Api, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    base = repository(folder, "kong.yaml", GUARDED, OPEN)
    api.statuses.update(statuses)
    workflow = Workflow(folder, api, base, {"path": "kong.yaml", **inputs})
    assert [one.returncode for one in workflow.run()] == [0, 0, 1]
    assert api.comments == []
    assert "D010" in workflow.summary.read_text(encoding="utf-8")


def test_what_a_file_says_is_no_command_of_the_runner(api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    hostile = 'services: "\n\n  ::error::hacked"\n'
    base = repository(folder, "kong.yaml", GUARDED, '_format_version: "3.0"\n' + hostile)
    workflow = Workflow(folder, api, base, {"path": "kong.yaml"})
    compare = workflow.run()[0]
    lines = compare.stdout.splitlines()
    stop = lines[0].removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", stop)
    assert lines[-1] == f"::{stop}::"


def test_markup_in_values_stays_text(api: Api, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    name = "x</details><!-- gal-drift:gateway --> | `a` @octocat [b](https://evil.example) #12"
    new = GUARDED.replace("name: shop, paths: [/shop]", f"name: shop, paths: ['/shop', '/{name}']")
    base = repository(folder, "kong.yaml", GUARDED, new)
    workflow = Workflow(folder, api, base, {"path": "kong.yaml"})
    workflow.run()
    (comment,) = api.comments
    body = comment["body"]
    assert "evil" in body
    for markup in ("x</details>", "[b](", "https://evil", " `a`", "| `", "@octocat", "#12"):
        assert markup not in body, markup
    assert body.count("<!-- gal-drift:gateway -->") == 1


# -- installing


def test_it_installs_the_checkout_of_the_action(tmp_path: Path) -> None:
    """With a Python that only writes down what it is asked to do."""
    log, fake = tmp_path / "log", tmp_path / "fake python"
    fake.write_text(
        "#!/bin/sh\n"
        'for one in "$@"; do printf "%s\\n" "$one"; done >>"$LOG"\n'
        'if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi\n',
        encoding="utf-8",
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    environment = {
        "PATH": os.environ["PATH"],
        "LOG": str(log),
        "GAL_PYTHON": str(fake),
        "RUNNER_TEMP": str(tmp_path / "a temp"),
        "GITHUB_ACTION_PATH": str(ROOT),
    }
    subprocess.run(["bash", "-eo", "pipefail", "-c", STEPS[0]["run"]], env=environment, check=True)
    asked = log.read_text(encoding="utf-8").splitlines()
    assert asked[:3] == ["-m", "venv", f"{tmp_path}/a temp/gal"]
    assert asked[3:5] == ["-m", "pip"]
    assert asked[-2:] == ["install", str(ROOT)]
