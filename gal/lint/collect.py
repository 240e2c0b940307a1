"""From the paths of a command line to documents that are linted together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gal.errors import InputError
from gal.lint.own_files import own_file, read_own
from gal.reading import Document

SUFFIXES = frozenset({".yaml", ".yml", ".json", ".toml", ".conf"})
_LOOKS_LIKE = re.compile(
    r"^_format_version\b|^static_resources\s*:|^#END\b|^\s*\[http\.|^deployment\s*:"
    r"|traefik\.|apiVersion:\s*[\"']?traefik",
    re.MULTILINE,
)
_MOST = 64 * 1024 * 1024


@dataclass(slots=True)
class Batch:
    """Documents of one gateway that are read together.

    Attributes:
        documents: they are of one provider.
        source: the provider, where the user said so.
        beside: reads files around them that may define what they name, and are not linted.
    """

    documents: list[Document]
    source: str | None = None
    beside: Callable[[], list[Document]] = list


@dataclass(slots=True)
class Collected:
    """What the paths hold.

    Attributes:
        batches: what is linted.
        errors: files that are no configuration, or that cannot be read.
        passed_over: files that were found in a folder and are of no gateway.
    """

    batches: list[Batch] = field(default_factory=list)
    errors: list[InputError] = field(default_factory=list)
    passed_over: int = 0


def collect(
    paths: Sequence[str],
    *,
    source: str | None,
    pass_over: bool,
    read: Callable[[str], list[Document]] = read_own,
) -> Collected:
    """Read what is to be linted; `read` gives the documents of one file.

    Files in a folder that are of no gateway are passed over; files that are named are an error
    then, unless `pass_over` is set. Traefik's files of one folder are read together, since they
    name one another, unless several of them are static; every other file is a configuration of its
    own.
    """
    collected = Collected()
    together: dict[str, Batch] = {}
    reader = _Reader(collected, together, source, read)
    for path in paths:
        folder = path != "-" and Path(path).is_dir()
        names = list(_files(Path(path))) if folder else [path]
        before = len(collected.batches), len(collected.errors)
        for name in names:
            reader.add(name, pass_over=pass_over or folder)
        if folder and before == (len(collected.batches), len(collected.errors)) and not together:
            message = f'no gateway configuration in the folder "{path}"'
            collected.errors.append(InputError(message))
    for batch in together.values():
        collected.batches += _apart(batch)
    if read is read_own:
        _look_around(collected, together)
    return collected


def _apart(batch: Batch) -> list[Batch]:
    """Static configurations of their own: where a folder has several, as for development and for
    production, nothing says which of them the rest of the folder belongs to.
    """
    static = [one for one in batch.documents if _is_static(one)]
    if len(static) < 2:
        return []
    batch.documents = [one for one in batch.documents if not _is_static(one)]
    own = [Batch([one], batch.source) for one in static]
    if not batch.documents:
        batch.documents = own.pop(0).documents
    return own


def _is_static(document: Document) -> bool:
    from gal.reading import Mapping

    if not isinstance(document.root, Mapping):
        return False
    keys = {key.lower() for key in document.root.keys()}
    return "entrypoints" in keys and not keys & {"http", "tcp", "udp", "tls", "services"}


def _look_around(collected: Collected, together: dict[str, Batch]) -> None:
    """Have Traefik's files find what others define: those of this run, and those around them."""
    from gal.lint.beside import traefik_beside

    whole = [one for batch in together.values() for one in batch.documents]
    linted = {one.source.name for batch in collected.batches for one in batch.documents}

    def beside(folder: str, batch: Batch) -> list[Document]:
        own = {id(one) for one in batch.documents}
        others = [one for one in whole if id(one) not in own]
        return others + traefik_beside(folder, linted, read_own)

    for folder, batch in together.items():
        batch.beside = partial(beside, folder, batch)


@dataclass(slots=True)
class _Reader:
    collected: Collected
    together: dict[str, Batch]
    source: str | None
    read: Callable[[str], list[Document]]

    def add(self, name: str, *, pass_over: bool) -> None:
        """Read a file, and put its documents where they are linted."""
        from gal.recognition import foreign_text

        try:
            documents = self.read(name)
        except InputError as error:
            if pass_over and not looks_like_one(name):
                self.collected.passed_over += 1
            else:
                self.collected.errors.append(foreign_text(error))
            return
        if self.source is None:
            try:
                kept = [one for one in documents if own_file(one) or _provider(one)]
            except InputError as error:  # of a version that GAL does not read
                self.collected.errors.append(error)
                return
            if not kept or (len(kept) < len(documents) and not pass_over):
                self._of_no_gateway(documents, pass_over=pass_over)
                return
            documents = kept
        self._put(name, documents)

    def _of_no_gateway(self, documents: list[Document], *, pass_over: bool) -> None:
        from gal.convert import detect

        if pass_over:
            self.collected.passed_over += 1
            return
        try:
            detect(documents)
        except InputError as error:
            self.collected.errors.append(error)

    def _put(self, name: str, documents: list[Document]) -> None:
        provider = self.source or own_file(documents[0]) or _provider(documents[0])
        if provider != "traefik" or name == "-":
            self.collected.batches.append(Batch(documents, self.source))
            return
        folder = os.path.dirname(name)
        batch = self.together.get(folder)
        if batch is None:
            batch = self.together[folder] = Batch([], self.source)
            self.collected.batches.append(batch)
        batch.documents += documents


def _provider(document: Document) -> str | None:
    from gal.convert import recognised

    return recognised(document)


def _files(folder: Path) -> Iterator[str]:
    """The files of a folder that may hold a configuration, hidden ones, pipes and the like left
    out: nobody may ever write to a pipe.
    """
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith(".") or os.path.splitext(name)[1].lower() not in SUFFIXES:
                continue
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                yield path


def looks_like_one(name: str) -> bool:
    """Whether a file that cannot be read is worth a complaint: what cannot be opened is."""
    try:
        with open(name, encoding="utf-8", errors="replace") as file:
            return _LOOKS_LIKE.search(file.read(_MOST)) is not None
    except OSError:
        return True
