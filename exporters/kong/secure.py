"""Redirects to HTTPS, which Kong's routes do themselves (`https_redirect_status_code`,
https://developer.konghq.com/gateway/entities/route/).
"""

from __future__ import annotations

from gal.model import Redirect

_REDIRECTS = (301, 302, 307, 308)


def to_https(policy: Redirect | None) -> int | None:
    """The status of a redirect that does nothing but ask for HTTPS, which routes do themselves."""
    if policy is None or policy.scheme != "https" or policy.status_code not in _REDIRECTS:
        return None
    others = (policy.location, policy.host, policy.port, policy.path)
    plain = all(one is None for one in others) and not policy.strip_query
    return policy.status_code if plain else None
