"""Convert every configuration below some folders and have the real gateway load the results.

    python -m benchmarks.corpus FOLDER ... [--from kong] [--to envoy] [--markdown]

One line a file: exit code, the fates of its fields, and whether the gateway loads what came out.
Exits with 1 when a conversion fails, loses a field as "not understood", or is not loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gal.cli.group import run
from gal.convert import NOT_UNDERSTOOD

FATES = ("exact", "approximated", "dropped", "carried")
_SUFFIXES = {".yaml", ".yml", ".json", ".toml"}


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
    def good(self) -> bool:
        """Nothing to mend."""
        return not self.complaint and not self.unknown


def main() -> int:
    """Print the table and give the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--from", dest="source", default="kong")
    parser.add_argument("--to", dest="target", default="envoy")
    parser.add_argument("--markdown", action="store_true")
    choices = parser.parse_args()
    files = [path for folder in choices.folders for path in sorted(folder.rglob("*"))]
    outcomes = [
        outcome(path, choices.source, choices.target)
        for path in files
        if path.suffix.lower() in _SUFFIXES
    ]
    for line in _table(outcomes, markdown=choices.markdown):
        print(line)
    bad = [one for one in outcomes if not one.good]
    print(f"{len(outcomes)} files, {len(outcomes) - len(bad)} good")
    return int(bool(bad))


def outcome(path: Path, source: str, target: str) -> Outcome:
    """Convert one file and have the result loaded."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        output = Path(folder, "out")
        options = ["--from", source, "--to", target, "-o", f"{output}/", "-q"]
        options += ["--report", str(report), "--report-format", "json"]
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = run(["convert", str(path), *options])
        if not report.exists():
            return Outcome(path.name, code, {}, [], said.getvalue().strip() or "no report")
        told = json.loads(report.read_text(encoding="utf-8"))
        unknown = [entry["path"] for entry in told["entries"] if entry["message"] == NOT_UNDERSTOOD]
        complaint = _loads(output / "envoy.yaml") if target == "envoy" else ""
        return Outcome(path.name, code, told["counts"], unknown, complaint)


def _loads(output: Path) -> str:
    binary = Path(sys.executable).with_name("envoy")
    command = [str(binary), "--mode", "validate", "--log-level", "error", "-c", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip()


def _table(outcomes: list[Outcome], *, markdown: bool) -> list[str]:
    from tabulate import tabulate

    rows = [
        [
            one.name,
            one.code,
            *(one.counts.get(fate, "") for fate in FATES),
            "yes" if one.good else f"NO: {one.complaint[-300:]}{' '.join(one.unknown)}",
        ]
        for one in outcomes
    ]
    headers = ["file", "exit", *FATES, "loads"]
    return [tabulate(rows, headers, tablefmt="github" if markdown else "simple")]


if __name__ == "__main__":
    sys.exit(main())
