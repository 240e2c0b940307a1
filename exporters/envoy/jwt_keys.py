"""The keys of token issuers and of consumers, as Envoy's `jwt_authn` takes them."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from gal.exporters.envoy import jwk
from gal.exporters.envoy.build import Json, Shared
from gal.exporters.envoy.external import server
from gal.model import JwtAuth, JwtCredential, ModelNode
from gal.reading import is_placeholder

_FAMILIES = {"oct": jwk.SHARED, "RSA": jwk.RSA, "EC": jwk.ELLIPTIC, "OKP": jwk.EDWARDS}
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def remote_keys(uri: str, control: ModelNode, shared: Shared) -> Json:
    """Keys that Envoy fetches when it needs them, and keeps for five minutes.

    Raises:
        ValueError: the address is none.
    """
    found = server(uri, control, "authentication", shared)
    http_uri = {"uri": uri, "cluster": found.cluster, "timeout": "5s"}
    return {"remote_jwks": {"http_uri": http_uri, "cache_duration": "300s"}}


def given_keys(policy: JwtAuth) -> Json:
    """Keys that stand in the configuration, pinned to the accepted signatures.

    Raises:
        ValueError: there is none that Envoy takes.
    """
    text = policy.jwks or ""
    if is_placeholder(text):
        return {"local_jwks": {"inline_string": text}}
    try:
        keys = [key for one in json.loads(text)["keys"] for key in _pinned(one, policy.algorithms)]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("the key set is no JSON Web Key Set") from None
    if not keys:
        raise ValueError("the key set has no key for the accepted signatures")
    return {"local_jwks": {"inline_string": compact({"keys": keys})}}


def _pinned(key: Json, algorithms: list[str]) -> Iterator[Json]:
    """A key once for each signature that it may make."""
    family = _FAMILIES.get(key["kty"], ())
    allowed = [one for one in family if not algorithms or one in algorithms]
    if key.get("alg") in allowed or (family and not algorithms and "alg" not in key):
        yield key
    elif "alg" not in key:
        for algorithm in allowed:
            yield {**key, "alg": algorithm}


def credential_keys(credential: JwtCredential, policy: JwtAuth) -> Json:
    """The key of a consumer's credential, pinned to its signature.

    Raises:
        ValueError: there is none that Envoy takes; the text says why.
    """
    if credential.key is None:
        raise ValueError("the source makes up what names this credential: it is not known")
    if is_placeholder(credential.key):
        raise ValueError("a credential cannot be named by a placeholder")
    algorithm = credential.algorithm
    if algorithm not in jwk.ALGORITHMS:
        raise ValueError(f'Envoy does not know the signature "{algorithm}"')
    if policy.algorithms and algorithm not in policy.algorithms and policy.algorithms != ["RS256"]:
        raise ValueError(f'the signature "{algorithm}" is not accepted')
    if algorithm in jwk.SHARED:
        key = jwk.shared_key(_secret(credential, base64_text=policy.secret_is_base64), algorithm)
    else:
        if not credential.public_key:
            raise ValueError("there is no public key")
        key = jwk.public_key(credential.public_key, algorithm)
    return {"local_jwks": {"inline_string": compact({"keys": [key]})}}


def _secret(credential: JwtCredential, *, base64_text: bool) -> bytes:
    text = credential.secret.reveal() if credential.secret is not None else ""
    if not text:
        raise ValueError("the source makes this secret up: it is not known")
    if is_placeholder(text):
        raise ValueError("the key of a placeholder is not known")
    if not base64_text:
        return text.encode()
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    if _NOT_BASE64.search(plain):
        raise ValueError("the secret is not Base64")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        raise ValueError("the secret is not Base64") from None


def compact(data: Any) -> str:
    """JSON without spaces."""
    return json.dumps(data, separators=(",", ":"))
