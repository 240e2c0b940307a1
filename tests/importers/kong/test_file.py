"""The file as a whole: what it is recognised by, versions, merging, references, what decK adds."""

from __future__ import annotations

from typing import Any

import pytest

from gal.importers.kong import recognise
from gal.reading import read_documents
from tests.importers.kong.reading import fragment, model, refusal, said

SERVICE = "services: [{name: s, host: h}]\n"


@pytest.mark.parametrize(
    ("text", "is_kong"),
    [
        ('_format_version: "3.0"', "Kong declarative 3.0"),
        ('_format_version: "1.1"\nversion: 1', "Kong declarative 1.1"),
        ("services: [{name: s, url: http://h}]", "Kong declarative"),
        ("services: [{name: s, host: h}]", "Kong declarative"),
        ("services: [{name: s, routes: [{paths: [/]}]}]", "Kong declarative"),
        ("routes: [{name: r, expression: x}]", "Kong declarative"),
        ("consumers: [{username: c, keyauth_credentials: [{key: k}]}]", "Kong declarative"),
        ("consumers: [{username: c, tags: [t]}]", "Kong declarative"),
        ("plugins: [{name: cors, config: {}}]", "Kong declarative"),
        ("certificates: [{cert: C, key: K}]", "Kong declarative"),
        ("vaults: [{name: env, prefix: e, config: {}}]", "Kong declarative"),
        ("partials: [{name: p, type: redis-ce, config: {}}]", "Kong declarative"),
        ("upstreams: [{name: u, targets: [{target: a}]}]", "Kong declarative"),
        ("_workspace: w\n_info: {}", "Kong declarative"),
        ('version: "1.0"\nservices: [{name: s, upstream: {host: h}}]', None),
        ('version: "1.0"\nservices: [{name: s, host: h}]', None),
        ("services: [{name: s, upstream: {nodes: []}, routes: [{uris: [/]}]}]", None),
        ("routes: [{id: 1, uri: /x, upstream: {nodes: {a: 1}}}]", None),
        ("routes: [{id: 1, uris: [/x], hosts: [a], methods: [GET]}]", None),
        ("upstreams: [{id: 1, nodes: {a: 1}}]", None),
        ("consumers: [{username: c, plugins: {key-auth: {key: k}}}]", None),
        ("http: {routers: {}}", None),
        ("http: {services: {}}\nservices: [{host: h}]", None),
        ("static_resources: {listeners: []}", None),
        ("apiVersion: v1\nkind: Service", None),
        ("services: {web: {image: x}}", None),
        ("plugins: [{name: jwt-auth}]", None),
        ("[]", None),
        ("a: 1", None),
    ],
)
def test_recognition(text: str, is_kong: str | None) -> None:
    assert recognise(read_documents(text, "f.yaml", "yaml")[0]) == is_kong


@pytest.mark.parametrize(
    ("texts", "path", "wanted"),
    [
        ((SERVICE, "routes: [{name: r, service: s, paths: [/]}]"), "services.0.routes.0.name", "r"),
        ((SERVICE, "services: [{name: t, host: h}]"), "services.1.name", "t"),
        (
            (
                '_format_version: "1.1"\nroutes: [{name: a, paths: ["/a+"]}]',
                'routes: [{name: b, paths: ["/a+"]}]',
            ),
            "routes",
            [
                {
                    "name": "a",
                    "path_regex": {"pattern": "/a+", "dialect": "pcre", "anchor": "start"},
                    "rewrite": {"strip_prefix": True},
                    "id": "99f35c6a-7bbd-5b5e-9a0e-9a7f0d3dd1e0",
                },
                {
                    "name": "b",
                    "path_prefix": "/a+",
                    "rewrite": {"strip_prefix": True},
                    "id": "99f35c6a-7bbd-5b5e-9a0e-9a7f0d3dd1e0",
                },
            ],
        ),
        (
            ('{"_format_version": "3.0", "services": [{"host": "h"}]}',),
            "services.0.upstream.host",
            "h",
        ),
        (
            ("services: [{name: s, host: h}]\n---\nconsumers: [{username: c}]",),
            "consumers.0.name",
            "c",
        ),
    ],
    ids=["reference", "services", "versions", "json", "documents"],
)
def test_merging(texts: tuple[str, ...], path: str, wanted: Any) -> None:
    found = fragment(model(*texts), path)
    if path == "routes":
        for one, other in zip(found, wanted, strict=True):
            assert one.pop("id") != other.pop("id")
    assert found == wanted


@pytest.mark.parametrize(
    "reference",
    [
        "s",
        "{name: s}",
        "{id: 9a2c7a5e-0000-4000-8000-000000000001}",
        "9a2c7a5e-0000-4000-8000-000000000001",
        "{id: s}",
    ],
)
def test_references(reference: str) -> None:
    text = (
        "services: [{name: s, id: 9a2c7a5e-0000-4000-8000-000000000001, host: h}]\n"
        f"routes: [{{name: r, paths: [/], service: {reference}}}]"
    )
    assert fragment(model(text), "services.0.routes.0.name") == "r"


@pytest.mark.parametrize(
    ("kind", "name", "wanted"),
    [
        ("routes", "foo", "fb94a9b8-3f5e-525c-b38d-61aa1cbaa69c"),
        ("consumers", "bob", "def4f7d3-9863-5ad2-8fa9-c949bf26f55e"),
    ],
)
def test_made_up_ids(kind: str, name: str, wanted: str) -> None:
    key = "username" if kind == "consumers" else "paths: [/], name"
    assert fragment(model(f"{kind}: [{{{key}: {name}}}]"), f"{kind}.0.id") == wanted


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (("_format_version: 3.0\nservices: []",), "1:18: _format_version must be a string"),
        (('_format_version: "9"',), '1:18: _format_version "9" is not known'),
        (
            (SERVICE + "routes: [{paths: [/], service: x}]",),
            '2:32: there is no "x" among the services',
        ),
        (
            ("services: [{host: h, routes: [{paths: [/], service: s}]}]",),
            '1:53: field "service" must be left out: this stands inside of what it would name',
        ),
        (
            ("services: [{name: s, host: h}, {name: s, host: h}]",),
            "1:39: services: s is there twice",
        ),
        ((SERVICE, SERVICE), "1:19: services: s is there twice"),
        (
            ("routes: [{name: r, paths: [/]}]", "routes: [{name: r, paths: [/]}]"),
            "1:17: routes: r is there twice",
        ),
        (("consumers: [{username: c}, {username: c}]",), "1:39: consumers: c is there twice"),
        (
            ("consumers: [{username: a, keyauth_credentials: [{key: k}, {key: k}]}]",),
            "1:65: keyauth_credentials: this key is there twice",
        ),
        (
            ("plugins: [{name: cors, _config: x}]",),
            '1:33: there is no "x" among the _plugin_configs',
        ),
        (("services: {}",), '1:11: field "services" must be a list, not a mapping'),
        (("services: [x]",), '1:12: field "services[0]" must be a mapping, not a string'),
        (
            ("certificates: [{cert: C, key: K, snis: [a.test]}]",),
            '1:41: field "snis[0]" must be a mapping, not a string',
        ),
        (
            ("services: [{name: a, host: h, tags: ['a,b']}]",),
            '1:38: the tag "a,b" must not hold a comma or a slash',
        ),
    ],
)
def test_refusals(texts: tuple[str, ...], wanted: str) -> None:
    assert refusal(*texts) == wanted


@pytest.mark.parametrize(
    ("text", "path", "wanted"),
    [
        (
            "_info: {defaults: {service: {retries: 1}}}\n" + SERVICE,
            "services.0.policies.retry.attempts",
            1,
        ),
        (
            "_info: {defaults: {service: {retries: 1}}}\nservices: [{host: h, retries: 2}]",
            "services.0.policies.retry.attempts",
            2,
        ),
        (
            "_info: {defaults: {route: {strip_path: false}}}\nroutes: [{paths: [/]}]",
            "routes.0.rewrite",
            None,
        ),
        (
            (
                "_info: {defaults: {upstream: {healthchecks: {threshold: 5}}}}\n"
                "upstreams: [{name: u, healthchecks: {active: {healthy: {interval: 0}}}}]"
            ),
            "upstreams.0.health_check.minimum_healthy_percent",
            5,
        ),
        (
            "_plugin_configs: {a: {minute: 5}}\nplugins: [{name: rate-limiting, _config: a}]",
            "policies.rate_limit.limits",
            ["5/1m"],
        ),
        (
            (
                "_plugin_configs: {a: {minute: 5, hour: 9}}\n"
                "plugins: [{name: rate-limiting, _config: a, config: {minute: 2}}]"
            ),
            "policies.rate_limit.limits",
            ["2/1m", "9/1h"],
        ),
        (
            "_plugin_configs: {a: {path: x}}\nplugins: [{name: file-log, _config: a}]",
            "policies.plugins.kong",
            [{"name": "file-log", "config": {"path": "x"}}],
        ),
    ],
)
def test_what_deck_fills_in(text: str, path: str, wanted: Any) -> None:
    assert fragment(model(text), path) == wanted


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("_comment: c", "info dropped _comment: no effect on traffic"),
        (
            "_info: {select_tags: [t]}",
            "info dropped _info.select_tags: tells decK what it manages: no effect on traffic",
        ),
        (
            "services: [{host: h, created_at: 1}]",
            "info dropped services[0].created_at: no effect on traffic",
        ),
        (
            "vaults: [{name: env, prefix: e}]",
            "warning carried vaults: references {vault://...} into it stay as they are",
        ),
        (
            "consumer_groups: [{name: g}]",
            "info carried consumer_groups: no effect on traffic by itself",
        ),
        (
            "consumer_groups: [{name: g, plugins: [{name: acl}]}]",
            (
                "info carried consumer_groups[0].plugins[0]: only Kong knows this access control:"
                " any other gateway will refuse everybody"
            ),
        ),
        (
            "consumer_groups: [{name: g, plugins: [{name: rate-limiting-advanced}]}]",
            (
                "warning carried consumer_groups: policies for groups of consumers are the"
                " enterprise's own"
            ),
        ),
    ],
)
def test_ledger(text: str, entry: str) -> None:
    assert entry in said(text)


def test_a_group_keeps_what_no_guard_stands_for() -> None:
    limit = "{name: rate-limiting-advanced}"
    off = "{name: acl, enabled: false}"
    plugins = f"{limit}, {off}, {{name: acl, id: i, config: {{deny: [b]}}}}"
    found = model(f"consumer_groups: [{{name: g, plugins: [{plugins}]}}]")
    kept = [{"name": "rate-limiting-advanced"}, {"name": "acl", "enabled": False}]
    assert fragment(found, "extensions.kong") == {
        "consumer_groups": [{"name": "g", "plugins": kept}]
    }
    guard = fragment(found, "policies.authentication.guards.0")
    assert guard["config"] == {"deny": ["b"]}
    assert guard["settings"] == {"consumer_group": "g", "id": "i"}


_BOTH = "allow: [0.0.0.0/0, '::/0']"


@pytest.mark.parametrize(
    ("plugin", "guards"),
    [
        pytest.param(f"{{name: ip-restriction, config: {{{_BOTH}}}}}", 0, id="everybody"),
        pytest.param(
            "{name: ip-restriction, config: {allow: [0.0.0.0/0]}}", 1, id="nobody of IPv6"
        ),
        pytest.param(
            f"{{name: ip-restriction, config: {{{_BOTH}, deny: [10.0.0.1]}}}}", 1, id="but one"
        ),
        pytest.param("{name: ip-restriction, enabled: false, config: {deny: [a]}}", 0, id="off"),
        pytest.param("{name: request-termination}", 1, id="nobody"),
        pytest.param("{name: request-termination, config: {trigger: x}}", 0, id="who asks for it"),
    ],
)
def test_plugins_of_a_group_that_close_something_are_guards(plugin: str, guards: int) -> None:
    found = model(f"consumer_groups: [{{name: g, plugins: [{plugin}]}}]")
    held = found.get("policies", {}).get("authentication", {}).get("guards", [])
    assert len(held) == guards
    kept = found["extensions"]["kong"]["consumer_groups"][0].get("plugins", [])
    assert len(kept) == 1 - guards
