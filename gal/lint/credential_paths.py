"""Paths at which clients try credentials: limits matter most there."""

from __future__ import annotations

import re

from gal.model import Route

_WORDS = re.compile(
    r"(?<![a-z])(?:log-?in|sign-?in|sign-?up|register|auth|oauth2?|token|password|passwd|otp|2fa"
    r"|mfa|session|forgot|reset)(?![a-z])"
)


def tries_credentials(route: Route) -> bool:
    """Whether a route's paths are called like those of a login."""
    return any(_WORDS.search(path.text.lower()) for path in route.paths)
