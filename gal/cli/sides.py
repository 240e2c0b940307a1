"""What `gal drift` compares: a file, a folder, standard input, or what a commit of git has."""

from __future__ import annotations

import os
import subprocess
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from gal.errors import InputError

if TYPE_CHECKING:
    from gal.convert import Conversion
    from gal.reading import Document

_PREFIX: Final = "git:"
_SUFFIXES: Final = frozenset({".yaml", ".yml", ".json", ".toml"})
_ENVIRONMENT: Final = {
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone must not go and fetch what it lacks
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


def read_side(name: str, source: str | None) -> Conversion:
    """One side, read into the model.

    Args:
        name: a path, `-`, or `git:REF:PATH`. As git has it, PATH starts at the top of the
            repository, or with `./` at the current folder; a path that is only there from the
            current folder is found, too. An empty REF is what is staged.
        source: the provider whose format it has; found out from its content if None.

    Raises:
        InputError: it cannot be read, or is no sound configuration.
    """
    from gal.cli.files import read_inputs
    from gal.convert import read_gateway

    documents = _of_commit(name) if name.startswith(_PREFIX) else read_inputs([name])
    return read_gateway(documents, source=source)


def _of_commit(name: str) -> list[Document]:
    ref, colon, path = name.removeprefix(_PREFIX).partition(":")
    if not colon or not path or ref.startswith("-"):
        raise InputError(f'"{name}" is not git:REF:PATH, such as git:HEAD~1:kong.yaml')
    found = _kind(ref, path)
    if found is None:
        raise InputError(f'cannot read "{name}": git knows no such commit or file')
    kind, path = found
    if kind == "blob":
        return _blob(ref, path, name)
    documents = _tree(ref, path)
    if not documents:
        raise InputError(f'no gateway configuration in the folder "{name}"')
    return documents


def _kind(ref: str, path: str) -> tuple[str, str] | None:
    """Whether it is a file (blob) or a folder (tree), and the path as git wants it."""
    for candidate in dict.fromkeys((path.rstrip("/") or ".", f"./{path}".rstrip("/"))):
        spec = f"{ref}:" if candidate == "." else f"{ref}:{candidate}"
        kind = _git("cat-file", "-t", spec, missing_ok=True)
        if kind is not None:
            return kind.decode().strip(), candidate
    return None


def _blob(ref: str, path: str, name: str) -> list[Document]:
    from gal.reading import read_documents
    from gal.recognition import foreign_text

    data = _git("cat-file", "blob", f"{ref}:{path}") or b""
    try:
        return read_documents(data, name)
    except InputError as error:
        raise foreign_text(error) from None


def _tree(ref: str, path: str) -> list[Document]:
    """The documents of a folder that are of a gateway; hidden files are passed over."""
    from gal.convert import recognised

    spec = f"{ref}:" if path == "." else f"{ref}:{path}"
    listed = _git("ls-tree", "-r", "-z", "--name-only", spec) or b""
    found: list[Document] = []
    for name in sorted(filter(None, listed.decode("utf-8", "surrogateescape").split("\0"))):
        file = PurePosixPath(name)
        hidden = any(part.startswith(".") for part in file.parts)
        if file.suffix.lower() in _SUFFIXES and not hidden:
            whole = name if path == "." else f"{path}/{name}"
            documents = _blob(ref, whole, f"{_PREFIX}{ref}:{whole}")
            found += [document for document in documents if recognised(document)]
    return found


def _git(*arguments: str, missing_ok: bool = False) -> bytes | None:
    """What git prints; None where it finds nothing and that is no error."""
    try:
        done = subprocess.run(
            ["git", "--no-pager", *arguments],
            capture_output=True,
            check=False,
            env={**os.environ, **_ENVIRONMENT},
        )
    except OSError:
        raise InputError("git:REF:PATH needs git, which is not installed") from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if missing_ok and not any("not a git repository" in line for line in said):
        return None
    raise InputError(f"git: {said[-1] if said else 'failed'}")
