"""Dumps of a running Envoy: each resource is read once, and what stands in place of a secret opens
nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gal.codec import encode
from gal.convert import convert
from gal.ledger import Level
from gal.reading import read_documents
from gal.writing import render
from tests.importers.envoy.placed import file, guards, http, per_route, policies, read

Json = dict[str, Any]

ADMIN = "type.googleapis.com/envoy.admin.v3."
CONFIG = "type.googleapis.com/envoy.config."
KEY = "api_key_auth.v3.ApiKeyAuth"
BASIC = "basic_auth.v3.BasicAuth"
JWT = "jwt_authn.v3.JwtAuthentication"
PLACE = "key_sources: [{header: x-key}]"
HIDDEN = "{key: '[redacted]', client: '[redacted]'}"
USERS = "users: {inline_string: '[redacted]'}"
USERS_IN_BYTES = "users: {inline_bytes: W3JlZGFjdGVkXQ==}"
KNOWN_USERS = "users: {inline_string: 'ann:{SHA}a='}"
OPENS_NOTHING = "Envoy does not show this key, so it opens nothing until it is filled in"
REFUSED = "Envoy does not show its secrets, so everybody is refused until they are filled in"

FILTERS = [
    pytest.param(http(KEY, f"credentials: [{HIDDEN}], {PLACE}"), {}, id="keys"),
    pytest.param(
        http(KEY, f"credentials: [{{key: k, client: c}}], {PLACE}", name="f"),
        {"f": per_route(f"{KEY}PerRoute", f"credentials: [{HIDDEN}]")},
        id="keys of a route",
    ),
    pytest.param(http(BASIC, USERS), {}, id="users"),
    pytest.param(http(BASIC, USERS_IN_BYTES), {}, id="users in bytes"),
    pytest.param(
        http(BASIC, KNOWN_USERS, name="f"),
        {"f": per_route(f"{BASIC}PerRoute", USERS)},
        id="users of a route",
    ),
    pytest.param(
        http(
            JWT,
            "providers: {a: {local_jwks: {inline_string: '[redacted]'}}},"
            " rules: [{match: {prefix: /}, requires: {provider_name: a}}]",
        ),
        {},
        id="keys of tokens",
    ),
    pytest.param(
        http(
            "oauth2.v3.OAuth2",
            "config: {credentials: {client_id: c, hmac_secret: {inline_string: '[redacted]'}}}",
        ),
        {},
        id="another access control",
    ),
]


@pytest.mark.parametrize(("chain", "per_filter"), FILTERS)
def test_what_is_not_shown_opens_nothing(chain: str, per_filter: dict[str, str]) -> None:
    text = file(chain, per_filter=per_filter)
    assert len(guards(text)) == 1
    _, ledger = read(text)
    assert REFUSED in [one.message for one in ledger if one.level is Level.ERROR]


@pytest.mark.parametrize("target", ["kong", "apisix", "traefik", "envoy"])
@pytest.mark.parametrize(("chain", "per_filter"), FILTERS)
def test_nobody_writes_it_as_a_secret(chain: str, per_filter: dict[str, str], target: str) -> None:
    text = file(chain, per_filter=per_filter)
    conversion = convert(read_documents(text, "envoy.yaml", "yaml"), target, source="envoy")
    written = [render(one.data, "yaml") for one in conversion.files]
    assert [one for one in written if "redacted" in one or "W3JlZGFjdGVkXQ" in one] == []
    said = [one.message for one in conversion.ledger if one.level is Level.ERROR]
    assert any("everybody is refused" in one and one != REFUSED for one in said)


def test_keys_that_are_known_stay() -> None:
    text = file(http(KEY, f"credentials: [{HIDDEN}, {{key: k, client: ann}}], {PLACE}"))
    section = policies(text)["authentication"]["api_key"]
    assert section == {"header_name": "x-key", "keys": [{"key": "k", "name": "ann"}]}
    _, ledger = read(text)
    assert [one.message for one in ledger if one.level is Level.ERROR] == [OPENS_NOTHING]


@pytest.mark.parametrize("key", ["inline_string: '[redacted]'", "inline_bytes: W3JlZGFjdGVkXQ=="])
def test_a_certificate_without_its_key_is_of_no_use(key: str) -> None:
    tls = (
        "{name: tls, typed_config: {'@type': type.googleapis.com/envoy.extensions"
        ".transport_sockets.tls.v3.DownstreamTlsContext, common_tls_context: {tls_certificates:"
        f" [{{certificate_chain: {{inline_string: C}}, private_key: {{{key}}}}}]}}}}}}"
    )
    text = file().replace("    - filters:\n", f"    - transport_socket: {tls}\n      filters:\n")
    gateway, ledger = read(text)
    (certificate,) = gateway.certificates
    assert (certificate.certificate, certificate.key) == ("C", None)
    said = "Envoy does not show it: the certificate is of no use until it is there"
    assert said in [one.message for one in ledger if one.level is Level.WARNING]


# -- each resource once

BOOTSTRAP: Json = {
    "node": {"id": "n"},
    "static_resources": {
        "listeners": [
            {
                "name": "l",
                "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
                "filter_chains": [
                    {
                        "filters": [
                            {
                                "name": "m",
                                "typed_config": {
                                    "@type": "type.googleapis.com/envoy.extensions.filters.network"
                                    ".http_connection_manager.v3.HttpConnectionManager",
                                    "stat_prefix": "l",
                                    "normalize_path": True,
                                    "merge_slashes": True,
                                    "route_config": {
                                        "name": "r",
                                        "virtual_hosts": [
                                            {
                                                "name": "v",
                                                "domains": ["*"],
                                                "routes": [
                                                    {
                                                        "match": {"prefix": "/"},
                                                        "route": {"cluster": "c"},
                                                    }
                                                ],
                                            }
                                        ],
                                    },
                                },
                            }
                        ]
                    }
                ],
            }
        ],
        "clusters": [{"name": "c", "type": "STATIC"}],
        "secrets": [{"name": "s", "generic_secret": {"secret": {"inline_string": "x"}}}],
    },
}
STATIC = BOOTSTRAP["static_resources"]
PROGRAM: Json = {
    "extensions": [{"name": "x", "category": "y"}],
    "user_agent_name": "envoy",
    "user_agent_build_version": {"version": {"major_number": 1}},
}


def part(kind: str, section: str, key: str, resource: Json, message: str) -> Json:
    typed = {"@type": CONFIG + message, **resource}
    entry = {key: typed, "last_updated": "2026-01-01T00:00:00Z"}
    return {"@type": f"{ADMIN}{kind}", section: [entry]}


BOOTSTRAP_DUMP: Json = {
    "@type": f"{ADMIN}BootstrapConfigDump",
    "bootstrap": {**BOOTSTRAP, "node": {"id": "n", **PROGRAM}},
}
CLUSTERS = part(
    "ClustersConfigDump", "static_clusters", "cluster", STATIC["clusters"][0], "cluster.v3.Cluster"
)
LISTENERS = part(
    "ListenersConfigDump",
    "static_listeners",
    "listener",
    STATIC["listeners"][0],
    "listener.v3.Listener",
)
_MANAGER = STATIC["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
ROUTES = part(
    "RoutesConfigDump",
    "static_route_configs",
    "route_config",
    _MANAGER["route_config"],
    "route.v3.RouteConfiguration",
)
SECRETS: Json = {
    "@type": f"{ADMIN}SecretsConfigDump",
    "static_secrets": [{"name": "s", "secret": STATIC["secrets"][0]}],
}


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([BOOTSTRAP_DUMP], id="bootstrap"),
        pytest.param([BOOTSTRAP_DUMP, CLUSTERS], id="clusters besides"),
        pytest.param([BOOTSTRAP_DUMP, LISTENERS], id="listeners besides"),
        pytest.param([CLUSTERS, LISTENERS, BOOTSTRAP_DUMP], id="bootstrap last"),
        pytest.param([BOOTSTRAP_DUMP, CLUSTERS, LISTENERS, ROUTES, SECRETS], id="all parts"),
    ],
)
def test_each_resource_is_read_once(parts: list[Json]) -> None:
    expected, _ = read(json.dumps(BOOTSTRAP))
    found, ledger = read(json.dumps({"configs": parts}))
    assert encode(found) == encode(expected)
    assert [one for one in ledger if one.level is not Level.INFO] == []
