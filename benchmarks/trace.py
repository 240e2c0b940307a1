"""Time to look up requests among many routes.

    python -m benchmarks.trace [ROUTES ...] [--requests 1000]

For each number of routes: reading the file, building the router, and the mean time of one trace.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.kong_file import kong_file
from gal.convert import read_gateway
from gal.reading import read_documents
from gal.tracing.request import parse_request
from gal.tracing.tracer import Tracer
from gal.writing import render


def main() -> None:
    """Print one line for each number of routes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("routes", nargs="*", type=int, default=[1000, 10000])
    parser.add_argument("--requests", type=int, default=1000)
    choices = parser.parse_args()
    print(f"{'routes':>8}  {'read s':>7}  {'router s':>8}  {'per trace':>9}")
    for routes in choices.routes:
        text = render(kong_file(routes))
        began = time.perf_counter()
        gateway = read_gateway(read_documents(text, "kong.yaml")).gateway
        read = time.perf_counter()
        tracer = Tracer(gateway)
        built = time.perf_counter()
        for number in range(choices.requests):
            at = number * 7919 % max(routes // 2, 1)
            url = f"http://host-{at % 100}.example.com/service-{at}/orders/{number}"
            tracer.trace(parse_request("GET", url))
        done = time.perf_counter()
        each = (done - built) / choices.requests
        print(f"{routes:>8}  {read - began:>7.2f}  {built - read:>8.3f}  {each * 1e6:>7.0f}us")


if __name__ == "__main__":
    main()
