"""Several kinds of authentication at once, where a service decides on tokens."""

from __future__ import annotations

import pytest

from gal.context import ExportOptions
from tests.exporters.traefik.exported import exported, one_route

JWT = "jwt: {issuer: 'https://i'}"
USERS = "basic: {users: [{username: al, password: pw}]}"
KEYS = "api_key: {header_names: [X-Key], keys: [{key: k1}]}"
FORWARD = "forward: {address: 'http://f/'}"
KEY = "Header(`X-Key`, `k1`)"
BASIC = "HeaderRegexp(`Authorization`, `(?i)^basic `)"

ROWS: dict[str, tuple[str, list[tuple[str, list[str]]], list[str]]] = {
    "tokens": (JWT, [("", ["forwardAuth"])], []),
    "tokens or passwords": (
        f"require: any, {JWT}, {USERS}",
        [(BASIC, ["basicAuth"]), ("", ["forwardAuth"])],
        ["who sends a name and a password is asked for nothing else"],
    ),
    "tokens and passwords": (
        f"require: all, {JWT}, {USERS}",
        [("", ["forwardAuth", "basicAuth"])],
        [],
    ),
    "tokens or keys": (f"require: any, {JWT}, {KEYS}", [(KEY, []), ("", ["forwardAuth"])], []),
    "tokens, keys or passwords": (
        f"require: any, {JWT}, {KEYS}, {USERS}",
        [(KEY, []), (BASIC, ["basicAuth"]), ("", ["forwardAuth"])],
        ["who sends a name and a password is asked for nothing else"],
    ),
    "tokens or another check": (
        f"require: any, {JWT}, {FORWARD}",
        [("", ["forwardAuth"])],
        ["only http://s/ is asked: Traefik does not ask a second service instead"],
    ),
    "tokens and another check": (
        f"require: all, {JWT}, {FORWARD}",
        [("", ["forwardAuth", "forwardAuth-2"])],
        [],
    ),
    "a check or passwords": (
        f"require: any, {FORWARD}, {USERS}",
        [(BASIC, ["basicAuth"]), ("", ["forwardAuth"])],
        ["who sends a name and a password is asked for nothing else"],
    ),
}


@pytest.mark.parametrize(("asked", "routers", "messages"), ROWS.values(), ids=ROWS)
def test_several_kinds(
    asked: str, routers: list[tuple[str, list[str]]], messages: list[str]
) -> None:
    text = one_route(f"path: /, authentication: {{{asked}}}")
    made = exported(text, ExportOptions(auth_service="http://s/"))
    found = [
        (one["rule"].removeprefix("Path(`/`)").removeprefix(" && "), one.get("middlewares", []))
        for one in made.section("routers").values()
    ]
    assert found == routers
    told = [message for _, _, message in made.entries if "asked" in message]
    assert told == messages
