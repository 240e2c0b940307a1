"""Listeners and their filter chains: no connection finds the routes of another chain."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.importers.envoy import filter_chains
from gal.importers.envoy.names import Names
from gal.importers.envoy.routes import Condition
from gal.model import Gateway
from tests.importers.envoy.placed import read

_NETWORK = "type.googleapis.com/envoy.extensions.filters.network"
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
_PEM = {"certificate_chain": {"filename": "/c.pem"}, "private_key": {"filename": "/k.pem"}}
Row = tuple[list[str], list[str], list[str], str, bool]


def host(domain: str, body: str, prefix: str = "/", **more: Any) -> dict[str, Any]:
    answer = {"status": 200, "body": {"inline_string": body}}
    routes = [{"match": {"prefix": prefix}, "direct_response": answer}]
    return {"name": body, "domains": [domain], "routes": routes, **more}


def chain(
    *hosts: dict[str, Any],
    match: dict[str, Any] | None = None,
    tls: dict[str, Any] | None = None,
    before: str = "",
) -> dict[str, Any]:
    manager = {
        "@type": f"{_NETWORK}.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "s",
        "route_config": {"virtual_hosts": list(hosts)},
        "http_filters": [],
    }
    filters: list[Any] = [{"name": "manager", "typed_config": manager}]
    if before:
        filters.insert(0, {"name": before, "typed_config": {"@type": f"{_NETWORK}.{before}"}})
    found: dict[str, Any] = {"filters": filters}
    if match is not None:
        found["filter_chain_match"] = match
    if tls is not None:
        common = {"common_tls_context": {"tls_certificates": [_PEM]}}
        found["transport_socket"] = {
            "name": "tls",
            "typed_config": {"@type": _TLS, **common, **tls},
        }
    return found


def listener(port: int, *chains: dict[str, Any], **more: Any) -> dict[str, Any]:
    address = {"socket_address": {"address": "0.0.0.0", "port_value": port}}
    return {"name": f"l{port}", "address": address, "filter_chains": list(chains), **more}


def gateway_of(*listeners: dict[str, Any]) -> Gateway:
    return read(json.dumps({"static_resources": {"listeners": list(listeners)}}))[0]


def rows(gateway: Gateway) -> list[Row]:
    """Hosts, server names, schemes, what is answered, and whether it is guarded."""
    found = []
    for route in gateway.routes:
        said, sent = route.policies.direct_response, route.policies.redirect
        answer = "redirect" if sent is not None else ""
        if said is not None:
            answer = str(said.body or said.status_code)
        login = route.policies.authentication
        closed = login is not None and bool(login.guards)
        found.append((route.hosts, route.server_names, route.schemes, answer, closed))
    return found


SNI = {"server_names": ["a.test"]}
MUTUAL = {"require_client_certificate": True}


@pytest.mark.parametrize(
    ("listeners", "expected"),
    [
        pytest.param(
            [
                listener(
                    443,
                    chain(host("*", "narrow"), match=SNI, tls=MUTUAL),
                    chain(host("a.test", "wide"), tls={}),
                )
            ],
            [
                (["a.test"], ["a.test"], [], "narrow", True),
                ([], ["a.test"], [], "narrow", True),
                (["a.test"], [], [], "wide", False),
            ],
            id="an exact host of a wider chain does not come before a narrow chain",
        ),
        pytest.param(
            [
                listener(
                    443,
                    chain(host("*", "narrow", "/x"), match=SNI, tls={}),
                    chain(host("*", "wide"), tls={}),
                )
            ],
            [
                ([], ["a.test"], [], "narrow", False),
                ([], ["a.test"], [], "404", False),
                ([], [], [], "wide", False),
            ],
            id="what a narrow chain leaves over is not found",
        ),
        pytest.param(
            [
                listener(
                    443,
                    chain(host("*", "x"), match={"server_names": ["a.t", "*.b.t"]}, tls=MUTUAL),
                    chain(host("*", "y"), match={"server_names": ["x.b.t", "*.t"]}, tls={}),
                )
            ],
            [
                ([], ["a.t"], [], "x", True),
                ([], ["x.b.t"], [], "y", False),
                ([], ["*.b.t"], [], "x", True),
                ([], ["*.t"], [], "y", False),
            ],
            id="server names of two chains rank in turns",
        ),
        pytest.param(
            [
                listener(80, chain(host("*", "plain", require_tls="ALL"))),
                listener(443, chain(host("*", "secure"), tls={})),
            ],
            [([], [], ["http"], "redirect", False), ([], [], ["https"], "secure", False)],
            id="require_tls on a plain listener",
        ),
        pytest.param(
            [
                listener(
                    443,
                    chain(host("*", "tls"), match={"transport_protocol": "tls"}, tls={}),
                    chain(host("*", "raw"), match={"transport_protocol": "raw_buffer"}),
                )
            ],
            [([], [], ["https"], "tls", False), ([], [], ["http"], "raw", False)],
            id="TLS and plain connections on one port",
        ),
        *(
            pytest.param(
                [listener(80, chain(host("*", "x"), before=kind))],
                [([], [], [], "x", closed)],
                id=kind,
            )
            for kind, closed in (
                ("rbac.v3.RBAC", True),
                ("ext_authz.v3.ExtAuthz", True),
                ("client_ssl_auth.v3.ClientSSLAuth", True),
                ("ratelimit.v3.RateLimit", True),
                ("connection_limit.v3.ConnectionLimit", False),
            )
        ),
        pytest.param(
            [listener(80, chain(host("*", "x")), filter_chain_matcher={"matcher_tree": {}})],
            [([], [], [], "x", True)],
            id="a tree chooses the chain",
        ),
        pytest.param(
            [
                listener(
                    443,
                    chain(host("*", "x"), match={"application_protocols": ["h2"]}, tls={}),
                    chain(host("*", "y"), match={"application_protocols": ["http/1.1"]}, tls={}),
                )
            ],
            [([], [], [], "x", True), ([], [], [], "y", True)],
            id="chains by the client's protocol",
        ),
    ],
)
def test_chains(listeners: list[dict[str, Any]], expected: list[Row]) -> None:
    assert rows(gateway_of(*listeners)) == expected


def _chains(number: int) -> list[dict[str, Any]]:
    return [
        chain(host("*", f"b{one}"), match={"server_names": [f"h{one}.test", f"*.w{one}.test"]})
        for one in range(number)
    ]


def test_chains_are_not_all_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    asked = filter_chains.takes

    def takes(wider: Condition, narrow: Condition) -> bool:
        calls.append(1)
        return asked(wider, narrow)

    monkeypatch.setattr(filter_chains, "takes", takes)
    counted = []
    for number in (20, 40):
        calls.clear()
        gateway_of(listener(443, *_chains(number), chain(host("*", "any"))))
        counted.append(len(calls))
    assert counted[1] <= 2 * counted[0] + 10


NAMES = [
    (["a", "a", "a"], ["a", "a-2", "a-3"]),
    (["a-2", "a", "a"], ["a-2", "a", "a-3"]),
    (["a", "a", "a-2", "a"], ["a", "a-2", "a-2-2", "a-3"]),
]


@pytest.mark.parametrize(("labels", "given"), NAMES, ids=["alike", "taken", "taken later"])
def test_names_are_given_once(labels: list[str], given: list[str]) -> None:
    names = Names()
    assert [names.unique(label) for label in labels] == given


def test_listeners_with_other_guards_stay_apart() -> None:
    both = [chain(host("*", "x"), before="rbac.v3.RBAC") for _ in range(2)]
    both[1]["filters"][0]["typed_config"]["rules"] = {"action": "DENY"}
    gateway = gateway_of(listener(80, both[0]), listener(81, both[1]))
    logins = [route.policies.authentication for route in gateway.routes]
    configs = [one.guards[0].config for one in logins if one is not None]
    assert len(configs) == 2
    assert configs[0] != configs[1]
