"""What an attacker would try: parts of a file that lock a route in a way that the model cannot say
exactly. No conversion may let in whom Envoy refuses.
"""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy import consumers, lua, lua_json, rate_limit
from gal.importers.envoy.own_scripts import digest, is_of_consumers, is_own
from gal.model import PathMatch, Regex
from tests.importers.envoy.placed import file, guards, http, per_route, policies, read
from tests.importers.envoy.test_listeners import chain, gateway_of, host, listener

KEY = http(
    "api_key_auth.v3.ApiKeyAuth",
    "credentials: [{key: k, client: a}], key_sources: [{header: X-Key}]",
)
EDGE = "use_remote_address: true"


def script(code: str, name: str = "x") -> str:
    text = code.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return http("lua.v3.Lua", f'default_source_code: {{inline_string: "{text}"}}', name=name)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("function envoy_on_request(h) h:respond({}, '') end", ["lua"]),
        ("function envoy_on_request(h) h['respond'](h, {}, '') end", ["lua"]),
        ("local check = require('check')", ["lua"]),
        ("local check = loadstring(code)", ["lua"]),
        ("function envoy_on_request(h) assert(h:headers():get('x')) end", ["lua"]),
        ("function envoy_on_request(h) h:headers():add('x', 'y') end", []),
    ],
    ids=["method", "by its name", "module", "text", "assert", "harmless"],
)
def test_scripts_that_may_refuse(code: str, names: list[str]) -> None:
    assert guards(file(script(code))) == names


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ("abort: {http_status: 403, percentage: {numerator: 100}}, headers: [{name: X}]", 1),
        ("abort: {http_status: 403, percentage: {numerator: 100}}, upstream_cluster: s", 1),
        ("abort: {http_status: 403, percentage: {numerator: 100}}, downstream_nodes: [n]", 1),
        ("abort: {http_status: 403, percentage: {numerator: 50}}, headers: [{name: X}]", 0),
        ("abort: {http_status: 403, percentage: {numerator: 100}}", 0),
    ],
    ids=["by header", "by cluster", "by client", "a share", "everybody"],
)
def test_faults_that_refuse_some(settings: str, names: int) -> None:
    assert guards(file(http("fault.v3.HTTPFault", settings))) == ["fault"] * names


def mutation(action: str) -> str:
    settings = f"mutations: {{request_mutations: [{action}]}}"
    return http("header_mutation.v3.HeaderMutation", settings)


SET = "{append: {append_action: OVERWRITE_IF_EXISTS_OR_ADD, header: {key: %s, value: v}}}"
AGENT = (
    "rules: {action: DENY, policies: {p: {permissions: [{any: true}], principals:"
    " [{header: {name: user-agent, string_match: {exact: bad}}}]}}}"
)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param((mutation("{remove: x-key}"), KEY), ["filter-order"], id="taken away"),
        pytest.param((mutation(SET % "x-key"), KEY), ["filter-order"], id="set"),
        pytest.param((mutation(SET % "x-other"), KEY), [], id="another one"),
        pytest.param((KEY, mutation("{remove: x-key}")), [], id="afterwards"),
        pytest.param(
            (mutation(SET % "user-agent"), http("rbac.v3.RBAC", AGENT)),
            ["filter-order"],
            id="user agent",
        ),
        pytest.param(
            (script("function envoy_on_request(h) h:headers():remove('x-key') end"), KEY),
            ["filter-order"],
            id="by a script",
        ),
    ],
)
def test_headers_that_change_before_they_are_looked_at(
    filters: tuple[str, ...], names: list[str]
) -> None:
    assert guards(file(*filters)) == names


WHO = (
    "sourced_metadata: {metadata_matcher: {filter: gal.consumer, path: [{key: name}],"
    " value: {string_match: {exact: ann}}}}"
)
POLICY = f"gal: {{permissions: [{{any: true}}], principals: [{{{WHO}}}]}}"
ADDED = ", more: {permissions: [{any: true}], principals: [{direct_remote_ip: {}}]}"


@pytest.mark.parametrize(
    ("policy", "names"),
    [
        pytest.param(POLICY, [], id="as GAL writes it"),
        pytest.param(POLICY + ADDED, ["rbac"], id="another policy"),
        pytest.param(
            POLICY.replace("{any: true}", "{url_path: {path: {exact: /a}}}"), ["rbac"], id="a path"
        ),
        pytest.param(POLICY.replace("gal: {", "gal: {condition: {}, "), ["rbac"], id="a condition"),
    ],
)
def test_filters_that_look_like_gals_own(policy: str, names: list[str]) -> None:
    settings = f"rules: {{action: DENY, policies: {{{policy}}}}}"
    assert guards(file(http("rbac.v3.RBAC", settings, name="gal.consumer_access.1"))) == names


# -- matches

ABSENT = "string_match: {exact: ''}, treat_missing_header_as_empty: true"


@pytest.mark.parametrize(
    ("header", "names", "kept"),
    [
        pytest.param(ABSENT, ["route-match"], [], id="empty or absent"),
        pytest.param("present_match: true, treat_missing_header_as_empty: true", [], [], id="any"),
        pytest.param("string_match: {exact: a}", [], ["X"], id="a value"),
    ],
)
def test_headers_that_need_not_be_there(header: str, names: list[str], kept: list[str]) -> None:
    text = file(match=f"{{prefix: /, headers: [{{name: X, {header}}}]}}")
    gateway, _ = read(text)
    assert (guards(text), [one.name for one in gateway.routes[0].headers]) == (names, kept)


@pytest.mark.parametrize(
    ("header", "manager", "names"),
    [
        ("{name: ':method', string_match: {exact: get, ignore_case: true}}", "", ["route-match"]),
        ("{name: ':scheme', string_match: {exact: https}}", "", ["route-match"]),
        ("{name: ':scheme', string_match: {exact: https}}", EDGE, []),
        (
            "{name: ':scheme', string_match: {exact: https}}",
            "scheme_header_transformation: {scheme_to_overwrite: https}",
            [],
        ),
    ],
    ids=["method without case", "scheme of a proxy", "scheme", "scheme of the listener"],
)
def test_what_a_client_may_say(header: str, manager: str, names: list[str]) -> None:
    assert guards(file(match=f"{{prefix: /, headers: [{header}]}}", manager=manager)) == names


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("path: /a.b", PathMatch(path_regex=Regex(r"/a\.b(?:;.*)?"))),
        ("path_separated_prefix: /a", PathMatch(path_regex=Regex(r"/a(?:[/;].*)?"))),
        ("safe_regex: {regex: '/a|/b'}", PathMatch(path_regex=Regex(r"(?:/a|/b)(?:;.*)?"))),
        ("prefix: /a", PathMatch(path_prefix="/a")),
    ],
    ids=["path", "segments", "expression", "prefix"],
)
def test_parameters_in_paths(match: str, expected: PathMatch) -> None:
    table = "route_config:\n            ignore_path_parameters_in_path_matching: true"
    gateway, _ = read(file(match=f"{{{match}}}").replace("route_config:", table))
    (path,) = gateway.routes[0].paths
    assert (path.kind, path.text) == (expected.kind, expected.text)


# -- connections

PLAIN: dict[str, Any] = {"server_names": ["a.test"]}


@pytest.mark.parametrize(
    ("match", "more", "count"),
    [
        ({"server_names": ["a.test"]}, {}, 0),
        ({"transport_protocol": "tls"}, {}, 0),
        ({"application_protocols": ["http/1.1"]}, {}, 0),
        (
            {"application_protocols": ["http/1.1"]},
            {"listener_filters": [{"name": "envoy.filters.listener.http_inspector"}]},
            1,
        ),
        ({"transport_protocol": "raw_buffer"}, {}, 1),
    ],
    ids=["name", "TLS", "protocol", "protocol that is looked for", "plain"],
)
def test_chains_that_no_connection_comes_to(
    match: dict[str, Any], more: dict[str, Any], count: int
) -> None:
    gateway = gateway_of(listener(80, chain(host("*", "x"), match=match), **more))
    assert len(gateway.routes) == count


# -- GAL's own scripts, letter by letter

OWN = {
    "gal.headers_request": lua.HEADERS.replace("SIDE", "request"),
    "gal.headers_response": lua.HEADERS.replace("SIDE", "response"),
    "gal.limit_headers.tightest": rate_limit._TIGHTEST,
    "gal.query": lua.QUERY,
    "gal.query.credentials": lua.QUERY,
    "gal.request_line": lua.METHOD,
    "gal.size_limit.length": lua.LENGTH,
    "gal.transformation.request": lua_json.REQUEST,
    "gal.transformation.response": lua_json.RESPONSE,
}
MORE = "\nfunction envoy_on_request(handle) handle:respond({}, '') end\n"


@pytest.mark.parametrize(("name", "code"), OWN.items(), ids=OWN)
def test_scripts_of_gals_own(name: str, code: str) -> None:
    assert is_own(name, code), digest(code)
    assert not is_own(name, code + MORE)
    assert not is_own(f"x.{name}", code)
    changed = {name: per_route("lua.v3.LuaPerRoute", "filter_context: {}")}
    assert guards(file(script(code + MORE, name), per_filter=changed)) == ["lua"]
    assert guards(file(script(code, name), per_filter=changed)) == []


def test_the_script_of_consumers() -> None:
    tables = 'local consumers = {\n  ["a"] = "x",\n}\nlocal keys = {\n}\n'
    assert is_of_consumers(tables + consumers._FUNCTIONS)
    assert not is_of_consumers(tables + consumers._FUNCTIONS + MORE)
    assert not is_of_consumers(tables.replace('"x"', "os.exit()") + consumers._FUNCTIONS)
    text = file(script(tables + consumers._FUNCTIONS + MORE, "gal.consumer"), KEY)
    assert "lua" in guards(text)
    assert policies(text)["authentication"]["api_key"]["keys"]
