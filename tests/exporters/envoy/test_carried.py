"""What only Envoy can say comes back when Envoy's own configuration is written again."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from gal.context import ExportOptions
from gal.convert import Conversion, convert, write_gateway
from gal.ledger import Ledger, Level, Stage
from gal.model import Duration, Listener, PathMatch, Rate, RateLimit, Route
from gal.reading import read_documents
from gal.writing import render

Json = dict[str, Any]

HTTP = "type.googleapis.com/envoy.extensions.filters.http."
NETWORK = "type.googleapis.com/envoy.extensions.filters.network."
TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
CSRF = (
    f'{{name: csrf, typed_config: {{"@type": {HTTP}csrf.v3.CsrfPolicy,'
    " filter_enabled: {default_value: {numerator: 100}}}}"
)
TAP = f'{{name: tags, typed_config: {{"@type": {HTTP}ip_tagging.v3.IPTagging}}}}'
LIMIT = f'{{name: pace, typed_config: {{"@type": {HTTP}bandwidth_limit.v3.BandwidthLimit}}}}'
PROCESS = (
    f'{{name: asks, typed_config: {{"@type": {HTTP}ext_proc.v3.ExternalProcessor,'
    " grpc_service: {envoy_grpc: {cluster_name: NAME}}}}"
)
OLD = '{name: old, typed_config: {"@type": type.googleapis.com/envoy.config.filter.http.x.v2.X}}'
ROUTE = "match: {prefix: /}, route: {cluster: main}"


def source(
    filters: str = "",
    route: str = ROUTE,
    manager: str = "",
    listener: str = "",
    top: str = "",
    before: str = "",
    cluster: str = "",
    host: str = "",
) -> str:
    """A bootstrap with one listener, one route and one cluster, given in flow style."""
    router = f'{{name: router, typed_config: {{"@type": {HTTP}router.v3.Router}}}}'
    chain = ", ".join(part for part in (filters, router) if part)
    return f"""
{top}
static_resources:
  listeners:
  - name: main
    address: {{socket_address: {{address: 127.0.0.1, port_value: 10000}}}}
    {listener}
    filter_chains:
    - filters:
      {before}
      - name: manager
        typed_config:
          "@type": {NETWORK}http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          {manager}
          http_filters: [{chain}]
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], {host} routes: [{{{route}}}]}}
  clusters:
  - name: main
    {cluster}
    load_assignment:
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address:
        {{address: 127.0.0.1, port_value: 8080}}}}}}}}]}}]
"""


def converted(text: str, options: ExportOptions | None = None) -> Conversion:
    """Envoy to Envoy."""
    documents = read_documents(text, "envoy.yaml")
    return convert(documents, "envoy", source="envoy", export_options=options)


def written(text: str) -> Json:
    """What comes out, which is the same after a second conversion."""
    first = converted(text).files[0].data
    second = converted(render(first)).files[0].data
    assert render(second) == render(first)
    return first


def manager_of(data: Json) -> Json:
    """The connection manager of the first listener."""
    listener = data["static_resources"]["listeners"][0]
    return dict(listener["filter_chains"][0]["filters"][-1]["typed_config"])


def route_of(data: Json) -> Json:
    """The first route."""
    return dict(manager_of(data)["route_config"]["virtual_hosts"][0]["routes"][0])


def told(text: str) -> list[tuple[Level, str]]:
    """What the exporter says of losses."""
    return [
        (entry.level, entry.message)
        for entry in converted(text).ledger
        if entry.stage is Stage.EXPORT and entry.level is not Level.INFO
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        pytest.param(CSRF, ["csrf"], id="access control"),
        pytest.param(LIMIT, ["pace"], id="plugin"),
        pytest.param(f"{LIMIT}, {TAP}, {CSRF}", ["tags", "csrf", "pace"], id="by what they do"),
        pytest.param(PROCESS.replace("NAME", "main"), ["asks"], id="with a cluster"),
    ],
)
def test_filters_come_back(filters: str, names: list[str]) -> None:
    data = written(source(filters))
    chain = [one for one in manager_of(data)["http_filters"] if not one["name"].startswith("gal.")]
    assert [one["name"] for one in chain[:-1]] == names
    assert all(one["disabled"] for one in chain[:-1])
    kept = {one["name"]: one["typed_config"] for one in yaml.safe_load(f"[{filters}]")}
    assert {one["name"]: one["typed_config"] for one in chain[:-1]} == kept
    assert set(names) <= set(route_of(data)["typed_per_filter_config"])


def test_settings_that_a_route_has_for_a_filter_come_back() -> None:
    own = f'{{"@type": {HTTP}csrf.v3.CsrfPolicy, filter_enabled: {{default_value: {{}}}}}}'
    data = written(source(CSRF, f"{ROUTE}, typed_per_filter_config: {{csrf: {own}}}"))
    assert route_of(data)["typed_per_filter_config"]["csrf"] == yaml.safe_load(own)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        pytest.param(
            PROCESS.replace("NAME", "elsewhere"),
            'the access control "ext_proc" cannot be put back: there is no cluster "elsewhere";'
            " everybody is refused with 403",
            id="cluster of a control plane",
        ),
        pytest.param(
            f'{{name: login, typed_config: {{"@type": {HTTP}oauth2.v3.OAuth2, config:'
            " {credentials: {client_id: a, token_secret: {name: t}}}}}",
            'the access control "oauth2" cannot be put back: the secret "t" is not in the file;'
            " everybody is refused with 403",
            id="secret",
        ),
        pytest.param(
            "{name: envoy.csrf}",
            'the access control "csrf" cannot be put back: its settings do not say of which type'
            " they are, which Envoy 3 asks for; everybody is refused with 403",
            id="no type",
        ),
    ],
)
def test_an_access_control_that_cannot_come_back_refuses(filters: str, message: str) -> None:
    text = source(filters)
    assert (Level.ERROR, message) in told(text)
    assert route_of(converted(text).files[0].data)["direct_response"]["status"] == 403


def test_a_filter_that_cannot_come_back_is_told() -> None:
    message = (
        'the filter "old" is not put back: Envoy 3 does not know settings of the type'
        " envoy.config.filter.http.x.v2.X"
    )
    assert (Level.WARNING, message) in told(source(OLD))


@pytest.mark.parametrize(
    ("where", "setting", "expected"),
    [
        pytest.param("manager", "server_name: x", {"server_name": "x"}, id="server name"),
        pytest.param(
            "manager",
            "generate_request_id: true",
            {"generate_request_id": True},
            id="instead of GAL's own",
        ),
        pytest.param(
            "manager",
            "upgrade_configs: [{upgrade_type: CONNECT}]",
            {"upgrade_configs": [{"upgrade_type": "CONNECT"}, {"upgrade_type": "websocket"}]},
            id="upgrades",
        ),
        pytest.param("manager", "stream_idle_timeout: 5s", {"stream_idle_timeout": "5s"}, id="end"),
    ],
)
def test_settings_of_a_connection_manager_come_back(
    where: str, setting: str, expected: Json
) -> None:
    data = manager_of(written(source(**{where: setting})))
    assert {key: data[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        pytest.param("traffic_direction: OUTBOUND", {"traffic_direction": "OUTBOUND"}, id="way"),
        pytest.param("tcp_backlog_size: 7", {"tcp_backlog_size": 7}, id="backlog"),
    ],
)
def test_settings_of_a_listener_come_back(listener: str, expected: Json) -> None:
    data = written(source(listener=listener))["static_resources"]["listeners"][0]
    assert {key: data[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        pytest.param("node: {id: a, cluster: b}", {"node": {"id": "a", "cluster": "b"}}, id="node"),
        pytest.param("header_prefix: x-e", {"header_prefix": "x-e"}, id="prefix"),
        pytest.param(
            "overload_manager: {refresh_interval: 1s}",
            {"overload_manager": {"refresh_interval": "1s"}},
            id="overload",
        ),
    ],
)
def test_settings_of_envoy_come_back(top: str, expected: Json) -> None:
    data = written(source(top=top))
    assert {key: data[key] for key in expected} == expected


def test_layers_of_the_runtime_stand_in_front_of_gals_own() -> None:
    layer = {"name": "mine", "static_layer": {"a.b": 1}}
    top = f"layered_runtime: {{layers: [{layer}]}}".replace("'", "")
    names = [one["name"] for one in written(source(top=top))["layered_runtime"]["layers"]]
    assert names == ["mine", "gal"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(
            {"top": "dynamic_resources: {cds_config: {ads: {}}}"},
            '"dynamic_resources" is not put back: what a control plane would give stands in no'
            " file",
            id="control plane",
        ),
        pytest.param(
            {"manager": "access_log: [{name: l, typed_config: {grpc: {cluster_name: gone}}}]"},
            '"access_log" is not put back: there is no cluster "gone"',
            id="cluster",
        ),
    ],
)
def test_settings_that_have_no_place_are_told(given: dict[str, str], message: str) -> None:
    assert (Level.WARNING, message) in told(source(**given))


RBAC = (
    f'- {{name: who, typed_config: {{"@type": {NETWORK}rbac.v3.RBAC, stat_prefix: x,'
    " rules: {policies: {}}}}"
)


def test_a_filter_on_connections_comes_back() -> None:
    data = written(source(before=RBAC))
    filters = data["static_resources"]["listeners"][0]["filter_chains"][0]["filters"]
    assert filters[0]["name"] == "who"
    assert "direct_response" not in route_of(data)


def test_a_filter_on_connections_refuses_where_others_share_them() -> None:
    gateway = converted(source(before=RBAC)).gateway
    gateway.routes.append(Route("open", paths=[PathMatch(path="/open")], upstream="main"))
    ledger = Ledger()
    data = write_gateway(gateway, "envoy", ledger)[0].data
    routes = manager_of(data)["route_config"]["virtual_hosts"][0]["routes"]
    assert ["direct_response" in one for one in routes] == [True, False]
    assert ledger.worst() is Level.ERROR


def cluster_of(data: Json) -> Json:
    """The cluster `main`."""
    clusters = data["static_resources"]["clusters"]
    return dict(next(one for one in clusters if one["name"] == "main"))


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        pytest.param("decorator: {operation: x}", {"decorator": {"operation": "x"}}, id="trace"),
        pytest.param(
            "metadata: {filter_metadata: {a: {b: c}}}",
            {"metadata": {"filter_metadata": {"a": {"b": "c"}}}},
            id="metadata",
        ),
        pytest.param(
            'response_headers_to_add: [{header: {key: x, value: "%REQ(y)%"}}]',
            {"response_headers_to_add": [{"header": {"key": "x", "value": "%REQ(y)%"}}]},
            id="header by a format",
        ),
    ],
)
def test_settings_of_a_route_come_back(route: str, expected: Json) -> None:
    found = route_of(written(source(route=f"{ROUTE}, {route}")))
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param("priority: HIGH", {"priority": "HIGH"}, id="priority"),
        pytest.param(
            "internal_redirect_policy: {max_internal_redirects: 2}",
            {"internal_redirect_policy": {"max_internal_redirects": 2}},
            id="redirects of the upstream",
        ),
        pytest.param(
            "request_mirror_policies: [{cluster_header: x}]",
            {"request_mirror_policies": [{"cluster_header": "x"}]},
            id="copies",
        ),
        pytest.param("host_rewrite_header: x", {"host_rewrite_header": "x"}, id="host"),
        pytest.param(
            "retry_policy: {retry_on: 5xx, retry_options_predicates: [{name: a}]}",
            {},
            id="attempts",
        ),
    ],
)
def test_settings_of_an_action_come_back(action: str, expected: Json) -> None:
    text = source(route=f"match: {{prefix: /}}, route: {{cluster: main, {action}}}")
    found = route_of(written(text))["route"]
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("match", "action"),
    [
        pytest.param(
            "{prefix: /, runtime_fraction: {default_value: {numerator: 5}}}", None, id="5 %"
        ),
        pytest.param(
            "{prefix: /, dynamic_metadata: [{filter: a, path: [{key: b}], value: {present_match:"
            " true}}]}",
            None,
            id="metadata",
        ),
        pytest.param("{prefix: /x}", "{cluster_header: to}", id="cluster by header"),
        pytest.param("{connect_matcher: {}}", None, id="CONNECT"),
    ],
)
def test_a_route_of_which_the_model_has_no_words_comes_back(match: str, action: str | None) -> None:
    found = route_of(written(source(route=f"match: {match}, route: {action or '{cluster: main}'}")))
    wanted = yaml.safe_load(match)
    assert {key: found["match"][key] for key in wanted} == wanted
    assert found["route"] == yaml.safe_load(action or "{cluster: main}")


def test_settings_of_a_virtual_host_come_back() -> None:
    text = source(host="include_request_attempt_count: true, hedge_policy: {initial_requests: 1},")
    data = written(text)
    assert manager_of(data)["route_config"]["virtual_hosts"][0]["include_request_attempt_count"]
    assert route_of(data)["route"]["hedge_policy"] == {"initial_requests": 1}


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [
        pytest.param("alt_stat_name: x", {"alt_stat_name": "x"}, id="statistics"),
        pytest.param(
            "circuit_breakers: {thresholds: [{max_requests: 7}]}",
            {"circuit_breakers": {"thresholds": [{"max_requests": 7}]}},
            id="limits",
        ),
        pytest.param(
            "upstream_bind_config: {source_address: {address: 127.0.0.1, port_value: 0}}",
            {"upstream_bind_config": {"source_address": {"address": "127.0.0.1", "port_value": 0}}},
            id="own address",
        ),
        pytest.param(
            "common_http_protocol_options: {idle_timeout: 3s}",
            {
                "typed_extension_protocol_options": {
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": "type.googleapis.com/"
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        "explicit_http_config": {"http_protocol_options": {}},
                        "common_http_protocol_options": {"idle_timeout": "3s"},
                    }
                }
            },
            id="protocol",
        ),
    ],
)
def test_settings_of_a_cluster_come_back(cluster: str, expected: Json) -> None:
    found = cluster_of(written(source(cluster=cluster)))
    assert {key: found[key] for key in expected} == expected


def test_what_a_control_plane_says_of_a_cluster_is_told() -> None:
    message = '"eds_cluster_config" is not put back: the targets are those of the file'
    cluster = "type: EDS\n    eds_cluster_config: {eds_config: {ads: {}}}"
    assert (Level.WARNING, message) in told(source(cluster=cluster))


def test_settings_of_a_policy_that_have_no_place_are_told() -> None:
    gateway = converted(source()).gateway
    limit = RateLimit([Rate(Duration.seconds(1), 5)], extensions={"envoy": {"enable_x": True}})
    gateway.routes[0].policies.rate_limit = limit
    ledger = Ledger()
    write_gateway(gateway, "envoy", ledger)
    message = '"enable_x" is not put back: what it belongs to is written anew'
    assert message in [entry.message for entry in ledger]


SECURE = f"""transport_socket:
        name: tls
        typed_config:
          "@type": {TLS}
          require_client_certificate: true
          common_tls_context:
            tls_params: {{tls_minimum_protocol_version: TLSv1_3}}
            tls_certificates:
            - {{certificate_chain: {{filename: a.pem}}, private_key: {{filename: a.key}}}}
            validation_context: {{trusted_ca: {{filename: ca.pem}}}}
"""


def with_tls(text: str) -> str:
    """The same with TLS on the listener, which asks clients for a certificate."""
    return text.replace("    - filters:\n", f"    - {SECURE}      filters:\n")


def test_a_certificate_of_clients_is_asked_for() -> None:
    data = written(with_tls(source()))
    assert "direct_response" not in route_of(data)
    chain = data["static_resources"]["listeners"][0]["filter_chains"][0]
    context = chain["transport_socket"]["typed_config"]
    assert context["require_client_certificate"]
    common = context["common_tls_context"]
    assert common["validation_context"] == {"trusted_ca": {"filename": "ca.pem"}}
    assert common["tls_params"] == {"tls_minimum_protocol_version": "TLSv1_3"}


def test_a_plain_listener_takes_no_route_that_asks_for_a_certificate() -> None:
    gateway = converted(with_tls(source())).gateway
    gateway.listeners.append(Listener("plain", port=8000))
    ledger = Ledger()
    data = write_gateway(gateway, "envoy", ledger)[0].data
    assert route_of(data)["direct_response"]["status"] == 403
    assert ledger.worst() is Level.ERROR


# -- what Envoy does by itself

PROXY = (
    '{name: pp, typed_config: {"@type":'
    " type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol}}"
)


def test_listener_filters_come_back() -> None:
    text = source().replace("filter_chains:", f"listener_filters: [{PROXY}]\n    filter_chains:", 1)
    (listener,) = written(text)["static_resources"]["listeners"]
    assert listener["listener_filters"] == [yaml.safe_load(PROXY)]


def test_how_envoy_treats_requests_by_itself_comes_back() -> None:
    manager = manager_of(written(source()))
    wanted = {
        "normalize_path": False,
        "merge_slashes": False,
        "use_remote_address": False,
        "generate_request_id": True,
        "server_header_transformation": "OVERWRITE",
    }
    assert wanted.items() <= manager.items()
    assert "scheme_header_transformation" not in manager


def test_nobody_makes_up_the_scheme_that_routes_look_at() -> None:
    text = source(host="require_tls: ALL,")
    manager = manager_of(converted(text).files[0].data)
    assert manager["use_remote_address"] is False
    assert manager["scheme_header_transformation"] == {"scheme_to_overwrite": "http"}
    message = "the scheme is that of the listener, whatever X-Forwarded-Proto says"
    assert (Level.WARNING, message) in told(text)
