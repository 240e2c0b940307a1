"""How errors are printed."""

from __future__ import annotations

import copy
import pickle

import pytest

from gal.errors import GalError, InputError, InputErrors, Position, UsageError

LONG = "x" * 300


@pytest.mark.parametrize(
    ("error", "rendered"),
    [
        pytest.param(UsageError("no such provider"), "no such provider", id="usage"),
        pytest.param(InputError("cannot read"), "cannot read", id="no position"),
        pytest.param(
            InputError("cannot read", hint="look"),
            "cannot read\nhint: look",
            id="no position, hint",
        ),
        pytest.param(
            InputError("bad port", Position("k.yaml", 3, 7, "port: x")),
            "k.yaml:3:7: bad port\n  port: x\n        ^",
            id="line and caret",
        ),
        pytest.param(
            InputError("bad", Position("k.yaml", 3, 1, "a: b"), "fix it"),
            "k.yaml:3:1: bad\n  a: b\n  ^\nhint: fix it",
            id="hint",
        ),
        pytest.param(
            InputError("bad", Position("k.yaml", 3, 1)), "k.yaml:3:1: bad", id="line not known"
        ),
        pytest.param(
            InputError("bad", Position("k.json", 1, 4, "\t\ta\tb")),
            "k.json:1:4: bad\n  \t\ta\tb\n  \t\t ^",
            id="tabs stay tabs",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 5, "名前: x")),
            "k:1:5: bad\n  名前: x\n        ^",
            id="wide characters",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 3, "e\N{COMBINING ACUTE ACCENT}x")),
            "k:1:3: bad\n  e\N{COMBINING ACUTE ACCENT}x\n   ^",
            id="combining characters",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 2, "a\x1b[31m")),
            "k:1:2: bad\n  a\N{REPLACEMENT CHARACTER}[31m\n   ^",
            id="terminal escapes are defused",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 9, "abc")),
            "k:1:9: bad\n  abc\n     ^",
            id="behind it",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 1, LONG)),
            f"k:1:1: bad\n  {LONG[:114]}...\n  ^",
            id="cut at the right",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 150, LONG)),
            f"k:1:150: bad\n  ...{LONG[:114]}...\n  {' ' * 60}^",
            id="cut on both sides",
        ),
        pytest.param(
            InputError("bad", Position("k", 1, 300, LONG)),
            f"k:1:300: bad\n  ...{LONG[:114]}\n  {' ' * 116}^",
            id="cut at the left",
        ),
    ],
)
def test_render(error: GalError, rendered: str) -> None:
    assert error.render() == rendered
    assert max(len(line) for line in rendered.split("\n")) <= 122


def test_several_errors_come_in_the_order_of_their_positions() -> None:
    at = [Position("b", 1, 1), Position("a", 2, 1), Position("a", 1, 9)]
    errors = InputErrors(InputError(f"no {number}", place) for number, place in enumerate(at))
    assert errors.render() == "a:1:9: no 2\na:2:1: no 1\nb:1:1: no 0"
    assert errors.message == "3 errors"
    assert [error.message for error in errors.errors] == ["no 2", "no 1", "no 0"]


def test_position() -> None:
    position = Position("a.yaml", 2, 3, "text")
    assert str(position) == "a.yaml:2:3"
    assert position.text == "text"
    assert position == Position("a.yaml", 2, 3, "other text")
    assert len({position, Position("a.yaml", 2, 3)}) == 1
    assert copy.deepcopy(position) is position
    assert pickle.loads(pickle.dumps(position)).text == "text"
    with pytest.raises(AttributeError):
        position.line = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    "error",
    [
        InputError("bad", Position("k", 1, 2, "text"), "hint"),
        InputErrors([InputError("bad", Position("k", 1, 2, "text"))]),
        UsageError("bad"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_process_borders(error: GalError) -> None:
    assert pickle.loads(pickle.dumps(error)).render() == error.render()
