"""Filter chains: which of them the model's routes of others would take, and what closes them."""

from __future__ import annotations

import random

import pytest

from gal.importers.envoy.filter_chains import Rivals, takes
from gal.importers.envoy.routes import Condition
from tests.importers.envoy.test_listeners import Row, chain, gateway_of, host, listener, rows

NAMES: tuple[tuple[str, ...], ...] = ((), ("a.x",), ("b.x",), ("*.x",), ("*.b.x",), ("a.x", "b.x"))
RANGES: tuple[tuple[str, ...], ...] = (
    *((), ("10.0.0.0/8",), ("10.1.0.0/16",), ("10.1.2.0/24",), ("11.0.0.0/8",), ("fe80::/10",)),
    *(("0.0.0.0/0",), ("10.1.2.3/32",), ("10.1.0.0/16", "11.0.0.0/8")),
)


@pytest.mark.parametrize("seed", range(40))
def test_rivals_are_those_that_a_comparison_of_all_finds(seed: int) -> None:
    pick = random.Random(seed)
    conditions = [
        Condition(
            server_names=pick.choice(NAMES),
            sources=pick.choice(RANGES),
            ports=pick.choice(((), (443,))),
            unsaid=pick.choice(((), ("x",))),
        )
        for _ in range(pick.randint(2, 9))
    ]
    rivals = Rivals()
    for one in conditions:
        rivals.add(one, [1])
    for number, own in enumerate(conditions):
        wanted = {
            at
            for at, one in enumerate(conditions)
            if at != number and takes(one, own) and _overlap(one.sources, own.sources)
        }
        assert wanted <= set(rivals.wider(number, [1]))


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    import ipaddress

    networks = [[ipaddress.ip_network(text) for text in texts] for texts in (one, other)]
    return not all(networks) or any(
        first.version == second.version and first.overlaps(second)
        for first in networks[0]
        for second in networks[1]
    )


def named(name: str) -> dict[str, list[str]]:
    return {"server_names": [name]}


def test_hosts_of_a_wider_chain_are_closed_for_all_narrow_ones_together() -> None:
    gateway = gateway_of(
        listener(
            443,
            chain(host("a.x", "a"), match=named("a.x"), tls={}),
            chain(host("b.x", "b"), match=named("b.x"), tls={}),
            chain(host("c.x", "c"), host("*", "all"), tls={}),
        )
    )
    both = ["a.x", "b.x"]
    expected: list[Row] = [
        (["a.x"], ["a.x"], [], "a", False),
        (["b.x"], ["b.x"], [], "b", False),
        (["c.x"], both, [], "404", False),
        ([], both, [], "404", False),
        (["c.x"], [], [], "c", False),
        ([], [], [], "all", False),
    ]
    assert rows(gateway) == expected


def test_many_chains_make_few_routes() -> None:
    narrow = [chain(host(f"{n}.x", "n"), match=named(f"{n}.x"), tls={}) for n in range(30)]
    wide = chain(*(host(f"{n}.y", "w") for n in range(30)), host("*", "all"), tls={})
    gateway = gateway_of(listener(443, *narrow, wide))
    assert len(gateway.routes) == 30 + 2 + 30 + 1
    assert sum(len(route.hosts) for route in gateway.routes) == 30 + 30 + 30
