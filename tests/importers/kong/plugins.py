"""Reading one plugin for the tables of tests: its policy, its ledger and what was left unread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gal.importers.kong.plugin import Plugin, Scope
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.reading import Document, read_documents

Said = tuple[Fate, Level, str, str]
"""An entry of the ledger: fate, level, path, and a part of its message."""

APPROXIMATED: Final = (Fate.APPROXIMATED, Level.WARNING)
CARRIED: Final = (Fate.CARRIED, Level.WARNING)
CARRIED_QUIETLY: Final = (Fate.CARRIED, Level.INFO)
IDLE: Final = (Fate.DROPPED, Level.INFO)


def located(name: str, config: str) -> tuple[Plugin, Document]:
    """A plugin with its settings, written as they stand below `config`."""
    text = f"name: {name}\n"
    if config:
        text += "config:\n" + "".join(f"  {line}\n" for line in config.splitlines())
    document = read_documents(text, "kong.yaml", "yaml")[0]
    root = document.mapping()
    root.take_str("name")
    return Plugin(name, root, root.take_mapping("config"), Scope()), document


def read_with(
    kind: Callable[[Plugin, Reporter], Any], name: str, config: str
) -> tuple[Any, list[Said], list[str]]:
    """What a function makes of a plugin, what it says, and the paths that it did not read."""
    plugin, document = located(name, config)
    ledger = Ledger()
    made = kind(plugin, Reporter(ledger, "kong", Stage.IMPORT))
    said = [(entry.fate, entry.level, entry.path, entry.message) for entry in ledger]
    return made, said, [path for path, _, _ in document.walk_untaken()]


def check(
    kind: Callable[[Plugin, Reporter], Any],
    name: str,
    config: str,
    expected: object,
    said: tuple[Said, ...] = (),
) -> None:
    """Compare a plugin's policy and ledger with those that are expected, in any order."""
    made, entries, untaken = read_with(kind, name, config)
    assert made == expected
    assert untaken == []
    assert [entry[:3] for entry in sorted(entries)] == [entry[:3] for entry in sorted(said)]
    for got, wanted in zip(sorted(entries), sorted(said), strict=True):
        assert wanted[3] in got[3]
