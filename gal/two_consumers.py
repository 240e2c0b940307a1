"""Requests that show credentials of two consumers, where both kinds have to let in."""

from __future__ import annotations

from gal.model import Authentication, Require

MESSAGE = (
    "a request with credentials of two consumers, where several kinds have to let in: here the"
    " groups of another one of them may count"
)


def may_name_two(policy: Authentication | None) -> bool:
    """Whether several kinds of credentials have to let in, each with a consumer of its own."""
    if policy is None or policy.require is not Require.ALL:
        return False
    kinds = (policy.basic, policy.api_key, policy.jwt)
    return sum(kind is not None for kind in kinds) > 1
