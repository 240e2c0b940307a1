"""Answers that are kept (https://apisix.apache.org/docs/apisix/plugins/proxy-cache/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import Json, Plugins, differs, header_variable, kept, native, note

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.model import Cache

_METHODS = ("GET", "POST", "HEAD")
_USUAL_METHODS = ["GET", "HEAD"]
_USUAL_STATUSES = [200, 301, 404]
_USUAL_TTL = 300
_USUAL_KEY = ["$host", "$request_uri"]
_PARAMETER = re.compile(r"[0-9a-zA-Z_]+")


def cache(policy: Cache, shared: Shared) -> Plugins:
    """A `proxy-cache` plugin. It is in memory, where APISIX keeps to a lifetime; on disk the
    lifetime is that of `config.yaml`.
    """
    methods = [one for one in dict.fromkeys(policy.methods) if one in _METHODS]
    statuses = list(dict.fromkeys(policy.status_codes))
    if len(methods) < len(set(policy.methods)):
        message = f"APISIX keeps answers to {', '.join(_METHODS)} only"
        differs(shared, policy, "cache", message, "methods")
    if not methods or not statuses:
        shared.context.report.dropped(policy, "cache", "no answer is kept")
        shared.context.claims.claim(policy)
        return {}
    config: Json = {}
    if not native(shared):
        config["cache_strategy"], config["cache_zone"] = "memory", "memory_cache"
    if methods != _USUAL_METHODS:
        config["cache_method"] = methods
    if statuses != _USUAL_STATUSES:
        config["cache_http_status"] = statuses
    ttl = max(1, round(policy.ttl.in_seconds))
    if ttl != _USUAL_TTL:
        config["cache_ttl"] = ttl
    if policy.respect_cache_control:
        config["cache_control"] = True
    key = _key(policy, shared)
    if key != _USUAL_KEY:
        config["cache_key"] = key
    _differences(policy, shared)
    return {"proxy-cache": config | kept(policy.extensions)}


def _key(policy: Cache, shared: Shared) -> list[str]:
    key = list(_USUAL_KEY)
    if policy.vary_query_params:
        names = [name for name in policy.vary_query_params if _PARAMETER.fullmatch(name)]
        if len(names) == len(policy.vary_query_params):
            key = ["$host", "$uri", *(f"$arg_{name}" for name in names)]
        else:
            message = "all parameters tell answers apart: APISIX cannot name one of these"
            differs(shared, policy, "cache", message, "vary_query_params")
    return key + [f"${header_variable(name)}" for name in policy.vary_headers]


def _differences(policy: Cache, shared: Shared) -> None:
    if policy.content_types:
        message = "APISIX keeps answers of all media types"
        differs(shared, policy, "cache", message, "content_types")
    if policy.ignore_path_case:
        message = "APISIX compares paths with case"
        differs(shared, policy, "cache", message, "ignore_path_case")
    if policy.report_headers != ["status"]:
        message = "APISIX tells the status of its cache in Apisix-Cache-Status, and how old it is"
        note(shared, policy, "cache", message, "report_headers")
