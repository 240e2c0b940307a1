"""Secrets that vendors have published: defaults, and those of their documentation's examples."""

from __future__ import annotations

from functools import cache

_APISIX = "the documentation of APISIX"
_TRAEFIK = "the documentation of Traefik"
_KONG = "the documentation of Kong"
_ENVOY = "examples of Envoy"

ADMIN_KEYS = frozenset(("edd1c9f034335f136f87ad84b625c8f1", "4054f7cf07e344346cd3f287985e76a2"))
"""Keys of the Admin API that APISIX came with until 3.9
(https://apisix.apache.org/docs/apisix/3.0/plugins/key-auth/)."""

KEYRING = frozenset(("qeddd145sfvddff3", "edd1c9f0985e76a2"))
"""What APISIX encrypts with where nobody says otherwise
(https://apisix.apache.org/docs/apisix/plugin-develop/#encrypted-storage-fields)."""

OF_KONG: dict[str, frozenset[str]] = {
    "pg_password": frozenset(("kong", "kongpass")),
    "admin_gui_session_conf": frozenset(("kong", "secret", "set-your-string-here")),
}
"""Settings of `kong.conf`, and their values in Kong's guides
(https://developer.konghq.com/how-to/enable-basic-auth-on-kong-manager/)."""

_PLAIN = {
    **dict.fromkeys(ADMIN_KEYS, _APISIX),
    # https://apisix.apache.org/docs/apisix/plugins/key-auth/ and jwt-auth
    **dict.fromkeys(("auth-one", "jack-key", "john-key", "jane-key", "my-secret-key"), _APISIX),
    "OpenSesame": _KONG,  # https://developer.konghq.com/plugins/basic-auth/
}
_HASHES = {
    # https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/
    "$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/": _TRAEFIK,
    "$apr1$d9hr9HBB$4HxwgUir3HP4EsggP/QNo0": _TRAEFIK,
    # https://github.com/envoyproxy/envoy/blob/main/test/extensions/filters/http/basic_auth
    "{SHA}tESsBmE/yNY3lb6a0L6vVQEZNqw=": _ENVOY,
    "{SHA}EJ9LPFDXsN9ynSmbxvjp75Bmlx8=": _ENVOY,
}


def published_by(text: str) -> str | None:
    """Where everybody can read a secret, or the hash of one; None where that is not known."""
    bare = text.replace("$$", "$")
    return _PLAIN.get(bare) or _HASHES.get(bare) or _hashed().get(bare)


@cache
def _hashed() -> dict[str, str]:
    """The published secrets as Envoy keeps them."""
    from base64 import b64encode
    from hashlib import sha1

    return {
        "{SHA}" + b64encode(sha1(text.encode(), usedforsecurity=False).digest()).decode(): where
        for text, where in _PLAIN.items()
    }
