"""Which consumers may enter by their groups."""

from __future__ import annotations

from dataclasses import dataclass

from gal.model import Acl, Consumer


@dataclass(frozen=True, slots=True)
class Members:
    """Who may enter.

    Attributes:
        allow: groups of which a consumer needs one; empty asks for none.
        deny: groups of which a consumer must have none.
    """

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()

    @property
    def restricted(self) -> bool:
        """Whether groups matter at all."""
        return bool(self.allow or self.deny)

    def lets_in(self, consumer: Consumer) -> bool:
        """Whether a consumer's groups let it in."""
        groups = frozenset(consumer.groups)
        return not groups & self.deny and (not self.allow or bool(groups & self.allow))


def members(groups: Acl | None) -> Members:
    """Who may enter by the rules of a route."""
    if groups is None:
        return Members()
    _ = groups.hide_groups_header, groups.authenticated_groups, groups.status_code
    return Members(frozenset(groups.allow), frozenset(groups.deny))
