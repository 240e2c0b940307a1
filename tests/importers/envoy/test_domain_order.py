"""The model takes the virtual host and the route that Envoy takes, for domains of all kinds.

What Envoy takes is written down here as its documentation has it, and shown on the running gateway
in `tests/gateways/test_envoy_routing.py`.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from gal.model import Gateway
from gal.tracing.request import parse_request
from gal.tracing.tracer import Tracer
from tests.importers.envoy.test_listeners import chain, gateway_of, listener

Host = dict[str, Any]
LABELS = ("a", "b", "ab")
TOPS = ("test", "org")
PREFIXES = ("/", "/x", "/x/y", "/z")
FRONTS = ("", "b", "a.b", "ab.a")
ENDS = ("", "q", "q.org", "test")
PATHS = ("/", "/x", "/x/y", "/z", "/q")


def name(source: random.Random, labels: int) -> str:
    return ".".join([*source.choices(LABELS, k=labels), source.choice(TOPS)])


def domain(source: random.Random) -> str:
    """A domain: whole, with a wildcard in front (also within a label) or at the end, or all."""
    text = name(source, source.randint(0, 2))
    kind = source.choice(("exact", "suffix", "part", "prefix", "cut", "all"))
    return {
        "exact": text,
        "suffix": f"*.{text}",
        "part": f"*-{text}",
        "prefix": f"{text.rpartition('.')[0] or 'a'}.*",
        "cut": f"{text[:-1]}*",
        "all": "*",
    }[kind]


def table(source: random.Random) -> list[Host]:
    """Virtual hosts with domains that no other has, and routes that answer with their place."""
    hosts: list[Host] = []
    known: set[str] = set()
    for number in range(source.randint(1, 4)):
        own = [one for one in {domain(source) for _ in range(2)} if one not in known]
        if not own:
            continue
        known.update(own)
        routes = []
        for at in range(source.randint(1, 3)):
            answer = {"status": 200, "body": {"inline_string": f"{number}.{at}"}}
            match = {"prefix": source.choice(PREFIXES)}
            routes.append({"match": match, "direct_response": answer})
        hosts.append({"name": f"v{number}", "domains": sorted(own), "routes": routes})
    return hosts


def chosen(hosts: list[Host], host: str) -> Host | None:
    """Envoy's search: whole names, the longest end, the longest start, then all."""
    ranked: list[tuple[int, int, Host]] = []
    for one in hosts:
        for text in one["domains"]:
            if text == "*":
                ranked.append((3, 0, one))
            elif text.startswith("*"):
                if host.endswith(text[1:]) and len(host) > len(text) - 1:
                    ranked.append((1, -len(text), one))
            elif text.endswith("*"):
                if host.startswith(text[:-1]) and len(host) > len(text) - 1:
                    ranked.append((2, -len(text), one))
            elif text == host:
                ranked.append((0, 0, one))
    return min(ranked, key=lambda item: item[:2])[2] if ranked else None


def expected(hosts: list[Host], host: str, path: str) -> str:
    found = chosen(hosts, host)
    for route in found["routes"] if found is not None else ():
        if path.startswith(route["match"]["prefix"]):
            return str(route["direct_response"]["body"]["inline_string"])
    return "404"


def answered(tracer: Tracer, host: str, path: str) -> str:
    decision = tracer.trace(parse_request("GET", f"http://{host}{path}"))
    answer = decision.answer
    if answer is None:
        return "nothing"
    return str(answer.body or answer.status)


def gateway(hosts: list[Host]) -> Gateway:
    shown = chain(*hosts)
    shown["filters"][0]["typed_config"]["route_config"]["ignore_port_in_host_matching"] = True
    return gateway_of(listener(80, shown))


@pytest.mark.parametrize("seed", range(80))
def test_the_same_answers(seed: int) -> None:
    source = random.Random(seed)
    hosts = table(source)
    tracer = Tracer(gateway(hosts))
    asked = {name(source, source.randint(0, 3)) for _ in range(12)}
    for text in (one for host in hosts for one in host["domains"] if one != "*"):
        bare = text.strip("*")
        asked |= {f"{front}{bare}{end}" for front in FRONTS for end in ENDS}
    different = [
        (host, path, expected(hosts, host, path), answered(tracer, host, path))
        for host in sorted(asked)
        for path in PATHS
        if not host.startswith((".", "-"))
        and not host.endswith(".")
        and expected(hosts, host, path) != answered(tracer, host, path)
    ]
    assert different == [], hosts
