"""Whatever is wrong with an input: one clear error, exit code 2, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Result

Gal = Callable[..., Result]

BOMB = (
    "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    + "services: *h\n"
)

BAD: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "in.yaml:1:1: the file is empty"),
    "only a comment": ("# nothing\n", "the file is empty"),
    "binary": (b"\x00\x01\x02\xff", "in.yaml"),
    "not UTF-8": (b'_format_version: "3.0"\nservices: \xe9\n', "in.yaml:2:11"),
    "truncated": ('_format_version: "3.0"\nservices: [{name: a', "in.yaml:2"),
    "a scalar": ("hello\n", "no gateway configuration that GAL knows"),
    "a list": ("- 1\n- 2\n", "no gateway configuration that GAL knows"),
    "Kubernetes": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
        "in.yaml:1:1: this is a Kubernetes Deployment (apps/v1), and no gateway configuration",
    ),
    "nginx": (
        "server {\n    listen 80;\n    location / { proxy_pass http://a; }\n}\n",
        "this is a configuration of nginx",
    ),
    "HAProxy": ("frontend web\n    bind :80\n    default_backend app\n", "of HAProxy"),
    "kong.conf": ("proxy_listen = 0.0.0.0:8000\n", "this is kong.conf"),
    "a compose file": (
        "services:\n  web: {image: nginx}\n",
        "a docker-compose file without labels of Traefik",
    ),
    "an OpenAPI document": ("openapi: 3.1.0\ninfo: {title: a}\npaths: {}\n", "OpenAPI"),
    "a chart": ("apiVersion: v2\nname: a\nversion: 1.0.0\n", "Helm chart"),
    "values of a chart": ("replicaCount: 1\nimage: {repository: a, tag: b}\n", "of a Helm chart"),
    "values of a chart of APISIX": (
        "apisix: {deployment: {mode: standalone}}\nimage: {repository: a, tag: b}\n",
        "this is the values of a Helm chart",
    ),
    "the settings of APISIX": ("apisix: {node_listen: 9080}\n", "this is a config.yaml"),
    "Traefik 1": ("frontends: {a: {backend: b}}\n", "this is a configuration of Traefik 1"),
    "labels of Traefik 1": (
        "services: {a: {image: a, labels: ['traefik.frontend.rule=Host:a']}}\n",
        "this is a configuration of Traefik 1",
    ),
    "tabs": ("services:\n\t- name: a\n", "in.yaml:2:1"),
    "a key twice": (
        '_format_version: "3.0"\nservices: []\nservices: []\n',
        'in.yaml:3:1: duplicate key "services"',
    ),
    "a tag that runs code": (
        "services: !!python/object/apply:os.system [id]\n",
        "in.yaml:1:11: ",
    ),
    "aliases without end": (BOMB, "in.yaml:"),
    "too deep": ("a: " + "[" * 100_000, "in.yaml:1:"),
    "wrong type": (
        '_format_version: "3.0"\nservices: {name: a}\n',
        "in.yaml:2:11: ",
    ),
    "wrong type inside": (
        '_format_version: "3.0"\nservices:\n- name: a\n  host: h\n  port: many\n',
        'in.yaml:5:9: field "port" must be an integer, not a string',
    ),
    "unknown version": ('_format_version: "9.0"\nservices: []\n', "in.yaml:1:18: "),
    "dangling reference": (
        '_format_version: "3.0"\nroutes:\n- name: r\n  paths: [/]\n  service: nobody\n',
        "in.yaml:5:12: ",
    ),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("target", ["gal", "envoy", "kong"])
def test_bad_file(
    gal: Gal, tmp_path: Path, content: str | bytes, message: str, target: str
) -> None:
    files: dict[str, str | bytes] = {"in.yaml": content, "out.yaml": "as it was\n"}
    done = gal("convert", "in.yaml", "--to", target, "-o", "out.yaml", files=files)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err
    assert "internal error" not in done.err
    assert (tmp_path / "out.yaml").read_text() == "as it was\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.yaml", "out.yaml"]


USAGE: dict[str, tuple[tuple[str, ...], str]] = {
    "missing file": (("convert", "nowhere.yaml", "--to", "gal"), 'cannot read "nowhere.yaml"'),
    "folder without configurations": (("convert", ".", "--to", "gal"), "no gateway configuration"),
    "unknown target": (("convert", "in.yaml", "--to", "nginx"), "Invalid value for '--to'"),
    "no target": (("convert", "in.yaml"), "Missing option '--to'"),
    "no such folder": (
        ("convert", "good.yml", "--to", "gal", "-o", "no/such/out.yaml"),
        "cannot write no/such/out.yaml",
    ),
    "a format that the target has not": (
        ("convert", "good.yml", "--to", "gal", "--format", "toml"),
        "gal does not read toml",
    ),
    "no port": (("convert", "good.yml", "--to", "gal", "--listen", "here"), "is not HOST:PORT"),
    "generate without a provider": (("generate", "good.yml"), "names no provider"),
    "generate all without a folder": (
        ("generate", "good.yml", "--provider", "all"),
        "needs a folder",
    ),
    "unknown command": (("covert",), "No such command 'covert'"),
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.values(), ids=USAGE)
def test_bad_usage(gal: Gal, arguments: tuple[str, ...], message: str) -> None:
    files: dict[str, str | bytes] = {}
    if "good.yml" in arguments:
        files = {"good.yml": 'version: "1.0"\nroutes: []\n'}
    done = gal(*arguments, files=files)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize(
    "command", [("convert", "--to", "kong", "--from"), ("import", "--from"), ("compat", "--from")]
)
@pytest.mark.parametrize(
    ("source", "other", "text"),
    [
        *((one, "kong", '_format_version: "3.0"\n') for one in ("apisix", "envoy", "traefik")),
        ("gal", "kong", '_format_version: "3.0"\nservices: []\n'),
        ("kong", "envoy", "static_resources: {listeners: [], clusters: []}\n"),
        ("envoy", "traefik", "http: {routers: {r: {rule: Path(`/`), service: s}}}\n"),
    ],
)
def test_a_file_of_another_format(
    gal: Gal, source: str, other: str, text: str, command: tuple[str, ...]
) -> None:
    files: dict[str, str | bytes] = {"in.yaml": text}
    done = gal(*command, source, "in.yaml", files=files)
    assert (done.code, done.out) == (2, "")
    assert f"in.yaml:1:1: this is no configuration of {source}, but one of {other}\n" in done.err


def test_two_formats_at_once(gal: Gal) -> None:
    files: dict[str, str | bytes] = {
        "a.yaml": 'version: "1.0"\nroutes: []\n',
        "b.yaml": '_format_version: "3.0"\nservices: []\n',
    }
    done = gal("convert", "a.yaml", "b.yaml", "--to", "gal", files=files)
    assert done.code == 2
    assert "mixes configurations" in done.err


def test_a_failing_report_is_said(gal: Gal) -> None:
    files: dict[str, str | bytes] = {"in.yaml": 'version: "1.0"\nroutes: []\n'}
    done = gal("convert", "in.yaml", "--to", "gal", "--report", "no/where", files=files)
    assert done.code == 2
    assert "cannot write no/where" in done.err
