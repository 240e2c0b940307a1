"""Convert every configuration below some folders and have the real gateway load the results.

    python -m benchmarks.corpus FOLDER ... [--from kong] [--to envoy] [--schemas FOLDER]
    python -m benchmarks.corpus --matrix CORPUS [--schemas FOLDER] [--markdown]

One line a file: exit code, the fates of its fields, and whether the gateway loads what came out.
With `--matrix`, one line a source: its files are those of CORPUS/SOURCE (GAL's own, those of
`examples/`), converted to every target. Exits with 1 when a conversion fails, loses a field as "not
understood", or is not loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.judges import Judge, inherited, judges, kong_file, of_the_file
from gal import registry
from gal.cli.group import run
from gal.convert import NOT_UNDERSTOOD

FATES = ("exact", "approximated", "dropped", "carried")
_SUFFIXES = {".yaml", ".yml", ".json", ".toml"}
_EXAMPLES = Path(__file__).parent.parent / "examples"
_REFUSED = 2


@dataclass(frozen=True, slots=True)
class Bench:
    """How results are judged.

    Attributes:
        schemas: folder of the schemas of Kong and APISIX.
        known: the judge of each target.
    """

    schemas: Path | None
    known: dict[str, Judge]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        name: the file's name.
        code: exit code of the conversion.
        counts: fields by fate.
        unknown: paths that were not understood.
        complaint: what the conversion or the gateway said, empty where all is well.
    """

    name: str
    code: int
    counts: dict[str, int]
    unknown: list[str]
    complaint: str

    @property
    def refused(self) -> bool:
        """It is no configuration that GAL reads, and GAL said so."""
        return self.code == _REFUSED

    @property
    def good(self) -> bool:
        """Nothing to mend."""
        return self.refused or not (self.complaint or self.unknown)


def main() -> int:
    """Print the table and give the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--from", dest="source")
    parser.add_argument("--to", dest="target", default="envoy")
    parser.add_argument("--matrix", type=Path)
    parser.add_argument("--schemas", type=Path)
    parser.add_argument("--markdown", action="store_true")
    choices = parser.parse_args()
    if not any(folder.is_dir() for folder in [*choices.folders, choices.matrix] if folder):
        print("skipped: there is no such folder")
        return 0
    bench = Bench(choices.schemas, judges(choices.schemas))
    tablefmt = "github" if choices.markdown else "simple"
    if choices.matrix:
        return _matrix(choices.matrix, bench, tablefmt)
    outcomes = list(_outcomes(choices.folders, choices.source, choices.target, bench))
    print(_table(outcomes, tablefmt))
    bad = [one for one in outcomes if not one.good]
    print(f"{len(outcomes)} files, {len(outcomes) - len(bad)} good")
    return int(bool(bad))


def _outcomes(folders: list[Path], source: str | None, target: str, bench: Bench) -> list[Outcome]:
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return [
        outcome(path, source, target, bench) for path in files if path.suffix.lower() in _SUFFIXES
    ]


def outcome(path: Path, source: str | None, target: str, bench: Bench) -> Outcome:
    """Convert one file and have the result loaded."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        output = Path(folder, "out")
        options = ["--to", target, "-o", f"{output}/", "-q"]
        options += ["--from", source] if source else []
        options += ["--report", str(report), "--report-format", "json"]
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = run(["convert", str(path), *options])
        if not report.exists():
            return Outcome(path.name, code, {}, [], said.getvalue().strip() or "no report")
        told = json.loads(report.read_text(encoding="utf-8"))
        unknown = [entry["path"] for entry in told["entries"] if entry["message"] == NOT_UNDERSTOOD]
        complaint = bench.known[target](output)
        if complaint and told["source"] == target == "kong":
            complaint = inherited(complaint, kong_file(bench.schemas, path))
        if of_the_file(complaint, path.read_text(encoding="utf-8", errors="replace")):
            complaint = ""
        return Outcome(path.name, code, told["counts"], unknown, complaint)


def _table(outcomes: list[Outcome], tablefmt: str) -> str:
    from tabulate import tabulate

    rows = [
        [one.name, one.code, *(one.counts.get(fate, "") for fate in FATES), _verdict(one)]
        for one in outcomes
    ]
    return tabulate(rows, ["file", "exit", *FATES, "loads"], tablefmt=tablefmt)


def _verdict(one: Outcome) -> str:
    if one.refused:
        return f"refused: {one.complaint.splitlines()[0][-120:]}"
    return "yes" if one.good else f"NO: {one.complaint[-300:]} {' '.join(one.unknown)}"


def _matrix(corpus: Path, bench: Bench, tablefmt: str) -> int:
    from tabulate import tabulate

    rows, bad = [], []
    targets = registry.exporters()
    for source in registry.importers():
        folder = _EXAMPLES if source == "gal" else corpus / source
        row = [source]
        for target in targets:
            outcomes = _outcomes([folder], None, target, bench)
            row.append(_cell(outcomes))
            bad += [(f"{source} to {target}", one) for one in outcomes if not one.good]
        rows.append(row)
    print(tabulate(rows, ["from / to", *targets], tablefmt=tablefmt))
    print("good of converted files (refused as no configuration; closed by law 2): fates of fields")
    for pair, one in bad:
        print(f"{pair}: {one.name}: {_verdict(one)}")
    return int(bool(bad))


def _cell(outcomes: list[Outcome]) -> str:
    converted = [one for one in outcomes if not one.refused]
    closed = sum(one.code == 1 for one in converted)
    fates: Counter[str] = Counter()
    for one in converted:
        fates.update(one.counts)
    good = sum(one.good for one in converted)
    told = "/".join(str(fates[fate]) for fate in FATES)
    return f"{good} of {len(converted)} ({len(outcomes) - len(converted)}; {closed}): {told}"


if __name__ == "__main__":
    sys.exit(main())
