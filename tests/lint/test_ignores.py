"""Which comments and settings keep which findings quiet."""

from __future__ import annotations

import pytest

from tests.lint.support import ONLY, SHOP, codes, lint, put

BOTH = ["3:GAL030", "11:GAL001"]


def marked(line: int, comment: str) -> str:
    """The file with a comment at the end of a line."""
    lines = SHOP.splitlines()
    lines[line - 1] += f"  {comment}"
    return "\n".join(lines) + "\n"


COMMENTS = [
    ("on the line", marked(11, "# gal: ignore[GAL001] a reason"), ["3:GAL030"]),
    ("by the rule's name", marked(11, "# gal: ignore[cors-credentials-any-origin] x"), BOTH[:1]),
    ("without case", marked(11, "# gal: ignore[gal001] x"), BOTH[:1]),
    ("on the first line of the plugin", marked(8, "# gal: ignore[GAL001] x"), BOTH[:1]),
    ("on the first line of the service", marked(3, "# gal: ignore[GAL001] x"), BOTH[:1]),
    ("what is absent, on the object", marked(3, "# gal: ignore[GAL030] x"), BOTH[1:]),
    ("several", marked(3, "# gal: ignore[GAL030, GAL001] x"), []),
    ("another rule", marked(3, "# gal: ignore[GAL030] x"), BOTH[1:]),
    (
        "not a neighbour",
        marked(10, "# gal: ignore[GAL001] x"),
        ["3:GAL030", "10:GAL190", "11:GAL001"],
    ),
    (
        "not a list above",
        marked(7, "# gal: ignore[GAL001] x"),
        ["3:GAL030", "7:GAL190", "11:GAL001"],
    ),
    (
        "a line of its own",
        SHOP.replace("      cred", "      # gal: ignore[GAL001] x\n      cred"),
        ["3:GAL030"],
    ),
    ("the whole file", f"# gal: ignore-file[GAL001] x\n{SHOP}", ["4:GAL030"]),
    ("at its end", f"{SHOP}# gal: ignore-file[GAL001,GAL030] x\n", []),
    ("no such rule", marked(11, "# gal: ignore[GAL999] x"), [*BOTH, "11:GAL191"]),
    ("no rule at all", marked(11, "# gal: ignore x"), [*BOTH, "11:GAL191"]),
    ("nothing there", marked(6, "# gal: ignore[GAL001] x"), [BOTH[0], "6:GAL190", BOTH[1]]),
    (
        "no comment",
        SHOP.replace("name: cors", 'name: cors\n    instance_name: "x# gal: ignore[GAL001]"'),
        ["3:GAL030", "12:GAL001"],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(text, found, id=name) for name, text, found in COMMENTS],
)
def test_a_comment(text: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lint(put("kong.yaml", text), *ONLY, "--format", "concise", "--ignore", "GAL192")
    assert sorted(codes(capsys.readouterr().out)) == sorted(expected)


def test_a_reason_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", marked(11, "# gal: ignore[GAL001]"))
    put("gal.toml", "[lint]\nrequire-reasons = true\nselect = ['GAL001']\n")
    lint("kong.yaml", "--format", "concise")
    assert codes(capsys.readouterr().out) == ["11:GAL192"]


SETTINGS = [
    ("by file", "rules = ['GAL001']\nfiles = 'kong.yaml'", BOTH[:1]),
    ("by a pattern", "rules = ['GAL0']\nfiles = '*.yaml'", []),
    ("another file", "rules = ['GAL001']\nfiles = 'other.yaml'", BOTH),
    ("by object", "rules = ['GAL030']\nobject = 'service:sh*'", BOTH[1:]),
    ("another object", "rules = ['GAL030']\nobject = 'service:x'", ["5:GAL190", *BOTH]),
    ("until today", "rules = ['GAL001']\nexpires = 2999-01-01", BOTH[:1]),
    ("expired", "rules = ['GAL001']\nexpires = 2020-01-01", ["5:GAL193", *BOTH]),
]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [pytest.param(text, found, id=name) for name, text, found in SETTINGS],
)
def test_a_setting(settings: str, expected: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", SHOP)
    head = "[lint]\nselect = ['GAL001', 'GAL030', 'GAL190', 'GAL193']\n"
    put("gal.toml", f"{head}[lint.severity]\nGAL030 = 'low'\n[[lint.ignores]]\n{settings}\n")
    lint("kong.yaml", "--format", "concise")
    assert codes(capsys.readouterr().out) == expected


def test_a_rule_can_be_enforced(capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", marked(11, "# gal: ignore[GAL001] x"))
    put("gal.toml", "[lint]\nselect = ['GAL001', 'GAL190']\nenforce = ['GAL001']\n")
    lint("kong.yaml", "--format", "concise")
    assert codes(capsys.readouterr().out) == ["11:GAL001", "11:GAL190"]


def test_ignores_can_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", marked(11, "# gal: ignore[GAL001] x"))
    lint("kong.yaml", *ONLY, "--no-ignores", "--format", "concise")
    assert codes(capsys.readouterr().out) == BOTH


DEFAULTS = """\
_format_version: "3.0"
services:
- name: a
  url: http://a.internal
  routes: [{name: a, paths: [/a]}]
  plugins: [{name: key-auth}]
- name: b
  url: http://b.internal
  routes: [{name: b, paths: [/b]}]
  plugins: [{name: key-auth}]
- name: c
  url: http://c.internal
  routes: [{name: c, paths: [/c]}]
  plugins: [{name: key-auth}]
"""
"""Three places of one finding, since a default says it."""

SOME = [
    ((), [], "6:GAL018 in 3 places"),
    ((6,), [], "10:GAL018 in 2 places"),
    ((10,), [], "6:GAL018 in 2 places"),
    ((6, 10), [], "14:GAL018"),
    ((6,), ["b"], "14:GAL018"),
    ((), ["a", "b", "c"], ""),
    ((6, 10, 14), [], ""),
]


@pytest.mark.parametrize(("lines", "services", "expected"), SOME)
def test_each_place_of_a_finding_is_ignored_alone(
    lines: tuple[int, ...],
    services: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = [
        f"{row}  # gal: ignore[GAL018] x" if number in lines else row
        for number, row in enumerate(DEFAULTS.splitlines(), 1)
    ]
    put("kong.yaml", "\n".join(text))
    put("gal.toml", "[lint]\n" + "".join(_setting(name) for name in services))
    lint("kong.yaml", "--select", "GAL018,GAL19", "--format", "concise")
    shown = [_shown(line) for line in capsys.readouterr().out.splitlines()]
    assert shown == ([expected] if expected else [])


def _setting(service: str) -> str:
    return f'[[lint.ignores]]\nrules = ["GAL018"]\nobject = "service:{service}"\nreason = "x"\n'


def _shown(line: str) -> str:
    places = line.partition(", in ")[2].partition(" (")[0]
    return codes(line)[0] + (f" in {places}" if places else "")
