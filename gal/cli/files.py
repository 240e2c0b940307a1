"""What commands read and write."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gal.errors import InputError, UsageError

if TYPE_CHECKING:
    from gal.context import OutputFile
    from gal.reading import Document

_SUFFIXES = frozenset({".yaml", ".yml", ".json", ".toml"})


def read_inputs(inputs: Sequence[str]) -> list[Document]:
    """The documents of files, folders and standard input (`-`).

    In a folder, files of no gateway are passed over; files that are named have to be read.

    Raises:
        InputError: a file cannot be read, or a folder holds no configuration.
    """
    documents: list[Document] = []
    for name in inputs:
        if name != "-" and Path(name).is_dir():
            documents.extend(_read_folder(Path(name)))
        else:
            documents.extend(_read_file(name))
    return documents


def _read_file(name: str) -> list[Document]:
    from gal.reading import read_file
    from gal.recognition import foreign_text

    try:
        return read_file(name)
    except InputError as error:
        raise foreign_text(error) from None


def _read_folder(folder: Path) -> list[Document]:
    from gal.convert import recognised
    from gal.reading import read_file

    found: list[Document] = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not hidden:
            found.extend(document for document in read_file(str(path)) if recognised(document))
    if not found:
        raise InputError(f'no gateway configuration in the folder "{folder}"', None, None)
    return found


def write_outputs(files: Sequence[OutputFile], output: str | None, output_format: str) -> None:
    """Write the target's files to a folder, a file or standard output; whole or not at all.

    Raises:
        UsageError: several files cannot go into one.
    """
    from gal.writing import render_file, write_atomically

    texts = [(_named(file, output_format), render_file(file, output_format)) for file in files]
    if output is None or output == "-":
        for number, (name, text) in enumerate(texts):
            if len(texts) > 1:
                sys.stdout.write(f"{'---' + chr(10) if number else ''}# {name}\n")
            sys.stdout.write(text)
        return
    target = Path(output)
    if output.endswith("/") or target.is_dir():
        _make_folder(target)
        for name, text in texts:
            write_atomically(target / name, text)
    elif len(texts) == 1:
        write_atomically(target, texts[0][1])
    else:
        names = ", ".join(name for name, _ in texts)
        raise UsageError(f"the target needs several files ({names}): give a folder, -o DIR/")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def _named(file: OutputFile, output_format: str) -> str:
    """The file's name with the suffix of its format."""
    return str(Path(file.name).with_suffix(f".{file.format_of(output_format)}"))
