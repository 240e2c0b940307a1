"""The rule of `docs/custom-rules.md`, as an installed package brings it."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gal.cli.group import run
from gal.lint import registry
from tests.lint.support import codes, lint, put

GUIDE = Path(__file__).parent.parent.parent / "docs" / "custom-rules.md"
TWO = """\
_format_version: "3.0"
services:
- {name: a, url: http://a.test}
- {name: b, url: http://b.test, tags: ["owner:web"]}
"""


def blocks(language: str) -> list[str]:
    text = GUIDE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package of the guide, in the current folder, as if it were installed."""
    rule, _ = blocks("python")
    put("acme_rules/__init__.py", "")
    put("acme_rules/owner_tag.py", rule)
    entry = re.search(r'\[project\.entry-points\."gal\.rules"\]\n(.*)', blocks("toml")[0])
    assert entry is not None
    name, _, value = entry[1].replace('"', "").partition(" = ")
    put("acme_gateway_rules-1.0.dist-info/METADATA", "Name: acme-gateway-rules\nVersion: 1.0\n")
    put("acme_gateway_rules-1.0.dist-info/entry_points.txt", f"[gal.rules]\n{name} = {value}\n")
    monkeypatch.syspath_prepend(str(Path.cwd()))
    importlib.invalidate_caches()
    registry.rules.cache_clear()
    yield
    registry.rules.cache_clear()
    for module in [one for one in sys.modules if one.startswith("acme_rules")]:
        del sys.modules[module]


@pytest.mark.usefixtures("installed")
def test_it_finds(capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", TWO)
    assert lint("kong.yaml", "--select", "ACME001", "--fail-on", "low", "--format", "concise") == 1
    assert codes(capsys.readouterr().out) == ["3:ACME001"]


@pytest.mark.usefixtures("installed")
def test_it_is_explained_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "owner-tag"]) == 0
    assert "Every service says who answers for it" in capsys.readouterr().out
    assert run(["rules"]) == 0
    assert "ACME001" in capsys.readouterr().out


@pytest.mark.usefixtures("installed")
def test_its_own_test_holds() -> None:
    _, test = blocks("python")
    exec(compile(test, str(GUIDE), "exec"), {})


@pytest.mark.usefixtures("installed")
def test_what_holds_no_rule_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    put("acme_rules/owner_tag.py", "RULE = 1\n")
    assert run(["rules"]) == 2
    assert "holds no rule" in capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_codes_of_gal_are_taken(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("acme_rules/owner_tag.py")
    text = path.read_text(encoding="utf-8").replace("ACME001", "GAL001")
    path.write_text(text, encoding="utf-8")
    assert run(["rules"]) == 2
    assert "has the code of another" in capsys.readouterr().err
