"""Kong's order, in pairs whose winner was watched on a running Kong 3.10.

Each pair is written in Kong's own words; the first of the two wins.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from gal import model as m
from gal.convert import read_gateway
from gal.ranking import ranked
from gal.reading import read_documents
from gal.writing import render

H1 = {"h": ["1"]}
H2 = {"h": ["1"], "g": ["1"]}

PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a host before none": ({"hosts": ["a.test"]}, {"paths": ["/x"]}),
    "a host before more kinds": ({"hosts": ["a.test"]}, {"paths": ["/x"], "methods": ["GET"]}),
    "a host before three kinds": (
        {"hosts": ["a.test"]},
        {"paths": ["/x"], "methods": ["GET"], "headers": H1},
    ),
    "a host before an expression": (
        {"hosts": ["a.test"]},
        {"paths": ["~/x"], "methods": ["GET"]},
    ),
    "a plain host before a wildcard": (
        {"hosts": ["a.test"]},
        {"hosts": ["*.test"], "paths": ["/x"], "methods": ["GET"]},
    ),
    "a wildcard beside it makes a host plain no more": (
        {"hosts": ["a.test"]},
        {"hosts": ["*.test", "a.test"]},
    ),
    "four kinds before a plain host": (
        {"hosts": ["*.test"], "paths": ["/x"], "methods": ["GET"], "headers": H1},
        {"hosts": ["a.test"]},
    ),
    "an expression before a prefix and a method": (
        {"paths": ["~/x"]},
        {"paths": ["/x"], "methods": ["GET"]},
    ),
    "an expression before a longer prefix": ({"paths": ["~/x"]}, {"paths": ["/xabcdefgh"]}),
    "four kinds before an expression": (
        {"hosts": ["*.test"], "paths": ["/x"], "methods": ["GET"], "headers": H1},
        {"paths": ["~/x$"]},
    ),
    "of the same hosts, an expression": (
        {"hosts": ["a.test"], "paths": ["~/x"]},
        {"hosts": ["a.test"], "paths": ["/x"], "methods": ["GET"]},
    ),
    "more kinds": ({"paths": ["/x"], "methods": ["GET"]}, {"paths": ["/x"]}),
    "more kinds before a longer prefix": (
        {"paths": ["/x"], "methods": ["GET"]},
        {"paths": ["/xlonger"]},
    ),
    "more kinds before a wildcard": (
        {"paths": ["/x"], "methods": ["GET"], "headers": H1},
        {"hosts": ["*.test"], "paths": ["/x"]},
    ),
    "more headers": (
        {"paths": ["/x"], "headers": H2},
        {"paths": ["/xlonger"], "headers": H1},
    ),
    "a header before a path": ({"headers": H1}, {"paths": ["/x"]}),
    "a header before a method": ({"headers": H1}, {"methods": ["GET"]}),
    "the longer prefix": ({"paths": ["/xlong"]}, {"paths": ["/x"]}),
    "the longer prefix, whatever its priority": (
        {"paths": ["/xabcdefgh"]},
        {"paths": ["/x"], "regex_priority": 5},
    ),
    "the higher priority": ({"paths": ["~/x"], "regex_priority": 5}, {"paths": ["~/xxxxxx"]}),
    "a priority before a header": (
        {"paths": ["~/x"], "regex_priority": 5, "headers": H1},
        {"paths": ["~/x"], "headers": H2},
    ),
    "a negative priority before all others": (
        {"paths": ["~/x"], "regex_priority": -1},
        {"paths": ["~/x"], "regex_priority": 5},
    ),
    "a priority of 8192 is none": (
        {"paths": ["~/x"], "regex_priority": 5},
        {"paths": ["~/x"], "regex_priority": 8192},
    ),
    "the longer of several prefixes": (
        {"paths": ["/y", "/xlong"]},
        {"paths": ["/xlo"]},
    ),
}


def winner(*routes: dict[str, Any]) -> str | None:
    """The route that comes first for the paths that start with /xl or /x."""
    file = {"_format_version": "3.0", "routes": list(routes)}
    gateway = read_gateway(read_documents(render(file), "kong.yaml")).gateway
    order = [
        candidate.route.name
        for candidate in ranked(gateway)
        if not candidate.paths or candidate.paths[0].text[:2] != "/y"
    ]
    return order[0]


@pytest.mark.parametrize(("first", "second"), PAIRS.values(), ids=PAIRS)
def test_pair(first: dict[str, Any], second: dict[str, Any]) -> None:
    for names in itertools.permutations(("alpha", "omega")):
        named = [dict(route, name=name) for route, name in zip((first, second), names, strict=True)]
        assert winner(*named) == names[0]
        assert winner(*reversed(named)) == names[0]


def test_a_tie_goes_to_the_larger_id() -> None:
    # uuid5 of the names: foo is fb94a9b8-..., bar is smaller.
    same = {"paths": ["/x"]}
    ids = {
        "low": "00000000-0000-4000-8000-000000000001",
        "high": "f" * 8 + "-0000-4000-8000-" + "0" * 12,
    }
    routes = [dict(same, name=name, id=one) for name, one in ids.items()]
    assert winner(*routes) == "high"
    assert winner(*reversed(routes)) == "high"


def test_paths_rank_apart() -> None:
    paths = [m.PathMatch(path_prefix=text) for text in ("/a", "/bb", "/cc")]
    route = m.Route(name="r", paths=paths)
    gateway = m.Gateway(settings=m.Global(route_order=m.RouteOrder.KONG), routes=[route])
    assert [[path.text for path in one.paths] for one in ranked(gateway)] == [
        ["/bb", "/cc"],
        ["/a"],
    ]
