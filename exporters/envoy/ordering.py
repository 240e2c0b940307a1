"""Names in an order that keeps those of several lists."""

from __future__ import annotations

import heapq
from collections.abc import Iterable


def ordered(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The names, each behind those that have to stand before it, else in the order given. Where
    pairs contradict each other, the order given decides.

    Args:
        names: each once.
        pairs: (earlier, later).
    """
    given = list(names)
    rank = {name: number for number, name in enumerate(given)}
    later: dict[str, list[str]] = {name: [] for name in given}
    waiting = dict.fromkeys(given, 0)
    for one, other in dict.fromkeys(pairs):
        later[one].append(other)
        waiting[other] += 1
    ready = [rank[name] for name in given if not waiting[name]]
    found: dict[str, None] = {}
    while len(found) < len(given):
        if not ready:
            ready = [next(rank[name] for name in given if name not in found)]
        name = given[heapq.heappop(ready)]
        if name in found:
            continue
        found[name] = None
        for other in later[name]:
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, rank[other])
    return list(found)
