"""The rules that there are: a module each in `linters`, and those of installed packages.

Another package brings rules by entry points of the group `gal.rules`; each names a module with
`RULE`, `check` and `EXAMPLES` (https://packaging.python.org/specifications/entry-points/).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from types import ModuleType

from gal.errors import UsageError
from gal.lint.rule import LoadedRule, Rule

GROUP = "gal.rules"


@cache
def rules() -> tuple[LoadedRule, ...]:
    """All rules, by code.

    Raises:
        UsageError: a package brings a rule that is none, or whose code is taken.
    """
    from gal import linters

    found: dict[str, LoadedRule] = {}
    for module in iter_modules(linters.__path__):
        if not module.name.startswith("_"):
            loaded = loaded_from(import_module(f"gal.linters.{module.name}"))
            found[loaded.rule.code] = loaded
    for entry in entry_points(group=GROUP):
        loaded = _foreign(entry.name, entry.value)
        if loaded.rule.code in found:
            raise UsageError(f'the rule "{entry.value}" has the code of another: {entry.name}')
        found[loaded.rule.code] = loaded
    return tuple(found[code] for code in sorted(found))


def loaded_from(module: ModuleType) -> LoadedRule:
    """The rule that a module holds.

    Raises:
        UsageError: it holds none.
    """
    rule = getattr(module, "RULE", None)
    check = getattr(module, "check", None)
    if not isinstance(rule, Rule) or not callable(check):
        raise UsageError(f'the module "{module.__name__}" holds no rule: RULE and check')
    examples = tuple(getattr(module, "EXAMPLES", ()))
    return LoadedRule(rule, (module.__doc__ or "").strip(), check, examples)


def _foreign(name: str, value: str) -> LoadedRule:
    try:
        return loaded_from(import_module(value.partition(":")[0]))
    except ImportError as error:
        raise UsageError(f'the rule "{name}" cannot be loaded from "{value}": {error}') from None


def find(word: str) -> LoadedRule | None:
    """The rule with a code, a name or an alias, without case."""
    lower = word.lower()
    for loaded in rules():
        rule = loaded.rule
        if lower in (rule.code.lower(), rule.name, *(one.lower() for one in rule.aliases)):
            return loaded
    return None
