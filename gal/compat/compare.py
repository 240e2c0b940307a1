"""Writes a configuration for every gateway, and sorts what the ledger says by feature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from gal import registry
from gal.codec import decode, encode
from gal.compat.uses import Use, uses
from gal.convert import read_gateway, write_gateway
from gal.ledger import Entry, Fate, Ledger, Level
from gal.model import Gateway
from gal.writing import render

if TYPE_CHECKING:
    from gal.context import ImportOptions
    from gal.reading import Document


class Verdict(str, Enum):
    """What a gateway can do of a feature as the configuration uses it."""

    EXACT = "exact"
    APPROXIMATED = "approximated"
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a feature is not exact.

    Attributes:
        message: what differs or is missing.
        level: what that means for traffic.
        places: where it is so, `file:line:column` each.
        gone: the gateway has nothing for it, rather than something else.
    """

    message: str
    level: Level
    places: tuple[str, ...]
    gone: bool = False


@dataclass(slots=True)
class Answer:
    """What one gateway can do of one feature.

    Attributes:
        verdict: the worst of all places.
        closed: it is an access control, and everybody is refused, or, where the verdict is
            `approximated`, some of those who should enter (law 2).
        reasons: why, the worst first; with level info where it makes no difference.
    """

    verdict: Verdict = Verdict.EXACT
    closed: bool = False
    reasons: list[Reason] = field(default_factory=list)


@dataclass(slots=True)
class Feature:
    """One feature that a configuration uses.

    Attributes:
        name: in the model's words.
        places: where it is used, `file:line:column` each.
        answers: what each gateway can do, by its name.
    """

    name: str
    places: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)


@dataclass(slots=True)
class Compatibility:
    """What each gateway can do of a configuration.

    Attributes:
        source: the format that was read.
        gateways: those that were asked, in the order of the table.
        features: those that the configuration uses, in the order of its model.
    """

    source: str
    gateways: list[str]
    features: list[Feature]


@dataclass(frozen=True, slots=True)
class _Said:
    """An entry of a ledger, with the feature that it is about.

    Attributes:
        feature: its name.
        use: the path of the use that it speaks of as a whole; empty where only of a part.
        where: its place in the input.
        entry: the entry.
    """

    feature: str
    use: str
    where: str
    entry: Entry


def compatibility(
    documents: Sequence[Document],
    *,
    source: str | None = None,
    gateways: Sequence[str] = (),
    options: ImportOptions | None = None,
) -> Compatibility:
    """What each gateway can do of a configuration; without `gateways`, all that GAL writes.

    Raises:
        GalError: the input is of no known provider, or not sound.
    """
    read = read_gateway(documents, source=source, options=options)
    asked = list(gateways) or [name for name in registry.exporters() if name != "gal"]
    copy = _as_gal(read.gateway)
    pairs = list(zip(uses(read.gateway), uses(copy), strict=True))
    features = _features(pairs)
    index = _Index(pairs)
    on_reading = [index.on_reading(entry) for entry in read.ledger.sorted()]
    for name in asked:
        ledger = Ledger()
        write_gateway(copy, name, ledger)
        said = [one for entry in ledger.sorted() for one in index.on_writing(entry)]
        carries = name == read.source
        kept = [one for one in on_reading if not (carries and one.entry.fate is Fate.CARRIED)]
        _answer(name, [*kept, *said], features, index)
        _only_elsewhere(name, features, pairs)
    for feature in features.values():
        for name in asked:
            feature.answers.setdefault(name, Answer())
    return Compatibility(read.source, asked, list(features.values()))


def _as_gal(gateway: Gateway) -> Gateway:
    """The same model, read from GAL's YAML, whose paths are those of the model."""
    from gal.reading import read_documents

    document = read_documents(render(encode(gateway)), "gal.yaml", "yaml")[0]
    return decode(document.root, Gateway)


def _features(pairs: Iterable[tuple[Use, Use]]) -> dict[str, Feature]:
    places: dict[str, dict[str, None]] = {}
    for use, _ in pairs:
        known = places.setdefault(use.feature, {})
        if use.where:
            known[use.where] = None
    return {name: Feature(name, list(known)) for name, known in places.items()}


class _Index:
    """The uses of features by their paths and places, to find what an entry is about."""

    def __init__(self, pairs: Iterable[tuple[Use, Use]]) -> None:
        self.by_path: dict[str, list[tuple[Use, str]]] = {}
        self.below: dict[tuple[str, str], list[tuple[Use, str]]] = {}
        self.by_place: dict[str, list[str]] = {}
        self.by_base: dict[str, str] = {}
        self.paths: dict[str, set[str]] = {}
        self.own: dict[str, str] = {}
        for use, copy in pairs:
            base, path = _base(use.feature), copy.path
            self.by_path.setdefault(path, []).append((use, path))
            for outer in _outwards(path):
                self.below.setdefault((outer, base), []).append((use, path))
            self.by_place.setdefault(use.where, []).append(use.feature)
            self.by_base.setdefault(base, use.feature)
            self.paths.setdefault(use.feature, set()).add(path)
            if use.only is not None:
                self.own[use.feature.partition(" ")[2]] = use.feature

    def on_reading(self, entry: Entry) -> _Said:
        """An entry of the importer: its feature by name, the one at its place first, or the plugin
        or guard that it names.
        """
        where = str(entry.position) if entry.position else entry.path
        if entry.fate is Fate.CARRIED:
            words = entry.message.replace(":", " ").split()
            own = next((self.own[word] for word in words if word in self.own), None)
            if own is not None:
                return _Said(own, "", where, entry)
        near = [name for name in self.by_place.get(where, []) if _base(name) == entry.feature]
        found = next(iter(near), self.by_base.get(entry.feature, entry.feature))
        return _Said(found, "", where, entry)

    def on_writing(self, entry: Entry) -> list[_Said]:
        """An entry of an exporter: of the uses around its path and below it, those that are named
        so, else the innermost around it.
        """
        around = [pair for path in _outwards(entry.path) for pair in self.by_path.get(path, [])]
        named = [pair for pair in around if _base(pair[0].feature) == entry.feature][:1]
        found = named or self.below.get((entry.path, entry.feature)) or around[:1]
        if not found:
            name = self.by_base.get(entry.feature, entry.feature)
            return [_Said(name, "", entry.path, entry)]
        return [
            _Said(
                use.feature,
                path if path.startswith(entry.path) else "",
                use.where or entry.path,
                entry,
            )
            for use, path in found
        ]


def _outwards(path: str) -> Iterator[str]:
    """A path and every path above it, the innermost first."""
    yield path
    for end in range(len(path) - 1, 0, -1):
        if path[end] in ".[":
            yield path[:end]


def _base(feature: str) -> str:
    return feature.partition(":")[0]


def _answer(name: str, said: Sequence[_Said], features: dict[str, Feature], index: _Index) -> None:
    """Note what one gateway's ledger says of each feature."""
    by_feature: dict[str, list[_Said]] = {}
    for one in said:
        by_feature.setdefault(one.feature, []).append(one)
    for feature_name, entries in by_feature.items():
        if feature_name not in features:
            if all(one.entry.level is Level.INFO for one in entries):
                continue  # tags, names and the like are no features
            places = dict.fromkeys(one.where for one in entries if one.entry.position)
            features[feature_name] = Feature(feature_name, list(places))
        answer = _judged(entries, index.paths.get(feature_name, set()))
        features[feature_name].answers[name] = answer


def _only_elsewhere(
    name: str, features: dict[str, Feature], pairs: Iterable[tuple[Use, Use]]
) -> None:
    """Plugins of another gateway are carried, and no exporter speaks of them."""
    for use, _ in pairs:
        if use.only not in (None, name) and use.field == "plugins":
            reason = Reason(f"only {use.only} knows it", Level.WARNING, (use.where,), gone=True)
            features[use.feature].answers[name] = Answer(Verdict.IMPOSSIBLE, reasons=[reason])


def _judged(said: Sequence[_Said], paths: set[str]) -> Answer:
    matters = [one for one in said if one.entry.level is not Level.INFO]
    answer = Answer(reasons=_reasons(said))
    if not matters:
        return answer
    gone = [one for one in matters if one.entry.fate is Fate.DROPPED]
    lost = {one.use for one in gone if one.use}
    answer.closed = any(one.entry.level is Level.ERROR for one in matters)
    if paths:
        shut = any(one.use for one in gone if one.entry.level is Level.ERROR)
        impossible = shut or lost >= paths
    else:
        impossible = len(gone) == len(matters)
    carried = any(one.entry.fate is Fate.CARRIED for one in matters)
    answer.verdict = Verdict.IMPOSSIBLE if impossible or carried else Verdict.APPROXIMATED
    return answer


def _reasons(said: Sequence[_Said]) -> list[Reason]:
    grouped: dict[tuple[str, Level, bool], dict[str, None]] = {}
    for one in said:
        gone = one.entry.fate in (Fate.DROPPED, Fate.CARRIED)
        grouped.setdefault((one.entry.message, one.entry.level, gone), {})[one.where] = None
    found = [
        Reason(message, level, tuple(where), gone)
        for (message, level, gone), where in grouped.items()
    ]
    return sorted(found, key=lambda reason: -reason.level.rank)
