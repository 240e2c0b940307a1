"""`gal compat`: what each gateway can do of what a configuration uses."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Result

Gal = Callable[..., Result]

HEAD = 'version: "1.0"\nservices:\n- name: s\n  upstream: {host: h.test, port: 80}\n  routes:\n'
KONG = """\
_format_version: "3.0"
services:
- name: s
  url: http://h.test
  routes:
  - name: r
    paths: [/a]
"""


def route(fields: str) -> str:
    return f"{HEAD}  - {{path_prefix: /a, {fields}}}\n"


def plugin(text: str) -> str:
    return f"{KONG}    plugins:\n    - {text}\n"


ANSWERS = {
    "exact": (route("rate_limit: {limits: [5/1m]}"), "rate_limit", "kong", "exact"),
    "approximated": (
        route("rate_limit: {limits: [5/1m]}"),
        *("rate_limit", "envoy", "approximated"),
    ),
    "impossible": (route("cache: {}"), "cache", "traefik", "impossible"),
    "closed": (
        route("authentication: {type: jwt, jwt: {jwks_uri: 'http://h.test/j'}}"),
        *("authentication: jwt", "traefik", "impossible (closed)"),
    ),
    "closed for some": (
        route(
            "authentication: {basic: {users: [{username: a, password: b}, "
            "{username: c, password_hash: '{SHA}ONHMu9ZueOPtH+US+8NRTgLIIbw='}]}}"
        ),
        *("authentication: basic", "kong", "approximated (partly closed)"),
    ),
    "one kind of two": (
        route("authentication: {basic: {users: [{username: a, password: b}]}, jwt: {}}"),
        *("authentication: jwt", "traefik", "impossible (closed)"),
    ),
    "a match": (route("methods: [GET]"), "methods", "envoy", "exact"),
    "a guard, at home": (plugin("name: ldap-auth"), "guard ldap-auth", "kong", "exact"),
    "a guard, elsewhere": (
        plugin("name: ldap-auth"),
        *("guard ldap-auth", "envoy", "impossible (closed)"),
    ),
    "a plugin, at home": (plugin("name: file-log"), "plugin file-log", "kong", "exact"),
    "a plugin, elsewhere": (
        plugin("name: file-log"),
        *("plugin file-log", "traefik", "impossible"),
    ),
}


@pytest.mark.parametrize(
    ("text", "feature", "gateway", "answer"), ANSWERS.values(), ids=list(ANSWERS)
)
def test_answer(gal: Gal, text: str, feature: str, gateway: str, answer: str) -> None:
    done = gal("compat", "in.yaml", "--to", gateway, files={"in.yaml": text})
    rows = [line.rstrip() for line in done.out.splitlines()]
    assert done.code == 0
    assert [row for row in rows if row.startswith(f"{feature} ") and row.endswith(f" {answer}")]


TABLES = """\
what         places    kong    traefik
-----------  --------  ------  ----------
path_prefix  1         exact   exact
cache        1         exact   impossible

what    gateway    where         why
------  ---------  ------------  ------------------------
cache   traefik    in.yaml:6:30  Traefik keeps no answers

gal: kong 2 of 2 exact, traefik 1 of 2 exact
"""


def test_text(gal: Gal) -> None:
    done = gal(
        *("compat", "in.yaml", "--to", "kong", "--to", "traefik"),
        files={"in.yaml": route("cache: {}")},
    )
    assert (done.code, done.err) == (0, "")
    assert done.out == TABLES


def test_json(gal: Gal) -> None:
    done = gal(
        *("compat", "in.yaml", "--to", "traefik", "--format", "json"),
        files={"in.yaml": route("cache: {}")},
    )
    data = json.loads(done.out)
    assert (data["version"], data["source"], data["gateways"]) == ("1.0", "gal", ["traefik"])
    assert data["features"][1] == {
        "name": "cache",
        "places": ["in.yaml:6:30"],
        "answers": {
            "traefik": {
                "verdict": "impossible",
                "closed": False,
                "reasons": [
                    {
                        "level": "warning",
                        "message": "Traefik keeps no answers",
                        "places": ["in.yaml:6:30"],
                    }
                ],
            }
        },
    }


def test_markdown(gal: Gal) -> None:
    done = gal(
        *("compat", "in.yaml", "--to", "traefik", "--format", "markdown"),
        files={"in.yaml": route("cache: {}")},
    )
    assert "| what | places | traefik |\n| --- | --- | --- |\n" in done.out
    assert "| cache | traefik | in.yaml:6:30 | Traefik keeps no answers |\n" in done.out


def test_every_gateway_is_asked(gal: Gal) -> None:
    from gal import registry

    done = gal("compat", "in.yaml", "--format", "json", files={"in.yaml": KONG})
    data = json.loads(done.out)
    assert data["gateways"] == [name for name in registry.exporters() if name != "gal"]
    assert all(list(one["answers"]) == data["gateways"] for one in data["features"])


def test_from_standard_input(gal: Gal) -> None:
    done = gal("compat", "-", stdin=KONG)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1].startswith("kong: ")


def test_the_same_bytes_again(gal: Gal) -> None:
    runs = {gal("compat", "in.yaml", files={"in.yaml": KONG}).out for _ in range(2)}
    assert len(runs) == 1


BAD = {
    "not sound": (
        ("in.yaml",),
        'version: "1.0"\nrutes: []\n',
        'in.yaml:2:1: unknown field "rutes"',
    ),
    "of no gateway": (("in.yaml",), "a: 1\n", "this is no gateway configuration"),
    "no such file": (("out.yaml",), KONG, "there is no such file"),
    "no such gateway": (("in.yaml", "--to", "nginx"), KONG, "nginx"),
    "no input": ((), KONG, "INPUT"),
}


@pytest.mark.parametrize(("arguments", "text", "error"), BAD.values(), ids=list(BAD))
def test_bad_input(gal: Gal, arguments: tuple[str, ...], text: str, error: str) -> None:
    done = gal("compat", *arguments, files={"in.yaml": text})
    assert (done.code, done.out) == (2, "")
    assert error in done.err


def test_secrets_stay_secret(gal: Gal) -> None:
    text = route("authentication: {api_key: {keys: [{key: very-secret-key}]}, cache: {}}")
    for form in ("text", "json", "markdown"):
        done = gal("compat", "in.yaml", "--format", form, files={"in.yaml": text})
        assert "very-secret-key" not in done.out + done.err
