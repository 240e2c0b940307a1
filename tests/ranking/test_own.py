"""GAL's own order: what is said more narrowly wins."""

from __future__ import annotations

import pytest

from gal import model as m
from gal.codec import decode
from gal.ranking import ranked
from gal.reading import read_documents

ROUTES = {
    "priority before all": ("{priority: 1, path_prefix: /}", "{path: /a, hosts: [a.test]}"),
    "host before none": ("{hosts: [a.test], path_prefix: /}", "{path: /a}"),
    "exact host before wildcard": ("{hosts: [a.b.test]}", "{hosts: ['*.b.test']}"),
    "wildcard before none": ("{hosts: ['*.test']}", "{path: /a}"),
    "exact path before expression": ("{path: /a}", "{path_regex: /.*}"),
    "expression before prefix": ("{path_regex: /.*}", "{path_prefix: /abc}"),
    "longer prefix": ("{path_prefix: /ab}", "{path_prefix: /a}"),
    "path before none": ("{path_prefix: /}", "{method: GET}"),
    "more kinds": ("{path_prefix: /, method: GET}", "{path_prefix: /}"),
    "as written": ("{name: one, path_prefix: /}", "{name: two, path_prefix: /}"),
}


@pytest.mark.parametrize(("first", "second"), ROUTES.values(), ids=ROUTES)
def test_order(first: str, second: str) -> None:
    for routes in ([first, second], [second, first]):
        if first.startswith("{name") and routes[0] is second:
            continue
        text = f'version: "1.0"\nroutes:\n- {routes[0]}\n- {routes[1]}\n'
        gateway = decode(read_documents(text, "gal.yaml")[0].root, m.Gateway)
        expected = gateway.routes[routes.index(first)]
        assert ranked(gateway)[0].route is expected
