"""Cross-origin resource sharing (https://developer.konghq.com/plugins/cors/)."""

from __future__ import annotations

import re

from gal.exporters.kong.build import Build, Json, put
from gal.exporters.kong.instance import Instance, split
from gal.exporters.kong.regex import has_alternatives
from gal.model import Anchor, Cors, Regex

_METHODS = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"]
_PLAIN = re.compile(r"[A-Za-z0-9.:/-]+")
_NOBODY = "https://no-origin.invalid"
_WHOLE_ORIGIN = ":{0}"
"""Matches nothing, but its colon has Kong compare the whole origin, not the host alone."""


def cors(policy: Cors, build: Build) -> Instance:
    """A `cors` plugin."""
    around, config = split(policy.extensions)
    credentials = policy.allow_credentials
    origins = _origins(policy)
    if origins is None and credentials and not policy.reflect_any_origin:
        credentials = False
        message = (
            "Kong would answer every origin by its name where credentials are allowed; browsers"
            ' refuse credentials with "*", so they are switched off'
        )
        build.report.approximated(policy, "cors", message, "allow_credentials")
    if origins is None and policy.reflect_any_origin and not credentials:
        origins = [".*"]
    put(config, "origins", origins)
    methods = [method for method in policy.allowed_methods if method in _METHODS]
    if "*" in policy.allowed_methods:
        methods = list(_METHODS)
    if len(methods) < len(policy.allowed_methods) and "*" not in policy.allowed_methods:
        message = f"Kong only takes {', '.join(_METHODS)}"
        build.report.approximated(policy, "cors", message, "allowed_methods")
    put(config, "methods", methods, _METHODS)
    _headers(policy, config)
    for field in ("allowed_methods", "allowed_headers"):
        if credentials and "*" in getattr(policy, field):
            message = "beside credentials browsers take * for a name; here all that is asked for"
            build.report.approximated(policy, "cors", f"{message} is allowed", field)
    put(config, "credentials", credentials, False)
    if policy.max_age is not None:
        seconds = policy.max_age.in_seconds
        config["max_age"] = int(seconds) if seconds == int(seconds) else seconds
    put(config, "preflight_continue", policy.forward_preflight, False)
    put(config, "private_network", policy.private_network, False)
    if not policy.allow_origin_when_absent:
        if build.native:
            config["allow_origin_absent"] = False
        else:
            message = "answers to requests without Origin get the headers, too"
            build.note(policy, "cors", message, "allow_origin_when_absent")
    return Instance("cors", config, around)


def _headers(policy: Cors, config: Json) -> None:
    allowed = [] if "*" in policy.allowed_headers else list(policy.allowed_headers)
    if allowed:
        config["headers"] = allowed
    if policy.expose_headers:
        config["exposed_headers"] = list(policy.expose_headers)


def _origins(policy: Cors) -> list[str] | None:
    """Kong's entries; None for any origin."""
    patterns = policy.allowed_origin_patterns
    if "*" in policy.allowed_origins or policy.reflect_any_origin:
        _ = patterns
        return None
    origins = [_literal(origin) for origin in policy.allowed_origins]
    origins += [_entry(regex) for regex in patterns]
    return origins or [_NOBODY]


def _literal(origin: str) -> str:
    if _PLAIN.fullmatch(origin) or "${" in origin or "{{" in origin:
        return origin
    return _WHOLE_ORIGIN + re.escape(origin) if ":" not in origin else re.escape(origin)


def _entry(regex: Regex) -> str:
    """An expression as Kong's entry: it is anchored at both ends, and compared with the whole
    origin where it holds a colon.
    """
    pattern = regex.pattern
    if regex.anchor is Anchor.START and _ends(pattern) and not pattern.startswith("^"):
        return pattern if ":" in pattern else f"{_WHOLE_ORIGIN}{pattern}"
    if regex.anchor is Anchor.FULL:
        grouped = has_alternatives(pattern) or pattern.startswith("^") or _ends(pattern)
        text = f"(?:{pattern})" if grouped else pattern
        plain = _PLAIN.fullmatch(text) is not None
        return text if ":" in text.replace("(?:", "") and not plain else f"{_WHOLE_ORIGIN}{text}"
    before = ".*" if regex.anchor is Anchor.SEARCH else ""
    return f"{_WHOLE_ORIGIN}{before}(?:{pattern}).*"


def _ends(pattern: str) -> bool:
    bare = pattern[:-1]
    return pattern.endswith("$") and (len(bare) - len(bare.rstrip("\\"))) % 2 == 0
