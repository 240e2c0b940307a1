"""Routes of gRPC alone: which gateways ask for it, and which have to say that they do not."""

from __future__ import annotations

import pytest

from gal.convert import convert
from gal.reading import read_documents

ROUTE = """\
version: "1.0"
services:
- name: s
  upstream: {host: a.test, port: 80}
  routes: [{name: r, path_prefix: /, schemes: [grpc, grpcs]}]
"""


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("apisix", []),
        ("envoy", []),
        ("kong", ["Kong does not ask whether a request is one of gRPC"]),
        ("traefik", ["Traefik does not ask whether a request is one of gRPC"]),
    ],
)
def test_routes_of_grpc_alone(target: str, said: list[str]) -> None:
    found = convert(read_documents(ROUTE, "gal.yaml"), target)
    assert [entry.message for entry in found.ledger if "one of gRPC" in entry.message] == said
