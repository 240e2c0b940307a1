"""Rules over a configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gal.lint.finding import Finding
from gal.lint.rule import LoadedRule
from gal.lint.settings import Settings
from gal.lint.subject import Subject

if TYPE_CHECKING:
    from gal.reading import Document


def subject_of(
    documents: Sequence[Document],
    settings: Settings,
    *,
    source: str | None = None,
    beside: Callable[[], list[Document]] = list,
) -> Subject:
    """What rules look at, from the documents of one provider; `beside` reads further ones that may
    define what these name.

    Raises:
        InputError: they are of no gateway, of several, or not sound.
    """
    from gal.convert import read_gateway
    from gal.ledger import Ledger
    from gal.lint.own_files import own_file
    from gal.model import Gateway

    setups = [own_file(document) for document in documents]
    configurations = [one for one, own in zip(documents, setups, strict=True) if own is None]
    if not configurations:
        provider = next(own for own in setups if own is not None)
        return Subject(provider, documents, Gateway(), Ledger(), settings)
    read = read_gateway(configurations, source=source)
    return Subject(read.source, documents, read.gateway, read.ledger, settings, beside)


def findings_of(subject: Subject, rules: Iterable[LoadedRule]) -> list[Finding]:
    """What rules find, by place and code."""
    found = [one for loaded in rules for one in loaded.check(subject)]
    return sorted(set(found), key=_order)


def _order(one: Finding) -> tuple[str, int, int, str, str]:
    where = one.place.position
    return (where.file, where.line, where.column, one.rule.code, one.message)
