"""Which probes a configuration gives."""

from __future__ import annotations

import pytest

from gal.tracing.tracer import Tracer
from gal.verify.derive import derive
from gal.verify.probe import Kind, Probe
from tests.tracing.traced import gateway

BASE = """\
services:
- name: s
  path: /base
  upstream: {host: s.test, port: 80}
  routes:
  - {name: r, path_prefix: /r%s}
consumers:
- {name: ada, groups: [staff], credentials: {api_keys: [{key: k1}]}}
"""


def probes(policies: str = "") -> list[Probe]:
    text = BASE % (f", {policies}" if policies else "")
    return derive([gateway(text)], 1000)[0]


@pytest.mark.parametrize(
    ("policies", "kind", "about"),
    [
        ("", Kind.MATCH, "r: a request that fits"),
        ("", Kind.NEAR_MISS, "r: a path that goes on without a slash"),
        ("", Kind.REWRITE, "r: what becomes of /r/a/b/"),
        ("methods: [GET]", Kind.NEAR_MISS, "r: by DELETE"),
        ("hosts: [h.test]", Kind.NEAR_MISS, "r: a foreign host"),
        ("header_matches: [{name: A, values: [x]}]", Kind.NEAR_MISS, "r: with another A"),
        ("query_matches: [{name: q, values: [x]}]", Kind.NEAR_MISS, "r: without its query"),
        ("authentication: {api_key: {}}", Kind.CREDENTIAL, "r: without credentials"),
        ("authentication: {api_key: {}}", Kind.CREDENTIAL, "r: with a wrong one"),
        (
            "cors: {allowed_origins: ['https://a.test']}",
            Kind.CORS,
            "r: the origin https://a.test.evil.test, before GET with X-Probe",
        ),
        ("rate_limit: {limits: [3/1m]}", Kind.RATE_LIMIT, "r: 4 requests, of which 3 may pass"),
        (
            "rate_limit: {limits: [3/1m]}",
            Kind.RATE_LIMIT,
            "r: once more 1.2 s after its limit is used up",
        ),
        (
            "cors: {allowed_origins: ['https://a.test'], allowed_methods: [PUT]}",
            Kind.CORS,
            "r: the origin https://a.test, before PUT with X-Probe",
        ),
        ("size_limit: {max_body: 10B}", Kind.SIZE_LIMIT, "r: a body of 11 bytes"),
        ("ip_access: {deny: [127.0.0.9]}", Kind.ADDRESS, "r: from 127.0.0.9"),
        ("headers: {request_set: {A: b}}", Kind.HEADERS, "r: headers that are there already"),
    ],
)
def test_a_probe(policies: str, kind: Kind, about: str) -> None:
    assert (kind, about) in {(probe.kind, probe.about) for probe in probes(policies)}


@pytest.mark.parametrize(
    "policies",
    ["", "authentication: {api_key: {}}, acl: {allow: [staff]}", "hosts: ['*.w.test']"],
)
def test_what_has_to_fit_fits(policies: str) -> None:
    """The first request of a route is taken by it, and gets through."""
    text = BASE % (f", {policies}" if policies else "")
    tracer = Tracer(gateway(text))
    (probe,) = [one for one in probes(policies) if one.about == "r: a request that fits"]
    decision = tracer.trace(probe.request)
    assert decision.route is not None
    assert decision.upstream is not None


def test_bounds() -> None:
    text = BASE % ""
    chosen, left = derive([gateway(text)], 5)
    assert (len(chosen), left) == (5, len(probes()) - 5)
    assert len({probe.kind for probe in chosen}) > 2, "kinds take turns"


def test_every_probe_once() -> None:
    two = [gateway(BASE % ""), gateway(BASE % "")]
    assert len(derive(two, 1000)[0]) == len(probes())


def test_addresses_are_apart() -> None:
    addresses = [probe.request.client_ip for probe in probes()]
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("127.") for address in addresses)
