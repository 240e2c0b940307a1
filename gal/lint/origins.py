"""What is asked of origins by more than one rule."""

from __future__ import annotations

from gal.model import Cors, Regex

FOREIGN = (
    "https://evil.example",
    "http://evil.example",
    "http://evil.example:8080",
    "https://203.0.113.7",
)
"""Origins that nobody would allow on purpose."""


def accepts_any(cors: Cors) -> str | None:
    """In words, how a policy comes to allow any origin; None where it does not."""
    if cors.reflect_any_origin:
        return "every origin is answered with its own name"
    if "*" in cors.allowed_origins:
        return 'the origins hold "*"'
    for regex in cors.allowed_origin_patterns:
        if all(fits(regex, origin) for origin in FOREIGN[:2]):
            return f'the expression "{regex.pattern}" fits every origin'
    return None


def fits(regex: Regex, origin: str) -> bool:
    """Whether an expression accepts an origin; one that cannot be judged accepts none."""
    from gal.tracing.regexes import found_in

    return found_in(regex, origin) is not None
