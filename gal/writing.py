"""From plain data to text, and from text to files: the same bytes every time, and whole."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gal.errors import UsageError
from gal.yaml_text import yaml_text

if TYPE_CHECKING:
    from gal.context import OutputFile

FORMATS = ("yaml", "json", "toml")


def render(data: dict[str, Any], output_format: str = "yaml") -> str:
    """The text of plain data.

    Raises:
        UsageError: the format is not one of `FORMATS`.
    """
    if output_format == "json":
        return json.dumps(_for_json(data), indent=2, ensure_ascii=False) + "\n"
    if output_format == "yaml":
        return yaml_text(data)
    if output_format == "toml":
        from gal.toml_text import toml_text

        return toml_text(data)
    raise UsageError(f'cannot write "{output_format}"; there are: {", ".join(FORMATS)}')


def render_file(file: OutputFile, output_format: str = "yaml") -> str:
    """The text of one of a provider's files.

    Raises:
        UsageError: the format is not one of `FORMATS`.
    """
    output_format = file.format_of(output_format)
    text = render(file.data, output_format)
    return f"{text}{file.last_line}\n" if file.last_line and output_format == "yaml" else text


def _for_json(value: Any) -> Any:
    from gal.reading import Placeholder

    if isinstance(value, dict):
        return {key: _for_json(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_for_json(below) for below in value]
    return str(value) if isinstance(value, Placeholder) else value


def write_atomically(path: Path, text: str, *, private: bool = False) -> None:
    """Write a file so that it is there whole or as it was before.

    A link stays one: what it leads to is written. A device or a pipe (`/dev/null`) is written to,
    never replaced.

    Args:
        path: of the file.
        text: all of it.
        private: for its owner only (mode 0600), whatever was there before; else a file that is
            replaced keeps its permissions.

    Raises:
        UsageError: the folder is missing or cannot be written to.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_text(text, encoding="utf-8", newline="\n")
        else:
            _replace(target, text, 0o600 if private else _mode_for(target))
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot write {path}: {why}") from error


def _replace(path: Path, text: str, mode: int) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _mode_for(path: Path) -> int:
    """The permissions of a file that is replaced, or those of a new file."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
