"""Settings of Traefik 2 with which Traefik 3 does not start.

Source: https://doc.traefik.io/traefik/migrate/v2-to-v3-details/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gal.exporters.traefik.build import Json, Shared
from gal.ledger import Fate, Level

_ANY = "*"
_REMOVED = (
    "pilot",
    "experimental.http3",
    "metrics.influxdb",
    "providers.marathon",
    "providers.rancher",
    "providers.docker.swarmmode",
    "providers.*.tls.caoptional",
    "providers.*.endpoint.tls.caoptional",
    *("tracing.spannamelimit", "tracing.jaeger", "tracing.zipkin", "tracing.datadog"),
    *("tracing.instana", "tracing.haystack", "tracing.elastic"),
)
_RENAMED = ("providers.consul", "providers.consulcatalog", "providers.nomad")
_OLD, _NEW = "namespace", "namespaces"


def without_removed(static: Json, shared: Shared) -> Json:
    """The static configuration as Traefik 3 takes it; what is left out is said."""
    data: Json = {}
    for path, value in _leaves(static, ()):
        words = ".".join(path).lower()
        if any(_is(words, pattern) for pattern in _REMOVED):
            _say(path, "Traefik 3 does not start with it", shared)
            continue
        if path[-1].lower() == _OLD and ".".join(path[:-1]).lower() in _RENAMED:
            _put(data, (*path[:-1], _NEW), [value])
        else:
            _put(data, path, value)
    return data


def _say(path: tuple[str, ...], message: str, shared: Shared) -> None:
    report = shared.context.report
    report.at(None, Fate.DROPPED, Level.WARNING, "static", f"{'.'.join(path)}: {message}")


def _leaves(data: Json, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value with its path; a section that is removed as a whole counts as one."""
    for key, value in data.items():
        path = (*above, key)
        whole = any(_is(".".join(path).lower(), pattern) for pattern in _REMOVED)
        if isinstance(value, dict) and value and not whole:
            yield from _leaves(value, path)
        else:
            yield path, value


def _is(words: str, pattern: str) -> bool:
    found, wanted = words.split("."), pattern.split(".")
    return len(found) == len(wanted) and all(
        one in (_ANY, word) for word, one in zip(found, wanted, strict=True)
    )


def _put(data: Json, path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value
