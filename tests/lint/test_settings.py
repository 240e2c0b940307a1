"""Settings files, and options that cannot act."""

from __future__ import annotations

import pytest

from tests.lint.support import SHOP, codes, lint, put

WRONG = [
    ("unknown", "[lint]\nselekt = []", 'gal.toml:2:1: the linter has no setting "selekt"'),
    ("no such rule", "[lint]\nignore = ['GAL999']", '"GAL999" is no rule'),
    ("not a list", "[lint]\nignore = 'GAL001'", "must be a list"),
    ("no such severity", "[lint.severity]\nGAL001 = 'bad'", '"bad" must be one of critical'),
    ("no such persona", "[lint]\npersona = 'x'", '"persona" cannot be "x"'),
    ("no such target", "[lint]\ntargets = ['nginx']", '"targets" cannot be "nginx"'),
    ("no such level", "[lint]\nfail-on = 'x'", '"fail-on" must be one of'),
    ("no such gateway", "[lint.versions]\nnginx = '1'", '"nginx" is no gateway'),
    ("an option of no rule", "[lint.rules.no-rate-limit]\nx = 1", 'no option "x"'),
    (
        "an option of another kind",
        "[lint.rules.admin-listener-exposed]\ncontainerised = 'yes'",
        "must be true or false",
    ),
    ("no list of targets", "[lint]\ntargets = 3", "must be a"),
    ("no such object", "[[lint.ignores]]\nrules = ['GAL001']\nobject = 'x:y'", "needs its kind"),
    ("an ignore of nothing", "[[lint.ignores]]\nreason = 'x'", 'needs "rules"'),
    ("an ignore with more", "[[lint.ignores]]\nrules = ['GAL001']\nx = 1", 'no "x"'),
    ("no day", "[[lint.ignores]]\nrules = ['GAL001']\nexpires = 'soon'", "a day is written"),
    ("no toml", "[lint", "gal.toml:1:"),
]


@pytest.mark.parametrize(
    ("text", "message"), [pytest.param(text, said, id=name) for name, text, said in WRONG]
)
def test_what_cannot_act_is_an_error(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("kong.yaml", SHOP)
    put("gal.toml", f"{text}\n")
    assert lint("kong.yaml") == 2
    told = capsys.readouterr()
    assert message in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "GAL999"), '"GAL999" is no rule'),
        (("--ignore", "x"), '"x" is no rule'),
        (("--select", "GAL001", "--ignore", "GAL001"), "no rule is left to run"),
        (("--config", "none.toml"), "there is no such file"),
        (("--config", "kong.yaml", "--no-config"), "contradict"),
        (("--baseline", "none.json"), "cannot read the baseline"),
        (("--diff-base", "no-such-thing"), "git knows no revision"),
        (("--diff-base", "--help"), "is no revision of git"),
        (("--statistics", "--format", "sarif"), "--statistics has no format sarif"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_option_that_cannot_act(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lint(put("kong.yaml", SHOP), *arguments) == 2
    assert message in capsys.readouterr().err


def test_settings_are_found_above(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put("pyproject.toml", "[tool.gal.lint]\nselect = ['GAL030']\nfail-on = 'high'\n")
    put("below/kong.yaml", SHOP)
    monkeypatch.chdir("below")
    assert lint("kong.yaml", "--format", "concise") == 0
    assert codes(capsys.readouterr().out) == ["3:GAL030"]


def test_the_command_line_wins(capsys: pytest.CaptureFixture[str]) -> None:
    put("gal.toml", "[lint]\nselect = ['GAL030']\nfail-on = 'never'\n")
    put("kong.yaml", SHOP)
    assert lint("kong.yaml", "--select", "GAL001", "--fail-on", "low", "--format", "concise") == 1
    assert codes(capsys.readouterr().out) == ["11:GAL001"]


def test_a_severity_can_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    put("gal.toml", "[lint]\nselect = ['GAL030']\n[lint.severity]\nGAL030 = 'critical'\n")
    assert lint(put("kong.yaml", SHOP), "--fail-on", "critical", "--format", "concise") == 1
    assert "critical[GAL030]" in capsys.readouterr().out


def test_reasons_are_asked_for_where_there_is_a_place_for_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(
        "gal.toml",
        "[lint]\nrequire-reasons = true\n[lint.per-file-ignores]\n'kong.yaml' = ['GAL030']\n"
        "[[lint.ignores]]\nrules = ['GAL001']\n",
    )
    only = ("--select", "GAL001,GAL030,GAL192", "--format", "concise")
    lint(put("kong.yaml", SHOP), *only)
    assert codes(capsys.readouterr().out) == ["5:GAL192"]
