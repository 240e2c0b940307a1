"""How long a conversion takes beside PyYAML alone, which is the budget.

    python -m benchmarks.convert [ROUTES ...] [--to envoy] [--runs 5]

The budget is `CSafeLoader` on the same input plus `CSafeDumper` on the same output, in the same
run, with the same garbage collection. Each figure is the best of the runs; memory is the peak of a
process of its own.
"""

from __future__ import annotations

import argparse
import gc
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from benchmarks.kong_file import kong_file


def main() -> None:
    """Print one line for each size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("routes", nargs="*", type=int, default=[1000, 10000])
    parser.add_argument("--to", default="envoy")
    parser.add_argument("--runs", type=int, default=5)
    choices = parser.parse_args()
    print(
        f"{'routes':>8} {'gal s':>8} {'budget s':>9} {'ratio':>6} {'per route':>10} {'peak MiB':>9}"
    )
    for routes in choices.routes:
        text = _text(kong_file(routes))
        output = _converted(text, choices.to)
        whole = _best(lambda text=text: _converted(text, choices.to), choices.runs)
        budget = _best(lambda text=text: _loaded(text), choices.runs)
        data = _loaded(output)
        budget += _best(lambda data=data: _text(data), choices.runs)
        peak = _peak(text, choices.to)
        print(
            f"{routes:8} {whole:8.2f} {budget:9.2f} {whole / budget:6.2f} "
            f"{whole / routes * 1e6:8.0f}us {peak:9.0f}"
        )


def _converted(text: str, target: str) -> str:
    from gal.convert import convert
    from gal.garbage import without_collection
    from gal.reading import read_documents
    from gal.writing import render

    with without_collection():
        conversion = convert(read_documents(text, "kong.yaml"), target)
        return "".join(render(file.data) for file in conversion.files)


def _loaded(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def _text(data: Any) -> str:
    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
            return True

    written = io.StringIO()
    yaml.dump(data, written, Dumper=Dumper, sort_keys=False)
    return written.getvalue()


def _best(work: Callable[[], object], runs: int) -> float:
    times = []
    for _ in range(runs):
        gc.collect()
        gc.disable()
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
        gc.enable()
    return min(times)


_PEAK = """
import resource, sys
from gal.cli.group import run
run(["convert", sys.argv[1], "--to", sys.argv[2], "-o", sys.argv[3], "-q"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak(text: str, target: str) -> float:
    """Peak memory of the whole command, in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "kong.yaml")
        source.write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", _PEAK, str(source), target, folder + "/out/"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return int(done.stdout.split()[-1]) / 1024


if __name__ == "__main__":
    main()
