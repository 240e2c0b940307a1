"""Cross-origin resource sharing (https://apisix.apache.org/docs/apisix/plugins/cors/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import Json, Plugins, differs, kept, native, note, searched
from gal.reading import is_placeholder

if TYPE_CHECKING:
    from gal.exporters.apisix.build import Shared
    from gal.model import Cors, Regex

_ORIGIN = re.compile(r"\w+://[^,]+")
_FLAGS = re.compile(r"\(\?[a-zA-Z^-]+\)|\(\*")
_NOBODY = "https://no-origin.invalid"
"""Stands where APISIX wants an origin and nobody is allowed: no page has it."""

_DEFAULT_AGE = 5
_ALL_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE"]


def cors(policy: Cors, shared: Shared) -> Plugins:
    """A `cors` plugin. It refuses `*` beside credentials, and looks at nothing but the expressions
    where there are some.
    """
    config = kept(policy.extensions)
    meta = config.pop("_meta", None)
    written: Json = {}
    _origins(policy, written, shared)
    credentials = policy.allow_credentials
    if credentials and "*" in policy.allowed_origins and not policy.reflect_any_origin:
        credentials = False
        message = (
            'APISIX refuses "*" beside credentials, and would else answer every origin by its name;'
            " browsers refuse both together, so credentials are switched off"
        )
        shared.context.report.approximated(policy, "cors", message, "allow_credentials")
    written["allow_methods"] = _methods(policy)
    written["allow_headers"] = _names(policy.allowed_headers, credentials) or "**"
    for field in ("allowed_methods", "allowed_headers"):
        if credentials and "*" in getattr(policy, field):
            message = "beside credentials browsers take * for a name; here all that is asked for"
            differs(shared, policy, "cors", f"{message} is allowed", field)
    if policy.expose_headers:
        if credentials and "*" in policy.expose_headers:
            message = "APISIX does not expose all headers where it allows credentials"
            differs(shared, policy, "cors", message, "expose_headers")
        names = [name for name in policy.expose_headers if not (credentials and name == "*")]
        if names:
            written["expose_headers"] = ",".join(names)
    age = -1 if policy.max_age is None else round(policy.max_age.in_seconds)
    if age != _DEFAULT_AGE:
        written["max_age"] = age
    if credentials:
        written["allow_credential"] = True
    _differences(policy, shared)
    if meta is not None:
        written["_meta"] = meta
    return {"cors": config | written}


def _methods(policy: Cors) -> str:
    methods = list(policy.allowed_methods)
    if methods == _ALL_METHODS:
        return "**"
    return _names(methods, policy.allow_credentials)


def _names(names: list[str], credentials: bool) -> str:
    if "*" in names:
        return "**" if credentials else "*"
    return ",".join(names)


def _origins(policy: Cors, config: Json, shared: Shared) -> None:
    origins = list(dict.fromkeys(policy.allowed_origins))
    any_one = "*" in origins
    if policy.reflect_any_origin:
        config["allow_origins"] = "**"
        _ = policy.allowed_origin_patterns
        return
    if any_one:
        config["allow_origins"] = "*"
        _ = policy.allowed_origin_patterns
        return
    odd = [text for text in origins if not _ORIGIN.fullmatch(text) and not is_placeholder(text)]
    if not policy.allowed_origin_patterns and (not odd or origins == ["null"]):
        config["allow_origins"] = ",".join(origins) or _NOBODY
        if len(origins) == 1 and not policy.allow_origin_when_absent:
            message = "APISIX names the only origin to everybody who asks"
            note(shared, policy, "cors", message, "allowed_origins")
        return
    # APISIX puts the expressions together with "|", and looks at no other list besides.
    expressions = [_whole(text) for text in origins]
    expressions += [_scoped(one) for one in policy.allowed_origin_patterns]
    config["allow_origins"] = _NOBODY
    config["allow_origins_by_regex"] = list(dict.fromkeys(expressions))


def _whole(text: str) -> str:
    return f"^{re.escape(text)}$" if not is_placeholder(text) else f"^{text}$"


def _scoped(regex: Regex) -> str:
    """An expression whose flags end with it."""
    pattern = searched(regex)
    return f"(?:{pattern})" if _FLAGS.search(pattern) and pattern[:3] != "(?:" else pattern


def _differences(policy: Cors, shared: Shared) -> None:
    if native(shared):
        return
    if policy.forward_preflight:
        message = "APISIX answers preflights itself: the upstream does not see them"
        differs(shared, policy, "cors", message, "forward_preflight")
    else:
        message = "APISIX answers all OPTIONS requests itself, those that are no preflights, too"
        note(shared, policy, "cors", message)
    if policy.private_network:
        message = "APISIX does not let pages of public networks reach private ones"
        differs(shared, policy, "cors", message, "private_network")
    if policy.allow_origin_when_absent:
        listed = len(policy.allowed_origins) > 1 or policy.allowed_origin_patterns
        if listed and not policy.reflect_any_origin:
            message = "answers to requests without Origin get no CORS headers"
            note(shared, policy, "cors", message, "allow_origin_when_absent")
