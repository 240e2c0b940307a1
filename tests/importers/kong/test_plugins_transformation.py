"""Transformers: fields of bodies."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.importers.kong.plugin import Plugin
from gal.importers.kong.transformation import transformation
from gal.ledger import Reporter
from gal.model import BodyOperations, Transformation
from tests.importers.kong.plugins import APPROXIMATED, CARRIED, IDLE, Said, check, read_with


def on_request(plugin: Plugin, report: Reporter) -> Transformation | None:
    return transformation(plugin, None, report)


def on_response(plugin: Plugin, report: Reporter) -> Transformation | None:
    return transformation(None, plugin, report)


def forms(key: str) -> Said:
    return (*APPROXIMATED, f"config.{key}.body", "fields of forms")


REQUEST: list[tuple[str, str, Transformation | None, tuple[Said, ...]]] = [
    ("nothing", "add: {body: []}", None, ()),
    (
        "every operation",
        (
            "remove: {body: [a]}\nrename: {body: ['b:c']}\nreplace: {body: [d:1]}\n"
            "add: {body: [e:2]}\nappend: {body: [f:3]}"
        ),
        Transformation(
            request=BodyOperations(["a"], {"b": "c"}, {"d": "1"}, {"e": "2"}, {"f": "3"})
        ),
        (forms("remove"),),
    ),
    (
        "twice the same",
        "replace: {body: [a:1, a:2]}\nadd: {body: [b:1, b:2]}\nappend: {body: [c:1, c:2]}",
        Transformation(
            request=BodyOperations(replace={"a": "2"}, default={"b": "1"}, append={"c": "1"}),
            extensions={"kong": {"request-transformer": {"append": {"body": ["c:2"]}}}},
        ),
        (
            forms("replace"),
            (*IDLE, "config.add.body[1]", "is there by then"),
            (*CARRIED, "config.append.body[1]", "once more"),
        ),
    ),
    (
        "a template",
        "add: {body: ['a:$(headers.x)']}",
        Transformation(
            request=BodyOperations(),
            extensions={"kong": {"request-transformer": {"add": {"body": ["a:$(headers.x)"]}}}},
        ),
        (forms("add"), (*CARRIED, "config.add.body[0]", "Kong's own")),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in REQUEST], ids=[row[0] for row in REQUEST]
)
def test_request(config: str, expected: Transformation | None, said: tuple[Said, ...]) -> None:
    check(on_request, "request-transformer", config, expected, said)


RESPONSE: list[tuple[str, str, Transformation | None, tuple[Said, ...]]] = [
    ("nothing", "add: {json_types: []}", None, ()),
    (
        "every operation",
        (
            "remove: {json: [a]}\nrename: {json: ['b:c', 'x:']}\nreplace: {json: [d:1]}\n"
            "add: {json: [e:2]}\nappend: {json: [f:3]}"
        ),
        Transformation(
            response=BodyOperations(["a"], {"b": "c"}, {"d": "1"}, {"e": "2"}, {"f": "3"})
        ),
        ((*IDLE, "config.rename.json[1]", "does nothing"),),
    ),
    (
        "types",
        (
            "add:\n  json: [a:1, b:1.5, c:true, d:yes, e:x, f:0x10, g:2e1, h:'', '$:$(x)']\n"
            "  json_types: [number, number, boolean, boolean, string, number, number]"
        ),
        Transformation(
            response=BodyOperations(
                default={
                    "a": 1,
                    "b": 1.5,
                    "c": True,
                    "d": False,
                    "e": "x",
                    "f": 16,
                    "g": 20,
                    "h": "''",
                    "$": "$(x)",
                }
            )
        ),
        (),
    ),
    (
        "no number",
        "add: {json: [a:many], json_types: [number]}",
        Transformation(response=BodyOperations()),
        ((*IDLE, "config.add.json[0]", "is no number"),),
    ),
    (
        "no value is the word for it",
        "add: {json: ['a:']}",
        Transformation(response=BodyOperations(default={"a": "null"})),
        (),
    ),
    (
        "a placeholder as a number",
        "add: {json: ['a:${N}', 'b:${N}'], json_types: [number, string]}",
        Transformation(
            response=BodyOperations(default={"b": "${N}"}),
            extensions={
                "kong": {
                    "response-transformer": {"add": {"json": ["a:${N}"], "json_types": ["number"]}}
                }
            },
        ),
        ((*CARRIED, "config.add.json[0]", "cannot be told"),),
    ),
]


@pytest.mark.parametrize(
    ("config", "expected", "said"), [row[1:] for row in RESPONSE], ids=[row[0] for row in RESPONSE]
)
def test_response(config: str, expected: Transformation | None, said: tuple[Said, ...]) -> None:
    check(on_response, "response-transformer", config, expected, said)


@pytest.mark.parametrize(
    ("kind", "config", "where", "message"),
    [
        (on_request, "add: {body: ['a:']}", "3:16", "has no value"),
        (on_request, "add: {body: [a]}", "3:16", "has no value"),
        (on_response, "add: {json: [a]}", "3:16", "has no value"),
        (on_response, "add: {json_types: [text]}", "3:22", "must be one of boolean"),
    ],
)
def test_refused(kind: object, config: str, where: str, message: str) -> None:
    assert callable(kind)
    with pytest.raises(InputError, match=message) as caught:
        read_with(kind, "x-transformer", config)
    assert str(caught.value.position) == f"kong.yaml:{where}"
