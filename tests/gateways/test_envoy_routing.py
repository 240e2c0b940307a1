"""Which virtual host and route real Envoy takes, from a file of its own and from what GAL makes of
it: the table says what Envoy does, and the conversion has to do the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from gal.convert import convert
from gal.reading import read_documents
from tests.gateways.cases import Group, Row, Stage, cases, get, gets, sees, unseen
from tests.gateways.gal_text import service, to_envoy

Json = dict[str, Any]
MANAGER = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}


def bootstrap(
    *hosts: Json, table: Json | None = None, chain: Json | None = None, **cluster: Any
) -> str:
    """A listener with these virtual hosts, and the cluster `s`."""
    manager = {
        "@type": MANAGER,
        "stat_prefix": "x",
        "normalize_path": True,
        "merge_slashes": True,
        "use_remote_address": True,
        "route_config": {**(table or {}), "virtual_hosts": list(hosts)},
        "http_filters": [ROUTER],
    }
    listener = {
        "name": "l",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": 8000}},
        "filter_chains": [{**(chain or {}), "filters": [{"name": "m", "typed_config": manager}]}],
    }
    clusters = [target("s", "{upstream_port}", **cluster), target("refused", "{refused_port}")]
    data = {"static_resources": {"listeners": [listener], "clusters": clusters}}
    text = json.dumps(data, indent=1).replace('"{upstream_port}"', "{upstream_port}")
    return text.replace('"{refused_port}"', "{refused_port}")


def target(name: str, port: str, **more: Any) -> Json:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    assignment = {"cluster_name": name, "endpoints": endpoints}
    return {"name": name, "type": "STATIC", "load_assignment": assignment, **more}


def host(name: str, *domains: str, routes: list[Json] | None = None, **more: Any) -> Json:
    """A virtual host that answers with its name below `/x`."""
    answer = {"status": 200, "body": {"inline_string": name}}
    own = [{"match": {"prefix": "/x"}, "direct_response": answer}]
    return {"name": name, "domains": list(domains), "routes": routes or own, **more}


def said(name: str) -> Any:
    return gets(200, body=name.encode())


DOMAINS = Group(
    "domains",
    bootstrap(
        host("any", "*"),
        host("short prefix", "a.*"),
        host("long prefix", "a.b.*"),
        host("short suffix", "*.a.test"),
        host("long suffix", "*.b.a.test"),
        host("part", "*-c.a.test"),
        host("exact", "a.test", "x.a.test"),
        host("other", "other.test", "*.other.test"),
        table={"ignore_port_in_host_matching": True},
    ),
    Row("exact", get("/x", host="a.test"), said("exact")),
    Row("exact before suffix", get("/x", host="x.a.test"), said("exact")),
    Row("case", get("/x", host="A.Test"), said("exact")),
    Row("port", get("/x", host="a.test:81"), said("exact")),
    Row("suffix", get("/x", host="y.a.test"), said("short suffix")),
    Row("suffix takes several labels", get("/x", host="z.y.a.test"), said("short suffix")),
    Row("the longest suffix", get("/x", host="z.b.a.test"), said("long suffix")),
    Row("suffix does not take the bare name", get("/x", host="b.a.test"), said("short suffix")),
    Row("a part of a label", get("/x", host="z-c.a.test"), said("part")),
    Row("suffix before prefix", get("/x", host="a.y.a.test"), said("short suffix")),
    Row("prefix", get("/x", host="a.org"), said("short prefix")),
    Row("the longest prefix", get("/x", host="a.b.org"), said("long prefix")),
    Row("anything else", get("/x", host="b.org"), said("any")),
    Row("an end: exact", get("/y", host="a.test"), gets(404)),
    Row("an end: suffix", get("/y", host="z.other.test"), gets(404)),
    Row("an end: any", get("/y", host="b.org"), gets(404)),
)

FALLING: list[Json] = [
    {"match": {"prefix": "/x"}, "direct_response": {"status": 200, "body": {"inline_string": "x"}}},
    {"match": {"prefix": "/"}, "route": {"cluster": "s"}},
]
ENDS = Group(
    "ends",
    bootstrap(
        host("any", "*", routes=FALLING),
        host("narrow", "a.test"),
        host("tls", "tls.test", routes=FALLING, require_tls="ALL"),
        host("none", "none.test", routes=[{"match": {"path": "/only"}, "route": {"cluster": "s"}}]),
        host(
            "share",
            "share.test",
            routes=[
                {
                    "match": {
                        "prefix": "/",
                        "runtime_fraction": {"default_value": {"numerator": 0}},
                    },
                    "route": {"cluster": "refused"},
                },
                {"match": {"prefix": "/in"}, "route": {"cluster": "s"}},
            ],
        ),
    ),
    Row("its own route", get("/x", host="a.test"), said("narrow")),
    Row("does not fall to the wider host", get("/y", host="a.test"), gets(404), unseen()),
    Row("the wider host", get("/y", host="b.test"), sees("/y"), gets(200)),
    Row("a path only", get("/only", host="none.test"), sees("/only"), gets(200)),
    Row("not below it", get("/only/more", host="none.test"), gets(404), unseen()),
    Row("sent to TLS", get("/y", host="tls.test"), gets(301), unseen()),
    Row("a route for nobody", get("/in", host="share.test"), sees("/in"), gets(200)),
    Row("and its end", get("/out", host="share.test"), gets(404), unseen()),
)


def timed(path: str, **action: Any) -> Json:
    return {"match": {"prefix": path}, "route": {"cluster": "s", **action}}


TIMEOUTS = Group(
    "timeouts",
    bootstrap(
        host(
            "any",
            "*",
            routes=[
                timed("/short", timeout="0.2s"),
                timed("/idle", timeout="0s", idle_timeout="0.2s"),
                timed("/never", timeout="0s"),
                timed("/default"),
                {"match": {"prefix": "/refused"}, "route": {"cluster": "refused"}},
                timed(
                    "/try",
                    timeout="5s",
                    retry_policy={"retry_on": "5xx", "per_try_timeout": "0.2s"},
                ),
            ],
        )
    ),
    Row("in time", get("/short"), sees("/short"), gets(200)),
    Row("too late", get("/short", "x-want-delay: 0.6"), gets(504)),
    Row("without traffic", get("/idle", "x-want-delay: 0.6"), gets(504)),
    Row("no deadline", get("/never", "x-want-delay: 0.6"), gets(200)),
    Row("the default is longer", get("/default", "x-want-delay: 0.6"), gets(200)),
    Row("an attempt", get("/try", "x-want-delay: 0.6"), sees(count=2), gets(504)),
)

CHOSEN = Group(
    "vhost_header",
    bootstrap(
        host("a", "a.test", routes=FALLING),
        host("b", "b.test"),
        host("c", "*.c.test"),
        table={"vhost_header": "x-host"},
    ),
    Row("by the header", get("/x", "x-host: b.test", host="a.test"), said("b")),
    Row("wildcards", get("/x", "x-host: y.c.test", host="a.test"), said("c")),
    Row("its end", get("/y", "x-host: b.test", host="a.test"), gets(404), unseen()),
    Row("Host does nothing", get("/x", host="b.test"), gets(404), unseen()),
    Row("no virtual host", get("/x", "x-host: d.test", host="b.test"), gets(404), unseen()),
)
ONLY = Group(
    "vhost_header with one virtual host",
    bootstrap(host("any", "*"), table={"vhost_header": "x-host"}),
    Row("by the header", get("/x", "x-host: b.test", host="a.test"), said("any")),
    Row("without it", get("/x", host="a.test"), said("any")),
)
EVERYBODY = Group(
    "an address without a length",
    bootstrap(
        host("any", "*"),
        chain={"filter_chain_match": {"source_prefix_ranges": [{"address_prefix": "10.0.0.1"}]}},
    ),
    Row("takes every client", get("/x"), said("any")),
)
PORTS = Group(
    "ports in Host",
    bootstrap(host("any", "*"), host("a", "a.test"), host("with", "b.test:81")),
    Row("without a port", get("/x", host="a.test"), said("a")),
    Row("with one", get("/x", host="a.test:81"), said("any")),
    Row("the one of the domain", get("/x", host="b.test:81"), said("with")),
    Row("not that one", get("/x", host="b.test"), said("any")),
)
"""What the ledger says is otherwise in the model."""
GROUPS = [DOMAINS, ENDS, TIMEOUTS, CHOSEN, ONLY, EVERYBODY]


def again(text: str) -> str:
    """What becomes of a file on its way through the model."""
    conversion = convert(read_documents(text, "envoy.json", "json"), "envoy", source="envoy")
    return json.dumps(conversion.files[0].data, indent=1)


@pytest.fixture(scope="module", params=["Envoy's own file", "from GAL"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with Stage(str if request.param == "Envoy's own file" else again) as stage:
        yield stage


@pytest.mark.gateway
@pytest.mark.parametrize(("group", "row"), cases(GROUPS))
def test_case(stage: Stage, group: Group, row: Row) -> None:
    stage.check(group, row)


@pytest.fixture(scope="module")
def own() -> Iterator[Stage]:
    with Stage(str) as stage:
        yield stage


@pytest.mark.gateway
@pytest.mark.parametrize(("group", "row"), cases([PORTS]))
def test_only_envoy(own: Stage, group: Group, row: Row) -> None:
    own.check(group, row)


INVERTED = Group(
    "query parameters that must not be",
    service(
        """
- {name: none, path: /none, query_matches: [{name: admin, kind: present, invert: true}]}
- {name: other, path: /other, query_matches: [{name: q, values: [a/b, c], invert: true}]}
"""
    ),
    Row("not there", get("/none?x=1"), sees("/none?x=1"), gets(200)),
    Row("there", get("/none?admin"), gets(404), unseen()),
    Row("with percent signs", get("/none?a%64min=1"), gets(404), unseen()),
    Row("another value", get("/other?q=d"), sees("/other?q=d"), gets(200)),
    Row("this value", get("/other?q=c"), gets(404), unseen()),
    Row("this value, with percent signs", get("/other?q=%63"), gets(404), unseen()),
    Row("in small letters", get("/other?q=a%2fb"), gets(404), unseen()),
    Row("the second of its name", get("/other?q=d&q=c"), gets(404), unseen()),
)


@pytest.fixture(scope="module")
def made() -> Iterator[Stage]:
    with Stage(to_envoy) as stage:
        yield stage


@pytest.mark.gateway
@pytest.mark.parametrize(("group", "row"), cases([INVERTED]))
def test_what_must_not_be(made: Stage, group: Group, row: Row) -> None:
    made.check(group, row)
