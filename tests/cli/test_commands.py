"""Commands that only tell: version, schema, completion, validate."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from gal import __version__
from tests.cli.conftest import Result

Gal = Callable[..., Result]


def test_version_from_a_shell() -> None:
    command = [sys.executable, "-m", "gal", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == f"gal {__version__}\n"


def test_schema(gal: Gal) -> None:
    import jsonschema

    done = gal("schema")
    schema = json.loads(done.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"version": "1.0", "routes": [{"path": "/", "method": "GET"}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "1.0", "rutes": []}, schema)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(gal: Gal, shell: str) -> None:
    done = gal("completion", shell)
    assert done.code == 0
    assert "_GAL_COMPLETE" in done.out


VALIDATE = {
    "sound": ('version: "1.0"\nroutes: []\n', 0, "in.yaml: a sound gal configuration", ""),
    "a field that Kong has not": (
        '_format_version: "3.0"\nservices:\n- {name: a, host: b, hots: c}\n',
        2,
        "",
        'in.yaml:3:22: kong has no field "hots" here',
    ),
    "all errors at once": (
        'version: "1.0"\nrutes: []\nservises: []\n',
        2,
        "",
        'in.yaml:3:1: unknown field "servises"',
    ),
}


@pytest.mark.parametrize(("text", "code", "out", "err"), VALIDATE.values(), ids=VALIDATE)
def test_validate(gal: Gal, text: str, code: int, out: str, err: str) -> None:
    done = gal("validate", "in.yaml", files={"in.yaml": text})
    assert done.code == code
    assert out in done.out
    assert err in done.err


def test_help_names_the_formats(gal: Gal) -> None:
    done = gal("convert", "--help")
    assert done.code == 0
    assert "Kong declarative" in done.out
    assert "envoy.yaml" in done.out
