"""Policies on single requests: ids, sizes, copies and compression
(https://apisix.apache.org/docs/apisix/plugins/request-id/,
https://apisix.apache.org/docs/apisix/plugins/client-control/,
https://apisix.apache.org/docs/apisix/plugins/proxy-mirror/,
https://apisix.apache.org/docs/apisix/plugins/gzip/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import (
    Json,
    Plugins,
    below,
    between,
    differs,
    kept,
    native,
    note,
    put,
)
from gal.model import (
    Compression,
    Mirror,
    Protocol,
    RequestId,
    RequestIdFormat,
    SizeLimit,
    Upstream,
)
from gal.reading import Placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared

AFTER_CREDENTIALS = 2000
"""A priority behind those of all plugins that ask for credentials, before the access phase."""

_COMPRESSORS = {"gzip": "gzip", "br": "brotli"}
_USUAL_TYPES = ["text/html"]
_USUAL_SIZE = 20
_LEAST_SHARE = 0.00001
_HOST = re.compile(r"[\da-zA-Z.-]+|\[[\da-fA-F:]+\]")
_SCHEMES = {Protocol.HTTPS: "https", Protocol.GRPC: "grpc", Protocol.GRPCS: "grpcs"}


def request_id(policy: RequestId, shared: Shared) -> Plugins:
    """A `request-id` plugin. An id that the client sends stays."""
    config = kept(policy.extensions)
    put(config, "header_name", policy.header_name, "X-Request-Id")
    put(config, "include_in_response", policy.echo, True)
    if policy.format is not RequestIdFormat.UUID:
        message = "APISIX makes a UUID"
        differs(shared, policy, "request_id", message, "format")
    if not policy.keep_existing:
        message = "APISIX keeps an id that the client sends"
        differs(shared, policy, "request_id", message, "keep_existing")
    return {"request-id": config}


def size_limit(policy: SizeLimit, shared: Shared, guarded: bool) -> Plugins:
    """A `client-control` plugin.

    Args:
        policy: the limit.
        shared: the file.
        guarded: somebody has to be let in before; APISIX would look at the size first.
    """
    config = kept(policy.extensions)
    if policy.require_content_length:
        message = "APISIX lets in requests that do not say their length, and measures them"
        differs(shared, policy, "size_limit", message, "require_content_length")
    size = policy.max_body.bytes
    if not isinstance(size, Placeholder) and size == 0 and policy.enabled:
        message = "APISIX has no limit of 0: a body of one byte is let in"
        differs(shared, policy, "size_limit", message, "max_body")
        size = 1
    config["max_body_size"] = size
    if guarded and not native(shared):
        config.setdefault("_meta", {})["priority"] = AFTER_CREDENTIALS
    return {"client-control": config}


def compression(policy: Compression, shared: Shared) -> Plugins:
    """A `gzip` plugin, a `brotli` plugin, or both."""
    values = kept(policy.extensions)
    meta = values.pop("_meta", None)
    made: Plugins = {}
    for algorithm in dict.fromkeys(policy.algorithms):
        name = _COMPRESSORS.get(algorithm)
        if name is None:
            message = f'APISIX does not compress with "{algorithm}"'
            shared.context.report.dropped(policy, "compression", message, "algorithms")
            continue
        config: Json = {}
        if policy.content_types:
            types = "*" if "*" in policy.content_types else list(policy.content_types)
            put(config, "types", types, _USUAL_TYPES)
        if policy.min_size is not None:
            put(config, "min_length", max(1, policy.min_size.bytes), _USUAL_SIZE)
        if name == "gzip" and policy.level is not None:
            put(config, "comp_level", between(policy.level, 1, 9), 1)
        if not native(shared):
            config["vary"] = True
        config |= below(values, name)
        if meta is not None:
            config["_meta"] = meta
        made[name] = config
    if list(made) == ["gzip", "brotli"]:
        message = "APISIX prefers brotli"
        note(shared, policy, "compression", message, "algorithms")
    return made


def mirror(policy: Mirror, shared: Shared) -> Plugins:
    """A `proxy-mirror` plugin, which copies to one address."""
    ratio = _share(policy.percent)
    if ratio <= 0:
        return {}
    scheme, upstream = _upstream(policy.upstream, shared)
    targets = [] if upstream is None else [one for one in upstream.targets if one.weight != 0]
    if not targets:
        message = f'there is no "{policy.upstream}" that copies could go to'
        shared.context.report.dropped(policy, "mirror", message, "upstream")
        return {}
    if len(targets) > 1:
        message = "APISIX copies to one address: the first one"
        differs(shared, policy, "mirror", message, "upstream")
    host = f"[{targets[0].host}]" if ":" in targets[0].host else targets[0].host
    if not _HOST.fullmatch(host):
        message = f'APISIX takes "{host}" for no host that copies could go to'
        shared.context.report.dropped(policy, "mirror", message, "upstream")
        return {}
    config: Json = {"host": f"{scheme}://{host}:{targets[0].port}"}
    put(config, "sample_ratio", int(ratio) if ratio == 1 else max(ratio, _LEAST_SHARE), 1)
    return {"proxy-mirror": config | kept(policy.extensions)}


def _share(percent: float) -> float:
    """A share of 1, of a share of 100."""
    return min(round(percent / 100, 12), 1.0)


def _upstream(name: str, shared: Shared) -> tuple[str, Upstream | None]:
    """The upstream, or that of the service, that a name stands for, and how it is spoken to."""
    for service in shared.gateway.services:
        if service.name != name:
            continue
        scheme = _SCHEMES.get(service.protocol, "http")
        found = service.upstream
        if isinstance(found, Upstream):
            return scheme, found
        return scheme, None if found is None else _by_name(found, shared)
    return "http", _by_name(name, shared)


def _by_name(name: str, shared: Shared) -> Upstream | None:
    return next((one for one in shared.gateway.upstreams if one.name == name), None)
