"""What is asked of rate limits by more than one rule."""

from __future__ import annotations

from gal.lint.peeking import known
from gal.model import Rate, RateLimit


def per_second(rate: Rate) -> float | None:
    """Requests in a second; None where a template decides."""
    if not known(rate.count) or not rate.period.nanoseconds:
        return None
    return rate.count / rate.period.in_seconds


def lowest(limit: RateLimit) -> float | None:
    """What all limits together let through in a second; None where a template decides."""
    found = [per_second(rate) for rate in limit.limits]
    numbers = [one for one in found if one is not None]
    return min(numbers) if numbers and len(numbers) == len(found) else None


def kept(limit: RateLimit, name: str) -> str | None:
    """A setting of one provider that the importer carried with a limit."""
    for settings in limit.extensions.values():
        value = settings.get(name)
        if isinstance(value, str):
            return value
    return None
