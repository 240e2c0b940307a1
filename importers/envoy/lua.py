"""The filter `lua`: scripts. Those that GAL writes are read back as the policies that they are:
`filter_context` of the route says what they do there.

Any other script only Envoy can run. One that may answer requests itself is a guard (law 2).

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/lua/v3/lua.proto
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from gal.importers.envoy import consumers
from gal.importers.envoy.classify import may_refuse, sounds_guarding
from gal.importers.envoy.own_scripts import is_own
from gal.importers.envoy.use import Reading, carried, guarded, nothing
from gal.importers.envoy.values import take_flag, take_text
from gal.model import (
    BodyOperations,
    ComputedField,
    Headers,
    Operations,
    Origin,
    Query,
    RequestLine,
    SizeLimit,
    Transformation,
    Validation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gal.importers.envoy.use import Use

Json = dict[str, Any]
_TEXT = re.compile(r"[\"']([\w-]+)[\"']")


def read(use: Use) -> Reading:
    """A script of GAL's own as what it does, any other as it is."""
    own = use.own
    if own is not None and take_flag(own, "disabled"):
        return nothing(use)
    code = _code(use)
    name = use.filter.name
    if code is not None and consumers.is_script(name, code):
        return consumers.read(use, code, _context(use))
    if code is not None and is_own(name, code):
        return _own(use, next(prefix for prefix in _MADE if name.startswith(prefix)))
    if code is None:
        return guarded(use, "a script that stands elsewhere")
    if not code.strip() and not sounds_guarding(name):
        return nothing(use, "there is no script for these routes")
    if may_refuse(code) or sounds_guarding(name):
        return guarded(use, "a script that may answer requests itself")
    found = carried(use, "elsewhere the script does not run")
    found.marks["mentioned"] = {text.lower() for text in _TEXT.findall(code)}
    return found


def _code(use: Use) -> str | None:
    """The script that acts: that of the route, or one of the chain's by its name; None where it
    stands elsewhere, empty where there is none.
    """
    own, base = use.own, use.base
    if own is not None and own.has("source_code"):
        return take_text(own, "source_code")[0]
    if own is not None and own.has("name"):
        name = own.take_str("name", "")
        codes = base.take_mapping("source_codes")
        return take_text(codes, name)[0] if codes is not None else None
    if base.has("default_source_code"):
        return take_text(base, "default_source_code")[0]
    return base.take_str("inline_code", "")


def _context(use: Use) -> Json:
    """What a script is told for a route."""
    own = use.own
    below = own.take_mapping("filter_context") if own is not None else None
    found: Json = below.plain() if below is not None else {}
    return found


def _own(use: Use, prefix: str) -> Reading:
    context = _context(use)
    use.take_all()
    found = Reading(use)
    _MADE[prefix](found, context, use.filter.name)
    return found


def _headers(found: Reading, context: Json, name: str) -> None:
    """Changes by a script, step by step, as one set."""
    operations = Operations()
    for step in context.get("steps") or ():
        operations.remove += step.get("remove") or []
        for pair in step.get("rename") or ():
            operations.rename[pair["from"]] = pair["to"]
        for kind in ("replace", "default"):
            for item in step.get(kind) or ():
                getattr(operations, kind)[item["name"]] = list(item["values"])
    side = name.removeprefix("gal.headers_")
    made = Headers(origin=Origin(found.use.node, {}))
    setattr(made, side, operations)
    found.marks["headers"] = made


def _query(found: Reading, context: Json, name: str) -> None:
    if name == "gal.query.credentials":
        found.marks["hides_query"] = True
        return
    operations = Operations(remove=list(context.get("remove") or ()))
    for pair in context.get("rename") or ():
        operations.rename[pair["from"]] = pair["to"]
    for kind in ("replace", "set", "default", "add"):
        for item in context.get(kind) or ():
            values = [unquote(part.partition("=")[2]) for part in item["text"].split("&")]
            getattr(operations, kind)[item["name"]] = values
    origin = Origin(found.use.node, {})
    operations.origin = origin
    found.policies.query = Query(request=operations, origin=origin)


def _request_line(found: Reading, context: Json, name: str) -> None:
    del name
    found.policies.request_line = RequestLine(
        method=str(context.get("method")), origin=Origin(found.use.node, {})
    )


def _size_limit(found: Reading, context: Json, name: str) -> None:
    del context, name
    found.groups.add("size")
    found.policies.size_limit = SizeLimit(
        require_content_length=True, origin=Origin(found.use.node, {})
    )


def _transformation(found: Reading, context: Json, name: str) -> None:
    origin = Origin(found.use.node, {})
    policy = Transformation(origin=origin)
    operations = BodyOperations(
        remove=list(context.get("remove") or ()),
        rename={pair["from"]: pair["to"] for pair in context.get("rename") or ()},
        replace=_values(context, "replace"),
        default=_values(context, "default"),
        append=_values(context, "append"),
        origin=origin,
    )
    if operations != BodyOperations():
        side = "response" if name.endswith(".response") else "request"
        setattr(policy, side, operations)
    policy.defaults = _values(context, "defaults")
    policy.computed_fields = [
        ComputedField(
            one["name"], one["generator"], json.loads(f'"{one["prefix"]}"'), origin=origin
        )
        for one in context.get("computed") or ()
    ]
    required = [one["name"] for one in context.get("required") or ()]
    if required:
        policy.validation = Validation(required, origin=origin)
    found.policies.transformation = policy


def _values(context: Json, kind: str) -> Json:
    return {item["name"]: json.loads(item["value"]) for item in context.get(kind) or ()}


def _limit_headers(found: Reading, context: Json, name: str) -> None:
    """The limits themselves say that clients are told of them."""
    del found, context, name


_MADE: dict[str, Callable[[Reading, Json, str], None]] = {
    "gal.headers_": _headers,
    "gal.query": _query,
    "gal.request_line": _request_line,
    "gal.size_limit": _size_limit,
    "gal.transformation": _transformation,
    "gal.limit_headers": _limit_headers,
}
