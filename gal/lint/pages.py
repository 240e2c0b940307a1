"""The documentation of rules: what `gal explain` shows, and the pages of `docs/rules`."""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.meta import DOCUMENTATION, META
from gal.lint.registry import find, rules
from gal.lint.rule import Example, LoadedRule, Rule, Safety

_FIXES = {
    Safety.SAFE: "`--fix` mends it; no request notices.",
    Safety.TIGHTEN: "`--fix=tighten` mends it: only what the rule is about becomes stricter.",
    Safety.UNSAFE: "`--fix=all` mends it; that can change what clients rely on.",
}
_OWASP = "https://owasp.org/API-Security/editions/2023/en/0x11-t10/"


def documentation_of(rule: Rule) -> str:
    """What a rule says of itself."""
    if rule.code in DOCUMENTATION:
        return DOCUMENTATION[rule.code]
    loaded = find(rule.code)
    return loaded.documentation if loaded is not None else ""


def known(word: str) -> LoadedRule | Rule | None:
    """A rule by its code, name or alias, those on comments included."""
    for one in META:
        if word.lower() in (one.code.lower(), one.name):
            return one
    return find(word)


def everything() -> list[Rule]:
    """All rules by code, those on comments included."""
    return sorted([*(one.rule for one in rules()), *META], key=lambda rule: rule.code)


def page(found: LoadedRule | Rule) -> str:
    """A rule as a page in Markdown, with its examples."""
    rule = found.rule if isinstance(found, LoadedRule) else found
    lines = [f"# {rule.code}: {rule.name}", "", f"{rule.title}.", "", *_facts(rule)]
    lines += ["", "## What it is about", "", documentation_of(rule), ""]
    if isinstance(found, LoadedRule):
        lines += _examples(found.examples)
    if rule.pages or rule.cwe or rule.owasp:
        lines += ["## Sources", ""]
        lines += [f"- <{page}>" for page in rule.pages]
        lines += [
            f"- CWE-{number}: <https://cwe.mitre.org/data/definitions/{number}.html>"
            for number in rule.cwe
        ]
        lines += [f"- OWASP API Security Top 10 2023, {name}: <{_OWASP}>" for name in rule.owasp]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _facts(rule: Rule) -> Iterator[str]:
    yield f"- Severity: {rule.severity.value}"
    yield f"- Confidence: {rule.confidence.value}"
    yield f"- Persona: {rule.persona.value}"
    yield f"- Fix: {_FIXES[rule.fix] if rule.fix else 'none'}"
    if rule.aliases:
        yield f"- Earlier names: {', '.join(rule.aliases)}"
    for name, value in rule.options.items():
        yield f"- Option `{name}`: `{value}` unless set"


def _examples(examples: tuple[Example, ...]) -> Iterator[str]:
    for title, wanted in (("Found", True), ("Not found", False)):
        chosen = [one for one in examples if one.bad is wanted]
        if not chosen:
            continue
        yield f"## {title}"
        yield ""
        for one in chosen:
            note = f": {one.note}" if one.note else ""
            name = f" (`{one.file}`)" if one.file else ""
            yield f"{one.provider.capitalize()}{name}{note}"
            yield ""
            yield "```yaml"
            yield one.text.rstrip()
            yield "```"
            yield ""


def index() -> str:
    """All rules as one table."""
    lines = [
        "# Rules",
        "",
        "Made from the rules themselves by `make rules`. `gal explain CODE` shows a rule in the",
        "terminal, `gal rules` lists them.",
        "",
        "| Code | Name | What it finds | Severity | Persona | Fix |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in everything():
        fix = rule.fix.value if rule.fix else ""
        lines.append(
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.title} | "
            f"{rule.severity.value} | {rule.persona.value} | {fix} |"
        )
    return "\n".join(lines) + "\n"
