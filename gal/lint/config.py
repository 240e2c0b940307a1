"""Settings of the linter: `[tool.gal.lint]` of a `pyproject.toml`, or `[lint]` of a `gal.toml`.

An unknown setting, and a value that cannot act, are errors.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from gal.errors import InputError, UsageError
from gal.lint.ignores import OBJECTS
from gal.lint.options import ConfiguredIgnore, Options, codes_of
from gal.lint.registry import find
from gal.lint.rule import Persona, Severity
from gal.lint.settings import Settings
from gal.reading import Mapping, Node, Scalar, Sequence, read_file

T = TypeVar("T")

NAMES = ("gal.toml", "pyproject.toml")
FAIL_ON = (*(one.value for one in Severity), "never")


class Found:
    """The settings of one file.

    Attributes:
        options: what the linter does.
        fail_on: the severity from which on the exit code is 1; None where the file does not say.
        baseline: path of the baseline, relative to the file; None where the file does not say.
    """

    __slots__ = ("baseline", "fail_on", "options")

    def __init__(self, options: Options, fail_on: str | None, baseline: str | None) -> None:
        self.options = options
        self.fail_on = fail_on
        self.baseline = baseline


def nearest(start: Path) -> str | None:
    """The settings file of a folder or of the next one above that has any. A `pyproject.toml`
    without `[tool.gal.lint]` counts as none.
    """
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if path.is_file() and _table(str(path)) is not None:
                return str(path)
        if (folder / ".git").exists():
            return None
    return None


def load(path: str) -> Found:
    """The settings in a file.

    Raises:
        InputError: it cannot be read, or holds something that cannot act.
        UsageError: it has no settings of the linter.
    """
    table = _table(path)
    if table is None:
        raise UsageError(f'"{path}" has no section [tool.gal.lint], nor [lint]')
    return _Reader(table, Path(path).parent).found()


def _table(path: str) -> Mapping | None:
    root = read_file(path)[0].mapping()
    if Path(path).name == "pyproject.toml":
        for key in ("tool", "gal"):
            node = root.peek(key)
            if not isinstance(node, Mapping):
                return None
            root = node
    node = root.peek("lint")
    return node if isinstance(node, Mapping) else None


_KINDS: dict[type, str] = {bool: "true or false", str: "a text", int: "a number", list: "a list"}


class _Reader:
    def __init__(self, table: Mapping, folder: Path) -> None:
        self.table = table
        self.folder = folder

    def found(self) -> Found:
        table = self.table
        options = Options(
            select=self._codes("select"),
            extend_select=self._codes("extend-select"),
            ignore=self._codes("ignore"),
            persona=self._choice("persona", Persona) or Persona.REGULAR,
            severities=self._severities(),
            enforce=frozenset(codes_of(self._codes("enforce"))),
            ignores=(*self._per_file(), *self._ignores()),
            require_reasons=table.take_bool("require-reasons", False),
            settings=Settings(
                public_paths=tuple(table.take_strings("public-paths") or ()),
                internal_hosts=tuple(table.take_strings("internal-hosts") or ()),
                tls_terminated=table.take_bool("tls-terminated", False),
                targets=self._targets(),
                versions=self._versions(),
                options=self._rule_options(),
            ),
        )
        fail_on = table.take_str("fail-on")
        if fail_on is not None and fail_on not in FAIL_ON:
            raise self._bad("fail-on", f"must be one of {', '.join(FAIL_ON)}")
        baseline = table.take_str("baseline")
        for key in table.untaken():
            message = f'the linter has no setting "{key}"'
            raise InputError(message, table.key_position(key))
        return Found(options, fail_on, str(self.folder / baseline) if baseline else None)

    def _bad(self, key: str, message: str) -> InputError:
        return InputError(f'"{key}" {message}', self.table.key_position(key))

    def _codes(self, key: str) -> tuple[str, ...]:
        node = self.table.take(key)
        return _words(node) if node is not None else ()

    def _choice(self, key: str, kind: Callable[[str], T]) -> T | None:
        text = self.table.take_str(key)
        if text is None:
            return None
        try:
            return kind(text)
        except ValueError:
            raise self._bad(key, f'cannot be "{text}"') from None

    def _severities(self) -> dict[str, Severity]:
        found: dict[str, Severity] = {}
        table = self.table.take_mapping("severity")
        for key, node in table.take_items() if table is not None else ():
            try:
                severity = Severity(node.as_str())
            except ValueError:
                wanted = ", ".join(one.value for one in Severity)
                raise node.error(f'"{node.as_str()}" must be one of {wanted}') from None
            for code in _known(key, node):
                found[code] = severity
        return found

    def _targets(self) -> tuple[str, ...]:
        from gal import registry

        names = self.table.take_strings("targets") or []
        for name in names:
            if name not in registry.exporters():
                raise self._bad("targets", f'cannot be "{name}"')
        return tuple(names)

    def _versions(self) -> dict[str, str]:
        from gal import registry

        table = self.table.take_mapping("versions")
        found = {}
        for key, node in table.take_items() if table is not None else ():
            if key not in registry.importers():
                raise node.error(f'"{key}" is no gateway')
            found[key] = node.as_str()
        return found

    def _rule_options(self) -> dict[str, dict[str, object]]:
        table = self.table.take_mapping("rules")
        found: dict[str, dict[str, object]] = {}
        for key, node in table.take_items() if table is not None else ():
            loaded = find(key)
            if loaded is None:
                raise node.error(f'"{key}" is no rule; gal rules lists them')
            if not isinstance(node, Mapping):
                raise node.mismatch("a table")
            for name, value in node.take_items():
                if name not in loaded.rule.options:
                    raise value.error(f'the rule "{loaded.rule.name}" has no option "{name}"')
                wanted = type(loaded.rule.options[name])
                if wanted in _KINDS and type(value.plain()) is not wanted:
                    raise value.mismatch(_KINDS[wanted])
            found[loaded.rule.name] = node.plain()
        return found

    def _per_file(self) -> list[ConfiguredIgnore]:
        table = self.table.take_mapping("per-file-ignores")
        return [
            ConfiguredIgnore(_words(node), pattern, position=node.position, can_say_why=False)
            for pattern, node in (table.take_items() if table is not None else ())
        ]

    def _ignores(self) -> list[ConfiguredIgnore]:
        return [_ignore(item) for item in self.table.take_mappings("ignores")]


def _ignore(item: Mapping) -> ConfiguredIgnore:
    rules = item.take("rules")
    if rules is None:
        raise item.error('an ignore needs "rules"')
    made = ConfiguredIgnore(
        _words(rules),
        item.take_str("files", "*"),
        item.take_str("object", ""),
        item.take_str("reason", ""),
        _day(item),
        item.position,
    )
    if made.object and made.object.partition(":")[0].strip().lower() not in OBJECTS:
        known = ", ".join(sorted(OBJECTS))
        raise item.error(f'"object" needs its kind: {known}', "route:GET api.test /orders")
    for key in item.untaken():
        raise InputError(f'an ignore has no "{key}"', item.key_position(key))
    return made


def _day(item: Mapping) -> date | None:
    node = item.take("expires")
    if not isinstance(node, Scalar):
        return None
    try:
        return date.fromisoformat(node.as_str())
    except ValueError:
        raise node.error("a day is written 2027-01-31") from None


def _words(node: Node) -> tuple[str, ...]:
    if not isinstance(node, Sequence):
        raise node.mismatch("a list")
    for item in node.items:
        _known(item.as_str(), item)
    return tuple(item.as_str() for item in node.items)


def _known(word: str, node: Node) -> frozenset[str]:
    try:
        return codes_of((word,))
    except UsageError as error:
        raise node.error(error.message) from None
