"""The keys that nobody read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gal.reading import Document, Mapping
from tests.reading.helpers import read


def untaken(document: Document) -> list[str]:
    """Path and place of every key that was not read, such as `a.b 1:5`."""
    found = document.walk_untaken()
    return [f"{path} {position.line}:{position.column}" for path, position, _ in found]


def nothing(_: Mapping) -> None:
    """Read nothing."""


def services(mapping: Mapping) -> None:
    """Take the services, and nothing in them."""
    mapping.take("services")


def routes(mapping: Mapping) -> None:
    """Take names of services and of routes."""
    for service in mapping.take_mappings("services"):
        service.take_str("name")
        for route in service.take_mappings("routes"):
            route.take_str("name")


def all_routes(mapping: Mapping) -> None:
    """Take names of services, and everything of routes."""
    for service in mapping.take_mappings("services"):
        service.take_str("name")
        if node := service.take("routes"):
            node.take_all()


def everything(mapping: Mapping) -> None:
    """Take all of it, twice."""
    mapping.take_all()
    mapping.take_all()


KONG = """\
_format_version: "3.0"
services:
- name: a
  x-b: {y: 1}
  routes:
  - name: r
    paths: [/a]
    empty:
- name: b
"""


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (nothing, ["_format_version 1:1", "services 2:1"]),
        (services, ["_format_version 1:1", "services[0].name 3:3", 'services[0]["x-b"] 4:3',
            "services[0].routes 5:3", "services[1].name 9:3"]),
        (routes, ["_format_version 1:1", 'services[0]["x-b"] 4:3',
            "services[0].routes[0].paths 7:5", "services[0].routes[0].empty 8:5"]),
        (all_routes, ["_format_version 1:1", 'services[0]["x-b"] 4:3']),
        (everything, []),
    ],
)  # fmt: skip
def test_walk(reader: Callable[[Mapping], None], expected: list[str]) -> None:
    document = read(KONG)
    reader(document.mapping())
    assert untaken(document) == expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("- a: 1\n- b\n- [{c: 2}]", "f", ["[0].a 1:3", "[2][0].c 3:5"]),
        ('{"a": 1,\n "b": 2}', "f", ["a 1:2", "b 2:2"]),
        ("a = 1\n[b]\nc = 2", "f.toml", ["a 1:1", "b 2:2"]),
        ("x", "f", []),
    ],
)
def test_walk_of_what_nobody_read(text: str, name: str, expected: list[str]) -> None:
    assert untaken(read(text, name)) == expected


def test_the_value_comes_along() -> None:
    ((path, position, node),) = read("a: {b: 1}").walk_untaken()
    assert (path, str(position), node.plain()) == ("a", "f.yaml:1:1", {"b": 1})


def a_and_its_keys(mapping: Mapping) -> None:
    """Take `a` and its keys `b` and `c`."""
    if inner := mapping.take_mapping("a"):
        inner.take("b")
        inner.take("c")


def a_and_d(mapping: Mapping) -> None:
    """Take `a` with its keys, and `d` as a whole."""
    a_and_its_keys(mapping)
    if node := mapping.take("d"):
        node.take_all()


def first_of_a(mapping: Mapping) -> None:
    """Take the first mapping of the list `a`, and its key `b`."""
    mapping.take_mappings("a")[0].take("b")


@pytest.mark.parametrize(
    ("text", "reader", "expected"),
    [
        pytest.param("x: &x {b: 1, c: 2}\na: *x", a_and_its_keys, [], id="alias, all read"),
        pytest.param("x: &x {b: 1, e: 2}\na: *x", a_and_its_keys, ["x.e 1:14"],
            id="alias, in part"),
        pytest.param("x: &x {b: 1}\na: {b: 1}\nd: *x", a_and_its_keys, ["x 1:1", "d 3:1"],
            id="alias that nobody read"),
        pytest.param("x: &x 1\na: {b: *x}", a_and_its_keys, [], id="scalar alias"),
        pytest.param("x: &x 1\na: {e: *x}", a_and_its_keys, ["x 1:1", "a.e 2:5"],
            id="scalar alias that nobody read"),
        pytest.param("x: [&x {b: 1}, &y {c: 1}]\na: {b: *x, c: *y}", a_and_its_keys,
            ["x[0].b 1:9", "x[1].c 1:20"], id="list of anchors, their keys not read"),
        pytest.param("x: [&x 1, &y 2]\na: {b: *x, c: *y}", a_and_its_keys, [],
            id="list of anchors, all read"),
        pytest.param("x: {y: &x 1, z: 2}\na: {b: *x}", a_and_its_keys, ["x 1:1"],
            id="anchor beside something else"),
        pytest.param("x: &x {b: 1, c: 2}\na: {<<: *x}", a_and_its_keys, [], id="merge, all read"),
        pytest.param("x: &x {b: 1, e: 2}\na: {<<: *x}", a_and_its_keys, ["x.e 1:14"],
            id="merge, in part"),
        pytest.param("x: &x {b: 1, e: 2}\na: {<<: *x}\nd: {<<: *x}", a_and_d, [],
            id="merge, the rest read elsewhere"),
        pytest.param("x: &x {b: 1, e: 2}\na: [<<: *x, <<: *x]", first_of_a, ["x.e 1:14"],
            id="merged twice, reported once"),
        pytest.param("x: &x {b: {e: 1}}\na: {<<: *x, c: 1}", a_and_its_keys, ["x.b.e 1:12"],
            id="merge, below a key that was read"),
        pytest.param("x: &x {b: 1}\ny: &y {<<: *x, c: 2}\na: {<<: *y}", a_and_its_keys, [],
            id="merge of a merge, all read"),
        pytest.param("x: &x {e: 1}\ny: &y {<<: *x, c: 2}\na: {<<: *y}", a_and_its_keys,
            ["x.e 1:8"], id="merge of a merge, in part"),
        pytest.param("x: &x {b: 1}\na: {<<: *x, b: 2}", a_and_its_keys, ["x 1:1"],
            id="nothing left to merge"),
    ],
)  # fmt: skip
def test_walk_with_aliases(
    text: str, reader: Callable[[Mapping], None], expected: list[str]
) -> None:
    document = read(text)
    reader(document.mapping())
    assert untaken(document) == expected
