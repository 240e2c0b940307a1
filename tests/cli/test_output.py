"""Formats of the output, and options that cannot act."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from gal.cli.group import run
from gal.reading import read_documents

GAL = """\
version: "1.0"
upstreams: [{name: u, host: u.test, port: 80}]
routes:
- name: r
  path_prefix: /r
  upstream: u
  authentication:
    jwt: {jwks_uri: "http://keys.test/jwks", claims_to_headers: [{claim: sub, header: X-Sub}]}
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("gal.yaml").write_text(GAL, encoding="utf-8")
    return "gal.yaml"


def test_toml_says_what_yaml_says(config: str) -> None:
    for form in ("yaml", "toml"):
        options = ["--to", "traefik", "--format", form, "-o", f"{form}/", "-q"]
        assert run(["convert", config, *options]) == 1
    files = {path.name for path in Path("toml").iterdir()}
    assert files == {"traefik.toml", "dynamic.toml"}
    for name in ("traefik", "dynamic"):
        text = Path(f"toml/{name}.toml").read_text(encoding="utf-8")
        data = read_documents(text, f"{name}.toml")[0].root.plain()
        wanted = yaml.safe_load(Path(f"yaml/{name}.yaml").read_text(encoding="utf-8"))
        if name == "traefik":
            wanted["providers"]["file"]["filename"] = "dynamic.toml"
        assert data == wanted


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "traefik", "--format", "json"], "traefik does not read json"),
        (["--to", "envoy", "--format", "toml"], "envoy does not read toml"),
        (["--to", "kong", "--format", "toml"], "kong does not read toml"),
        (["--to", "envoy", "--auth-service", "http://a/"], "has no effect on envoy"),
        (["--to", "traefik", "--auth-service", "ftp://a/"], "is no URL"),
        (["--to", "traefik", "--auth-service", "a.test"], "is no URL"),
    ],
)
def test_options_that_cannot_act(
    config: str, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", config, *options]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.out == ""


def test_a_service_decides_on_tokens(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--to", "traefik", "--auth-service", "http://auth.test/check", "-o", "out/"]
    assert run(["convert", config, *options]) == 0
    dynamic = yaml.safe_load(Path("out/dynamic.yaml").read_text(encoding="utf-8"))
    assert dynamic["http"]["middlewares"] == {
        "forwardAuth": {
            "forwardAuth": {
                "address": "http://auth.test/check",
                "authResponseHeaders": ["X-Sub"],
            }
        }
    }
    assert "http://auth.test/check decides on tokens" in capsys.readouterr().err.replace("\n", " ")


def test_without_a_service_everybody_is_refused(config: str) -> None:
    assert run(["convert", config, "--to", "traefik", "-o", "out/", "-q"]) == 1
    dynamic = yaml.safe_load(Path("out/dynamic.yaml").read_text(encoding="utf-8"))
    assert list(dynamic["http"]["middlewares"]) == ["refuse"]


def test_apisix_in_json_has_its_settings_in_yaml(config: str) -> None:
    assert run(["convert", config, "--to", "apisix", "--format", "json", "-o", "out/", "-q"]) == 1
    assert sorted(path.name for path in Path("out").iterdir()) == ["apisix.json", "config.yaml"]
    settings = yaml.safe_load(Path("out/config.yaml").read_text(encoding="utf-8"))
    assert settings["deployment"]["role_data_plane"] == {"config_provider": "json"}
    assert "routes" in json.loads(Path("out/apisix.json").read_text(encoding="utf-8"))
    assert run(["convert", "out", "--to", "gal", "-o", "back.yaml", "-q"]) == 0


@pytest.mark.parametrize(
    ("options", "code", "written"),
    [
        ([], 1, ["apisix", "envoy", "kong", "traefik"]),
        (["--auth-service", "http://a.test/"], 1, ["apisix", "envoy", "kong", "traefik"]),
        (["--format", "json"], 2, []),
        (["--format", "toml"], 2, []),
    ],
    ids=["all", "a service", "JSON", "TOML"],
)
def test_options_for_all_gateways(
    config: str, options: list[str], code: int, written: list[str]
) -> None:
    command = ["generate", config, "--provider", "all", "-o", "out/", "-q", *options]
    assert run(command) == code
    out = Path("out")
    assert sorted(path.name for path in out.iterdir()) == written if written else not out.exists()
    if "--auth-service" in options:
        assert "address: http://a.test/" in (out / "traefik/dynamic.yaml").read_text()


@pytest.mark.parametrize(
    "line",
    [
        "apisix: APISIX standalone YAML or JSON (apisix.yaml or apisix.json, and config.yaml)",
        "kong: Kong declarative YAML or JSON, 3.0 (kong.yaml)",
        "traefik: Traefik v3, YAML or TOML (traefik.yaml and dynamic.yaml)",
        "envoy: Envoy v3 bootstrap, YAML or JSON (envoy.yaml)",
    ],
)
def test_help_says_the_formats(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "--help"]) == 0
    assert line in capsys.readouterr().out
