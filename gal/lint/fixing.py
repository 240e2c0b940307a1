"""Fixes: made in the text of the file, and kept only when they are proved.

A fix is proved when the changed file reads as the plain data that was meant and nothing else, when
the finding is gone and no other has come, and when the meaning changed no more than the fix says: a
safe one nothing but how the file is written, one that tightens nothing that opens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gal.errors import GalError, InputError
from gal.lint.collect import Batch
from gal.lint.engine import subject_of
from gal.lint.finding import Fix
from gal.lint.options import Options
from gal.lint.rule import LoadedRule, Safety
from gal.lint.run import Reported, findings_in
from gal.lint.spans import Spans
from gal.lint.subject import Subject
from gal.lint.text_edit import CannotEditError, applied, changes_of, plain_after
from gal.reading import Document, Node, read_documents
from gal.spelling import snake_case

_MOST_ROUNDS = 10
_ALLOWED = {
    "safe": (Safety.SAFE,),
    "tighten": (Safety.SAFE, Safety.TIGHTEN),
    "all": tuple(Safety),
}


@dataclass(slots=True)
class _File:
    """A file that is mended.

    Attributes:
        name: as it was named.
        text: as it is now.
        done: what was mended.
        refused: what could not be, by place, and why.
    """

    name: str
    text: str
    done: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def fix(batches: Sequence[Batch], options: Options, wanted: str) -> list[str]:
    """Mend files on disk.

    Args:
        batches: what was read.
        options: which rules run.
        wanted: `safe`, `tighten` or `all`.

    Returns:
        A line for every fix that was made, or refused.
    """
    told = []
    for batch in batches:
        for file in _mended(batch, options, _ALLOWED[wanted]):
            told += file.done
            told += [f"{place}: not fixed: {why}" for place, why in file.refused.items()]
    return told


def _mended(batch: Batch, options: Options, allowed: tuple[Safety, ...]) -> list[_File]:
    files: dict[str, _File] = {}
    for document in batch.documents:
        name = document.source.name
        if not name.startswith("<"):
            files.setdefault(name, _File(name, document.source.text))
    texts = {name: file.text for name, file in files.items()}
    documents = list(batch.documents)
    for _ in range(_MOST_ROUNDS):
        changed = _round(documents, batch.source, options, allowed, files)
        if changed is None:
            break
        documents = changed
    for name, file in files.items():
        if file.text != texts[name]:
            _write(name, file.text)
    return list(files.values())


def _round(
    documents: list[Document],
    source: str | None,
    options: Options,
    allowed: tuple[Safety, ...],
    files: dict[str, _File],
) -> list[Document] | None:
    """Make every fix that can be made at once. Returns the documents after it, None when there
    was nothing to do.
    """
    rules = options.chosen()
    try:
        subject = subject_of(documents, options.settings, source=source)
        before = findings_in(subject, rules, options)
    except GalError:
        return None  # the run that follows says what is wrong
    open_fixes = [
        one
        for one in before
        if one.ignored is None
        and one.finding.fix is not None
        and one.finding.fix.safety in allowed
        and str(one.finding.place.position) not in _refused(files)
    ]
    attempt = _Attempt(subject, before, rules, options, files)
    made = attempt.make(open_fixes)
    return made if made is not None else None


def _refused(files: dict[str, _File]) -> set[str]:
    return {place for file in files.values() for place in file.refused}


@dataclass(slots=True)
class _Attempt:
    subject: Subject
    before: list[Reported]
    rules: tuple[LoadedRule, ...]
    options: Options
    files: dict[str, _File]

    def make(self, fixes: list[Reported]) -> list[Document] | None:
        """Make all fixes together, or as many as can be proved."""
        if not fixes:
            return None
        try:
            documents, texts = self._changed([_fix_of(one) for one in fixes])
            self._prove(documents, fixes)
        except GalError as error:
            if len(fixes) > 1:
                # Some of them is at fault. Halves that are proved are kept, and the next round
                # goes on from there.
                half = len(fixes) // 2
                first = self.make(fixes[:half])
                return first if first is not None else self.make(fixes[half:])
            place = fixes[0].finding.place.position
            self.files[place.file].refused[str(place)] = error.message
            return None
        for name, text in texts.items():
            self.files[name].text = text
        for one in fixes:
            finding = one.finding
            line = f"{finding.place.position}: {finding.rule.code}: {_fix_of(one).message}"
            self.files[finding.place.position.file].done.append(line)
        return documents

    def _changed(self, fixes: list[Fix]) -> tuple[list[Document], dict[str, str]]:
        """The documents with fixes, and the texts of the files that changed."""
        edits = {edit for one in fixes for edit in one.edits}
        texts: dict[str, str] = {}
        wanted: dict[int, object] = {}
        for number, document in enumerate(self.subject.documents):
            own = [edit for edit in edits if id(_root(edit.parent)) == id(document.root)]
            own.sort(key=lambda edit: (edit.parent.line, edit.parent.column, str(edit.key)))
            if not own:
                continue
            name = document.source.name
            if document.format == "toml" or name not in self.files:
                raise CannotEditError("files of this format are not changed")
            if name in texts:
                raise CannotEditError("another document of the file changes first")
            texts[name] = applied(document.source.text, changes_of(document, own, Spans(document)))
            wanted[number] = plain_after(document, own)
        return self._read_again(texts, wanted), texts

    def _read_again(self, texts: dict[str, str], wanted: dict[int, object]) -> list[Document]:
        documents: list[Document] = []
        read: dict[str, list[Document]] = {}
        for number, document in enumerate(self.subject.documents):
            name = document.source.name
            if name not in texts:
                documents.append(document)
                continue
            if name not in read:
                read[name] = read_documents(texts[name], name)
            again = next(one for one in read[name] if one.index == document.index)
            if again.root.plain() != wanted.get(number, document.root.plain()):
                raise CannotEditError("the changed text would not say what was meant")
            documents.append(again)
        return documents

    def _prove(self, documents: list[Document], fixes: list[Reported]) -> None:
        """Read and lint again, and compare.

        Raises:
            GalError: the fix does not do what it says.
        """
        source = self.subject.provider if self.subject.gateway.origin is not None else None
        after = subject_of(documents, self.options.settings, source=source)
        found = findings_in(after, self.rules, self.options)
        gone = {one.fingerprint.text for one in fixes}
        left = {one.fingerprint.text for one in found}
        if gone & left:
            raise CannotEditError("the finding would still be there")
        known = {mark for one in self.before for mark in one.fingerprint.marks}
        new = [one for one in found if not known.issuperset(one.fingerprint.marks)]
        if new:
            raise CannotEditError(f"it would bring another finding: {new[0].finding.message}")
        _compare(self.subject, after, [_fix_of(one) for one in fixes])


def _compare(before: Subject, after: Subject, fixes: Sequence[Fix]) -> None:
    """Hold fixes to what they say of themselves, by what changes in meaning.

    Where `gal drift` cannot tell whether something became stricter, it has to be a setting that a
    fix is about: the rule knows what that means.
    """
    safety = max((one.safety for one in fixes), key=list(Safety).index)
    if safety is Safety.UNSAFE:
        return
    from gal.drift.change import Security
    from gal.drift.engine import compare

    own = {snake_case(name) for one in fixes for name in _names(one)}
    drift = compare(before.gateway, after.gateway)
    for change in drift.changes:
        if safety is Safety.SAFE and not change.cosmetic:
            raise CannotEditError(f"it would change more than the text: {change.message}")
        if change.security is Security.WEAKENED:
            raise CannotEditError(f"it would open something: {change.message}")
        if change.security is Security.UNKNOWN and not _is_own(change.field, own, before, after):
            raise CannotEditError(f"it might open something: {change.message}")


def _names(one: Fix) -> Iterator[str]:
    """The settings that a fix changes."""
    for edit in one.edits:
        key: object = edit.parent.key if isinstance(edit.key, int) else edit.key
        yield str(edit.new_key or key)
        if isinstance(edit.value, dict):
            yield from map(str, edit.value)


def _is_own(field: str, own: set[str], before: Subject, after: Subject) -> bool:
    """Whether a change is one of these settings, or of something that holds no other changes."""
    if snake_case(field.rpartition(".")[2]) in own:
        return True
    if not field.startswith("extensions."):
        return False
    leaves = [set(_leaves(one.gateway.extensions, ())) for one in (before, after)]
    return all(any(snake_case(step) in own for step in path) for path, _ in leaves[0] ^ leaves[1])


def _leaves(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, (*path, str(key)))
    else:
        yield path, repr(value)


def _fix_of(one: Reported) -> Fix:
    assert one.finding.fix is not None
    return one.finding.fix


def _root(node: Node) -> Node:
    while node.parent is not None:
        node = node.parent
    return node


def _write(name: str, text: str) -> None:
    from gal.writing import write_atomically

    try:
        write_atomically(Path(name), text)
    except OSError as error:
        raise InputError(f'cannot write "{name}": {error.strerror or error}') from None
