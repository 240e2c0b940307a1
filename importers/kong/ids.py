"""The ids that Kong makes up for what a declarative file leaves without one.

They are UUIDs of version 5, made of the entity's kind and name, so they are the same at every
start. The order of routes of equal rank depends on them.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

_NAMESPACES = {
    "services": UUID("90050c4f-539a-5bd9-bfb5-2ff1c430ca18"),
    "routes": UUID("78aafefa-16c7-5598-8955-58dc6264b27a"),
    "upstreams": UUID("0a1e4b48-9c7e-525c-b886-13cc47838983"),
    "consumers": UUID("7e5adc17-c056-5c54-98c0-7f88774fccf6"),
    "key_sets": UUID("5584441e-34ad-59af-bd6b-57e2b1a43dc2"),
    "snis": UUID("1dbd15b1-188c-5004-afd0-47f07fe2fd51"),
}
"""Kind -> the UUID of its name in Kong's own namespace, fd02801f-0957-4a15-a55a-c8d9606f30b5."""


def made_id(kind: str, name: str | None) -> str | None:
    """The id that Kong gives to an entity; None where it makes a random one at every start."""
    namespace = _NAMESPACES.get(kind)
    if name is None or namespace is None:
        return None
    digest = hashlib.sha1(namespace.bytes + name.encode(), usedforsecurity=False).digest()
    return str(UUID(bytes=digest[:16], version=5))
