"""Kong's choice between routes, made by real Envoy: the pairs whose winner was watched on Kong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gal.writing import render
from tests.gateways.cases import Backend, Group, Row, Stage, cases, get, gets, sees
from tests.gateways.kong_text import to_envoy
from tests.ranking.test_kong import PAIRS

pytestmark = pytest.mark.gateway


def group(name: str, first: dict[str, Any], second: dict[str, Any]) -> Group:
    """Two routes to two upstreams, and a request that both take."""
    services = [
        {
            "name": upstream,
            "host": "127.0.0.1",
            "port": f"{{{upstream}_port}}",
            # The later name has the larger id, so a tie would go to the second.
            "routes": [{**route, "name": label, "strip_path": False}],
        }
        for upstream, label, route in (("first", "foo", first), ("second", "bar", second))
    ]
    text = render({"_format_version": "3.0", "services": services})
    text = text.replace("'{first_port}'", "{first_port}").replace(
        "'{second_port}'", "{second_port}"
    )
    request = get(path_of(first, second), "h: 1", "g: 1", host="a.test")
    backends = [Backend("first"), Backend("second")]
    return Group(
        name, text, Row("wins", request, sees(upstream="first"), gets(200)), backends=backends
    )


def path_of(*routes: dict[str, Any]) -> str:
    """A path that both routes take."""
    paths: list[str] = [path.lstrip("~") for route in routes for path in route.get("paths", ["/"])]
    if any(path.endswith("$") for path in paths):
        return "/x"
    return max((path for path in paths if not path.startswith("/y")), key=len)


PAIRED = [group(name, *pair) for name, pair in PAIRS.items()]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(to_envoy) as started:
        yield started


@pytest.mark.parametrize(("group", "row"), cases(PAIRED))
def test_winner(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)
