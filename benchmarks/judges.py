"""Whether a gateway takes what was written for it: the real one where there is one to ask, else its
schemas.

Envoy and Traefik are started; Kong's files go through Kong's schema of declarative files and, where
decK is installed (or named by `DECK`), through `deck file validate`; APISIX's through its schemas.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gal.cli.group import run
from gal.context import OutputFile
from gal.reading import read_documents
from tests.gateways.traefik import RunningTraefik

Judge = Callable[[Path], str]
"""What is wrong with the files of a folder; empty where nothing is."""


def inherited(complaint: str, source: str) -> str:
    """A complaint without the lines that the gateway has about the source file, too.

    Real configurations hold what only a newer or an enterprise edition takes; to give it back as it
    came is right.
    """
    known = {_without_place(line) for line in source.splitlines()}
    return "\n".join(line for line in complaint.splitlines() if _without_place(line) not in known)


_OF_THE_FILE = re.compile(
    r"private key|certificate|PEM data|X509 key pair|template: dynamic|can't evaluate field"
    r"|environment variable '\w+' present in state file|unable to get ACME account: open"
)
"""Complaints about keys that are not here or are made up, and about templates nobody filled in: the
source file's own.
"""


_NAMED_BY_THE_FILE = re.compile(
    r"EntryPoint doesn't exist entryPointName=(?P<point>\S+) routerName=(?P<asks>\S+)@file"
    r"|No valid entryPoint for this router routerName=(?P<router>\S+)@file"
    r"|invalid rule: \\\"(?P<rule>[^\\\"]+)\\\" .* routerName=(?P<wants>\S+)@file"
    r"|plugin: unknown plugin type: (?P<plugin>[^\s\"]+)"
    r"|failed to connect to the docker API .* providerName=(?P<provider>\w+)"
)
"""Complaints of Traefik about what the source file names and nobody has here: entry points of the
static file that is not given, plugins, Docker.
"""


def of_the_file(complaint: str, source: str = "") -> bool:
    """Whether all that a gateway says is about what the source file leaves out, makes up or names
    without its being here.
    """
    return all(
        _OF_THE_FILE.search(line) or _is_named(line, source.lower())
        for line in complaint.splitlines()
        if line.strip()
    )


def _is_named(line: str, source: str) -> bool:
    found = _NAMED_BY_THE_FILE.search(line)
    names = [name for name in found.groups() if name] if found is not None else []
    return bool(names) and all(name.lower() in source for name in names)


def _without_place(line: str) -> str:
    return re.sub(r"^\$[^:]*: |reading file [^ ]*: ", "", line.strip())


def judges(schemas: Path | None) -> dict[str, Judge]:
    """The judge of each target.

    Args:
        schemas: folder with `kong/kong.schema.json` and `apisix/*.json`; without it, these two are
            judged by decK alone and not at all.
    """
    return {
        "apisix": functools.partial(_apisix, schemas),
        "envoy": _envoy,
        "gal": _gal,
        "kong": functools.partial(_kong, schemas),
        "traefik": _traefik,
    }


def _envoy(folder: Path) -> str:
    binary = Path(sys.executable).with_name("envoy")
    command = [str(binary), "--mode", "validate", "--log-level", "error"]
    return _said([*command, "-c", str(folder / "envoy.yaml")])


def _traefik(folder: Path) -> str:
    files = [OutputFile(path.name, _plain(path)) for path in sorted(folder.glob("*.yaml"))]
    try:
        with RunningTraefik(files) as traefik:
            return "\n".join(traefik.errors())
    except (AssertionError, OSError, RuntimeError, TimeoutError) as error:
        return str(error)


def _gal(folder: Path) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(["validate", str(folder / "gal.yaml")])
    return "" if code == 0 else said.getvalue().strip()


def _kong(schemas: Path | None, folder: Path) -> str:
    path = folder / "kong.yaml"
    return kong_file(schemas, path)


def kong_file(schemas: Path | None, path: Path) -> str:
    """What Kong's schema, or else decK, has against a declarative file."""
    found = ""
    if schemas is not None:
        found = _violations(schemas / "kong" / "kong.schema.json", _plain(path))
    deck = os.environ.get("DECK") or shutil.which("deck")
    if deck and not found:
        found = _said([deck, "--analytics=false", "file", "validate", str(path)])
    return found


def _apisix(schemas: Path | None, folder: Path) -> str:
    if schemas is None:
        return ""
    from benchmarks.apisix import complaints

    return "\n".join(complaints(schemas / "apisix", _plain(folder / "apisix.yaml")))


def _plain(path: Path) -> Any:
    return read_documents(path.read_bytes(), path.name)[0].root.plain()


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()


def _violations(schema: Path, data: Any) -> str:
    return "\n".join(
        f"{error.json_path}: {error.message[:300]}"
        for error in _validator(schema).iter_errors(data)
    )


@functools.cache
def _validator(schema: Path) -> Any:
    from jsonschema.validators import validator_for

    loaded = json.loads(schema.read_text(encoding="utf-8"))
    return validator_for(loaded)(loaded)
