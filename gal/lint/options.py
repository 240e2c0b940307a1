"""Which rules run, what counts, and what is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from gal.errors import Position, UsageError
from gal.lint.finding import Finding
from gal.lint.registry import find, rules
from gal.lint.rule import LoadedRule, Persona, Severity
from gal.lint.settings import Settings

ALL = "ALL"


@dataclass(frozen=True, slots=True)
class ConfiguredIgnore:
    """Findings that a settings file keeps quiet.

    Attributes:
        rules: codes, names, or starts of codes.
        files: a pattern of the files' paths, `*` for all.
        object: such as `route:orders` or `route:GET api.example.com /login`; empty means any.
        reason: why.
        expires: the last day on which it acts; unset is for ever.
        position: where it is written.
        can_say_why: it has a place for the reason.
    """

    rules: tuple[str, ...]
    files: str = "*"
    object: str = ""
    reason: str = ""
    expires: date | None = None
    position: Position | None = field(default=None, compare=False)
    can_say_why: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asks of a run.

    Attributes:
        select: the only rules that run: codes, names, starts of codes, or `ALL`; empty means those
            of the persona.
        extend_select: rules that run, too.
        ignore: rules that do not run.
        persona: whose rules run.
        severities: other severities, by code.
        enforce: codes that no comment can ignore.
        ignores: of the settings file.
        require_reasons: comments that ignore have to say why.
        heed_ignores: comments and settings that ignore findings act.
        settings: facts of the deployment, for rules.
    """

    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    persona: Persona = Persona.REGULAR
    severities: Mapping[str, Severity] = field(default_factory=dict)
    enforce: frozenset[str] = frozenset()
    ignores: tuple[ConfiguredIgnore, ...] = ()
    require_reasons: bool = False
    heed_ignores: bool = True
    settings: Settings = field(default_factory=Settings)

    def chosen(self) -> tuple[LoadedRule, ...]:
        """The rules that run.

        Raises:
            UsageError: a word names no rule, or none is left.
        """
        codes = self.codes()
        if not codes:
            raise UsageError("no rule is left to run: every one that is selected is ignored")
        return tuple(one for one in rules() if one.rule.code in codes)

    def codes(self) -> frozenset[str]:
        """The codes of the rules that run, those on comments included."""
        from gal.lint.meta import META, NO_REASON

        known = [one.rule for one in rules()] + list(META)
        if self.select:
            found = codes_of(self.select)
        else:
            wanted = list(Persona)[: list(Persona).index(self.persona) + 1]
            found = frozenset(one.code for one in known if one.persona in wanted)
        if self.require_reasons:
            found |= {NO_REASON.code}
        return frozenset((found | codes_of(self.extend_select)) - codes_of(self.ignore))

    def severity_of(self, one: Finding) -> Severity:
        """How bad a finding is for this user."""
        return self.severities.get(one.rule.code, one.severity)


@lru_cache(maxsize=256)
def codes_of(words: tuple[str, ...]) -> frozenset[str]:
    """The codes that words stand for: a code or the start of several, a name, an alias, `ALL`.

    Raises:
        UsageError: a word stands for nothing.
    """
    from gal.lint.meta import META

    known = [one.rule for one in rules()] + list(META)
    found: set[str] = set()
    for word in words:
        upper = word.strip().upper()
        if upper == ALL:
            found |= {one.code for one in known}
            continue
        by_name = find(word.strip())
        codes = {one.code for one in known if one.code.startswith(upper) and upper}
        codes |= {one.code for one in META if one.name == word.strip()}
        if by_name is not None:
            codes.add(by_name.rule.code)
        if not codes:
            raise UsageError(f'"{word}" is no rule; gal rules lists them')
        found |= codes
    return frozenset(found)
