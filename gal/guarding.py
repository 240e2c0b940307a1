"""Names of parts that somebody added to a gateway, and whether they say that it controls access.

Law 2 decides in doubt: losing an access control could open what was closed.
"""

from __future__ import annotations

import re

_PART = re.compile(
    r"auth|oidc|openid|jwt|saml|keycloak|guard|ldap|hmac|mtls|introspect|casbin|cerbos|firewall"
    r"|permission|whitelist|blacklist|allowlist|denylist|blocklist|access.control|restriction"
    r"|entitle|crowdsec|bouncer|fail2ban|geoblock|modsecurity|coraza|csrf|denyip|blockip"
)
_WORD = frozenset(
    (
        *("abac", "acl", "apikey", "block", "blocker", "cas", "captcha", "deny", "geo", "iam"),
        *("ipfilter", "keys", "opa", "pdp", "pep", "rbac", "signature", "sso", "token", "waf"),
    )
)


def sounds_guarding(*names: str) -> bool:
    """Whether any of these names says that it decides who enters; `apiKeys` is two words."""
    for name in names:
        lower = name.lower()
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()
        if _PART.search(lower) or not _WORD.isdisjoint(re.split(r"[^a-z0-9]+", words)):
            return True
    return False
