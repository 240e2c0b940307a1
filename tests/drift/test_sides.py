"""What `gal drift` takes as a side, and what it says where one cannot be read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gal.cli.group import run

KONG = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop], hosts: [shop.test]}]
  plugins:
  - {name: key-auth, config: {key_in_query: false, key_in_header: true}}
consumers:
- {username: acme, keyauth_credentials: [{key: key-of-acme}]}
"""
OPEN = KONG.replace("  plugins:\n", "").replace(
    "  - {name: key-auth, config: {key_in_query: false, key_in_header: true}}\n", ""
)
GAL = """\
version: "1.0"
global: {port: 8080}
services:
- name: shop
  upstream: {host: shop.internal, port: 80}
  routes: [{name: shop, path_prefix: /shop, hosts: [shop.test]}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    put("kong.yaml", KONG)
    put("open.yaml", OPEN)


def put(name: str, text: str | bytes) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())


def git(*arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@b.test", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True)


def committed(*names: str) -> None:
    """A repository here whose last commit has the files."""
    git("init", "--quiet")
    git("add", *names)
    git("commit", "--quiet", "-m", "all")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = run(["drift", *arguments, "--format", "json", "--fail-on", "never"])
    said = capsys.readouterr()
    assert code == 0, said.err
    data: dict[str, Any] = json.loads(said.out)
    return data


def ids(data: dict[str, Any]) -> list[str]:
    return [one["id"] for one in data["changes"] if one["level"] != "info"]


def converted(target: str) -> str:
    Path(target).mkdir(exist_ok=True)
    assert run(["convert", "kong.yaml", "--to", target, "-o", f"{target}/"]) == 0
    return f"{target}/{target}.yaml"


def in_a_commit() -> tuple[str, str]:
    committed("kong.yaml")
    return "git:HEAD:kong.yaml", "open.yaml"


def in_a_folder_of_a_commit() -> tuple[str, str]:
    put("live/services.yaml", KONG.partition("consumers:")[0])
    put(
        "live/consumers.yaml",
        '_format_version: "3.0"\nconsumers:' + KONG.partition("consumers:")[2],
    )
    put("live/.hidden.yaml", "a: [")
    put("live/README.md", "no configuration")
    committed("live")
    return "git:HEAD:live", "open.yaml"


def staged() -> tuple[str, str]:
    committed("open.yaml")
    git("add", "kong.yaml")
    return "git::kong.yaml", "open.yaml"


def below_the_top() -> tuple[str, str]:
    put("deep/kong.yaml", KONG)
    committed("deep")
    return "git:HEAD:./deep/kong.yaml", "open.yaml"


def a_folder() -> tuple[str, str]:
    put("folder/kong.yaml", KONG)
    return "folder", "open.yaml"


SIDES = [
    ("files", lambda: ("kong.yaml", "open.yaml")),
    ("a folder", a_folder),
    ("a file of a commit", in_a_commit),
    ("a folder of a commit", in_a_folder_of_a_commit),
    ("what is staged", staged),
    ("a path from here", below_the_top),
]


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in SIDES])
def test_a_side(make: Callable[[], tuple[str, str]], capsys: pytest.CaptureFixture[str]) -> None:
    old, new = make()
    assert ids(told(capsys, old, new)) == ["D010"]
    assert ids(told(capsys, old, old)) == []


@pytest.mark.parametrize("target", ["apisix", "envoy", "gal"])
def test_another_format(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = converted(target)
    capsys.readouterr()
    assert ids(told(capsys, "kong.yaml", name)) == []
    assert ids(told(capsys, name, "open.yaml")) == ["D010"]


def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, wanted in ((("-", "open.yaml"), "D010"), (("open.yaml", "-"), "D012")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(KONG.encode())))
        assert ids(told(capsys, *arguments)) == [wanted]


def test_a_format_that_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["kong.yaml", "open.yaml", "--from-old", "kong", "--from-new", "kong"]
    assert ids(told(capsys, *arguments)) == ["D010"]
    assert run(["drift", "kong.yaml", "open.yaml", "--from-new", "envoy"]) == 2
    assert "open.yaml:1:1: this is no configuration of envoy" in capsys.readouterr().err


# -- sides that cannot be read


def _growing(number: int) -> str:
    """A name that stands for nine times what the one before stands for."""
    return f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n"


def nothing() -> None:
    """No repository, no further file."""


def a_repository() -> None:
    committed("kong.yaml")


WRONG = [
    ("no such file", nothing, "missing.yaml", "missing.yaml"),
    ("an empty folder", lambda: Path("empty").mkdir(), "empty", "empty"),
    ("an empty file", lambda: put("new.yaml", ""), "new.yaml", "new.yaml"),
    ("no configuration", lambda: put("new.yaml", "a: 1\n"), "new.yaml", "new.yaml"),
    ("no text", lambda: put("new.yaml", b"\x00\xff\xfe\x01"), "new.yaml", "new.yaml"),
    ("half a file", lambda: put("new.yaml", "services: ["), "new.yaml", "new.yaml:1:"),
    (
        "names that grow without end",
        lambda: put("new.yaml", "a0: &a0 [x]\n" + "".join(map(_growing, range(1, 12)))),
        "new.yaml",
        "new.yaml",
    ),
    ("too deep", lambda: put("new.yaml", "[" * 5000), "new.yaml", "new.yaml"),
    ("no repository", nothing, "git:HEAD:kong.yaml", "not a git repository"),
    ("no such commit", a_repository, "git:nowhere:kong.yaml", "no such commit or file"),
    ("no such path", a_repository, "git:HEAD:other.yaml", "no such commit or file"),
    ("outside of it", a_repository, "git:HEAD:../kong.yaml", "git:HEAD:../kong.yaml"),
    ("no path", a_repository, "git:HEAD", "is not git:REF:PATH"),
    ("an option", a_repository, "git:--output=x:kong.yaml", "is not git:REF:PATH"),
    ("an option for a path", a_repository, "git:HEAD:--help", "no such commit or file"),
    ("a command", a_repository, "git:HEAD;touch x:kong.yaml", "no such commit or file"),
    ("two lines", a_repository, "git:HEAD\nx:kong.yaml", "no such commit or file"),
]


@pytest.mark.parametrize(
    ("make", "side", "wanted"), [pytest.param(*row[1:], id=row[0]) for row in WRONG]
)
@pytest.mark.parametrize("first", [True, False], ids=["old", "new"])
def test_one_clear_error(
    make: Callable[[], object],
    side: str,
    wanted: str,
    first: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make()
    before = sorted(Path().iterdir())
    sides = [side, "kong.yaml"] if first else ["kong.yaml", side]
    assert run(["drift", *sides]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert wanted in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) <= 4
    assert sorted(Path().iterdir()) == before


USAGE = [
    ("both from standard input", ["-", "-"], "only one side"),
    ("two of three", ["-", "kong.yaml", "--base", "-"], "only one side"),
    ("one side", ["kong.yaml"], "NEW"),
    ("no such id", ["--explain", "D999"], "D999"),
    ("strict about nothing", ["kong.yaml", "open.yaml", "--strict-expected"], "--expected"),
    ("no such level", ["kong.yaml", "open.yaml", "--fail-on", "worst"], "--fail-on"),
]


@pytest.mark.parametrize(
    ("arguments", "wanted"), [pytest.param(*row[1:], id=row[0]) for row in USAGE]
)
def test_bad_usage(arguments: list[str], wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drift", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert wanted in said.err


def test_an_error_of_the_base_is_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drift", "kong.yaml", "open.yaml", "--base", "missing.yaml"]) == 2
    assert capsys.readouterr().out == ""


# -- what no single change shows


def test_what_is_not_read_is_compared_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("one.yaml", 7), ("two.yaml", 9)):
        put(name, KONG.replace("  routes:", f"  read_timout: {value}\n  routes:"))
    (one,) = told(capsys, "one.yaml", "two.yaml")["changes"]
    assert (one["id"], one["field"]) == ("D100", "services.read_timout")
    assert (one["old"], one["new"]) == ("7", "9")
    assert told(capsys, "one.yaml", "one.yaml")["changes"] == []
    unread = told(capsys, "one.yaml", converted("envoy"))["not_compared"]
    assert "read_timout" in [one["topic"] for one in unread]


def test_what_one_gateway_cannot_say_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    text = KONG.replace("  plugins:\n", "  plugins:\n  - {name: http-log, config: {}}\n")
    put("kong.yaml", text)
    data = told(capsys, "kong.yaml", converted("envoy"))
    topics = [one["topic"] for one in data["not_compared"]]
    assert "plugin http-log" in topics
    assert data["changes"] == []


def test_defaults_that_differ_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    routes = [f"{{name: {one}, paths: [/{one}], hosts: [shop.test]}}" for one in "abc"]
    line = next(one for one in KONG.splitlines() if "routes:" in one)
    put("kong.yaml", KONG.replace(line, f"  routes: [{', '.join(routes)}]"))
    data = told(capsys, "kong.yaml", converted("envoy"))
    topics = [one["topic"] for one in data["assumptions"]]
    assert "timeout.send" in topics
    assert len(topics) == len(set(topics))
    assert next(one for one in data["assumptions"] if one["topic"] == "timeout.send")["count"] == 3


def test_a_default_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    put("new.yaml", KONG.replace("  routes:", "  retries: 5\n  routes:"))
    data = told(capsys, "kong.yaml", "new.yaml")
    (one,) = data["changes"]
    assert (one["id"], one["level"], one["field"]) == ("D112", "info", "retry.attempts")
    assert (one["old"], one["new"]) == ("5 by default", "5")


def test_places_of_both_files(capsys: pytest.CaptureFixture[str]) -> None:
    name = converted("envoy")
    text = Path(name).read_text(encoding="utf-8")
    put(name, text.replace("shop.internal", "other.internal"))
    capsys.readouterr()
    assert run(["drift", "kong.yaml", name]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 high")
    assert lines[1] == f"kong.yaml (kong) -> {name} (envoy)"
    (change,) = [line for line in lines if "D006" in line]
    assert "shop.internal:80 -> other.internal:80  (kong.yaml:" in change
    assert f"| {name}:" in change


def test_no_secret_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    put("new.yaml", KONG.replace("key-of-acme", "canary-4711"))
    put("default.yaml", KONG.replace("key-of-acme", "${ACME:-canary-4712}"))
    for new in ("new.yaml", "default.yaml"):
        for form in ("text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab"):
            run(["drift", "kong.yaml", new, "--format", form, "-v"])
            said = capsys.readouterr()
            assert "canary" not in said.out + said.err
            assert "key-of-acme" not in said.out + said.err


def test_keys_in_conditions_are_no_text_either(capsys: pytest.CaptureFixture[str]) -> None:
    """Traefik has keys as conditions on a header, also as an expression."""
    matches = "Header(`apikey`, `canary-{}`)", "HeaderRegexp(`apikey`, `^canary-{}$`)"
    for number, match in enumerate(matches):
        for side in ("old", "new"):
            rule = "Host(`a.test`) && " + match.format(f"{number}{side}")
            put(
                f"{side}.yaml",
                "http:\n"
                f"  routers: {{a: {{rule: '{rule}', service: s}}}}\n"
                "  services: {s: {loadBalancer: {servers: [{url: 'http://s.internal'}]}}}\n",
            )
        run(["drift", "old.yaml", "new.yaml", "-v"])
        said = capsys.readouterr()
        assert "D121" in said.out
        assert "canary" not in said.out + said.err
