"""Values with units: durations, sizes, rates, regular expressions and secrets.

Each has one canonical text (`str(value)`) that its `parse` reads back, so that GAL's YAML says
`30s` and `8MiB` and never a bare number whose unit has to be guessed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum

_DURATION_UNITS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|ms|s|m|h|d)")
_SIZE_UNITS = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_SIZE = re.compile(r"(\d+)\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)?")


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time, kept in nanoseconds so that no gateway's unit has to round."""

    nanoseconds: int

    @classmethod
    def seconds(cls, value: float) -> Duration:
        """The duration of `value` seconds."""
        return cls(round(value * 10**9))

    @classmethod
    def milliseconds(cls, value: float) -> Duration:
        """The duration of `value` milliseconds."""
        return cls(round(value * 10**6))

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `30s`, `1m30s`, `250ms` or `1.5h`; a bare number has no unit and is refused.

        Raises:
            ValueError: the text is not a duration.
        """
        position, total = 0, 0.0
        stripped = text.strip()
        for part in _DURATION_PART.finditer(stripped):
            if part.start() != position:
                break
            number = part.group(1)
            unit = _DURATION_UNITS[part.group(2)]
            total += float(number) * unit if "." in number else int(number) * unit
            position = part.end()
        if not stripped or position != len(stripped):
            raise ValueError(f'"{text}" is not a duration such as 30s, 1m30s or 250ms')
        return cls(round(total))

    @property
    def in_seconds(self) -> float:
        """This duration as a number of seconds."""
        return self.nanoseconds / 10**9

    @property
    def in_milliseconds(self) -> float:
        """This duration as a number of milliseconds."""
        return self.nanoseconds / 10**6

    def __str__(self) -> str:
        for unit in ("d", "h", "m", "s", "ms", "us"):
            size = _DURATION_UNITS[unit]
            if self.nanoseconds and self.nanoseconds % size == 0:
                return f"{self.nanoseconds // size}{unit}"
        return f"{self.nanoseconds}ns" if self.nanoseconds else "0s"


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """A number of bytes."""

    bytes: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read `1048576`, `1MiB` (2^20) or `1MB` (10^6).

        Raises:
            ValueError: the text is not a size.
        """
        match = _SIZE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'"{text}" is not a size such as 1048576, 8MiB or 500kB')
        unit = match.group(2) or "B"
        return cls(int(match.group(1)) * _SIZE_UNITS["kB" if unit == "KB" else unit])

    def __str__(self) -> str:
        for unit in ("GiB", "MiB", "KiB"):
            size = _SIZE_UNITS[unit]
            if self.bytes and self.bytes % size == 0:
                return f"{self.bytes // size}{unit}"
        return f"{self.bytes}B"


@dataclass(frozen=True, slots=True, order=True)
class Rate:
    """So many requests in so much time. The count may be a template placeholder."""

    period: Duration
    count: float

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read `5/s`, `100/1m` or `1000/1d`.

        Raises:
            ValueError: the text is not a rate.
        """
        from gal.reading import Placeholder, is_placeholder

        count, slash, period = text.rpartition("/")
        try:
            number = Placeholder(count) if is_placeholder(count) else float(count)
            unit = period.strip()
            duration = Duration.parse(unit if unit[:1].isdigit() else f"1{unit}")
        except ValueError:
            slash = ""
        if not slash:
            raise ValueError(f'"{text}" is not a rate such as 5/1s or 100/1m')
        if isinstance(number, Placeholder):
            return cls(duration, number)
        if number <= 0 or duration.nanoseconds <= 0:
            raise ValueError(f'the rate "{text}" must be above zero')
        return cls(duration, int(number) if number.is_integer() else number)

    def __str__(self) -> str:
        # A count may be a template placeholder, which prints as its text.
        return f"{str(self.count).removesuffix('.0')}/{self.period}"


class Dialect(str, Enum):
    """Whose regular expressions these are: the syntaxes differ in what they accept and mean."""

    PCRE = "pcre"
    RUST = "rust"
    RE2 = "re2"
    GO = "go"


class Anchor(str, Enum):
    """How much of the text a regular expression has to match."""

    FULL = "full"
    START = "start"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression with what its text leaves open: the dialect and the anchoring.

    In GAL's YAML a plain string is RE2 matching the whole text; anything else is a mapping
    `{pattern, dialect, anchor}`.
    """

    pattern: str
    dialect: Dialect = Dialect.RE2
    anchor: Anchor = Anchor.FULL

    def __str__(self) -> str:
        return self.pattern


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A key, password or private key. It never prints itself: `reveal()` is the only way out."""

    _text: str

    def reveal(self) -> str:
        """The secret itself, for the configuration that needs it."""
        return self._text

    @property
    def fingerprint(self) -> str:
        """A short stable mark, equal for equal secrets, that does not give them away."""
        return "secret:" + hashlib.sha256(self._text.encode()).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"<{self.fingerprint}>"

    def __str__(self) -> str:
        return f"<{self.fingerprint}>"
