"""Every format of the findings."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.lint.support import ONLY, SHOP, lint, put

TEXT = """\
kong.yaml:3:3: medium[GAL030] nothing limits how many requests route "shop" may get (no-rate-limit)
3 | - name: shop
  |   ^^^^
  = kong.yaml:6:5: no limit acts here
  = help: limit requests by client address, or by consumer where clients are known

kong.yaml:11:7: high[GAL001] credentials are allowed to any origin: every origin is answered \
with its own name (cors-credentials-any-origin)
11 |       credentials: true
   |       ^^^^^^^^^^^
   = kong.yaml:10:7: any origin
   = help: list the origins that need credentials, or do not allow credentials
   = --fix=all: do not allow credentials
"""


def told(capsys: pytest.CaptureFixture[str], *arguments: str, text: str = SHOP) -> str:
    lint(put("kong.yaml", text), *ONLY, *arguments)
    return capsys.readouterr().out


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys) == TEXT


def test_text_has_colours_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b[31mhigh[GAL001]\x1b[0m" in told(capsys, "--color", "always")


def test_concise(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(capsys, "--format", "concise").splitlines()
    assert lines == [line for line in TEXT.splitlines() if line.startswith("kong.yaml:")]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(told(capsys, "--format", "json"))
    first, second = data["findings"]
    assert data["summary"] == {"files": 1, "findings": 2, "ignored": 0, "worst": "high"}
    assert (first["code"], first["line"], first["column"]) == ("GAL030", 3, 3)
    assert (second["code"], second["path"]) == (
        "GAL001",
        "services[0].plugins[0].config.credentials",
    )
    assert second["fix"] == {"message": "do not allow credentials", "safety": "unsafe"}
    assert len(second["fingerprint"]) == 32


def sarif(text: str) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(text)
    assert log["version"] == "2.1.0"
    run: dict[str, Any] = log["runs"][0]
    return run


def test_sarif(capsys: pytest.CaptureFixture[str]) -> None:
    ignored = SHOP.replace("name: cors", "name: cors  # gal: ignore[GAL001] wanted")
    run = sarif(told(capsys, "--format", "sarif", text=ignored))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["GAL001", "GAL030"]
    assert "external/cwe/cwe-942" in rules[0]["properties"]["tags"]
    limit, cors = run["results"]
    assert limit["level"] == "warning"
    where = limit["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "kong.yaml"}
    assert where["region"] == {"startLine": 3, "startColumn": 3}
    assert cors["suppressions"] == [{"kind": "inSource", "justification": "wanted"}]
    assert rules[cors["ruleIndex"]]["id"] == "GAL001"


def test_sarif_has_relative_paths(capsys: pytest.CaptureFixture[str]) -> None:
    import os

    put("conf dir/kong.yaml", SHOP)
    lint(os.path.abspath("conf dir/kong.yaml"), *ONLY, "--format", "sarif")
    result = sarif(capsys.readouterr().out)["results"][0]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "conf%20dir/kong.yaml"


def test_junit(capsys: pytest.CaptureFixture[str]) -> None:
    suite = ElementTree.fromstring(told(capsys, "--format", "junit"))[0]
    assert suite.attrib == {"name": "gal lint", "tests": "2", "failures": "2", "errors": "0"}
    assert [case.get("name") for case in suite] == ["GAL030 3:3", "GAL001 11:7"]


def test_junit_says_that_nothing_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    suite = ElementTree.fromstring(told(capsys, "--format", "junit", "--ignore", "GAL001,GAL030"))[
        0
    ]
    assert suite.attrib["tests"] == "1"
    assert suite.attrib["failures"] == "0"


def test_github_shows_the_worst_first(capsys: pytest.CaptureFixture[str]) -> None:
    first, second = told(capsys, "--format", "github").splitlines()
    start = "::error file=kong.yaml,line=11,col=7,title=GAL001 cors-credentials-any-origin::"
    assert first.startswith(start)
    assert second.startswith("::warning file=kong.yaml,line=3,col=3,title=GAL030 no-rate-limit::")


def test_gitlab(capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(told(capsys, "--format", "gitlab"))
    assert [one["severity"] for one in data] == ["major", "critical"]
    assert data[0]["location"] == {"path": "kong.yaml", "lines": {"begin": 3}}
    assert len({one["fingerprint"] for one in data}) == 2


def test_fingerprints_of_gitlab_tell_files_apart(capsys: pytest.CaptureFixture[str]) -> None:
    put("a/kong.yaml", SHOP)
    put("b/kong.yaml", SHOP)
    lint("a", "b", *ONLY, "--format", "gitlab")
    data = json.loads(capsys.readouterr().out)
    assert [one["location"]["path"] for one in data] == ["a/kong.yaml"] * 2 + ["b/kong.yaml"] * 2
    assert len({one["fingerprint"] for one in data}) == 4


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "gitlab"])
@pytest.mark.parametrize("named", [".", "conf/kong.yaml", "absolute"])
def test_reports_for_other_tools_name_files_from_here(
    form: str, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from pathlib import Path

    put("conf/kong.yaml", SHOP)
    lint(str(Path("conf").resolve()) if named == "absolute" else named, *ONLY, "--format", form)
    shown = capsys.readouterr().out
    quoted = {"github": "file=conf/kong.yaml,"}.get(form, '"conf/kong.yaml"')
    assert quoted in shown
    assert "./conf" not in shown
    assert f'"{Path.cwd()}' not in shown


SECRETS = """\
consumers:
- username: anna
  keyauth_credentials: [{key: canary-key-4711}]
  basicauth_credentials: [{username: anna, password: canary-word-4711}]
  jwt_secrets: [{key: anna, algorithm: HS256, secret: canary-secret-4711}]
"""


@pytest.mark.parametrize("form", ["text", "concise", "json", "sarif", "junit", "github", "gitlab"])
def test_no_format_shows_a_secret(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", SHOP + SECRETS)
    lint("kong.yaml", "--select", "ALL", "--no-config", "--format", form, "-v")
    shown = capsys.readouterr()
    assert "canary" not in shown.out + shown.err


LABELS = """\
services:
  traefik:
    image: traefik:v3.6
    command: [--providers.docker=true, --providers.redis.password=canary-4711]
  shop:
    image: shop
    labels:
    - traefik.http.routers.shop.rule=PathPrefix(`/`)
    - traefik.http.routers.shop.middlewares=who,digest,limit
    - traefik.http.middlewares.who.basicauth.users=anna:$$apr1$$canary$$4711,bob:{SHA}canary=
    - traefik.http.middlewares.digest.digestauth.users=anna:shop:ca4a4711ca4a4711ca4a4711ca4a4711
    - traefik.http.middlewares.limit.ratelimit.redis.password=canary-4711
"""


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github", "gitlab"])
def test_no_format_shows_a_secret_of_labels(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    put("compose.yaml", LABELS)
    lint("compose.yaml", "--select", "ALL", "--no-config", "--format", form, "-v")
    shown = capsys.readouterr()
    assert "4711" not in shown.out + shown.err
    assert "GAL021" in shown.out


def test_an_object_of_json_is_shown_with_its_first_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = put(
        "kong.json",
        '{\n "_format_version": "3.0",\n "services": [\n  {\n   "name": "shop",\n'
        '   "url": "http://shop.internal",\n   "routes": [{"paths": ["/shop"]}]\n  }\n ]\n}\n',
    )
    lint(file, "--select", "GAL030")
    assert capsys.readouterr().out.splitlines()[1:3] == ['4 |   { "name": "shop",', "  |   ^"]


def test_a_file_takes_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    from pathlib import Path

    assert told(capsys, "-o", "found.txt") == ""
    assert Path("found.txt").read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize(
    ("plugin", "shown"),
    [
        ("limit-count: {count: 5, time_window: 60, key: http_x_user}", "key: http_x_user}"),
        ("limit-count: {count: 5, time_window: 60, key: $arg_user}", "key: $arg_user}"),
        ("csrf: {key: http-canary}", "key: ***}"),
        ("forward-auth: {uri: 'http://auth.test:9000/a'}", "uri: 'http://auth.test:9000/a'}"),
        (
            "forward-auth: {uri: 'http://me:canary@auth.test/a'}",
            "uri: 'http://me:***@auth.test/a'}",
        ),
    ],
)
def test_only_secrets_are_hidden(
    plugin: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put("apisix.yaml", f"routes:\n- uri: /a\n  plugins: {{{plugin}}}\n")
    lint(file, "--select", "GAL033,GAL045,GAL090")
    assert shown in capsys.readouterr().out
