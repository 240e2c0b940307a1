"""Where values and keys stand."""

from __future__ import annotations

import pytest

from gal.reading import Mapping, Sequence
from tests.reading.helpers import nodes, read, root

KONG = """\
services:
- name: a
  "x-a.b":  'é'
  routes: [{paths: [/a, /b]}, {}]
  text: |
    one
  none:
"""


@pytest.mark.parametrize(
    ("text", "name", "places"),
    [
        pytest.param(
            KONG,
            "f.yaml",
            {
                "": "1:1",
                "services:": "1:1",
                "services": "2:1",
                "services[0]": "2:3",
                "services[0].name:": "2:3",
                "services[0].name": "2:9",
                'services[0]["x-a.b"]:': "3:3",
                'services[0]["x-a.b"]': "3:13",
                "services[0].routes:": "4:3",
                "services[0].routes": "4:11",
                "services[0].routes[0]": "4:12",
                "services[0].routes[0].paths:": "4:13",
                "services[0].routes[0].paths": "4:20",
                "services[0].routes[0].paths[0]": "4:21",
                "services[0].routes[0].paths[1]": "4:25",
                "services[0].routes[1]": "4:31",
                "services[0].text:": "5:3",
                "services[0].text": "5:9",
                "services[0].none:": "7:3",
                "services[0].none": "7:8",
            },
            id="yaml",
        ),
        pytest.param("a: ö\r\nü: b", "f", {"": "1:1", "a:": "1:1", "a": "1:4", '["ü"]:': "2:1",
            '["ü"]': "2:4"}, id="yaml, crlf and umlauts"),
        pytest.param("a: 1\rb: 2", "f", {"": "1:1", "a:": "1:1", "a": "1:4", "b:": "2:1",
            "b": "2:4"}, id="yaml, cr"),
        pytest.param("\ufeffa: 1", "f", {"": "1:1", "a:": "1:1", "a": "1:4"}, id="yaml, bom"),
        pytest.param("a: x\u2028y\nb: 2", "f", {"": "1:1", "a:": "1:1", "a": "1:4", "b:": "2:1",
            "b": "2:4"}, id="yaml, line separator is no line break"),
        pytest.param("a: {{ .x }}\nb: [{{ .y }}, z]", "f", {"": "1:1", "a:": "1:1", "a": "1:4",
            "b:": "2:1", "b": "2:4", "b[0]": "2:5", "b[1]": "2:15"}, id="yaml, templates"),
        pytest.param("a: &x !!str 1", "f", {"": "1:1", "a:": "1:1", "a": "1:4"}, id="yaml, anchor"),
        pytest.param(
            '{"a": [1,\n\t{"b" : "x\\u00e9", "c":null}],\r\n "d\\n": true}',
            "f.json",
            {
                "": "1:1",
                "a:": "1:2",
                "a": "1:7",
                "a[0]": "1:8",
                "a[1]": "2:2",
                "a[1].b:": "2:3",
                "a[1].b": "2:9",
                "a[1].c:": "2:20",
                "a[1].c": "2:24",
                '["d\\n"]:': "3:2",
                '["d\\n"]': "3:9",
            },
            id="json",
        ),
        pytest.param(
            'a = 1\nb.c = "x"\n[http . "r.s"]\nd = [1, # one\n  {e = 2}]\n'
            "[[t]]\nx = '''\na\n'''\n[[t]]\n[t.u]\nv = 1979-05-27 07:32:00",
            "f.toml",
            {
                "": "1:1",
                "a:": "1:1",
                "a": "1:5",
                "b:": "2:1",
                "b": "2:1",
                "b.c:": "2:3",
                "b.c": "2:7",
                "http:": "3:2",
                "http": "3:2",
                'http["r.s"]:': "3:9",
                'http["r.s"]': "3:1",
                'http["r.s"].d:': "4:1",
                'http["r.s"].d': "4:5",
                'http["r.s"].d[0]': "4:6",
                'http["r.s"].d[1]': "5:3",
                'http["r.s"].d[1].e:': "5:4",
                'http["r.s"].d[1].e': "5:8",
                "t:": "6:3",
                "t": "6:1",
                "t[0]": "6:1",
                "t[0].x:": "7:1",
                "t[0].x": "7:5",
                "t[1]": "10:1",
                "t[1].u:": "11:4",
                "t[1].u": "11:1",
                "t[1].u.v:": "12:1",
                "t[1].u.v": "12:5",
            },
            id="toml",
        ),
    ],
)  # fmt: skip
def test_places(text: str, name: str, places: dict[str, str]) -> None:
    assert nodes(read(text, name).root) == places


def test_a_position_shows_its_line() -> None:
    position = root("a: 1\r\nport: x\r\n").take("port").position  # type: ignore[union-attr]
    assert str(position) == "f.yaml:2:7"
    assert position.text == "port: x"


@pytest.mark.parametrize("text", ["{}", "[]", "a: {}", "a: []"])
def test_empty_containers_are_true(text: str) -> None:
    node = read(text).root
    inner = node.take("a") if isinstance(node, Mapping) and node.has("a") else node
    assert isinstance(inner, (Mapping, Sequence))
    assert inner
    assert len(inner) == 0


def test_documents_of_one_file() -> None:
    from gal.reading import read_documents

    documents = read_documents("a: 1\n---\n# nothing\n---\nb: 2\n...\n---\n- 3\n", "f.yaml")
    assert [(d.index, d.root.line, d.root.plain()) for d in documents] == [
        (0, 1, {"a": 1}),
        (2, 5, {"b": 2}),
        (3, 8, [3]),
    ]
