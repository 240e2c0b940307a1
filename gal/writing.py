"""From plain data to text, and from text to files: the same bytes every time, and whole."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from gal.errors import UsageError

FORMATS = ("yaml", "json")

_ALMOST_BOOLEANS = frozenset({"y", "Y", "n", "N"})
"""YAML 1.1 has them as booleans, and Envoy reads them so, but PyYAML writes them bare."""


def render(data: dict[str, Any], output_format: str = "yaml") -> str:
    """The text of plain data.

    Raises:
        UsageError: the format is not one of `FORMATS`.
    """
    if output_format == "json":
        return json.dumps(_for_json(data), indent=2, ensure_ascii=False) + "\n"
    if output_format == "yaml":
        return _yaml(data)
    raise UsageError(f'cannot write "{output_format}"; there are: {", ".join(FORMATS)}')


def _yaml(data: dict[str, Any]) -> str:
    import yaml

    from gal.reading import Placeholder, Verbatim

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]  # the base depends on whether libyaml is there
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
            return True

    def represent_str(dumper: Any, text: str) -> Any:
        style = "|" if "\n" in text and _fits_a_block(text) else None
        if text in _ALMOST_BOOLEANS:
            style = "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    def represent_plain(dumper: Any, text: object) -> Any:
        # The tag of the resolver's own guess: it is written without quotes and without a tag.
        tag = dumper.resolve(yaml.ScalarNode, str(text), (True, False))
        return dumper.represent_scalar(tag, str(text))

    Dumper.add_representer(str, represent_str)
    Dumper.add_representer(Verbatim, represent_plain)
    Dumper.add_representer(Placeholder, represent_plain)
    return str(
        yaml.dump(
            data,
            Dumper=Dumper,
            sort_keys=False,
            allow_unicode=True,
            default_flow_style=False,
            width=100,
        )
    )


def _fits_a_block(text: str) -> bool:
    """Whether a literal block keeps the text as it is."""
    lines = text.split("\n")
    return all(line == line.rstrip() for line in lines) and "\t" not in text and "\r" not in text


def _for_json(value: Any) -> Any:
    from gal.reading import Placeholder

    if isinstance(value, dict):
        return {key: _for_json(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_for_json(below) for below in value]
    return str(value) if isinstance(value, Placeholder) else value


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is there whole or as it was before.

    Raises:
        UsageError: the folder is missing or cannot be written to.
    """
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, _mode_for(path))
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def _mode_for(path: Path) -> int:
    """The permissions of a file that is replaced, or those of a new file."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
