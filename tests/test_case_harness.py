"""How the cases of `fixtures/` are read, cut and rewritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.cases.casefile import case_files, read_case
from tests.cases.compact import compact
from tests.cases.envoy_frame import EnvoyFrame, less, more
from tests.cases.envoy_words import long, short
from tests.cases.features import verdict
from tests.cases.frames import frame

Json = dict[str, Any]

TEXTS = st.text("ab\n\"'#: -{}[]%é\\t", max_size=40) | st.sampled_from(
    ["yes", "on", "1", "1.0", "null", "~", "a\nb\n", "a\n\n b", "- x\n- y\n", "x" * 130]
)
SCALARS = TEXTS | st.integers() | st.booleans() | st.none()
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(TEXTS, DATA, max_size=5))
def test_compact_text_says_the_same(data: Json) -> None:
    assert yaml.safe_load(compact(data)) == data


COMPACT = {
    "short on one line": ({"a": {"b": [1, 2]}}, "a: {b: [1, 2]}\n"),
    "long on several": (
        {"a": [{"name": "x" * 60, "value": "y" * 60}]},
        f"a:\n- name: {'x' * 60}\n  value: {'y' * 60}\n",
    ),
    "a text of several lines": ({"a": "x\ny\n"}, "a: |\n  x\n  y\n"),
    "many numbers": (
        {"a": [10**9] * 12},
        f"a:\n  [{', '.join(['1000000000'] * 9)},\n  {', '.join(['1000000000'] * 3)}]\n",
    ),
    "nothing": ({}, "{}\n"),
}


@pytest.mark.parametrize(("data", "text"), COMPACT.values(), ids=list(COMPACT))
def test_compact(data: Json, text: str) -> None:
    assert compact(data) == text


LESS = {
    "the same": ({"a": 1}, {"a": 1}, {}),
    "another value": ({"a": 1}, {"a": 2}, {"a": 2}),
    "one more": ({"a": 1}, {"a": 1, "b": 2}, {"b": 2}),
    "one less": ({"a": 1, "b": 2}, {"a": 1}, {"b": None}),
    "within": ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}),
    "a list whole": ({"a": [1, 2]}, {"a": [1, 3]}, {"a": [1, 3]}),
}


@pytest.mark.parametrize(("framed", "data", "piece"), LESS.values(), ids=list(LESS))
def test_less_and_more(framed: Json, data: Json, piece: Json) -> None:
    assert less(framed, data) == piece
    assert more(framed, piece) == data


def changed(path: str, value: Any) -> Json:
    """The frame's bootstrap with another value somewhere."""
    data = yaml.safe_load(yaml.safe_dump(frame("envoy frame")))
    *steps, last = path.split("/")
    place = data
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return dict(data)


MANAGER = "static_resources/listeners/0/filter_chains/0/filters/0/typed_config"
CUTS = {
    "nothing": ("static_resources/listeners/0/name", "http", {}),
    "routes": (f"{MANAGER}/route_config/virtual_hosts/0/routes", [], {"routes": []}),
    "a domain": (
        f"{MANAGER}/route_config/virtual_hosts/0/domains",
        ["a.test"],
        "virtual_hosts",
    ),
    "a key of the manager": (
        f"{MANAGER}/normalize_path",
        None,
        {"manager": {"normalize_path": None}},
    ),
    "no local replies": (f"{MANAGER}/local_reply_config", None, {"local_reply_config": {}}),
    "a cluster's key": (
        "static_resources/clusters/0/connect_timeout",
        "1s",
        {
            "clusters": [
                {"name": "orders", "address": "orders.internal:8080", "connect_timeout": "1s"}
            ]
        },
    ),
    "no cluster": ("static_resources/clusters", None, {"clusters": []}),
    "a key of the bootstrap": ("admin", {"a": 1}, {"bootstrap": {"admin": {"a": 1}}}),
    "another resource": (
        "static_resources/secrets",
        [{"name": "a"}],
        {"static_resources": {"secrets": [{"name": "a"}]}},
    ),
}


@pytest.mark.parametrize(("path", "value", "piece"), CUTS.values(), ids=list(CUTS))
def test_envoy_cut(path: str, value: Any, piece: Json | str) -> None:
    framed, data = EnvoyFrame(frame("envoy frame")), changed(path, value)
    cut = framed.cut(data)
    assert list(cut) == [piece] if isinstance(piece, str) else cut == piece
    assert framed.whole(cut) == data


def test_envoy_words() -> None:
    script = "local a = 1\n\n" + "function f() end\n" * 12
    piece = {
        "@type": "type.googleapis.com/envoy.X",
        "typed_per_filter_config": {
            "gal.a": {
                "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
                "config": {},
            }
        },
        "inline_string": script,
    }
    names: list[str] = []

    def named(text: str, name: str) -> str:
        names.append(name)
        assert script.endswith(text)
        return "x.lua"

    assert short(piece, named) == {
        "@type": "envoy.X",
        "typed_per_filter_config": {"gal.a": True},
        "inline_string": "local a = 1\n\n--> scripts/x.lua\n",
    }
    del piece["inline_string"]
    assert long(short(piece, named)) == piece


CASE = """\
# A title

What it is about.

```yaml model
routes: []
```

## kong

{blocks}"""

VERDICTS = {
    "exact": ("```yaml kong\n{}\n```\n", "exact", "exact"),
    "written otherwise": (
        "```yaml kong\n{}\n```\n\n```text model -> kong\nWARNING dropped a: b\n```\n",
        *("exact", "approximated"),
    ),
    "only told": (
        "```yaml kong\n{}\n```\n\n```text model -> kong\nINFO dropped a: b\n```\n",
        *("exact", "exact"),
    ),
    "read otherwise": (
        "```yaml kong\n{}\n```\n\n```text kong -> model\nWARNING dropped a: b\n```\n",
        *("approximated", "exact"),
    ),
    "closed": ("```text kong cannot\nERROR dropped a: b\n```\n", "not sayable", "closed"),
    "impossible": ("```text kong cannot\nWARNING dropped a: b\n```\n", *("not sayable",) * 2),
}


@pytest.mark.parametrize(("blocks", "read", "written"), VERDICTS.values(), ids=list(VERDICTS))
def test_verdict(tmp_path: Path, blocks: str, read: str, written: str) -> None:
    path = tmp_path / "case.md"
    path.write_text(CASE.format(blocks=blocks), encoding="utf-8")
    case = read_case(path)
    assert case.render() == path.read_text(encoding="utf-8")
    found = verdict(case, "kong")
    assert (found.read, found.written) == (read, written)


def test_an_open_block_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "case.md"
    path.write_text("# A\n\n```yaml model\n", encoding="utf-8")
    with pytest.raises(ValueError, match="not ended"):
        read_case(path)


def test_every_script_is_used() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in case_files())
    folder = case_files()[0].parents[1] / "scripts"
    assert [path.name for path in folder.glob("*.lua") if f"/{path.name}" not in texts] == []


def test_ci_never_regenerates(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests import conftest

    class Config:
        """Stands in for pytest's own."""

        def getoption(self, name: str, default: bool = False) -> bool:
            return name == "--regen" or default

    monkeypatch.setenv("CI", "1")
    with pytest.raises(pytest.UsageError):
        conftest.pytest_configure(Config())  # type: ignore[arg-type]
