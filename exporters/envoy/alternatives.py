"""Entries in front of a route's own that several policies ask for, each beside the others."""

from __future__ import annotations

from dataclasses import replace

from gal.exporters.envoy.build import Alternative, Json, RouteBuild


def settle(build: RouteBuild) -> None:
    """Bring a route's alternatives together once all of its policies are known.

    Those that differ in filters (credentials) are combined with every other one (answers to
    certain requests), so that neither hides the other. A route that refuses everybody has none.
    """
    if build.refusal is not None:
        build.alternatives.clear()
        return
    choosing = [entry for entry in build.alternatives if entry.changes is not None]
    others = [entry for entry in build.alternatives if entry.changes is None]
    settled: list[Alternative] = []
    for entry in choosing:
        settled += [both for other in others if (both := _both(entry, other, build)) is not None]
        settled.append(replace(entry, filters=_changed(build.filters, entry), changes=None))
    build.alternatives[:] = [*settled, *others]


def _both(entry: Alternative, other: Alternative, build: RouteBuild) -> Alternative | None:
    """The entry for requests that fit both; None where there are none."""
    methods = entry.methods if other.methods is None else other.methods
    if entry.methods is not None and other.methods is not None:
        methods = [method for method in other.methods if method in entry.methods]
        if not methods:
            return None
    filters = build.filters if other.filters is None else other.filters
    kept = {name: settings for name, settings in filters.items() if name not in other.without}
    return Alternative(
        headers=[*entry.headers, *other.headers],
        query_parameters=[*entry.query_parameters, *other.query_parameters],
        methods=methods,
        filters=_changed(kept, entry),
        instead=other.instead,
    )


def _changed(filters: Json, entry: Alternative) -> Json:
    changed = {**filters, **(entry.changes or {})}
    return {name: settings for name, settings in changed.items() if settings is not None}
