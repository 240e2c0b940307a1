"""Changes of headers as Envoy's `header_mutation` filter, which keeps their order.

What it cannot say (all values of a renamed header, several values for one that may be absent) is
done by a script beside it.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/header_mutation/v3/header_mutation.proto
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.exporters.envoy import lua
from gal.exporters.envoy.build import HTTP_FILTER, Json, RouteBuild, Shared
from gal.ledger import Level
from gal.model import Operations

OVERWRITE = "OVERWRITE_IF_EXISTS_OR_ADD"
REPLACE = "OVERWRITE_IF_EXISTS"
DEFAULT = "ADD_IF_ABSENT"
ADD = "APPEND_IF_EXISTS_OR_ADD"

UUID = "%UNIQUE_ID%"
TIMESTAMP = "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BROKEN_VALUE = re.compile(r"[\r\n\0]")
_SINGLE_VALUED = ("replace", "set", "default")


def template(value: str) -> str:
    """A value as Envoy reads it: `{{uuid}}` and `{{timestamp}}` become formatters."""
    escaped = value.replace("%", "%%")
    return escaped.replace("{{uuid}}", UUID).replace("{{timestamp}}", TIMESTAMP)


def is_name(name: str) -> bool:
    """Whether Envoy loads this as a header that changes: `Host` is none, it belongs to routes."""
    return _TOKEN.fullmatch(name) is not None and name.lower() != "host"


def mutation(name: str, value: str, action: str) -> Json:
    """One step of `header_mutation`; `value` is a template of Envoy's."""
    step: Json = {"header": {"key": name, "value": value}, "append_action": action}
    if not value:
        step["keep_empty_value"] = True
    return {"append": step}


def mutate(
    build: RouteBuild,
    shared: Shared,
    stage: str,
    *,
    request: list[Json] | None = None,
    response: list[Json] | None = None,
    label: str = "",
) -> None:
    """Have header mutations in a stage of the chain, after those that are there for this route."""
    if not request and not response:
        return
    name = shared.filters.ensure(
        stage, {"@type": HTTP_FILTER + "header_mutation.v3.HeaderMutation"}, label
    )
    earlier = build.filters.get(name, {}).get("mutations", {})
    sides = {"request_mutations": request, "response_mutations": response}
    mutations = {key: [*earlier.get(key, []), *(side or [])] for key, side in sides.items()}
    build.switch_on(
        name,
        {
            "@type": HTTP_FILTER + "header_mutation.v3.HeaderMutationPerRoute",
            "mutations": {key: side for key, side in mutations.items() if side},
        },
    )


def headers(
    request: Operations | None, response: Operations | None, build: RouteBuild, shared: Shared
) -> None:
    """Changes of a request's and of a response's headers. Called again for a route, the new
    changes act after the earlier ones.
    """
    if request is not None:
        checked = _Checked(request, shared, "request")
        _set_host(checked, build)
        mutate(build, shared, "headers", request=_side(checked, build, shared, "request"))
    if response is not None:
        checked = _Checked(response, shared, "response")
        mutate(build, shared, "headers", response=_side(checked, build, shared, "response"))


class _Checked:
    """Operations without what Envoy refuses to load."""

    __slots__ = ("_operations", "_shared", "host", "multi", "names", "removed", "renamed")

    def __init__(self, operations: Operations, shared: Shared, side: str) -> None:
        self._operations = operations
        self._shared = shared
        self.host: str | None = None
        self.multi: dict[str, dict[str, list[str]]] = {}
        self.removed = [name for name in operations.remove if self._sound(name, "remove")]
        self.renamed = {
            old: new
            for old, new in operations.rename.items()
            if self._sound(old, "rename") and self._sound(new, "rename")
        }
        for kind in (*_SINGLE_VALUED, "add"):
            self.multi[kind] = self._values(kind, host=side == "request")

    def _values(self, kind: str, *, host: bool) -> dict[str, list[str]]:
        kept = {}
        for name, values in getattr(self._operations, kind).items():
            if host and name.lower() == "host" and kind in ("replace", "set") and values:
                self.host = values[-1]
                continue
            if any(map(_BROKEN_VALUE.search, values)):
                self._drop(f"{name}: a line break cannot stand in a header", kind)
            elif values and self._sound(name, kind):
                kept[name] = values
        return kept

    def _sound(self, name: str, kind: str) -> bool:
        if name.lower() == "host":
            if kind == "rename":
                self._drop("Envoy cannot rename Host, or another header to Host", kind)
            elif kind != "default":
                message = "a request to the upstream has exactly one Host, which stays"
                self._drop(message, kind, Level.INFO)
            return False
        if not is_name(name):
            self._drop(f'"{name}" is no name of a header', kind)
            return False
        return True

    def _drop(self, message: str, kind: str, level: Level = Level.WARNING) -> None:
        self._shared.context.report.dropped(self._operations, "headers", message, kind, level)

    def has_template(self, kind: str, name: str) -> bool:
        """Whether a value is made up for each request."""
        return any(template(value) != value.replace("%", "%%") for value in self.multi[kind][name])

    def report_second_values(self, kind: str, name: str) -> None:
        """Say that only the first of several values is kept."""
        self._shared.context.report.approximated(
            self._operations, "headers", f"{name}: only the first of its values is given", kind
        )


def _set_host(checked: _Checked, build: RouteBuild) -> None:
    if checked.host is None:
        return
    for key in [key for key in build.action if "host_rewrite" in key]:
        del build.action[key]
    build.action["host_rewrite_literal"] = checked.host


def _side(checked: _Checked, build: RouteBuild, shared: Shared, side: str) -> list[Json]:
    """The mutations of one side; what they cannot say goes into the script."""
    scripted = {
        kind: {
            name: values
            for name, values in checked.multi[kind].items()
            if len(values) > 1 and not checked.has_template(kind, name)
        }
        for kind in ("replace", "default")
    }
    mutations: list[Json] = []
    if checked.renamed or any(scripted.values()):
        _script(checked, scripted, build, shared, side)
    else:
        mutations += [{"remove": name} for name in checked.removed]
    mutations += _steps(checked, scripted)
    return mutations


def _steps(checked: _Checked, scripted: dict[str, dict[str, list[str]]]) -> Iterator[Json]:
    for kind, action in (("replace", REPLACE), ("set", OVERWRITE), ("default", DEFAULT)):
        for name, values in checked.multi[kind].items():
            if name in scripted.get(kind, {}):
                continue
            yield mutation(name, template(values[0]), action)
            if kind == "set":
                yield from (mutation(name, template(value), ADD) for value in values[1:])
            elif len(values) > 1:
                checked.report_second_values(kind, name)
    for name, values in checked.multi["add"].items():
        yield from (mutation(name, template(value), ADD) for value in values)


def _script(
    checked: _Checked,
    scripted: dict[str, dict[str, list[str]]],
    build: RouteBuild,
    shared: Shared,
    side: str,
) -> None:
    step: Json = {
        "remove": checked.removed,
        "rename": [{"from": old, "to": new} for old, new in checked.renamed.items()],
        **{
            kind: [{"name": name, "values": values} for name, values in items.items()]
            for kind, items in scripted.items()
        },
    }
    stage = f"headers_{side}"
    earlier = (lua.context_of(build, stage) or {"steps": []})["steps"]
    context = {"steps": [*earlier, {key: items for key, items in step.items() if items}]}
    lua.switch_on(build, shared, stage, lua.HEADERS.replace("SIDE", side), context)
