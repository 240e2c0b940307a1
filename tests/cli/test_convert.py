"""`gal convert`, `import` and `generate`: where the output goes, what is said, the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Result

Gal = Callable[..., Result]

SMALL = 'version: "1.0"\nroutes:\n- path_prefix: /a\n'
KONG = """\
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:8080
  routes:
  - name: shop
    paths: [/shop]
"""
LOCKED = KONG + "  plugins:\n  - name: ldap-auth\n    config: {ldap_host: h}\n"
LOGGED = KONG + "plugins:\n- name: file-log\n  config: {path: /dev/stdout}\n"


def test_to_standard_output(gal: Gal) -> None:
    done = gal("convert", "in.yaml", "--to", "gal", files={"in.yaml": SMALL})
    assert (done.code, yaml.safe_load(done.out)["routes"]) == (0, [{"path_prefix": "/a"}])
    assert "gal to gal: 2 exact, 0 approximated, 0 dropped, 0 carried" in done.err


def test_from_standard_input(gal: Gal) -> None:
    done = gal("convert", "-", "--to", "gal", "-q", stdin=SMALL)
    assert (done.code, done.err) == (0, "")
    assert "path_prefix: /a" in done.out


def test_to_a_file(gal: Gal, tmp_path: Path) -> None:
    done = gal("convert", "in.yaml", "--to", "envoy", "-o", "out.yaml", files={"in.yaml": KONG})
    assert (done.code, done.out) == (0, "")
    assert "static_resources" in yaml.safe_load((tmp_path / "out.yaml").read_text())


@pytest.mark.parametrize(
    ("target", "name"), [("envoy", "envoy.yaml"), ("kong", "kong.yaml"), ("gal", "gal.yaml")]
)
def test_to_a_folder_under_fixed_names(gal: Gal, tmp_path: Path, target: str, name: str) -> None:
    done = gal("convert", "in.yaml", "--to", target, "-o", "new/", files={"in.yaml": KONG})
    assert done.code == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_as_json(gal: Gal) -> None:
    done = gal("convert", "in.yaml", "--to", "gal", "--format", "json", files={"in.yaml": SMALL})
    assert json.loads(done.out) == {"version": "1.0", "routes": [{"path_prefix": "/a"}]}


def test_import_is_convert_to_gal(gal: Gal) -> None:
    files: dict[str, str | bytes] = {"in.yaml": KONG}
    imported = gal("import", "in.yaml", files=files)
    assert imported == gal("convert", "in.yaml", "--to", "gal", files=files)


def test_a_folder_is_read_whole_and_strangers_are_passed_over(gal: Gal) -> None:
    files: dict[str, str | bytes] = {
        "kong/kong.yaml": KONG,
        "kong/compose.yaml": "services: {web: {image: nginx}}\n",
        "kong/.hidden.yaml": "a: [",
        "kong/notes.txt": "not a configuration",
    }
    done = gal("convert", "kong", "--to", "gal", files=files)
    assert done.code == 0
    assert "path_prefix: /shop" in done.out


def test_generate_for_the_files_own_provider(gal: Gal) -> None:
    text = SMALL + "provider: envoy\n"
    done = gal("generate", "in.yaml", files={"in.yaml": text})
    assert done.code == 0
    assert "static_resources" in yaml.safe_load(done.out)


def test_generate_for_all(gal: Gal, tmp_path: Path) -> None:
    done = gal("generate", "in.yaml", "--provider", "all", "-o", "out/", files={"in.yaml": SMALL})
    assert done.code == 0
    assert (tmp_path / "out" / "envoy" / "envoy.yaml").is_file()
    assert (tmp_path / "out" / "kong" / "kong.yaml").is_file()
    names = sorted(path.name for path in (tmp_path / "out" / "traefik").iterdir())
    assert names == ["dynamic.yaml", "traefik.yaml"]


def test_several_files_need_a_folder(gal: Gal) -> None:
    done = gal("convert", "in.yaml", "--to", "traefik", "-o", "one.yaml", files={"in.yaml": KONG})
    assert done.code == 2
    assert "needs several files (traefik.yaml, dynamic.yaml): give a folder" in done.err


def test_several_files_on_standard_output_are_several_documents(gal: Gal) -> None:
    done = gal("convert", "in.yaml", "--to", "traefik", files={"in.yaml": KONG})
    assert done.out.startswith("# traefik.yaml\n")
    assert len(list(yaml.safe_load_all(done.out))) == 2


def test_listen(gal: Gal) -> None:
    done = gal(
        "convert", "in.yaml", "--to", "envoy", "--listen", "127.0.0.1:9000", files={"in.yaml": KONG}
    )
    listener = yaml.safe_load(done.out)["static_resources"]["listeners"][0]
    assert listener["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9000}


def test_placeholders_survive(gal: Gal) -> None:
    text = KONG.replace("http://127.0.0.1:8080", "http://${HOST:-shop.internal}:8080")
    done = gal("convert", "in.yaml", "--to", "gal", files={"in.yaml": text})
    assert "${HOST:-shop.internal}" in done.out


EXITS = {
    "clean": (KONG, (), 0),
    "an access control is lost": (LOCKED, (), 1),
    "and left out on request": (LOCKED, ("--allow-open",), 0),
    "but never mind": (LOCKED, ("--fail-on", "never"), 0),
    "only info": (LOGGED, (), 0),
    "info matters": (LOGGED, ("--fail-on", "info"), 1),
}


@pytest.mark.parametrize(("text", "options", "code"), EXITS.values(), ids=EXITS)
def test_exit_code(gal: Gal, text: str, options: tuple[str, ...], code: int) -> None:
    done = gal("convert", "in.yaml", "--to", "envoy", *options, files={"in.yaml": text})
    assert done.code == code
    assert "static_resources" in done.out  # written whatever the ledger says


REPORTS = {
    "text": "ldap-auth",
    "json": '"level": "error"',
    "markdown": "| error | dropped | in.yaml:9:5 |",
    "sarif": '"ruleId": "gal/dropped"',
}


@pytest.mark.parametrize(("report_format", "expected"), REPORTS.items(), ids=REPORTS)
def test_report(gal: Gal, tmp_path: Path, report_format: str, expected: str) -> None:
    options = ("--report", "report", "--report-format", report_format)
    done = gal("convert", "in.yaml", "--to", "envoy", "-q", *options, files={"in.yaml": LOCKED})
    assert (done.code, done.err) == (1, "")
    assert expected in (tmp_path / "report").read_text()


def test_every_field_is_in_the_json_report(gal: Gal, tmp_path: Path) -> None:
    options = ("--report", "report", "--report-format", "json")
    gal("convert", "in.yaml", "--to", "envoy", *options, files={"in.yaml": LOGGED})
    report = json.loads((tmp_path / "report").read_text())
    told = report["exact"]["in.yaml"] + [entry["path"] for entry in report["entries"]]
    fields = ("_format_version", "services[0].name", "services[0].url", "plugins[0]")
    assert [field for field in fields if field not in told] == []


def test_colours_on_request_only(gal: Gal, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, str | bytes] = {"in.yaml": LOCKED}
    plain = gal("convert", "in.yaml", "--to", "envoy", files=files)
    painted = gal("convert", "in.yaml", "--to", "envoy", "--color", "always", files=files)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in plain.err
    assert "\x1b[31merror" in painted.err
