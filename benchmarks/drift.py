"""Time to compare a file with a changed copy of it, next to the time of reading both.

    python -m benchmarks.drift [ROUTES ...] [--to PROVIDER]

For each number of routes and each way to change a copy: reading both sides, comparing them, the
ratio of both together to reading alone, and the number of changes. `--to` compares with the
copy's conversion to another gateway instead of a copy for the same one.
"""

from __future__ import annotations

import argparse
import copy
import resource
import time
from collections.abc import Callable
from typing import Any

from benchmarks.kong_file import kong_file
from gal import registry
from gal.convert import read_gateway, write_gateway
from gal.drift.engine import compare
from gal.ledger import Ledger
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render

Data = dict[str, Any]


def _routes(data: Data) -> list[Data]:
    return [route for service in data["services"] for route in service["routes"]]


def _same(data: Data) -> None:
    del data


def _one_percent(data: Data) -> None:
    """Every hundredth service waits longer."""
    for service in data["services"][::100]:
        service["read_timeout"] = 45000


def _one_percent_paths(data: Data) -> None:
    """Every hundredth route takes another path."""
    for route in _routes(data)[::100]:
        route["paths"] = [f"/v2{path}" for path in route["paths"]]


def _turned(data: Data) -> None:
    """The file from its end to its start."""
    data["services"].reverse()


def _all_policies(data: Data) -> None:
    """Every service waits longer, each for its own time."""
    for number, service in enumerate(data["services"]):
        service["read_timeout"] = 45000 + number


def _all_paths(data: Data) -> None:
    """Every route takes another path."""
    for route in _routes(data):
        route["paths"] = [f"/v2{path}" for path in route["paths"]]


def _nothing_left(data: Data) -> None:
    """Every route has another name, host, path and target."""
    for number, service in enumerate(data["services"]):
        service["name"] = f"other-{number}"
        service["url"] = f"http://other-{number}.internal:81"
    for number, route in enumerate(_routes(data)):
        route["name"], route["hosts"] = f"another-{number}", [f"n{number}.example.net"]
        route["paths"] = [f"/x{number}"]


WAYS: tuple[tuple[str, Callable[[Data], None]], ...] = (
    ("nothing", _same),
    ("1 % of timeouts", _one_percent),
    ("1 % of paths", _one_percent_paths),
    ("order turned", _turned),
    ("100 % of timeouts", _all_policies),
    ("100 % of paths", _all_paths),
    ("everything", _nothing_left),
)


def main() -> None:
    """Print one line for each number of routes and way of changing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("routes", nargs="*", type=int, default=[2500, 5000, 10000])
    parser.add_argument("--to", choices=[name for name in registry.exporters() if name != "gal"])
    choices = parser.parse_args()
    print(f"{'routes':>7}  {'changed':<18} {'read s':>7} {'drift s':>8} {'ratio':>6} {'told':>6}")
    for routes in choices.routes:
        data = kong_file(routes)
        text = render(data)
        for name, change in WAYS:
            changed = copy.deepcopy(data)
            change(changed)
            _measure(routes, name, text, _converted(render(changed), choices.to))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:.0f} MB")


def _converted(text: str, target: str | None) -> list[tuple[str, str]]:
    """The files of the new side: name and text."""
    if target is None:
        return [("kong.yaml", text)]
    gateway = read_gateway(read_documents(text, "kong.yaml")).gateway
    files = write_gateway(gateway, target, Ledger())
    return [(file.name, render(file.data)) for file in files]


def _measure(routes: int, name: str, old: str, new: list[tuple[str, str]]) -> None:
    began = time.perf_counter()
    before = read_gateway(read_documents(old, "kong.yaml")).gateway
    after = _read(new)
    read = time.perf_counter()
    drift = compare(before, after)
    done = time.perf_counter()
    ratio = (done - began) / (read - began)
    told = len(drift.changes)
    print(
        f"{routes:>7}  {name:<18} {read - began:>7.2f} {done - read:>8.2f} {ratio:>6.2f} {told:>6}",
        flush=True,
    )


def _read(files: list[tuple[str, str]]) -> Gateway:
    documents = [one for name, text in files for one in read_documents(text, name)]
    known = [
        one for one in documents if any(_recognises(name, one) for name in registry.importers())
    ]
    return read_gateway(known).gateway


def _recognises(name: str, document: Any) -> bool:
    return registry.importer(name).recognise(document)


if __name__ == "__main__":
    main()
