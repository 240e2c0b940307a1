"""Which files are looked at, and how a run ends."""

from __future__ import annotations

import io
import os
import sys

import pytest

from tests.lint.support import ONLY, SHOP, codes, lint, put

TRAEFIK_ROUTERS = """\
http:
  routers:
    shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [cors]}
"""
TRAEFIK_REST = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    cors:
      headers:
        accessControlAllowOriginList: ["*"]
        accessControlAllowCredentials: true
"""
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"
VALUES = "deployment:\n  replicas: 2\nimage: {tag: x}\n"


def test_folders_and_several_files(capsys: pytest.CaptureFixture[str]) -> None:
    put("conf/a/kong.yaml", SHOP)
    put("conf/b.yaml", SHOP)
    put("conf/deployment.yaml", DEPLOYMENT)
    put("conf/values.yaml", VALUES)
    put("conf/broken.yaml", "a: [1\n")
    put("conf/.hidden/kong.yaml", SHOP)
    put("conf/notes.txt", "x")
    put("c.yaml", SHOP)
    assert lint("conf", "c.yaml", *ONLY, "--format", "concise") == 1
    told = capsys.readouterr()
    files = [line.split(":", 1)[0] for line in told.out.splitlines()]
    assert files == ["c.yaml"] * 2 + ["conf/a/kong.yaml"] * 2 + ["conf/b.yaml"] * 2
    assert told.err == "6 findings (3 high, 3 medium) in 3 files\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deployment.yaml", DEPLOYMENT, "a Kubernetes Deployment"),
        ("values.yaml", VALUES, "no gateway configuration that GAL knows"),
        ("empty.yaml", "", "the file is empty"),
        ("cut.yaml", SHOP[:58] + "\n  - [", "cut.yaml:"),
        ("wrong.yaml", '_format_version: "3.0"\nservices: 5\n', "wrong.yaml:2:"),
        ("bytes.yaml", "\0\1\2", "bytes.yaml"),
    ],
)
def test_a_named_file_that_is_none_is_an_error(
    name: str, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(name, text)
    put("kong.yaml", SHOP)
    assert lint(name, "kong.yaml", *ONLY, "--format", "concise") == 2
    told = capsys.readouterr()
    assert message in told.err
    assert codes(told.out) == ["3:GAL030", "11:GAL001"]  # the others are linted all the same


def test_what_looks_like_a_configuration_is_not_passed_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("conf/kong.yaml", SHOP)
    put("conf/cut.yaml", f"{SHOP}  - [\n")
    assert lint("conf", *ONLY) == 2
    assert "conf/cut.yaml:" in capsys.readouterr().err


def test_a_folder_without_any(capsys: pytest.CaptureFixture[str]) -> None:
    put("conf/deployment.yaml", DEPLOYMENT)
    assert lint("conf", *ONLY) == 2
    assert 'no gateway configuration in the folder "conf"' in capsys.readouterr().err


def test_pipes_of_a_folder_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    put("conf/kong.yaml", SHOP)
    os.mkfifo("conf/pipe.yaml")
    assert lint("conf", *ONLY, "--format", "concise") == 1
    assert codes(capsys.readouterr().out) == ["3:GAL030", "11:GAL001"]


@pytest.mark.parametrize("option", [["--fix"], ["--diff-base", "HEAD"]], ids=" ".join)
def test_options_that_need_a_file(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert lint("-", *option) == 2
    assert "standard input" in capsys.readouterr().err


def test_hooks_pass_over_what_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    put("deployment.yaml", DEPLOYMENT)
    assert lint("deployment.yaml", "--skip-others", *ONLY) == 0
    assert capsys.readouterr().err == "no findings in 0 files\n"


def test_files_of_traefik_are_read_together(capsys: pytest.CaptureFixture[str]) -> None:
    put("conf/routers.yaml", TRAEFIK_ROUTERS)
    put("conf/rest.yaml", TRAEFIK_REST)
    assert lint("conf/routers.yaml", "conf/rest.yaml", *ONLY, "--format", "concise") == 1
    assert "7:GAL001" in codes(capsys.readouterr().out)


_ROUTERS = "http: {routers: {a: {rule: Host(`a.test`), service: shop}}}\n"
_SERVICES = 'http: {services: {shop: {loadBalancer: {servers: [{url: "http://s.internal"}]}}}}\n'


@pytest.mark.parametrize(
    ("place", "named", "found"),
    [
        pytest.param("conf/services.yaml", ["conf/routers.yaml"], [], id="beside, not named"),
        pytest.param("conf/own/services.yaml", ["conf"], [], id="in a folder of the folder"),
        pytest.param("services/all.yaml", ["conf/routers.yaml"], [], id="in a folder beside"),
        pytest.param("else/far/away.yaml", ["conf/routers.yaml"], ["1:GAL073"], id="elsewhere"),
        pytest.param("else/far/away.yaml", ["conf", "else"], [], id="linted as well"),
    ],
)
def test_names_of_traefik_may_be_defined_around_the_file(
    place: str, named: list[str], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    put("conf/routers.yaml", _ROUTERS)
    put(place, _SERVICES)
    lint(*named, "--select", "GAL073", "--format", "concise")
    assert codes(capsys.readouterr().out) == found


_STATIC = """\
entryPoints:
  web: {address: ":80", http: {redirections: {entryPoint: {to: safe, scheme: https}}}}
  safe: {address: ":443"}
providers: {file: {directory: conf}}
"""
_PLAIN = """\
http:
  routers:
    a: {rule: Host(`a.test`), service: shop, entryPoints: [web], priority: 1}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
"""


@pytest.mark.parametrize(
    ("further", "found"),
    [
        pytest.param({}, ["3:GAL070"], id="one: its redirect takes all requests"),
        pytest.param(
            {"conf/dev.yaml": 'entryPoints: {web: {address: ":80"}}\n'}, [], id="one of two"
        ),
    ],
)
def test_static_files_of_one_folder_are_setups_of_their_own(
    further: dict[str, str], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in {"conf/traefik.yaml": _STATIC, "conf/shop.yaml": _PLAIN, **further}.items():
        put(name, text)
    lint("conf", "--select", "GAL070", "--format", "concise")
    assert codes(capsys.readouterr().out) == found


def test_a_file_of_an_old_version_does_not_keep_the_others_from_being_linted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    put("conf/old.toml", '[frontends]\n[frontends.a]\nbackend = "b"\n[backends]\n')
    put("conf/kong.yaml", SHOP)
    assert lint("conf", *ONLY, "--format", "concise") == 2
    shown = capsys.readouterr()
    assert codes(shown.out) == ["3:GAL030", "11:GAL001"]
    assert "conf/old.toml:1:1: this is a configuration of Traefik 1" in shown.err


def test_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SHOP.encode())))
    assert lint("-", *ONLY, "--format", "concise") == 1
    assert codes(capsys.readouterr().out) == ["3:GAL030", "11:GAL001"]


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("critical", 0), ("high", 1), ("medium", 1), ("info", 1), ("never", 0)],
)
def test_exit_codes(fail_on: str, code: int) -> None:
    assert lint(put("kong.yaml", SHOP), *ONLY, "--fail-on", fail_on) == code


def test_the_current_folder_is_linted_without_paths(capsys: pytest.CaptureFixture[str]) -> None:
    put("conf/kong.yaml", SHOP)
    assert lint(*ONLY, "--statistics") == 1
    assert capsys.readouterr().out == (
        "     1 GAL001 cors-credentials-any-origin\n     1 GAL030 no-rate-limit\n"
    )
