"""Every fix that a rule gives, on all of its bad examples: made and proved, or refused and said."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gal.lint.collect import collect
from gal.lint.fixing import fix
from gal.lint.frames import framed
from gal.lint.options import Options
from gal.lint.registry import rules
from gal.lint.rule import Example, LoadedRule, Safety
from gal.lint.run import lint
from gal.lint.settings import Settings

COMMENT = "# a comment that nobody takes away"


def _rows() -> Iterator[object]:
    for loaded in rules():
        for number, example in enumerate(loaded.examples):
            if loaded.rule.fix is not None and example.bad:
                name = f"{loaded.rule.code}-{example.provider}-{number}"
                yield pytest.param(loaded, example, id=name)


def _written(example: Example) -> str:
    """The example in a file, with a comment at its end."""
    name = example.file or f"{example.provider}.yaml"
    text = framed(example.provider, example.text, example.file)
    if not name.endswith((".json", ".toml")) and not text.startswith("{"):
        last = "#END\n" if text.endswith("#END\n") else ""
        text = f"{COMMENT}\n{text.removesuffix(last)}{COMMENT}\n{last}"
    Path(name).write_text(text, encoding="utf-8")
    return name


def _left(name: str, options: Options) -> list[tuple[str, bool]]:
    """The findings of a file, and whether each has a fix."""
    outcome = lint(collect([name], source=None, pass_over=False).batches, options)
    assert not outcome.errors
    return [(one.fingerprint.text, one.finding.fix is not None) for one in outcome.findings]


def _run(name: str, options: Options, wanted: str) -> tuple[str, list[str]]:
    told = fix(collect([name], source=None, pass_over=False).batches, options, wanted)
    return Path(name).read_text(encoding="utf-8"), told


@pytest.mark.parametrize(("loaded", "example"), list(_rows()))
def test_a_fix_is_made_or_refused(
    loaded: LoadedRule, example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = _written(example)
    before = Path(name).read_text(encoding="utf-8")
    settings = Settings(**example.settings)
    options = Options(select=(loaded.rule.code,), settings=settings)
    fixable = sum(has for _, has in _left(name, options))

    after, told = _run(name, options, "all")
    refused = [line for line in told if ": not fixed: " in line]
    left = _left(name, options)
    assert sum(has for _, has in left) == len(refused), told
    assert len(told) >= bool(fixable)
    assert (after != before) is (len(told) > len(refused)), told
    assert after.count(COMMENT) == before.count(COMMENT)
    _assert_layout_is_kept(before, after)

    again, said = _run(name, options, "all")
    assert again == after
    assert [line.split(": ", 1)[1] for line in said] == [one.split(": ", 1)[1] for one in refused]


def _assert_layout_is_kept(before: str, after: str) -> None:
    """What a fix does not speak of stands as it stood: only few lines differ."""
    lines = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, *lines, autojunk=False)
    changed = [one for one in matcher.get_opcodes() if one[0] != "equal"]
    added = sum(one[4] - one[3] for one in changed)
    assert added <= 12, "\n".join(difflib.unified_diff(*lines, lineterm="", n=0))


def test_a_fix_needs_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `--fix` alone, nothing is done that is not safe."""
    monkeypatch.chdir(tmp_path)
    for loaded in rules():
        if loaded.rule.fix in (None, Safety.SAFE):
            continue
        for example in loaded.examples:
            if not example.bad:
                continue
            name = _written(example)
            before = Path(name).read_text(encoding="utf-8")
            options = Options((loaded.rule.code,), settings=Settings(**example.settings))
            batches = collect([name], source=None, pass_over=False).batches
            outcome = lint(batches, options)
            if any(
                one.finding.fix and one.finding.fix.safety is Safety.SAFE
                for one in outcome.findings
            ):
                continue
            assert fix(batches, options, "safe") == []
            assert Path(name).read_text(encoding="utf-8") == before
