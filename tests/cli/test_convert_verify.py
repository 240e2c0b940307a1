"""`gal convert --verify` as a user sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gal import registry
from tests.cli.conftest import Result

Gal = Callable[..., Result]

GUARDED = """\
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:8080
  connect_timeout: 3000
  routes:
  - {name: shop, paths: [/shop], strip_path: false, preserve_host: true}
  plugins:
  - name: key-auth
consumers:
- username: acme
  keyauth_credentials: [{key: example-key}]
"""
FILES: dict[str, str | bytes] = {"in.yaml": GUARDED}
AUTHENTICATION = "not the same when it is read back (D010): route * * /shop*: authentication was"

WAYS = {
    "standard output": ("--to", "kong"),
    "a file": ("--to", "envoy", "-o", "out.yaml"),
    "a folder": ("--to", "traefik", "-o", "out/"),
    "JSON": ("--to", "envoy", "--format", "json"),
    "JSON in a folder": ("--to", "apisix", "--format", "json", "-o", "out/"),
    "TOML": ("--to", "traefik", "--format", "toml", "-o", "out/"),
    "another port": ("--to", "envoy", "--listen", "127.0.0.1:9000"),
    "GAL's own format": ("--to", "gal"),
    "open on request": ("--to", "envoy", "--allow-open"),
}


@pytest.mark.parametrize("options", WAYS.values(), ids=WAYS)
def test_an_honest_conversion(gal: Gal, options: tuple[str, ...]) -> None:
    plain = gal("convert", "in.yaml", *options, files=FILES)
    verified = gal("convert", "in.yaml", *options, "--verify", files=FILES)
    assert (verified.code, verified.out) == (0, plain.out)
    assert "not the same" not in verified.err
    assert "read back:" not in verified.err


def test_from_standard_input(gal: Gal) -> None:
    done = gal("convert", "-", "--to", "kong", "--verify", stdin=GUARDED)
    assert done.code == 0
    assert "key-auth" in done.out


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kong's exporter leaves the plugins of services out, and says nothing of it."""
    provider = registry.exporter("kong")
    honest = provider.write

    def write(*arguments: Any) -> Any:
        files = honest(*arguments)
        for service in files[0].data["services"]:
            service.pop("plugins", None)
        return files

    monkeypatch.setattr(provider, "write", write)


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(
    ("options", "code", "found"),
    [
        ((), 0, False),
        (("--verify",), 1, True),
        (("--verify", "--fail-on", "never"), 0, True),
        (("--verify", "-o", "out.yaml"), 1, True),
        (("--verify", "--format", "json"), 1, True),
    ],
    ids=["not asked for", "asked for", "never mind", "to a file", "as JSON"],
)
def test_a_lost_access_control(
    gal: Gal, tmp_path: Path, options: tuple[str, ...], code: int, found: bool
) -> None:
    report = ("--report", "report.json", "--report-format", "json")
    done = gal("convert", "in.yaml", "--to", "kong", *report, *options, files=FILES)
    entries = json.loads((tmp_path / "report.json").read_text())["entries"]
    errors = [one for one in entries if one["level"] == "error"]
    assert done.code == code
    assert any(one["message"].startswith(AUTHENTICATION) for one in errors) is found
    assert all("services[0].plugins[0]" in one["path"] for one in errors)
    assert "example-key" not in done.err


def test_weaker_than_it_was_is_an_error_and_other_is_a_warning(
    gal: Gal, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = registry.exporter("kong")
    honest = provider.write

    def write(*arguments: Any) -> Any:
        files = honest(*arguments)
        files[0].data["services"][0]["connect_timeout"] = 9000
        return files

    monkeypatch.setattr(provider, "write", write)
    convert = ("convert", "in.yaml", "--to", "kong", "--verify")
    done = gal(*convert, files=FILES)
    said = " ".join(done.err.split())
    assert done.code == 0
    assert "warning approximated in.yaml:5:20 timeout not the same when it is read back" in said
    assert "timeout.connect was 3s, and is 9s" in said
    assert gal(*convert, "--fail-on", "warning").code == 1


@pytest.mark.usefixtures("forgetful")
def test_the_output_is_written_all_the_same(gal: Gal, tmp_path: Path) -> None:
    done = gal("convert", "in.yaml", "--to", "kong", "--verify", "-o", "out.yaml", files=FILES)
    assert done.code == 1
    assert "shop" in (tmp_path / "out.yaml").read_text()
