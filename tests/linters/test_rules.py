"""Every rule is what its examples say: complaints at the marked lines, and nowhere else."""

from __future__ import annotations

from collections import Counter

import pytest

from gal.lint.engine import findings_of, subject_of
from gal.lint.finding import Finding
from gal.lint.frames import framed
from gal.lint.own_files import read_own_text
from gal.lint.registry import rules
from gal.lint.rule import Example, LoadedRule
from gal.lint.settings import Settings

MARK = "# <-"
RULES = rules()
ROWS = [
    pytest.param(loaded, example, id=f"{loaded.rule.code}-{example.provider}-{number}")
    for loaded in RULES
    for number, example in enumerate(loaded.examples)
]
LEAST_BAD, LEAST_GOOD = 2, 3


def found_in(loaded: LoadedRule, example: Example) -> tuple[str, list[Finding]]:
    """The whole text of an example, and what the rule says of it."""
    text = framed(example.provider, example.text, example.file)
    documents = read_own_text(text, example.file or f"{example.provider}.yaml")
    subject = subject_of(documents, Settings(**example.settings))
    assert subject.provider == example.provider
    return text, findings_of(subject, [loaded])


@pytest.mark.parametrize(("loaded", "example"), ROWS)
def test_an_example_has_the_findings_that_it_marks(loaded: LoadedRule, example: Example) -> None:
    text, found = found_in(loaded, example)
    lines = text.splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.rstrip().endswith(MARK)]
    at = [one.place.position.line for one in found]
    shown = "\n".join(f"{one.place.position}: {one.message}" for one in found)
    assert Counter(at) == Counter(marked), f"{shown}\n\n{text}"
    assert bool(marked) is example.bad


@pytest.mark.parametrize("loaded", RULES, ids=lambda one: one.rule.code)
def test_a_rule_shows_what_it_does_for_each_gateway(loaded: LoadedRule) -> None:
    counted = Counter((one.provider, one.bad) for one in loaded.examples)
    for provider in {one.provider for one in loaded.examples}:
        assert counted[provider, True] >= LEAST_BAD, provider
        assert counted[provider, False] >= LEAST_GOOD, provider


def test_codes_and_names_are_unique() -> None:
    assert len({one.rule.code for one in RULES}) == len({one.rule.name for one in RULES})
    assert len({one.rule.code for one in RULES}) == len(RULES)


@pytest.mark.parametrize("loaded", RULES, ids=lambda one: one.rule.code)
def test_a_rule_says_what_it_is(loaded: LoadedRule) -> None:
    rule = loaded.rule
    assert loaded.check.__module__ == f"gal.linters.{rule.name.replace('-', '_')}"
    assert loaded.documentation
    assert rule.cwe
    assert rule.owasp
    assert rule.pages
    assert not rule.title.endswith(".")
