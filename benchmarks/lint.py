"""Time to lint.

    python -m benchmarks.lint [ROUTES ...] [--rules ALL]

A run of `gal lint` in a process of its own on a file of 200 lines, as a hook would start it, and
then for each number of routes: reading, and the rules.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.kong_file import kong_file
from gal.garbage import without_collection
from gal.lint.engine import subject_of
from gal.lint.options import Options
from gal.lint.run import findings_in
from gal.reading import read_documents
from gal.writing import render

_HOOK_LINES = 200


def main() -> None:
    """Print the hook's time, and one line for each number of routes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("routes", nargs="*", type=int, default=[1250, 2500, 5000, 10000, 20000])
    parser.add_argument("--rules", help="codes that run; those of everybody if left away")
    choices = parser.parse_args()
    print(f"hook on {_HOOK_LINES} lines: {_hook():.2f} s (best of 5)")
    options = Options(select=(choices.rules,)) if choices.rules else Options()
    rules = options.chosen()
    print(f"{len(rules)} rules")
    print(f"{'routes':>8}  {'read s':>7}  {'rules s':>8}  {'findings':>8}  {'us a route':>10}")
    for routes in choices.routes:
        documents = read_documents(render(kong_file(routes)), "kong.yaml")
        began = time.perf_counter()
        with without_collection():  # as `gal lint` itself
            subject = subject_of(documents, options.settings)
            read = time.perf_counter()
            found = findings_in(subject, rules, options)
            done = time.perf_counter()
        each = (done - read) / routes * 1e6
        times = f"{read - began:>7.2f}  {done - read:>8.2f}"
        print(f"{routes:>8}  {times}  {len(found):>8}  {each:>10.0f}")


def _hook() -> float:
    lines: list[str] = []
    for routes in range(1, 100):
        lines = render(kong_file(routes)).splitlines()
        if len(lines) >= _HOOK_LINES:
            break
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kong.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "gal", "lint", str(path), "--fail-on", "never", "-q"]
        times = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
