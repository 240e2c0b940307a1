"""Route tables: whatever virtual host Envoy picks, the first entry that fits wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gal.exporters.envoy import virtual_hosts as module
from gal.exporters.envoy.hosts import HostKind, HostPattern, parse_host
from gal.exporters.envoy.virtual_hosts import Entry, virtual_hosts

PARSED = [
    ("A.Test", HostPattern(HostKind.EXACT, "a.test")),
    ("*.w.test", HostPattern(HostKind.SUFFIX, ".w.test")),
    ("p.*", HostPattern(HostKind.PREFIX, "p.")),
    ("*", HostPattern(HostKind.ANY, "")),
    ("a.test:8443", HostPattern(HostKind.EXACT, "a.test", 8443)),
    ("*.w.test:80", HostPattern(HostKind.SUFFIX, ".w.test", 80)),
    ("[::1]", HostPattern(HostKind.EXACT, "[::1]")),
    ("[::1]:80", HostPattern(HostKind.EXACT, "[::1]", 80)),
    ("${HOST}", HostPattern(HostKind.EXACT, "${HOST}")),
    ("a.*.b", None),
    ("*a.b", None),
    ("*.a.*", None),
]


@pytest.mark.parametrize(("text", "expected"), PARSED)
def test_hosts(text: str, expected: HostPattern | None) -> None:
    assert parse_host(text) == expected


def entry(number: int, *hosts: str) -> Entry:
    patterns = [parse_host(host) for host in hosts]
    route = {"name": str(number), "match": {"prefix": "/", "headers": [{"name": "x"}]}}
    return Entry(route, tuple(pattern for pattern in patterns if pattern is not None))


def entries(*hosts: Sequence[str]) -> list[Entry]:
    return [entry(number, *each) for number, each in enumerate(hosts)]


TABLES = [
    ("no hosts", [[], []], {"*": "01"}),
    ("one host", [["a.test"]], {"a.test": "0"}),
    ("a host among all", [["a.test"], []], {"a.test": "01", "*": "1"}),
    ("same entries, one virtual host", [["a", "b"], ["b", "a"]], {"a,b": "01"}),
    ("an exact name under a wildcard", [["*.t"], ["a.t"]], {"a.t": "01", "*.t": "0"}),
    ("the wildcard is not in itself", [["*.a.t"], ["*.t"]], {"*.a.t": "01", "*.t": "1"}),
    ("prefixes", [["p.*"], ["p.q.*"], ["p.q.r"]], {"p.q.r": "012", "p.*": "0", "p.q.*": "01"}),
    ("parts", [["p.*"], ["*.t"]], {"*.t": "0?1", "p.*": "0"}),
    ("everything", [["*"], ["a.t"]], {"a.t": "01", "*": "0"}),
    ("ports", [["a.t:80"], ["a.t"]], {"a.t": "0?1"}),
    ("no entries", [], {}),
]


@pytest.mark.parametrize(
    ("hosts", "expected"), [row[1:] for row in TABLES], ids=[r[0] for r in TABLES]
)
def test_tables(hosts: list[list[str]], expected: dict[str, str]) -> None:
    """A `?` follows an entry that compares `:authority`."""
    found = virtual_hosts(entries(*hosts), 8000)
    shown = {
        ",".join(one["domains"]): "".join(
            route["name"] + ("?" if _authority(route) else "") for route in one["routes"]
        )
        for one in found
    }
    assert shown == expected


def test_too_many_copies_make_one_virtual_host() -> None:
    many = entries(*([f"h{number}"] for number in range(500)), *([] for _ in range(500)))
    found = virtual_hosts(many, 8000)
    assert [(one["domains"], len(one["routes"])) for one in found] == [(["*"], 1000)]
    assert _authority(found[0]["routes"][3]) == "(?i)h3(?::[0-9]+)?"


def test_many_domains_of_one_entry() -> None:
    names = [f"h{number}" for number in range(5000)]
    found = virtual_hosts(entries(names, *([] for _ in range(100))), 8000)
    assert [len(one["domains"]) for one in found] == [5000, 1]


LABELS = st.sampled_from(["a", "b", "p"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PORTS = st.sampled_from(["", "", "", ":8000", ":9000"])
PATTERNS = st.tuples(st.sampled_from(["{}", "*.{}", "{}.*", "*"]), NAMES, PORTS).map(
    lambda parts: parts[0].format(parts[1]) + parts[2]
)
TABLE = st.lists(st.lists(PATTERNS, max_size=3), max_size=8)


@pytest.mark.parametrize("always_fine", [0, 1000], ids=["one for all", "by domain"])
@given(hosts=TABLE, name=NAMES, port=PORTS)
def test_the_first_that_fits_wins(
    always_fine: int, hosts: list[list[str]], name: str, port: str
) -> None:
    listed = entries(*hosts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_ALWAYS_FINE", always_fine)
        patch.setattr(module, "_MOST_COPIES", 4 if always_fine else 0)
        table = virtual_hosts(listed, 8000)
    wanted = next((number for number, one in enumerate(hosts) if fits(one, name, port)), None)
    assert envoys_choice(table, name, port) == (None if wanted is None else str(wanted))


def fits(hosts: list[str], name: str, port: str) -> bool:
    """Whether one of the patterns takes a name, said as plainly as possible."""
    if not hosts:
        return True
    for host in hosts:
        pattern, _, wanted = host.partition(":")
        if wanted and wanted != (port[1:] or "8000"):
            continue
        expression = re.escape(pattern).replace(r"\*", ".+")
        if re.fullmatch(expression, name):
            return True
    return False


def envoys_choice(table: list[dict[str, Any]], name: str, port: str) -> str | None:
    """The name of the route that Envoy takes, by its documentation."""
    domains = {domain: one for one in table for domain in one["domains"]}
    suffixes = [d for d in domains if d.startswith("*.") and name.endswith(d[1:]) and name != d[1:]]
    prefixes = [
        d for d in domains if d.endswith(".*") and name.startswith(d[:-1]) and name != d[:-1]
    ]
    order = [
        name,
        *sorted(suffixes, key=len, reverse=True),
        *sorted(prefixes, key=len, reverse=True),
    ]
    chosen = next((domains[domain] for domain in [*order, "*"] if domain in domains), None)
    for route in chosen["routes"] if chosen else ():
        expression = _authority(route)
        if expression is None or re.fullmatch(expression, name + port):
            return str(route["name"])
    return None


def _authority(route: dict[str, Any]) -> str | None:
    for header in route["match"]["headers"]:
        if header["name"] == ":authority":
            return str(header["string_match"]["safe_regex"]["regex"])
    return None
