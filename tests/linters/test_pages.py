"""The pages of `docs/rules` are what the rules say of themselves; `make rules` writes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.lint.pages import everything, index, known, page
from gal.lint.rule import Rule

FOLDER = Path(__file__).parent.parent.parent / "docs" / "rules"
RULES = everything()


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    made = {"README.md": index()}
    for rule in RULES:
        found = known(rule.code)
        assert found is not None
        made[f"{rule.code}.md"] = page(found)
    return made


def write() -> None:
    """Write the pages."""
    wanted = pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in set(FOLDER.glob("*.md")) - {FOLDER / name for name in wanted}:
        old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def test_the_pages_are_current() -> None:
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert sorted(there) == sorted(wanted), "make rules"
    for name, text in wanted.items():
        assert there[name] == text, f"docs/rules/{name} is old: make rules"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_explained_by_code_and_name(rule: Rule) -> None:
    for word in (rule.code, rule.code.lower(), rule.name):
        found = known(word)
        assert found is not None
        assert rule.title in page(found)
