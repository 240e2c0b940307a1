"""From a document of GAL's YAML to the model, with all errors at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args, get_origin

from gal.codec.forms import Shorthand
from gal.codec.plan import Item, Plan, is_model, plan_of, union_members
from gal.model.node import ModelNode, Origin
from gal.model.values import Anchor, Dialect, Duration, Rate, Regex, Secret, Size

if TYPE_CHECKING:
    from gal.errors import InputError
    from gal.reading import Mapping, Node

N = TypeVar("N", bound=ModelNode)


def decode(node: Node, cls: type[N]) -> N:
    """Read a model node from a document.

    Raises:
        InputErrors: the document has unknown fields, wrong types or missing fields: all of them.
    """
    from gal.errors import InputErrors

    decoder = _Decoder()
    value = decoder.node(node, cls)
    if decoder.errors or value is None:
        raise InputErrors(decoder.errors)
    return value


class _Decoder:
    def __init__(self) -> None:
        self.errors: list[InputError] = []

    def node(self, node: Node, cls: type[N]) -> N | None:
        from gal.reading import Mapping

        if not isinstance(node, Mapping):
            self._error(node, f"expected a mapping, not a {node.kind}")
            return None
        plan = plan_of(cls)
        values = self._fields(node, plan, "")
        known = set(_known_keys(plan, ""))
        for key in node.untaken():
            if key not in known:
                self._unknown(node, key, known)
                node.mark(key)
        return cast("N | None", self._build(node, plan, values, Origin(node, plan.source_names)))

    def _fields(self, node: Mapping, plan: Plan, prefix: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for item in plan.items:
            key = prefix + item.key
            if item.flat_prefix is not None:
                flat = self._flat(node, item, prefix)
                if flat is not None:
                    values[item.name] = flat
            elif node.has(key):
                below = node.take(key)
                if below is not None:
                    self._set(values, item.name, self.value(below, item.hint))
                elif item.can_be_unset:
                    values[item.name] = None
        for short in plan.shorthands:
            self._short(node, short, prefix, values)
        return values

    def _short(self, node: Mapping, short: Shorthand, prefix: str, values: dict[str, Any]) -> None:
        given: dict[str, Any] = {}
        for key, hint in short.keys.items():
            below = node.take(prefix + key)
            if below is not None:
                if short.field in values:
                    self._error(below, f'"{prefix}{key}" says the same as another field here')
                    return
                self._set(given, key, self.value(below, hint))
        if given:
            try:
                values[short.field] = short.expand(given)
            except TypeError:
                names = " and ".join(f'"{prefix}{key}"' for key in short.keys)
                self._error(node, f"{names} belong together")
                return
            for made in values[short.field]:
                if isinstance(made, ModelNode):
                    made.origin = Origin(node, {})

    def _flat(self, node: Mapping, item: Item, prefix: str) -> ModelNode | None:
        inner = plan_of(item.hint)
        below_prefix = prefix + (item.flat_prefix or "")
        names = {each.name: below_prefix + each.key for each in inner.items}
        if item.optional and not any(node.has(key) for key in _known_keys(inner, below_prefix)):
            return None
        values = self._fields(node, inner, below_prefix)
        return cast("ModelNode | None", self._build(node, inner, values, Origin(node, names)))

    def _build(self, node: Mapping, plan: Plan, values: dict[str, Any], origin: Origin) -> Any:
        missing = [item for item in plan.items if item.required and item.name not in values]
        for item in missing:
            if node.peek(item.key) is None:  # otherwise its value was wrong, which is said already
                self._error(node, f'the field "{item.key}" is missing')
        if missing:
            return None
        try:
            return plan.cls(**values, origin=origin)
        except ValueError as error:
            self._error(node, str(error))
            return None

    @staticmethod
    def _set(values: dict[str, Any], name: str, value: Any) -> None:
        if value is not None:
            values[name] = value

    def value(self, node: Node, hint: Any) -> Any:
        """A value of the wanted type, or None after an error."""
        from gal.errors import InputError

        if hint is Any:
            node.take_all()
            return node.plain()
        try:
            return self._typed(node, hint)
        except InputError as error:
            self.errors.append(error)
        except ValueError as error:
            self._error(node, str(error))
        return None

    def _typed(self, node: Node, hint: Any) -> Any:
        members = union_members(hint)
        if len(members) > 1:
            return self._union(node, members)
        if is_model(hint):
            return self.node(node, hint)
        origin = get_origin(hint)
        if origin is list:
            return self._list(node, get_args(hint)[0])
        if origin is dict:
            return self._dict(node, get_args(hint)[1])
        if isinstance(hint, type) and issubclass(hint, Enum):
            return _enum(node, hint)
        return _scalar_readers()[hint](node)

    def _union(self, node: Node, members: Iterable[Any]) -> Any:
        from gal.reading import Mapping

        wanted = [each for each in members if is_model(each) == isinstance(node, Mapping)]
        return self._typed(node, wanted[0])

    def _list(self, node: Node, inner: Any) -> list[Any]:
        from gal.reading import Sequence

        if not isinstance(node, Sequence):
            raise ValueError(f"expected a list, not a {node.kind}")
        items = (self.value(item, inner) for item in node.items)
        return [item for item in items if item is not None]

    def _dict(self, node: Node, inner: Any) -> dict[str, Any]:
        from gal.reading import Mapping, Sequence

        if not isinstance(node, Mapping):
            raise ValueError(f"expected a mapping, not a {node.kind}")
        found: dict[str, Any] = {}
        for key in node.keys():
            below = node.take(key)
            if below is None:
                continue
            if inner == list[str] and not isinstance(below, Sequence):
                value = self.value(below, str)
                value = None if value is None else [value]
            else:
                value = self.value(below, inner)
            self._set(found, key, value)
        return found

    def _unknown(self, node: Mapping, key: str, known: set[str]) -> None:
        from gal.errors import InputError

        near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.6)
        hint = f'did you mean "{near[0]}"?' if near else None
        self.errors.append(InputError(f'unknown field "{key}"', node.key_position(key), hint))

    def _error(self, node: Node, message: str) -> None:
        from gal.errors import InputError

        self.errors.append(InputError(message, node.position, None))


def _known_keys(plan: Plan, prefix: str) -> Iterable[str]:
    for item in plan.items:
        if item.flat_prefix is not None:
            yield from _known_keys(plan_of(item.hint), prefix + item.flat_prefix)
        else:
            yield prefix + item.key
    for short in plan.shorthands:
        yield from (prefix + key for key in short.keys)


def _scalar_readers() -> dict[Any, Callable[[Node], Any]]:
    return {
        str: lambda node: node.as_str(),
        bool: lambda node: node.as_bool(),
        int: lambda node: node.as_int(),
        float: _number,
        Duration: _duration,
        Size: lambda node: Size.parse(node.as_str()),
        Rate: lambda node: Rate.parse(node.as_str()),
        Secret: lambda node: Secret(node.as_str()),
        Regex: _regex,
    }


def _number(node: Node) -> float:
    number = float(node.as_float())
    return int(number) if number.is_integer() else number


def _duration(node: Node) -> Duration:
    text = node.as_str()
    if node.kind in ("integer", "number"):
        return Duration.seconds(float(text))
    return Duration.parse(text)


def _enum(node: Node, cls: type[Enum]) -> Enum:
    text = node.as_str()
    for member in cls:
        if member.value == text:
            return member
    known = ", ".join(str(member.value) for member in cls)
    near = difflib.get_close_matches(text, [str(member.value) for member in cls], n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise ValueError(f'"{text}" is not one of {known}{hint}')


def _regex(node: Node) -> Regex:
    from gal.reading import Mapping

    if not isinstance(node, Mapping):
        return Regex(node.as_str())
    known = {"pattern", "dialect", "anchor"}
    for key in node.untaken():
        if key not in known:
            raise ValueError(f'unknown field "{key}" of a regular expression')
    dialect, anchor = node.take("dialect"), node.take("anchor")
    return Regex(
        node.require_str("pattern"),
        Dialect(_enum(dialect, Dialect)) if dialect else Dialect.RE2,
        Anchor(_enum(anchor, Anchor)) if anchor else Anchor.FULL,
    )
