"""Rules on comments and settings that ignore findings. They look at no configuration."""

from __future__ import annotations

from gal.lint.rule import Confidence, Persona, Rule, Safety, Severity

UNUSED = Rule(
    code="GAL190",
    name="unused-ignore",
    title="A comment or setting ignores findings that are not there",
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    fix=Safety.SAFE,
)
UNKNOWN = Rule(
    code="GAL191",
    name="unknown-rule-in-ignore",
    title="A comment ignores a rule that there is not",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
)
NO_REASON = Rule(
    code="GAL192",
    name="ignore-without-reason",
    title="A comment or setting does not say why it ignores findings",
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    persona=Persona.PEDANTIC,
)
EXPIRED = Rule(
    code="GAL193",
    name="expired-ignore",
    title="The time is over for which findings were ignored",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
)

META = (UNUSED, UNKNOWN, NO_REASON, EXPIRED)

DOCUMENTATION = {
    UNUSED.code: "Nothing is found any more where the comment or the setting says so. It would "
    "hide the next finding there, so it should go.",
    UNKNOWN.code: "The comment names no rule of `gal rules`, so it hides nothing.",
    NO_REASON.code: "Who reads the file later cannot tell whether the finding was looked at. Write "
    "the reason after the bracket: `# gal: ignore[GAL018] the partner cannot send headers`.",
    EXPIRED.code: "The setting has a last day, and it is over: its findings count again. Mend "
    "them, or decide anew and give another day.",
}
"""What `gal explain` and the rules' pages say of them."""
