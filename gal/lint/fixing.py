"""Fixes: made in the text of the file, and kept only when they are proved.

A fix is proved when the changed file reads as the plain data that was meant and nothing else, when
the finding is gone and no other has come, and when the meaning changed no more than the fix says: a
safe one nothing but how the file is written, one that tightens nothing that opens.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gal.errors import GalError, InputError, Position
from gal.lint.collect import Batch
from gal.lint.engine import subject_of
from gal.lint.finding import Edit, Fix
from gal.lint.options import Options
from gal.lint.rule import LoadedRule, Safety
from gal.lint.run import Reported, findings_in
from gal.lint.spans import Spans
from gal.lint.subject import Subject
from gal.lint.text_edit import CannotEditError, Change, applied, changes_of, plain_after
from gal.reading import Document, Node, read_documents
from gal.spelling import snake_case

_MOST_ROUNDS = 100
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
        refused: what could not be, by the fingerprint of the finding: its place, and why.
    """

    name: str
    text: str
    done: list[str] = field(default_factory=list)
    refused: dict[str, tuple[Position, str]] = field(default_factory=dict)


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
            refused = set(file.refused.values())  # one place may have several findings
            told += [f"{place}: not fixed: {why}" for place, why in sorted(refused, key=_by_place)]
    return told


def _by_place(one: tuple[Position, str]) -> tuple[int, int, str]:
    place, why = one
    return place.line, place.column, why


def _mended(batch: Batch, options: Options, allowed: tuple[Safety, ...]) -> list[_File]:
    files: dict[str, _File] = {}
    for document in batch.documents:
        name = document.source.name
        if not name.startswith("<"):
            files.setdefault(name, _File(name, document.source.text))
    texts = {name: file.text for name, file in files.items()}
    documents = list(batch.documents)
    for safety in allowed:
        for _ in range(_MOST_ROUNDS):
            changed = _round(documents, batch.source, options, safety, files)
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
    safety: Safety,
    files: dict[str, _File],
) -> list[Document] | None:
    """Make every fix of one kind that can be made at once. Returns the documents after it, None
    when there was nothing to do.
    """
    rules = options.chosen()
    try:
        subject = subject_of(documents, options.settings, source=source)
        before = findings_in(subject, rules, options)
    except GalError:
        return None  # the run that follows says what is wrong
    _only_present(before, files)
    open_fixes = [
        one
        for one in before
        if one.ignored is None
        and one.finding.fix is not None
        and one.finding.fix.safety is safety
        and not _is_refused(one, files)
    ]
    if not open_fixes:
        return None
    attempt = _Attempt(subject, before, rules, options, files, documents)
    possible = [one for one in open_fixes if attempt.is_written_alone(one)]
    if possible:
        attempt.extend(possible)
    attempt.keep()
    return attempt.documents


def _only_present(before: list[Reported], files: dict[str, _File]) -> None:
    """Keep what was refused of findings that are still there, with their places of now."""
    places = {one.fingerprint.text: one.finding.place.position for one in before}
    for file in files.values():
        file.refused = {
            mark: (places[mark], why) for mark, (_, why) in file.refused.items() if mark in places
        }


def _is_refused(one: Reported, files: dict[str, _File]) -> bool:
    file = files.get(one.finding.place.position.file)
    return file is not None and one.fingerprint.text in file.refused


@dataclass(slots=True)
class _Attempt:
    """Fixes of one kind that are tried together.

    Attributes:
        subject: what there is before.
        before: what is found there.
        rules: those that run.
        options: what the user asks for.
        files: the files, which learn what was refused.
        documents: those after the fixes that are proved.
        texts: of the files that these change.
        proved: the fixes that are proved together.
        spans: of the documents, by their numbers.
    """

    subject: Subject
    before: list[Reported]
    rules: tuple[LoadedRule, ...]
    options: Options
    files: dict[str, _File]
    documents: list[Document]
    texts: dict[str, str] = field(default_factory=dict)
    proved: list[Reported] = field(default_factory=list)
    spans: dict[int, Spans] = field(default_factory=dict)

    def is_written_alone(self, one: Reported) -> bool:
        """Whether the text can be changed at all; asked first, for a proof takes longer."""
        try:
            for number, document in enumerate(self.subject.documents):
                own = _edits_in(document, _fix_of(one).edits)
                if own:
                    self._changes(number, own)
        except GalError as error:
            self._refuse(one, error)
            return False
        return True

    def _changes(self, number: int, edits: list[Edit]) -> list[Change]:
        document = self.subject.documents[number]
        if document.format == "toml" or document.source.name not in self.files:
            raise CannotEditError("files of this format are not changed")
        if number not in self.spans:
            self.spans[number] = Spans(document)
        return changes_of(document, edits, self.spans[number])

    def _refuse(self, one: Reported, error: GalError) -> None:
        place = one.finding.place.position
        if place.file in self.files:
            self.files[place.file].refused[one.fingerprint.text] = (place, error.message)

    def extend(self, fixes: list[Reported]) -> None:
        """Add fixes to those that are proved: all of them, or as many as can be."""
        wanted = [*self.proved, *fixes]
        try:
            documents, texts = self._changed([_fix_of(one) for one in wanted])
            self._prove(documents, wanted)
        except GalError as error:
            if len(fixes) > 1:
                half = len(fixes) // 2
                self.extend(fixes[:half])
                self.extend(fixes[half:])
            elif not self.proved:  # else the next round tells whether it can be made alone
                self._refuse(fixes[0], error)
            return
        self.documents, self.texts, self.proved = documents, texts, wanted

    def keep(self) -> None:
        """Take over what is proved."""
        for name, text in self.texts.items():
            self.files[name].text = text
        for one in self.proved:
            finding = one.finding
            line = f"{finding.place.position}: {finding.rule.code}: {_fix_of(one).message}"
            self.files[finding.place.position.file].done.append(line)

    def _changed(self, fixes: list[Fix]) -> tuple[list[Document], dict[str, str]]:
        """The documents with fixes, and the texts of the files that changed."""
        edits = {edit for one in fixes for edit in one.edits}
        changes: dict[str, list[Change]] = {}
        wanted: dict[int, object] = {}
        for number, document in enumerate(self.subject.documents):
            own = _edits_in(document, edits)
            if own:
                changes.setdefault(document.source.name, []).extend(self._changes(number, own))
                wanted[number] = plain_after(document, own)
        texts = {name: applied(self.files[name].text, of) for name, of in changes.items()}
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
        left = Counter(one.fingerprint.marks for one in found)
        there = Counter(one.fingerprint.marks for one in self.before)
        gone = Counter(one.fingerprint.marks for one in fixes)
        if any(left[marks] > there[marks] - count for marks, count in gone.items()):
            raise CannotEditError("the finding would still be there")
        known = {mark for one in self.before for mark in one.fingerprint.marks}
        new = [one for one in found if not known.issuperset(one.fingerprint.marks)]
        if new:
            raise CannotEditError(f"it would bring another finding: {new[0].finding.message}")
        _compare(self.subject, after, [_fix_of(one) for one in fixes])


def _edits_in(document: Document, edits: Iterable[Edit]) -> list[Edit]:
    """The edits of a document, in the order of their places."""
    own = [edit for edit in edits if _root(edit.parent) is document.root]
    return sorted(own, key=lambda edit: (edit.parent.line, edit.parent.column, str(edit.key)))


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
        with open(name, "rb") as file:
            marked = file.read(len(BOM_UTF8)) == BOM_UTF8
        write_atomically(Path(name), f"\N{ZERO WIDTH NO-BREAK SPACE}{text}" if marked else text)
    except OSError as error:
        raise InputError(f'cannot write "{name}": {error.strerror or error}') from None
