"""GAL's YAML into the model: what it means, and what is said about what is wrong."""

from __future__ import annotations

import pytest

from gal import model as m
from gal.codec import decode, encode
from gal.errors import InputErrors
from gal.model import Duration, Rate, Regex, Secret
from gal.reading import read_documents


def read(text: str) -> m.Gateway:
    return decode(read_documents(text, "gal.yaml")[0].root, m.Gateway)


def route(**fields: object) -> m.Gateway:
    return m.Gateway(routes=[m.Route(**fields)])  # type: ignore[arg-type]


def policy(**fields: object) -> m.Gateway:
    return m.Gateway(policies=m.Policies(**fields))  # type: ignore[arg-type]


SOUND = {
    "empty": ('version: "1.0"', m.Gateway()),
    "one path by prefix": (
        "routes: [{path_prefix: /a}]",
        route(paths=[m.PathMatch(path_prefix="/a")]),
    ),
    "one exact path": ("routes: [{path: /a}]", route(paths=[m.PathMatch(path="/a")])),
    "one expression": (
        "routes: [{path_regex: '/a/[0-9]+'}]",
        route(paths=[m.PathMatch(path_regex=Regex("/a/[0-9]+"))]),
    ),
    "several paths": (
        "routes: [{paths: [{path: /a}, {path_prefix: /b}]}]",
        route(paths=[m.PathMatch(path="/a"), m.PathMatch(path_prefix="/b")]),
    ),
    "one method": ("routes: [{method: GET}]", route(methods=["GET"])),
    "header matches beside header changes": (
        "routes: [{header_matches: [{name: X-A, values: [b]}], headers: {request_set: {X-C: d}}}]",
        route(
            headers=[m.ValueMatch("X-A", ["b"])],
            policies=m.Policies(headers=m.Headers(request=m.Operations(set={"X-C": ["d"]}))),
        ),
    ),
    "a number of seconds": (
        "policies: {cors: {max_age: 86400}}",
        policy(cors=m.Cors(max_age=Duration.seconds(86400))),
    ),
    "a duration": (
        "policies: {timeout: {read: 1m30s}}",
        policy(timeout=m.Timeout(read=Duration.seconds(90))),
    ),
    "requests a second": (
        "policies: {rate_limit: {requests_per_second: 5}}",
        policy(rate_limit=m.RateLimit(limits=[Rate.parse("5/s")])),
    ),
    "other windows": (
        "policies: {rate_limit: {limits: [5/s, 100/1h]}}",
        policy(rate_limit=m.RateLimit(limits=[Rate.parse("5/s"), Rate.parse("100/h")])),
    ),
    "a kind of authentication by its name": (
        "policies: {authentication: {type: basic}}",
        policy(authentication=m.Authentication(basic=m.BasicAuth())),
    ),
    "a key": (
        "policies: {authentication: {api_key: {header_name: K, keys: [{key: 0123, name: a}]}}}",
        policy(
            authentication=m.Authentication(
                api_key=m.ApiKeyAuth(header_names=["K"], keys=[m.ApiKey(Secret("0123"), "a")])
            )
        ),
    ),
    "one target": (
        "upstreams: [{name: u, host: 10.0.0.1, port: 8080}]",
        m.Gateway(upstreams=[m.Upstream(name="u", targets=[m.Target("10.0.0.1", 8080)])]),
    ),
    "an upstream by name": (
        "services: [{name: s, upstream: u}]",
        m.Gateway(services=[m.Service(name="s", upstream="u")]),
    ),
    "an upstream inside": (
        "services: [{name: s, upstream: {host: h}}]",
        m.Gateway(services=[m.Service(name="s", upstream=m.Upstream(targets=[m.Target("h")]))]),
    ),
}


@pytest.mark.parametrize(("text", "expected"), SOUND.values(), ids=SOUND)
def test_sound(text: str, expected: m.Gateway) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(("text", "expected"), SOUND.values(), ids=SOUND)
def test_writes_what_it_reads(text: str, expected: m.Gateway) -> None:
    import json

    del text
    assert read(json.dumps(encode(expected))) == expected


WRONG = {
    "unknown field, with the nearest": (
        "servces: []",
        ['gal.yaml:1:1: unknown field "servces"'],
        'did you mean "services"?',
    ),
    "several at once": (
        "routes:\n- path_prefx: /a\n  method: [GET]\nservices: {}",
        [
            'gal.yaml:2:3: unknown field "path_prefx"',
            'gal.yaml:3:11: field "method" must be a string, not a list',
            "gal.yaml:4:11: expected a list, not a mapping",
        ],
        'did you mean "path_prefix"?',
    ),
    "wrong word": (
        "policies: {rate_limit: {key_type: ip}}",
        [
            (
                'gal.yaml:1:35: "ip" is not one of ip_address, header, jwt_claim, consumer, '
                "credential, path, service, none"
            )
        ],
        "",
    ),
    "no unit": (
        "policies: {timeout: {read: soon}}",
        ['gal.yaml:1:28: "soon" is not a duration such as 30s, 1m30s or 250ms'],
        "",
    ),
    "missing field": (
        "consumers: [{groups: [a]}]",
        ['gal.yaml:1:13: the field "name" is missing'],
        "",
    ),
    "said twice": (
        "routes: [{path: /a, paths: []}]",
        ['gal.yaml:1:17: "path" says the same as another field here'],
        "",
    ),
    "port without host": (
        "upstreams: [{port: 80}]",
        ['gal.yaml:1:13: "host" and "port" belong together'],
        "",
    ),
}


@pytest.mark.parametrize(("text", "messages", "hint"), WRONG.values(), ids=WRONG)
def test_wrong(text: str, messages: list[str], hint: str) -> None:
    with pytest.raises(InputErrors) as caught:
        read(text)
    assert [str(error) for error in caught.value.errors] == messages
    assert hint in caught.value.render()
