"""A run of the linter: files in, findings out, with what was ignored and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from gal.errors import GalError, InputErrors
from gal.garbage import without_collection
from gal.lint.collect import Batch
from gal.lint.engine import findings_of, subject_of
from gal.lint.excerpt import Excerpt, Excerpts
from gal.lint.finding import Finding
from gal.lint.fingerprint import Fingerprint, fingerprints
from gal.lint.ignores import Ignored, about_settings, ignore
from gal.lint.options import Options
from gal.lint.rule import LoadedRule, Severity
from gal.lint.subject import Subject


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding with all that reports say of it.

    Attributes:
        finding: what was found.
        fingerprint: what it is known by.
        file: the file, as it was named.
        severity: after the user's own wishes.
        excerpt: the line that it points at, without secrets.
        related: the lines of the related places, without secrets.
        ignored: why it does not count; None when it does.
    """

    finding: Finding
    fingerprint: Fingerprint
    file: str
    severity: Severity
    excerpt: Excerpt | None = None
    related: tuple[Excerpt | None, ...] = ()
    ignored: Ignored | None = None


@dataclass(slots=True)
class Outcome:
    """What a run gives.

    Attributes:
        findings: those that count, by file and place.
        ignored: those that comments, settings or the baseline keep quiet.
        errors: what could not be read.
        files: how many files were looked at.
    """

    findings: list[Reported] = field(default_factory=list)
    ignored: list[Reported] = field(default_factory=list)
    errors: list[GalError] = field(default_factory=list)
    files: int = 0

    def worst(self) -> Severity | None:
        """The highest severity of what counts."""
        return max((one.severity for one in self.findings), key=lambda s: s.rank, default=None)

    def leave_out(self, knows: Callable[[Reported], bool], by: str) -> None:
        """Move findings that are known to those that are ignored."""
        known = [one for one in self.findings if knows(one)]
        self.findings = [one for one in self.findings if not knows(one)]
        self.ignored = sorted(
            [*self.ignored, *(replace(one, ignored=Ignored(by)) for one in known)], key=_order
        )

    def summary(self) -> str:
        """The run in one line."""
        counted = Counter(one.severity for one in self.findings)
        parts = [
            f"{counted[severity]} {severity.value}" for severity in Severity if counted[severity]
        ]
        files = "1 file" if self.files == 1 else f"{self.files} files"
        quiet = f"; {len(self.ignored)} ignored" if self.ignored else ""
        found = len(self.findings)
        if not found:
            return f"no findings in {files}{quiet}"
        return f"{found} finding{'s' if found > 1 else ''} ({', '.join(parts)}) in {files}{quiet}"

    def statistics(self) -> list[tuple[str, str, int]]:
        """Code, name and number of findings of each rule that has any, the most first."""
        counted = Counter((one.finding.rule.code, one.finding.rule.name) for one in self.findings)
        rows = [(code, name, count) for (code, name), count in counted.items()]
        return sorted(rows, key=lambda row: (-row[2], row[0]))


def lint(batches: Iterable[Batch], options: Options) -> Outcome:
    """Run the rules that are asked for over batches of documents."""
    outcome = Outcome()
    files: set[str] = set()
    chosen = options.chosen()
    for batch in batches:
        files |= {document.source.name for document in batch.documents}
        try:
            with without_collection():
                subject = subject_of(
                    batch.documents, options.settings, source=batch.source, beside=batch.beside
                )
                reported = findings_in(subject, chosen, options)
        except InputErrors as several:
            outcome.errors.extend(several.errors)
            continue
        except GalError as error:
            outcome.errors.append(error)
            continue
        for one in reported:
            (outcome.findings if one.ignored is None else outcome.ignored).append(one)
    outcome.files = len(files)
    everything = [one.finding for one in (*outcome.findings, *outcome.ignored)]
    about = list(about_settings(options, everything, sorted(files)))
    for said, mark in zip(about, fingerprints(None, about), strict=True):
        file = said.place.position.file
        outcome.findings.append(Reported(said, mark, file, options.severity_of(said)))
    outcome.findings.sort(key=_order)
    outcome.ignored.sort(key=_order)
    return outcome


def findings_in(subject: Subject, rules: Sequence[LoadedRule], options: Options) -> list[Reported]:
    """What rules say of one configuration, with what is ignored of it."""
    found = findings_of(subject, rules)
    kept = ignore(subject, found, rules, options)
    known = fingerprints(subject, [one for one, _ in kept])
    excerpts = Excerpts(subject)
    return [
        Reported(
            finding=one,
            fingerprint=fingerprint,
            file=one.place.position.file,
            severity=options.severity_of(one),
            excerpt=excerpts.of(one.place),
            related=tuple(excerpts.of(place) for place in one.related),
            ignored=why,
        )
        for (one, why), fingerprint in zip(kept, known, strict=True)
    ]


def _order(one: Reported) -> tuple[str, int, int, str, str]:
    where = one.finding.place.position
    return (where.file, where.line, where.column, one.finding.rule.code, one.finding.message)
