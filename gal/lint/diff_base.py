"""Findings that a revision of git has already."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gal.errors import GalError, UsageError
from gal.lint.baseline import Baseline
from gal.lint.collect import Batch, collect
from gal.lint.own_files import read_own_text

if TYPE_CHECKING:
    from gal.lint.options import Options
    from gal.lint.run import Reported
    from gal.reading import Document


def known_at(
    revision: str, batches: Sequence[Batch], options: Options, source: str | None
) -> Callable[[Reported], bool]:
    """What tells the findings that the files of batches had at a revision.

    Raises:
        UsageError: there is no git, no repository, or no such revision.
    """
    from gal.lint.run import lint

    _check(revision)
    names = {document.source.name for batch in batches for document in batch.documents}
    texts: dict[str, bytes] = {}
    for name in sorted(names):
        text = _at(revision, name) if not name.startswith("<") else None
        if text is not None:
            texts[name] = text

    def read(name: str) -> list[Document]:
        return read_own_text(texts[name], name)

    old = collect(list(texts), source=source, pass_over=True, read=read)
    before = lint(old.batches, options)
    marks = {mark for one in before.findings for mark in one.fingerprint.marks}
    return Baseline(frozenset(marks)).knows


def _check(revision: str) -> None:
    if revision.startswith("-"):
        raise UsageError(f'"{revision}" is no revision of git')
    found = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if found is None:
        raise UsageError(f'git knows no revision "{revision}" here')


def _at(revision: str, name: str) -> bytes | None:
    """The file at the revision, None when it was not there."""
    folder, base = os.path.split(os.path.abspath(name))
    return _git("show", f"{revision}:./{base}", folder=folder)


def _git(*arguments: str, folder: str | None = None) -> bytes | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed, and --diff-base needs it") from None
    except NotADirectoryError as error:
        raise GalError(str(error)) from None
    return done.stdout if done.returncode == 0 else None
