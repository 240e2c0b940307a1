"""The filter `header_mutation`: changes of headers, in order.

Those of the chain act first, then those of all scopes, the narrowest first
(`most_specific_header_mutations_wins` turns the scopes round). Requests pass these filters before
the changes of the route table, answers after them and in reverse.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/header_mutation/v3/header_mutation.proto
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gal.importers.envoy.headers import Step, combine, template
from gal.importers.envoy.use import Reading, carried
from gal.importers.envoy.values import take_enum, take_flag
from gal.ledger import Fate, Level
from gal.model import Headers, Operations, Origin, RequestId, Transformation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gal.importers.envoy.chain import Shared
    from gal.importers.envoy.merging import Merged
    from gal.importers.envoy.use import Use
    from gal.model import Route
    from gal.reading import Mapping

_FEATURE = "headers"
_ACTIONS = {
    "APPEND_IF_EXISTS_OR_ADD": "add",
    "ADD_IF_ABSENT": "default",
    "OVERWRITE_IF_EXISTS_OR_ADD": "set",
    "OVERWRITE_IF_EXISTS": "replace",
}
_UUID = "%UNIQUE_ID%"
_SINGLE = ("remove", "rename", "replace", "set", "default", "add")
_OWN = ("gal.request_id", "gal.cors_answer", "gal.cors_upstream", "gal.limit_headers")


def read(use: Use) -> Reading:
    """Changes of headers, or what GAL has them do for other policies."""
    levels = _levels(use)
    name = use.filter.name
    if name in _OWN:
        return _own(use, name, levels)
    found = Reading(use, groups={"request"} if any(request for request, _ in levels) else set())
    lost: list[Mapping] = []
    for request, response in levels:
        found.request += list(_steps(request, lost))
        found.response += list(_steps(response, lost))
    if name == "gal.transformation.metadata":
        policy = Transformation(origin=Origin(use.node, {}))
        policy.metadata = {step.name: step.value for step in found.request}
        whole = Reading(use)
        whole.policies.transformation = policy
        return whole
    for one in lost:
        one.take_all()
        message = "only Envoy makes this change of a header or query parameter"
        use.report.at(one, Fate.CARRIED, Level.WARNING, _FEATURE, message)
    if lost:
        kept = {**use.plain(), "only": [one.plain() for one in lost]}
        found.policies.plugins = {"envoy": [kept]}
    return found


def _levels(use: Use) -> list[tuple[list[Mapping], list[Mapping]]]:
    """The changes of requests and answers, level by level in the order in which they act."""
    wins = take_flag(use.base, "most_specific_header_mutations_wins")
    scopes = [one.config for one in use.overrides if one.config is not None]
    if wins:
        scopes.reverse()
    return [_mutations(one, use) for one in (use.base, *scopes)]


def _mutations(node: Mapping, use: Use) -> tuple[list[Mapping], list[Mapping]]:
    below = node.take_mapping("mutations")
    if below is None:
        return [], []
    for key, what in (
        ("query_parameter_mutations", "query parameters"),
        ("response_trailers_mutations", "trailers"),
        ("request_trailers_mutations", "trailers"),
    ):
        other = below.take(key)
        if other is not None:
            other.take_all()
            message = f"only Envoy makes these changes of {what}"
            use.report.at(other, Fate.DROPPED, Level.WARNING, _FEATURE, message)
    return below.take_mappings("request_mutations"), below.take_mappings("response_mutations")


def _steps(mutations: Iterable[Mapping], lost: list[Mapping]) -> Iterable[Step]:
    for one in mutations:
        name = one.take_str("remove")
        if name is not None:
            yield Step("remove", name)
            continue
        step = _append(one)
        if step is None:
            lost.append(one)
        else:
            yield step


def _append(one: Mapping) -> Step | None:
    """A header that is given a value; None where only Envoy knows the value."""
    option = one.take_mapping("append")
    header = option.take_mapping("header") if option is not None else None
    if option is None or header is None:
        return None
    kind = _ACTIONS[take_enum(option, "append_action", _ACTIONS, "APPEND_IF_EXISTS_OR_ADD")]
    take_flag(option, "keep_empty_value")
    text = template(header.take_str("value", ""))
    return None if text is None else Step(kind, header.take_str("key", ""), text)


def _own(use: Use, name: str, levels: list[tuple[list[Mapping], list[Mapping]]]) -> Reading:
    """What GAL writes for other policies."""
    request = [one for level in levels for one in level[0]]
    response = [one for level in levels for one in level[1]]
    if name == "gal.request_id":
        return _request_id(use, request, response)
    found = Reading(use)
    if name == "gal.cors_answer":
        for one in response:
            one.take_all()
        found.marks["cors_answer"] = [step for one in response if (step := _raw(one)) is not None]
        return found
    use.take_all()
    return found


def _raw(one: Mapping) -> Step | None:
    """A change with its value as it stands in the file."""
    plain = one.plain()
    option = plain.get("append")
    if not isinstance(option, dict):
        return Step("remove", str(plain.get("remove", "")))
    header = option.get("header", {})
    kind = _ACTIONS.get(option.get("append_action", "APPEND_IF_EXISTS_OR_ADD"), "add")
    return Step(kind, str(header.get("key", "")), str(header.get("value", "")))


def _request_id(use: Use, request: list[Mapping], response: list[Mapping]) -> Reading:
    steps = [step for one in request if (step := _raw(one)) is not None]
    if len(steps) != 1 or steps[0].value != _UUID:
        return carried(use, "only Envoy makes these changes of headers")
    use.take_all()
    found = Reading(use)
    found.policies.request_id = RequestId(
        steps[0].name,
        echo=bool(response),
        keep_existing=steps[0].kind == "default",
        origin=Origin(use.node, {}),
    )
    return found


def put(route: Route, merged: Merged, shared: Shared) -> None:
    """Set a route's changes of headers: those of the filters around those of its table."""
    del shared
    if not merged.request and not merged.response and merged.headers is None:
        return
    known = route.policies.headers
    request = list(merged.request)
    response = list(merged.response)
    if known is not None:
        request.append(_of(known.request))
        response.insert(0, _of(known.response))
    origin = known.origin if known is not None else route.origin
    found = Headers(request=combine(request), response=combine(response), origin=origin)
    for side in ("request", "response"):
        first = getattr(merged.headers, side) if merged.headers is not None else None
        setattr(found, side, _before(first, getattr(found, side)))
        made = getattr(found, side)
        if made is not None:
            setattr(found, side, replace(made, origin=origin))
    if known is not None:
        found.extensions = known.extensions
    if found.request is not None or found.response is not None:
        route.policies.headers = found


def _of(operations: Operations | None) -> list[Step]:
    """The changes of a policy one by one."""
    if operations is None:
        return []
    steps = [Step("remove", name) for name in operations.remove]
    for kind in ("replace", "set", "default", "add"):
        for name, values in getattr(operations, kind).items():
            for at, value in enumerate(values):
                steps.append(Step("add" if at and kind == "set" else kind, name, value))
    return steps


def _before(first: Operations | None, then: Operations | None) -> Operations | None:
    """Changes by a script, which act before the others."""
    if first is None or then is None:
        return first if then is None else then
    found: dict[str, Any] = {}
    for name in _SINGLE:
        one, other = getattr(first, name), getattr(then, name)
        found[name] = [*one, *other] if name == "remove" else {**one, **other}
    return Operations(**found)
