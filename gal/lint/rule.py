"""What a rule says of itself.

A rule is a module with four names: its docstring (the documentation page, in Markdown), `RULE`,
`check(subject)` and `EXAMPLES`. `gal.lint.registry` finds it by its file, or by an entry point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gal.lint.finding import Finding
    from gal.lint.subject import Subject


class Severity(str, Enum):
    """How bad it is when the finding is true, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for info up to 4 for critical."""
        return 4 - list(Severity).index(self)


class Confidence(str, Enum):
    """How often it is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Persona(str, Enum):
    """Who wants to read of it: everybody, those who like order, those who search for anything."""

    REGULAR = "regular"
    PEDANTIC = "pedantic"
    AUDITOR = "auditor"


class Safety(str, Enum):
    """What a fix may change besides the finding: nothing that a request notices; only to stricter
    values of the rule's own property; something else as well.
    """

    SAFE = "safe"
    TIGHTEN = "tighten"
    UNSAFE = "unsafe"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known of a rule without running it.

    Attributes:
        code: such as `GAL001`; never reused.
        name: in words, such as `cors-credentials-any-origin`; the module has the same, with `_`.
        title: what a finding means, in one short sentence without a full stop.
        severity: of its findings, unless one says otherwise.
        confidence: of its findings.
        persona: who gets to see them.
        cwe: numbers of the Common Weakness Enumeration (https://cwe.mitre.org).
        owasp: of the OWASP API Security Top 10 2023, such as `API8`.
        pages: the vendors' pages that say so.
        fix: what its fix may change; unset has none.
        aliases: earlier codes and names.
        options: what `[tool.gal.lint.rules.NAME]` may set, with the defaults.
    """

    code: str
    name: str
    title: str
    severity: Severity
    confidence: Confidence
    persona: Persona = Persona.REGULAR
    cwe: tuple[int, ...] = ()
    owasp: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    fix: Safety | None = None
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Example:
    """A configuration that a rule complains about, or does not.

    Attributes:
        provider: whose configuration it is.
        text: the configuration, or what `gal.lint.frames` puts into a whole one. A line that a
            finding has to point at ends in `# <-`.
        bad: whether there are findings.
        note: what it shows, in a few words.
        file: name of the file, for those that are recognised by it.
        settings: for the rule, see `gal.lint.settings.Settings`.
    """

    provider: str
    text: str
    bad: bool
    note: str = ""
    file: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)


def bad(provider: str, text: str, note: str = "", **further: Any) -> Example:
    """A configuration that the rule complains about, at the lines that end in `# <-`."""
    return Example(provider, text, True, note, **further)


def good(provider: str, text: str, note: str = "", **further: Any) -> Example:
    """A configuration that comes close, and that the rule says nothing about."""
    return Example(provider, text, False, note, **further)


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule with all that its module holds.

    Attributes:
        rule: what it says of itself.
        documentation: the module's docstring, Markdown.
        check: finds what is wrong.
        examples: what is wrong and what is not.
    """

    rule: Rule
    documentation: str
    check: Callable[[Subject], Iterator[Finding]]
    examples: tuple[Example, ...]
