"""Findings that comments in the file, or settings beside it, keep quiet.

`# gal: ignore[GAL018] reason` stands on the line of the finding, on a line of its own before it, or
on the first line of the object that the finding is about or inside. `# gal: ignore-file[GAL018]
reason` stands anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gal.lint.finding import Finding, Place, finding, place_of
from gal.lint.fingerprint import requests_of
from gal.lint.meta import EXPIRED, NO_REASON, UNKNOWN, UNUSED
from gal.lint.options import ConfiguredIgnore, Options, codes_of
from gal.lint.registry import find
from gal.lint.rule import LoadedRule
from gal.model import ModelNode, Route

if TYPE_CHECKING:
    from gal.lint.subject import Subject
    from gal.reading import Source

_COMMENT = re.compile(
    r"(?:^|\s)#\s*gal:\s*(?P<what>ignore-file|ignore)\s*(?:\[(?P<codes>[^\]]*)\])?(?P<reason>.*)$"
)


@dataclass(frozen=True, slots=True)
class Ignored:
    """Why a finding does not count.

    Attributes:
        by: `comment`, `settings`, `baseline` or `base`.
        reason: what was written there.
    """

    by: str
    reason: str = ""


@dataclass(slots=True)
class Comment:
    """A comment that ignores findings.

    Attributes:
        place: where it stands.
        words: what its brackets hold.
        reason: what is written after them.
        line: the line that it speaks of; 0 for the whole file.
        used: the words that kept a finding quiet.
    """

    place: Place
    words: list[str]
    reason: str
    line: int
    used: set[str] = field(default_factory=set)

    def word_for(self, code: str) -> str | None:
        """The word that names a rule."""
        for word in self.words:
            loaded = find(word)
            if loaded is not None and loaded.rule.code == code:
                return word
        return None


def comments_of(source: Source) -> list[Comment]:
    """The comments of a file that ignore findings, in its order."""
    if "gal:" not in source.text:
        return []
    found = []
    lines = source.text.splitlines()
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line) if "gal:" in line else None
        if match is None:
            continue
        words = [word.strip() for word in (match["codes"] or "").split(",") if word.strip()]
        alone = not line[: match.start()].strip()
        about = _next_line(lines, number) if alone else number
        if match["what"] == "ignore-file":
            about = 0
        place = Place(source.position(number, line.index("#", match.start()) + 1))
        found.append(Comment(place, words, match["reason"].strip(), about))
    return found


def _next_line(lines: Sequence[str], number: int) -> int:
    """The line after a comment on a line of its own, further comments passed over."""
    for after, line in enumerate(lines[number:], number + 1):
        if line.strip() and not line.lstrip().startswith("#"):
            return after
    return number


def ignore(
    subject: Subject, found: Sequence[Finding], rules: Sequence[LoadedRule], options: Options
) -> list[tuple[Finding, Ignored | None]]:
    """Findings, each with why it is ignored, and what is to be said of the comments themselves."""
    if not options.heed_ignores:
        return [(one, None) for one in found]
    comments: dict[str, dict[int, list[Comment]]] = {}
    for source in {
        document.source.name: document.source for document in subject.documents
    }.values():
        by_line = comments.setdefault(source.name, {})
        for comment in comments_of(source):
            by_line.setdefault(comment.line, []).append(comment)
    marked: list[tuple[Finding, Ignored | None]] = []
    for one in found:
        parts = [(part, _quiet(part, comments, options)) for part in one.parts or (one,)]
        loud = [number for number, (_, quiet) in enumerate(parts) if quiet is None]
        if one.only is None:
            marked += parts
            continue
        marked += [(part, quiet) for part, quiet in parts if quiet is not None]
        if loud:
            marked.append((one.only(loud) if len(loud) < len(parts) else one, None))
    running = {loaded.rule.code for loaded in rules}
    wanted = options.codes()
    written = [one for by_line in comments.values() for own in by_line.values() for one in own]
    about = list(_complaints(written, running, options))
    return marked + [(one, None) for one in about if one.rule.code in wanted]


def _quiet(
    one: Finding, comments: dict[str, dict[int, list[Comment]]], options: Options
) -> Ignored | None:
    own = comments.get(one.place.position.file, {})
    by_comment = None if one.rule.code in options.enforce else _by_comment(one, own)
    return by_comment or _by_settings(one, options)


def _by_comment(one: Finding, comments: dict[int, list[Comment]]) -> Ignored | None:
    if not comments:
        return None
    for line in (0, *_lines(one)):
        for comment in comments.get(line, ()):
            word = comment.word_for(one.rule.code)
            if word is not None:
                comment.used.add(word)
                return Ignored("comment", comment.reason)
    return None


def _lines(one: Finding) -> Iterator[int]:
    """The finding's line, and the first lines of the objects that it is about or inside."""
    from gal.reading import Mapping

    yield one.place.position.line
    if one.owner is not None and one.owner.origin is not None:
        yield place_of(one.owner).position.line
    node = one.place.node
    while node is not None and node.parent is not None:
        if isinstance(node, Mapping):
            yield place_of(node).position.line
        node = node.parent


def _complaints(
    comments: Sequence[Comment], running: set[str], options: Options
) -> Iterator[Finding]:
    for comment in comments:
        if not comment.words:
            text = "the comment names no rule: write # gal: ignore[CODE] and why"
            yield finding(UNKNOWN, text, comment.place, value="")
        for word in comment.words:
            loaded = find(word)
            if loaded is None:
                text = f'"{word}" is no rule; gal rules lists them'
                yield finding(UNKNOWN, text, comment.place, value=word)
            elif word not in comment.used and loaded.rule.code in running:
                code = loaded.rule.code
                why = "no comment can ignore it" if code in options.enforce else "it finds nothing"
                yield finding(UNUSED, f"{code} is ignored here, and {why}", comment.place)
        if not comment.reason:
            text = "nothing says why findings are ignored here"
            yield finding(NO_REASON, text, comment.place)


# -- settings


def _by_settings(one: Finding, options: Options) -> Ignored | None:
    for known in options.ignores:
        if _acts(known) and applies(known, one):
            return Ignored("settings", known.reason)
    return None


def applies(known: ConfiguredIgnore, one: Finding) -> bool:
    """Whether a setting speaks of a finding."""
    if one.rule.code not in codes_of(known.rules):
        return False
    if not file_fits(known.files, one.place.position.file):
        return False
    return not known.object or _fits(known.object, one.owner)


def _acts(known: ConfiguredIgnore) -> bool:
    return known.expires is None or date.today() <= known.expires


def file_fits(pattern: str, file: str) -> bool:
    """Whether a pattern fits a path, or the end of it that starts after a slash."""
    path = file.replace("\\", "/").removeprefix("./")
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}")


OBJECTS = frozenset(
    {"route", "service", "upstream", "consumer", "certificate", "listener", "gateway"}
)
"""What settings can name of a configuration, to ignore findings about it."""


def _fits(selector: str, owner: ModelNode | None) -> bool:
    kind, colon, pattern = selector.partition(":")
    if owner is None or not colon or type(owner).__name__.lower() != kind.strip().lower():
        return False
    pattern = pattern.strip()
    names = [str(getattr(owner, "name", None) or "")]
    if isinstance(owner, Route):
        # As it is shown: without the kind of path.
        names += [_without_kind(text) for text in requests_of(owner)]
    return any(fnmatchcase(name, pattern) for name in names)


def _without_kind(text: str) -> str:
    methods, host, _, path = text.split(" ", 3)
    return f"{methods} {host} {path}"


def about_settings(
    options: Options, findings: Sequence[Finding], files: Sequence[str]
) -> Iterator[Finding]:
    """What is to be said of the settings' ignores: that they are over, or that nothing is found
    although a file that they speak of was looked at.
    """
    wanted = options.codes()
    for known in options.ignores if options.heed_ignores else ():
        if known.position is None:
            continue
        place = Place(known.position)
        if not _acts(known):
            if EXPIRED.code in wanted:
                yield finding(EXPIRED, f"this ended on {known.expires}", place)
            continue
        looked_at = any(file_fits(known.files, file) for file in files)
        runs = not codes_of(known.rules).isdisjoint(wanted)
        unused = looked_at and runs and not any(applies(known, one) for one in findings)
        if unused and UNUSED.code in wanted:
            yield finding(UNUSED, "nothing is found that this would ignore", place)
        if known.can_say_why and not known.reason and NO_REASON.code in wanted:
            yield finding(NO_REASON, "nothing says why findings are ignored", place)
