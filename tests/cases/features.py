"""`docs/features.md`: what each provider can say of each feature, from the cases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.cases.casefile import FOLDER, Case, case_files, read_case
from tests.cases.directions import PROVIDERS

PAGE = Path(__file__).parents[2] / "docs" / "features.md"
_SHOWN = {"kong": "Kong", "apisix": "APISIX", "traefik": "Traefik", "envoy": "Envoy"}
_UNKNOWN = "?"
_EXACT, _APPROXIMATED, _CLOSED, _NOT = "exact", "approximated", "closed", "not sayable"
_RANKS = (_EXACT, _APPROXIMATED, _NOT, _CLOSED)
_HEAD = f"""\
# Features by gateway

What becomes of each feature when GAL reads a gateway's configuration (in) and when it writes one
(out). This page is made from the [cases](../fixtures), each of which shows the feature in the
neutral model and in every gateway's own words; `make features` writes it again.

- **{_EXACT}**: nothing differs that traffic can see.
- **{_APPROXIMATED}**: it is kept, and the ledger says what differs.
- **{_CLOSED}**: an access control that the gateway cannot do; the route refuses everybody.
- **{_NOT}**: the gateway has nothing for it, and the ledger says so.
- **{_UNKNOWN}**: GAL has no such half yet.

Of several cases, the table of features shows how far they reach, from the best to the worst.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one provider does with a case."""

    read: str
    written: str


def verdict(case: Case, provider: str) -> Verdict:
    """What the blocks of a case say of a provider."""
    told = case.find(f"text {provider} cannot")
    if told is not None:
        word = _CLOSED if any(line.startswith("ERROR ") for line in told.splitlines()) else _NOT
        return Verdict(_NOT if case.find(f"yaml {provider}") is None else _EXACT, word)
    written = _UNKNOWN
    if case.find(f"yaml {provider}") or case.find(f"yaml model -> {provider}"):
        written = _EXACT if _kept(case.find(f"text model -> {provider}")) else _APPROXIMATED
    return Verdict(_read(case, provider), written)


def _read(case: Case, provider: str) -> str:
    from gal import registry

    if provider not in registry.importers() or case.find(f"yaml {provider}") is None:
        return _UNKNOWN
    return _EXACT if _kept(case.find(f"text {provider} -> model")) else _APPROXIMATED


def _kept(ledger: str | None) -> bool:
    return all(line.startswith("INFO ") for line in (ledger or "").splitlines())


def page() -> str:
    """The text of the page."""
    by_feature: dict[str, list[Case]] = {}
    for path in case_files():
        by_feature.setdefault(path.parent.name, []).append(read_case(path))
    parts = [
        _HEAD,
        _table("Feature", [_summary(name, cases) for name, cases in by_feature.items()]),
    ]
    for name, cases in by_feature.items():
        rows = [[_link(case), *_cells([case])] for case in cases]
        parts += [f"## {name}\n", _table("Case", rows)]
    return "\n".join(parts)


def _link(case: Case) -> str:
    return f"[{case.title}](../fixtures/{case.path.relative_to(FOLDER).as_posix()})"


def _summary(name: str, cases: list[Case]) -> list[str]:
    return [f"[{name}](#{name})", *_cells(cases)]


def _cells(cases: list[Case]) -> list[str]:
    cells = []
    for provider in PROVIDERS:
        verdicts = [verdict(case, provider) for case in cases]
        cells.append(_reach([one.read for one in verdicts]))
        cells.append(_reach([one.written for one in verdicts]))
    return cells


def _reach(words: list[str]) -> str:
    known = sorted({_RANKS.index(word) for word in words if word in _RANKS})
    if not known:
        return _UNKNOWN
    best, worst = _RANKS[known[0]], _RANKS[known[-1]]
    return best if best == worst else f"{best} … {worst}"


def _table(first: str, rows: list[list[str]]) -> str:
    heads = [f"{_SHOWN[name]} {way}" for name in PROVIDERS for way in ("in", "out")]
    lines = [[first, *heads], ["---"] * (len(heads) + 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
