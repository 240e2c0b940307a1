"""A converted file that was changed in one place is found out, by real gateways."""

from __future__ import annotations

from pathlib import Path

import pytest

from gal.convert import convert, read_gateway
from gal.reading import read_documents
from gal.verify.gateways import Startable
from gal.verify.gateways.envoy import EnvoyFile
from gal.verify.gateways.traefik import TraefikFiles
from gal.verify.probe import Kind
from gal.verify.verification import Bounds, Participant, Verification, verify
from tests.gateways.processes import binary

SOURCE = """\
version: "1.0"
provider: envoy
upstreams:
- {name: u, host: u.test, port: 8080}
- {name: v, host: v.test, port: 8080}
services:
- name: s
  upstream: u
  path: /base
  routes:
  - {name: beta, path_prefix: /orders, header_matches: [{name: X-Beta, values: ["1"]}], priority: 2,
     headers: {request_set: {X-Kind: beta}}}
  - {name: orders, path_prefix: /orders, priority: 1, rewrite: {strip_prefix: true}}
  - {name: number, path_regex: "/n/[0-9]+"}
  - {name: closed, path_prefix: /closed, authentication: {api_key: {keys: [{key: k, name: n}]}}}
  - {name: methods, path_prefix: /m, methods: [GET]}
  - {name: hosts, path_prefix: /h, hosts: [h.test]}
  - {name: origins, path_prefix: /cors, cors: {allowed_origins: ["https://a.test"]}}
  - {name: inside, path_prefix: /in, ip_access: {allow: [127.9.0.0/16]}}
  - {name: answer, path_prefix: /teapot, direct_response: {status_code: 418}}
  - {name: limit, path_prefix: /limit, rate_limit: {limits: [3/1m], algorithm: token_bucket,
     burst: 3}}
  - {name: moved, path_prefix: /moved, redirect: {location: "https://new.test/", status_code: 302}}
routes:
- {name: shares, path_prefix: /shares, backends: [{upstream: u}, {upstream: v}]}
"""
MUTATIONS = {
    "a header match is gone": ('values: ["1"]', 'values: ["1", "2", "probe-other"]'),
    "routes in another order": ("priority: 2", "priority: 0"),
    "a wider expression": ("/n/[0-9]+", "/n/[0-9x]+"),
    "no authentication": (", authentication: {api_key: {keys: [{key: k, name: n}]}}", ""),
    "another key": ("{key: k, name: n}", "{key: other, name: n}"),
    "the prefix stays": (", rewrite: {strip_prefix: true}", ""),
    "another base path": ("path: /base", "path: /other"),
    "any method": (", methods: [GET]", ""),
    "any host": (", hosts: [h.test]", ""),
    "another origin": ("https://a.test", "https://b.test"),
    "any origin": ('["https://a.test"]', '["*"]'),
    "any address": (", ip_access: {allow: [127.9.0.0/16]}", ""),
    "another answer": ("status_code: 418", "status_code: 404"),
    "another header": ("X-Kind: beta", "X-Kind: alpha"),
    "another location": ("https://new.test/", "https://old.test/"),
    "another target": ("host: u.test", "host: w.test"),
    "other shares": ("[{upstream: u}, {upstream: v}]", "[{upstream: u}, {upstream: v, weight: 9}]"),
    "a larger limit": ("burst: 3", "burst: 9"),
    "a limit per second": ("3/1m", "3/1s"),
    "another method for pages": (
        '["https://a.test"]',
        '["https://a.test"], allowed_methods: [GET]',
    ),
    "another header for pages": (
        '["https://a.test"]',
        '["https://a.test"], allowed_headers: [X-A]',
    ),
    "credentials for pages": ('["https://a.test"]', '["https://a.test"], allow_credentials: true'),
}


def participant(text: str, target: str) -> Participant:
    done = convert(read_documents(text, "gal.yaml"), target)
    files = {file.name: file.data for file in done.files}
    found: Startable
    if target == "envoy":
        found = EnvoyFile(files["envoy.yaml"], Path.cwd())
    else:
        found = TraefikFiles(files["traefik.yaml"], files["dynamic.yaml"], Path.cwd())
    return Participant(target, done.gateway, found)


def compared(first: Participant, second: Participant) -> Verification:
    return verify(first, second, Bounds(probes=600, step=2.0))


@pytest.mark.gateway
@pytest.mark.parametrize("target", ["envoy", "traefik"])
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_found(name: str, target: str) -> None:
    binary(target)
    old, new = MUTATIONS[name]
    assert old in SOURCE
    result = compared(participant(SOURCE, target), participant(SOURCE.replace(old, new, 1), target))
    assert result.ways == ("started", "started")
    assert result.disagreements


@pytest.mark.gateway
@pytest.mark.parametrize("target", ["envoy", "traefik"])
def test_no_mutation(target: str) -> None:
    binary(target)
    result = compared(participant(SOURCE, target), participant(SOURCE, target))
    assert [(one.probe.about, one.messages) for one in result.disagreements] == []
    assert result.agreed.total() > 100


@pytest.mark.gateway
def test_a_gateway_without_a_binary_is_predicted() -> None:
    binary("envoy")
    model = read_gateway(read_documents(SOURCE, "gal.yaml")).gateway
    source = Participant("gal", model, None, "there is no gal to start here")
    result = compared(source, participant(SOURCE, "envoy"))
    assert result.ways == ("predicted: there is no gal to start here", "started")
    assert [(one.probe.about, one.messages) for one in result.disagreements] == []


@pytest.mark.gateway
def test_a_gateway_that_already_runs() -> None:
    """Only what its clients see counts."""
    binary("envoy")
    running = participant(SOURCE, "envoy")
    assert isinstance(running.startable, EnvoyFile)
    ports = dict.fromkeys(running.startable.targets, 9)
    model = running.gateway
    with running.startable.start(ports, 20.0) as gateway:
        url = f"http://127.0.0.1:{gateway.doors[0].port}"
        there = Participant("there", model, url=url)
        result = compared(participant(SOURCE, "traefik"), there)
        assert result.ways == ("started", f"asked at {url}")
        open_one = SOURCE.replace(", authentication: {api_key: {keys: [{key: k, name: n}]}}", "")
        changed = compared(participant(open_one, "traefik"), there)
    assert [one.messages for one in result.disagreements if one.probe.kind is Kind.CREDENTIAL] == []
    assert ("let in and status 401",) in {one.messages for one in changed.disagreements}
