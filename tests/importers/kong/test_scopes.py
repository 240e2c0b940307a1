"""Which plugin acts where, and what several plugins make of each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.kong.reading import fragment, model, read, refusal, said

BASE = """
services:
- {name: s, host: h, routes: [{name: r, paths: [/]}, {name: q, paths: [/q]}]}
- {name: t, host: h}
- {host: h, routes: [{paths: [/u], methods: [GET]}]}
consumers: [{username: c}, {username: anon}]
"""


def limit(count: int, **scope: str) -> str:
    """A rate limit as a plugin in a scope."""
    where = "".join(f", {key}: {value}" for key, value in scope.items())
    return f"{{name: rate-limiting, config: {{minute: {count}}}{where}}}"


def found_limits(data: dict[str, Any]) -> dict[str, str]:
    """All rate limits of a model, by scope: g, s, r, c, s+c, r+c."""
    places = {
        "g": "policies",
        "s": "services.0.policies",
        "r": "services.0.routes.0",
        "q": "services.0.routes.1",
        "c": "consumers.0.policies",
    }
    limits = {name: fragment(data, f"{path}.rate_limit.limits.0") for name, path in places.items()}
    for scoped in data.get("scoped_policies", []):
        name = "+".join(scoped[key] for key in ("service", "route", "consumer") if key in scoped)
        limits[name] = fragment(scoped, "policies.rate_limit.limits.0")
    return {name: value.removesuffix("/1m") for name, value in limits.items() if value}


@pytest.mark.parametrize(
    ("plugins", "wanted"),
    [
        ([limit(1)], {"g": "1"}),
        ([limit(1, service="s")], {"s": "1"}),
        ([limit(1, route="r")], {"r": "1"}),
        ([limit(1, consumer="c")], {"c": "1"}),
        ([limit(1, service="s", consumer="c")], {"s+c": "1"}),
        ([limit(1, route="r", consumer="c")], {"r+c": "1"}),
        ([limit(1, route="r", service="s", consumer="c")], {"r+c": "1"}),
        ([limit(1, route="r", service="s")], {"r": "1"}),
        ([limit(1, route="r", service="t")], {}),
        ([limit(1, route="r"), limit(2, route="r", service="s")], {"r": "2"}),
        ([limit(2, route="r", service="s"), limit(1, route="r")], {"r": "2"}),
        ([limit(1), limit(2, service="s"), limit(3, route="r")], {"g": "1", "s": "2", "r": "3"}),
        # A route with its service goes before a consumer alone, but not before a closer consumer.
        (
            [limit(1, route="r", service="s"), limit(2, consumer="c")],
            {"r": "1", "c": "2", "r+c": "1"},
        ),
        (
            [
                limit(1, route="r", service="s"),
                limit(2, consumer="c"),
                limit(3, service="s", consumer="c"),
            ],
            {"r": "1", "c": "2", "s+c": "3"},
        ),
        (
            [
                limit(1, route="r", service="s"),
                limit(2, consumer="c"),
                limit(3, route="r", consumer="c"),
            ],
            {"r": "1", "c": "2", "r+c": "3"},
        ),
        ([limit(1), limit(2, route="r").replace("name", "enabled: false, name")], {"g": "1"}),
    ],
)
def test_most_specific(plugins: list[str], wanted: dict[str, str]) -> None:
    text = BASE + "plugins:\n" + "".join(f"- {plugin}\n" for plugin in plugins)
    assert found_limits(model(text)) == wanted


def test_nested_plugins() -> None:
    text = f"""
services:
- {{name: s, host: h, plugins: [{limit(1)}],
   routes: [{{name: r, paths: [/], plugins: [{limit(2)}]}}]}}
consumers: [{{username: c, plugins: [{limit(3)}, {limit(4, route="r").replace("minute", "hour")}]}}]
"""
    found = model(text)
    assert found_limits(found)["r+c"] == "4/1h"
    assert {"s": "1", "r": "2", "c": "3"}.items() <= found_limits(found).items()


def test_unnamed_things_get_a_name_where_a_policy_needs_it() -> None:
    text = (
        "routes: [{paths: [/], plugins: [{name: rate-limiting, config: {minute: 1}, consumer: c}]}]"
        "\nconsumers: [{username: c}]"
    )
    found = model(text)
    assert found["routes"][0]["name"] == found["scoped_policies"][0]["route"] == "routes-0"


@pytest.mark.parametrize(
    ("plugins", "wanted"),
    [
        ("{name: cors}, {name: cors}", "the plugin cors is there twice in one scope"),
        ("{name: cors, route: r}, {name: cors, route: r}",
         "the plugin cors is there twice in one scope"),
        ("{name: acl, consumer: c, config: {allow: [g]}}",
         "the plugin acl cannot be bound to a consumer"),
        ("{name: cors, route: nowhere}", 'there is no "nowhere" among the routes'),
        ("{config: {}}", 'field "name" is missing'),
        ("{name: cors, protocols: [ftp]}", '"ftp" is no protocol'),
    ],
)  # fmt: skip
def test_refusals(plugins: str, wanted: str) -> None:
    assert refusal(f"{BASE}plugins: [{plugins}]").split(": ", 1)[1] == wanted


@pytest.mark.parametrize(
    ("plugin", "place", "kept", "entry"),
    [
        (
            "{name: file-log, config: {path: x}, tags: [t]}",
            "policies",
            {"name": "file-log", "tags": ["t"], "config": {"path": "x"}},
            "info carried plugins[0]: no effect on traffic",
        ),
        (
            "{name: zipkin, route: r}",
            "services.0.routes.0",
            {"name": "zipkin"},
            ("info carried plugins[0]: no effect on traffic, but for tracing headers that the"
            " upstream gets"),
        ),
        (
            "{name: aws-lambda, config: {a: 1}, consumer: c}",
            "consumers.0.policies",
            {"name": "aws-lambda", "config": {"a": 1}},
            "warning carried plugins[0]: only Kong knows the plugin aws-lambda",
        ),
        (
            "{name: cors, service: s, enabled: false}",
            "services.0.policies",
            {"name": "cors", "enabled": False},
            ("info carried plugins[0]: it is switched off: the next wider scope's, if any, acts"
            " instead"),
        ),
        (
            "{name: ip-restriction, protocols: [tcp], config: {deny: [10.0.0.1]}}",
            "policies",
            {"name": "ip-restriction", "protocols": ["tcp"], "config": {"deny": ["10.0.0.1"]}},
            "info carried plugins[0]: it acts on streams only",
        ),
        (
            "{name: cors, consumer_group: gold}",
            "policies",
            {"name": "cors", "consumer_group": "gold"},
            ("warning carried plugins[0]: only Kong knows the plugin cors (for one consumer_group"
            " only)"),
        ),
    ],
)  # fmt: skip
def test_carried(plugin: str, place: str, kept: dict[str, Any], entry: str) -> None:
    text = f"{BASE}plugins: [{plugin}]"
    assert fragment(model(text), f"{place}.plugins.kong") == [kept]
    assert entry in said(text)


def test_what_stands_around_the_settings_is_kept() -> None:
    text = "plugins: [{name: cors, id: i, instance_name: n, tags: [t], protocols: [https]}]"
    assert fragment(model(text), "policies.cors.extensions.kong") == {
        "id": "i",
        "instance_name": "n",
        "tags": ["t"],
        "protocols": ["https"],
    }
    assert len(said(text)) == 4


def test_a_pair_that_never_meets_is_dropped() -> None:
    text = f"{BASE}plugins: [{limit(1, route='r', service='t')}]"
    assert said(text) == [
        "warning dropped plugins[0]: it never acts: the route is none of the service's"
    ]


# -- authentication

KEY = "{name: key-auth, config: {key_names: [k], key_in_query: false}}"
OPEN_KEY = "{name: key-auth, config: {key_names: [k], key_in_query: false, anonymous: anon}}"
BASIC = "{name: basic-auth, config: {realm: x}}"
OPEN_BASIC = "{name: basic-auth, config: {realm: x, anonymous: anon}}"
HMAC = "{name: hmac-auth, config: {}}"
API_KEY = {"header_name": "k"}
USERS = {"realm": "x"}
GUARD = {"name": "hmac-auth", "provider": "kong"}
END = "{name: request-termination, consumer: anon, config: {status_code: 401}}"
END_IF = "{name: request-termination, consumer: anon, config: {trigger: x}}"
CLOSED = {"kong": {"anonymous": "anon"}}


def authentication(plugins: list[str], path: str) -> Any:
    """The `authentication` at a place of the model of `BASE` with plugins."""
    text = BASE + "plugins:\n" + "".join(f"- {plugin}\n" for plugin in plugins)
    found = fragment(model(text), f"{path}.authentication")
    return found and {key: value for key, value in found.items() if key != "type"}


def at(plugin: str, **scope: str) -> str:
    """The plugin in a scope."""
    return plugin[:-1] + "".join(f", {key}: {value}" for key, value in scope.items()) + "}"


@pytest.mark.parametrize(
    ("plugins", "path", "wanted"),
    [
        ([KEY], "policies", {"api_key": API_KEY}),
        ([KEY, BASIC], "policies", {"require": "all", "api_key": API_KEY, "basic": USERS}),
        ([HMAC], "policies", {"guards": [GUARD]}),
        ([KEY, HMAC], "policies", {"require": "all", "api_key": API_KEY, "guards": [GUARD]}),
        # Plugins of wider scopes act, too.
        ([KEY, at(BASIC, route="r")], "policies", {"api_key": API_KEY}),
        (
            [KEY, at(BASIC, route="r")],
            "services.0.routes.0",
            {"require": "all", "api_key": API_KEY, "basic": USERS},
        ),
        ([KEY, at(BASIC, route="r")], "services.0.routes.1", None),
        (
            [KEY, at(BASIC, service="s"), at(HMAC, route="r")],
            "services.0.routes.0",
            {"require": "all", "api_key": API_KEY, "basic": USERS, "guards": [GUARD]},
        ),
        # The closest of one name wins.
        ([KEY, at("{name: key-auth}", service="s")], "services.0.policies",
         {"api_key": {"header_name": "apikey", "query_param": "apikey"}}),
        # `anonymous`
        ([OPEN_KEY], "policies", {"api_key": API_KEY, "anonymous": "anon"}),
        (
            [OPEN_KEY, OPEN_BASIC],
            "policies",
            {"api_key": API_KEY, "basic": USERS, "anonymous": "anon"},
        ),
        ([OPEN_KEY, BASIC], "policies", {"basic": USERS}),
        ([OPEN_KEY, at(BASIC, route="r")], "services.0.routes.0", {"basic": USERS}),
        ([OPEN_KEY, HMAC], "policies", {"guards": [GUARD]}),
        # A request-termination for the anonymous consumer is a refusal.
        ([OPEN_KEY, END], "policies", {"api_key": API_KEY, "extensions": CLOSED}),
        ([OPEN_KEY, END_IF], "policies", {"api_key": API_KEY, "anonymous": "anon"}),
        (
            [OPEN_KEY, at(END, route="r")],
            "services.0.routes.0",
            {"api_key": API_KEY, "extensions": CLOSED},
        ),
        ([OPEN_KEY, at(END, route="r")], "policies", {"api_key": API_KEY, "anonymous": "anon"}),
        ([OPEN_KEY, at(END_IF, route="r")], "services.0.routes.0", None),
        ([at(OPEN_KEY, route="r"), at(END, service="s")], "services.0.routes.0",
         {"api_key": API_KEY, "extensions": CLOSED}),
        (
            ["{name: key-auth, config: {key_names: [k], key_in_query: false, anonymous: nobody}}"],
            "policies",
            {"api_key": API_KEY, "extensions": {"kong": {"anonymous": "nobody"}}},
        ),
        # What the model cannot say as a scope holds for everybody.
        (
            ["{name: ip-restriction, consumer_group: g, config: {allow: [10.0.0.1]}}"],
            "policies",
            {
                "guards": [
                    {
                        "name": "ip-restriction",
                        "provider": "kong",
                        "config": {"allow": ["10.0.0.1"]},
                        "settings": {"consumer_group": "g"},
                    }
                ]
            },
        ),
        (
            ["{name: ai-prompt-guard, consumer: c, tags: [t]}"],
            "policies",
            {
                "guards": [
                    {
                        "name": "ai-prompt-guard",
                        "provider": "kong",
                        "settings": {"consumer": "c", "tags": ["t"]},
                    }
                ]
            },
        ),
        (
            [at(KEY, tags="[t]"), BASIC],
            "policies",
            {
                "extensions": {"kong": {"plugins": {"key-auth": {"tags": ["t"]}}}},
                "require": "all",
                "api_key": API_KEY,
                "basic": USERS,
            },
        ),
    ],
)  # fmt: skip
def test_authentication(plugins: list[str], path: str, wanted: Any) -> None:
    assert authentication(plugins, path) == wanted


def test_one_that_never_decides_is_kept_for_kong() -> None:
    found = model(f"{BASE}plugins: [{OPEN_KEY}, {BASIC}]")
    kept = fragment(found, "policies.plugins.kong")
    assert [one["name"] for one in kept] == ["key-auth"]


# -- transformers


def add(area: str, **scope: str) -> str:
    """A request-transformer that adds something."""
    return at(f"{{name: request-transformer, config: {{add: {{{area}: ['a:b']}}}}}}", **scope)


def answer(area: str, **scope: str) -> str:
    """A response-transformer that adds something."""
    return at(f"{{name: response-transformer, config: {{add: {{{area}: ['a:b']}}}}}}", **scope)


A_B = {"a": "b"}


@pytest.mark.parametrize(
    ("plugins", "path", "wanted"),
    [
        ([add("headers")], "policies.headers", {"request_default": A_B}),
        ([answer("headers")], "policies.headers", {"response_default": A_B}),
        ([add("querystring")], "policies.query", {"default": A_B}),
        ([add("body")], "policies.transformation", {"request": {"default": A_B}}),
        # The narrower instance hides all that the wider one does.
        (
            [add("headers"), add("querystring", route="r")],
            "services.0.routes.0.headers",
            {"request_remove": []},
        ),
        ([add("headers"), add("querystring", route="r")], "services.0.routes.0.query",
         {"default": A_B}),
        (
            [add("querystring"), add("headers", route="r")],
            "services.0.routes.0.query",
            {"enabled": False},
        ),
        (
            [add("body"), add("headers", service="s")],
            "services.0.policies.transformation",
            {"enabled": False},
        ),
        (
            ["{name: request-transformer, config: {http_method: POST}}", add("headers", route="r")],
            "services.0.routes.0.request_line",
            {"enabled": False},
        ),
        (
            [answer("headers"), answer("json", consumer="c")],
            "consumers.0.policies.headers",
            {"response_remove": []},
        ),
        # Unless there is nothing to hide.
        ([add("headers", route="q"), add("querystring", route="r")],
         "services.0.routes.0.headers", None),
        ([add("headers", service="t"), add("querystring", route="r")],
         "services.0.routes.0.headers", None),
        # The other plugin is inherited.
        (
            [answer("headers"), add("headers", route="r")],
            "services.0.routes.0.headers",
            {"request_default": A_B},
        ),
        (
            [answer("json"), add("body", route="r")],
            "services.0.routes.0.transformation",
            {"request": {"default": A_B}, "response": {"default": A_B}},
        ),
        (
            [answer("json", route="r"), add("body", consumer="c")],
            "scoped_policies.0",
            {
                "consumer": "c",
                "route": "r",
                "policies": {
                    "transformation": {
                        "request": {"default": A_B},
                        "response": {"default": A_B},
                    }
                },
            },
        ),
    ],
)  # fmt: skip
def test_transformers(plugins: list[str], path: str, wanted: Any) -> None:
    text = BASE + "plugins:\n" + "".join(f"- {plugin}\n" for plugin in plugins)
    assert fragment(model(text), path) == wanted


def test_a_transformer_that_does_nothing_is_kept() -> None:
    text = "plugins: [{name: request-transformer, tags: [t]}]"
    assert fragment(model(text), "policies.plugins.kong") == [
        {"name": "request-transformer", "tags": ["t"]}
    ]


@pytest.mark.parametrize(
    ("place", "field", "wanted"),
    [
        ("services[0].policies", "cors", "services[0].plugins[1]"),
        ("policies", "rate_limit", "plugins[0]"),
    ],
)
def test_policies_know_their_plugin(place: str, field: str, wanted: str) -> None:
    text = (
        "services: [{host: h, plugins: [{name: file-log}, {name: cors}]}]\n"
        "plugins: [{name: rate-limiting, config: {minute: 1}}]"
    )
    gateway = read(text).gateway
    policies = gateway.policies if place == "policies" else gateway.services[0].policies
    assert policies.origin is not None
    node, there = policies.origin.locate(field)
    assert (node.path, there) == (wanted, True)
