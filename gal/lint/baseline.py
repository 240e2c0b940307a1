"""Findings that are known and stay quiet, in a file that is kept with the configuration.

The file holds marks (see `gal.lint.fingerprint`) and, for readers, the rule and the place. A
finding is known when all of its marks are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gal.errors import InputError, UsageError
from gal.lint.run import Reported

VERSION = 1


@dataclass(frozen=True, slots=True)
class Baseline:
    """The marks of known findings."""

    marks: frozenset[str]

    def knows(self, one: Reported) -> bool:
        """Whether a finding is known."""
        return all(mark in self.marks for mark in one.fingerprint.marks)


def read(name: str) -> Baseline:
    """The baseline in a file.

    Raises:
        UsageError: the file is not there.
        InputError: it is no baseline.
    """
    from gal.reading import read_documents

    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f'cannot read the baseline "{name}": {error.strerror}') from None
    document = read_documents(data, name, "json")[0]
    root = document.mapping()
    if root.take_int("version") != VERSION:
        raise document.root.error("this is no baseline of gal lint", "--write-baseline makes one")
    marks: set[str] = set()
    for item in root.take_sequence("findings"):
        from gal.reading import Mapping

        if not isinstance(item, Mapping):
            raise InputError("a finding must be a mapping", item.position)
        marks.update(item.take_strings("marks") or [])
    return Baseline(frozenset(marks))


def write(name: str, findings: Iterable[Reported]) -> None:
    """Make findings known from now on."""
    from gal.writing import write_atomically

    listed = [
        {
            "rule": one.finding.rule.code,
            "name": one.finding.rule.name,
            "file": one.file,
            "marks": list(one.fingerprint.marks),
        }
        for one in findings
    ]
    listed.sort(key=lambda item: (str(item["file"]), str(item["rule"]), str(item["marks"])))
    data = {"version": VERSION, "findings": listed}
    write_atomically(Path(name), json.dumps(data, indent=2, ensure_ascii=False) + "\n")
