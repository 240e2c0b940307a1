"""Names that are given only once."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Names:
    """The names that are in use.

    Attributes:
        taken: all of them.
    """

    taken: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)

    def unique(self, label: str) -> str:
        """A name that nothing else has: the label, or the label with the next number."""
        name, number = label, self._numbers.get(label, 1)
        while name in self.taken:
            number += 1
            name = f"{label}-{number}"
        if name != label:
            self._numbers[label] = number
        self.taken.add(name)
        return name
