"""Findings that are known: by a baseline, or by a revision of git."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from gal.cli.group import run
from tests.lint.support import ONLY, SHOP, codes, lint, put

SECRET = "hunter2-of-anna"
MORE = f"""\
consumers:
- username: anna
  keyauth_credentials: [{{key: {SECRET}}}]
"""
PATHS = SHOP.replace("paths: [/shop]", "paths: [/shop, /cart, /pay]")
CHANGED = {
    "nothing": (SHOP, []),
    "lines that moved": (f"\n\n# more\n{SHOP}", []),
    "other names": (SHOP.replace("name: shop", "name: store"), []),
    "another service": (
        SHOP + "- {name: b, url: 'http://b.internal', routes: [{name: b, paths: [/b]}]}\n",
        ["12:GAL030"],
    ),
    "another path": (SHOP.replace("[/shop]", "[/shop, /new]"), ["3:GAL030", "11:GAL001"]),
    "a path less": (PATHS.replace(", /pay", ""), ["3:GAL030", "11:GAL001"]),
}


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*row, id=name) for name, row in CHANGED.items()]
)
def test_what_is_new_beside_a_baseline(
    text: str, expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    put("kong.yaml", SHOP)
    assert lint("kong.yaml", *ONLY, "--write-baseline", "known.json", "-q") == 0
    put("kong.yaml", text)
    code = lint("kong.yaml", *ONLY, "--baseline", "known.json", "--format", "concise")
    assert codes(capsys.readouterr().out) == expected
    assert code == int(bool(expected))


@pytest.mark.parametrize("target", ["envoy", "traefik", "apisix", "gal"])
def test_a_baseline_serves_the_converted_file_as_well(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("kong.yaml", PATHS)
    lint("kong.yaml", *ONLY, "--write-baseline", "known.json", "-q")
    assert run(["convert", "kong.yaml", "--to", target, "-o", "out/", "-q"]) == 0
    capsys.readouterr()
    assert lint("out", *ONLY, "--format", "concise") == 1
    assert codes(capsys.readouterr().out)
    assert lint("out", *ONLY, "--baseline", "known.json", "--format", "concise") == 0
    assert capsys.readouterr().out == ""


def test_a_baseline_holds_no_secret() -> None:
    put("kong.yaml", SHOP + MORE)
    lint("kong.yaml", "--select", "ALL", "--no-config", "--write-baseline", "known.json", "-q")
    text = Path("known.json").read_text(encoding="utf-8")
    assert json.loads(text)["findings"]
    assert SECRET not in text


@pytest.mark.parametrize(
    ("text", "message"),
    [("{}", "this is no baseline"), ("[]", "must be a mapping"), ("x", "known.json:1:1")],
)
def test_what_is_no_baseline(text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    put("known.json", text)
    assert lint(put("kong.yaml", SHOP), *ONLY, "--baseline", "known.json") == 2
    assert message in capsys.readouterr().err


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@a.test", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


def test_only_what_a_revision_has_not(capsys: pytest.CaptureFixture[str]) -> None:
    git("init", "-q")
    put("conf/kong.yaml", SHOP)
    git("add", ".")
    git("commit", "-qm", "first")
    put("conf/kong.yaml", f"# moved\n{CHANGED['another service'][0]}")
    put("conf/new.yaml", SHOP)
    lint("conf", *ONLY, "--diff-base", "HEAD", "--format", "concise")
    assert capsys.readouterr().out.splitlines()[0].startswith("conf/kong.yaml:13:3: medium[GAL030]")
