"""Names by which routers, chains and services name each other: Traefik 3.7 tells them apart by
case, and has no router that names something which is not there.
"""

from __future__ import annotations

import pytest

from tests.importers.traefik.placed import said
from tests.importers.traefik.reading import read

FILE = """
entryPoints: {{web: {{address: ':80'}}}}
http:
  routers: {{r: {{rule: Path(`/a`), {router}}}}}
  middlewares:
    m: {{addPrefix: {{prefix: /x}}}}
    other: {{headers: {{customRequestHeaders: {{X-A: b}}}}}}
    c: {{chain: {{middlewares: [other, M]}}}}
    round: {{chain: {{middlewares: [m, round]}}}}
  services:
    s: {{loadBalancer: {{servers: [{{url: 'http://a:80'}}]}}}}
    w: {{weighted: {{services: [{{name: S}}]}}}}
"""


@pytest.mark.parametrize(
    ("router", "reason"),
    [
        ("service: S", 'there is no service "S"'),
        ("service: w", 'there is no service "S"'),
        ("service: s, middlewares: [M]", 'there is no middleware "M"'),
        ("service: s, middlewares: [m, M@file]", 'there is no middleware "M@file"'),
        ("service: s, middlewares: [c]", 'there is no middleware "M"'),
        ("service: s, middlewares: [m, round]", 'the chain "round" stands in itself'),
        ("service: s, entryPoints: [WEB]", "it has none of the entry points that are there"),
    ],
)
def test_left_out(router: str, reason: str) -> None:
    text = FILE.format(router=router)
    assert read(text)[0].routes == []
    told = f'warning dropped routers.r: Traefik leaves out the router "r": {reason}'
    assert told in said(text)
    assert not [entry for entry in said(text, "") if "not understood" in entry]


@pytest.mark.parametrize(
    "router", ["service: s", "service: s@file", "service: s, middlewares: [m@file, other]"]
)
def test_found(router: str) -> None:
    assert len(read(FILE.format(router=router))[0].routes) == 1
