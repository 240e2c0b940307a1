"""`gal pull` as a user sees it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from gal.cli.group import run
from tests.gateways.certificates import Authority
from tests.pull.kong_shapes import ENTITIES, FILE
from tests.pull.server import HOST, Reply, serving

SECRET = "do-not-show-this-7"
DUMP = {"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump"}]}
TRAEFIK: dict[str, Any] = {"/api/rawdata": {}, "/api/entrypoints": []}
ROUTES = {
    "/apisix/admin/configs": {"routes": [{"id": "1", "uri": "/"}]},
}
COUNTED = (
    "pulled: services 1, routes 2, plugins 1, consumers 1, upstreams 1, targets 1,"
    " keyauth credentials 1, basicauth credentials 1, acls 1\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GAL_TOKEN", raising=False)
    return tmp_path


def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(ENTITIES) as server:
        assert run(["pull", "kong", server.url]) == 0
    told = capsys.readouterr()
    assert told.out == FILE
    assert told.err == COUNTED


def test_a_file_for_its_owner_only(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(ENTITIES) as server:
        assert run(["pull", "kong", server.url, "-o", "kong.yaml", "--quiet"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")
    file = folder / "kong.yaml"
    assert file.read_text(encoding="utf-8") == FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == ["kong.yaml"]


def test_a_file_that_was_there(folder: Path) -> None:
    file = folder / "kong.yaml"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o644)
    with serving(ENTITIES) as server:
        assert run(["pull", "kong", server.url, "-o", "kong.yaml"]) == 0
    assert file.read_text(encoding="utf-8") == FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("none/kong.yaml", "cannot write none/kong.yaml: No such file or directory\n"),
        (".", "cannot write .: Is a directory\n"),
    ],
)
def test_where_nothing_can_be_written(
    output: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(ENTITIES) as server:
        assert run(["pull", "kong", server.url, "-o", output]) == 2
    assert capsys.readouterr().err == message


def test_a_pull_that_fails_leaves_the_file(folder: Path) -> None:
    file = folder / "kong.yaml"
    file.write_text("old", encoding="utf-8")
    with serving({**ENTITIES, "/acls": Reply({}, 500)}) as server:
        assert run(["pull", "kong", server.url, "-o", "kong.yaml"]) == 2
    assert file.read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize(
    ("provider", "replies", "form", "begins"),
    [
        ("kong", ENTITIES, None, "_format_version: '3.0'\n"),
        ("kong", ENTITIES, "json", '{\n  "_format_version": "3.0",\n'),
        ("apisix", ROUTES, None, "routes:\n- id: '1'\n  uri: /\n#END\n"),
        ("apisix", ROUTES, "json", '{\n  "routes": [\n'),
        ("traefik", TRAEFIK, None, "entryPoints: {}\n"),
        ("envoy", {"/config_dump": DUMP}, None, '{\n  "configs": [\n'),
        ("envoy", {"/config_dump": DUMP}, "yaml", "configs:\n- '@type': "),
    ],
)
def test_formats(
    provider: str,
    replies: dict[str, Any],
    form: str | None,
    begins: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(replies) as server:
        assert run(["pull", provider, server.url, *(["--format", form] if form else [])]) == 0
    assert capsys.readouterr().out.startswith(begins)


@pytest.mark.parametrize(
    ("provider", "replies", "token", "header", "value"),
    [
        ("kong", ENTITIES, "abc", "Kong-Admin-Token", "abc"),
        ("apisix", ROUTES, "abc", "X-API-KEY", "abc"),
        ("traefik", TRAEFIK, "abc", "Authorization", "Bearer abc"),
        ("traefik", TRAEFIK, "u:p", "Authorization", "Basic dTpw"),
        ("envoy", {"/config_dump": DUMP}, "Basic dTpw", "Authorization", "Basic dTpw"),
        ("envoy", {"/config_dump": DUMP}, " abc\n", "Authorization", "Bearer abc"),
    ],
)
@pytest.mark.parametrize("variable", ["GAL_TOKEN", "MY_TOKEN"])
def test_tokens(
    provider: str,
    replies: dict[str, Any],
    token: str,
    header: str,
    value: str,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, token)
    options = [] if variable == "GAL_TOKEN" else ["--token-env", variable]
    with serving(replies) as server:
        assert run(["pull", provider, server.url, *options]) == 0
    assert {asked.headers.get(header) for asked in server.asked} == {value}


def test_user_and_password_of_the_url(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(ENTITIES) as server:
        url = server.url.replace("//", f"//admin:{SECRET}@")
        assert run(["pull", "kong", url]) == 0
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err
    values = {asked.headers["Authorization"] for asked in server.asked}
    assert values == {"Basic YWRtaW46ZG8tbm90LXNob3ctdGhpcy03"}


FAILURES: dict[str, Reply] = {
    "not accepted": Reply({"message": SECRET}, 401),
    "not allowed": Reply({"message": SECRET}, 403),
    "not there": Reply({"message": SECRET}, 404),
    "broken": Reply({"message": SECRET}, 500),
    "no JSON": Reply(f"<p>{SECRET}</p>", headers={"Content-Type": "text/html"}),
    "another shape": Reply({"data": SECRET}),
    "elsewhere": Reply({}, 302, {"Location": f"http://u:{SECRET}@other.test/{SECRET}"}),
    "breaks off": Reply({"message": SECRET}, short=3),
}


@pytest.mark.parametrize("reply", FAILURES.values(), ids=FAILURES)
def test_errors_are_one_line_without_secrets(
    reply: Reply, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GAL_TOKEN", SECRET)
    with serving({**ENTITIES, "/services": reply}) as server:
        url = server.url.replace("//", f"//admin:{SECRET}@")
        assert run(["pull", "kong", url]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"{server.url}: ")
    assert told.err.count("\n") == 1
    assert SECRET not in told.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nginx", "http://h"], "Error: Invalid value for 'P': 'nginx' is not one of "),
        (["kong", f"http://u:{SECRET}@"], '"..." is no URL such as http://127.0.0.1:8001'),
        (["kong", f"http://h/?token={SECRET}"], "the URL is the base of an API"),
        (["kong", "http://h", "--token-env", "NOT_SET"], "variable NOT_SET is not set"),
        (["kong", "http://h", "--token-env", "BAD"], "what BAD holds is no token"),
        (["kong", "http://h", "--timeout", "nan"], "Error: --timeout is a number of seconds"),
        (["kong", "http://h", "--timeout", "inf"], "Error: Invalid value for '--timeout'"),
        (["envoy", "http://h", "--workspace", "a"], "Error: --workspace is for kong"),
        (["kong", "https://h", "--ca-file", "none.pem"], "cannot use none.pem: No such file"),
        (
            ["kong", "https://h", "--ca-file", "a", "--insecure"],
            "Error: --insecure takes any certificate: --ca-file has no effect then",
        ),
        (
            ["envoy", f"http://u:{SECRET}@h", "--token-env", "GOOD"],
            "Error: there are credentials in the URL, and a token, too: give one",
        ),
    ],
)
def test_wrong_usage(
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BAD", f"{SECRET}\r\nX: y")
    monkeypatch.setenv("GOOD", SECRET)
    assert run(["pull", *arguments]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert SECRET not in told.err


def test_notes_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    dump = {"configs": [{"bootstrap": {"admin": {"a": "[redacted]"}}}]}
    with serving({"/config_dump": dump}) as server:
        assert run(["pull", "envoy", server.url]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == dump
    assert told.err == (
        "note: Envoy gives no secrets: the file holds [redacted] in their place, to be replaced"
        " before it is used\npulled: nothing is configured\n"
    )


def test_tls(capsys: pytest.CaptureFixture[str]) -> None:
    authority = Authority()
    with serving(ENTITIES, authority.server(HOST)) as server:
        assert run(["pull", "kong", server.url]) == 2
        assert "its certificate is not trusted" in capsys.readouterr().err
        assert run(["pull", "kong", server.url, "--ca-file", str(authority.file)]) == 0
        assert run(["pull", "kong", server.url, "--insecure"]) == 0
    assert capsys.readouterr().out == FILE * 2


def test_credentials_without_tls_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gal.pull.address import Address

    monkeypatch.setattr(Address, "is_local", False)
    monkeypatch.setenv("GAL_TOKEN", SECRET)
    with serving(ENTITIES) as server:
        assert run(["pull", "kong", server.url]) == 0
    assert capsys.readouterr().err.startswith("warning: the credentials are sent without TLS\n")
