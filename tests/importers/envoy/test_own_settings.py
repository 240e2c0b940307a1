"""What the ledger says of settings of listeners and virtual hosts, and what it does not repeat."""

from __future__ import annotations

from typing import Any

import pytest

from gal.ledger import Fate
from gal.model import Gateway
from tests.importers.envoy.placed import file, read
from tests.importers.envoy.test_listeners import chain, gateway_of, host, listener

OWN = (
    "local_reply_config: {mappers: [{filter: {and_filter: {filters: [{status_code_filter:"
    " {comparison: {op: EQ, value: {default_value: 503, runtime_key: gal.unused}}}},"
    " {response_flag_filter: {flags: [UF, UC, UR]}}]}}, status_code: %d, body: {inline_string:"
    """ '{"message":"An invalid response was received from the upstream server"}'},"""
    " body_format_override: {text_format_source: {inline_string: '%%LOCAL_REPLY_BODY%%'},"
    " content_type: application/json; charset=utf-8}}]}"
)


DEFAULTS = {
    "generate_request_id": True,
    "merge_slashes": False,
    "normalize_path": False,
    "server_header_transformation": "OVERWRITE",
    "use_remote_address": False,
}
AS_WRITTEN = "Envoy compares paths as clients write them; others bring them into a normal form"
BELIEVED = "Envoy believes what clients say in X-Forwarded-For and X-Forwarded-Proto"


def all_of_managers(gateway: Gateway) -> dict[str, Any]:
    kept: dict[str, Any] = gateway.extensions.get("envoy", {}).get("connection_managers", {})
    own: dict[str, Any] = kept.get("l", {})
    return own


def managers(gateway: Gateway) -> dict[str, Any]:
    """What is kept besides what Envoy does by itself."""
    kept = all_of_managers(gateway)
    assert DEFAULTS.items() <= kept.items()
    return {key: value for key, value in kept.items() if key not in DEFAULTS}


@pytest.mark.parametrize(
    ("setting", "kept", "said"),
    [
        pytest.param("", DEFAULTS, {AS_WRITTEN, BELIEVED}, id="nothing said"),
        pytest.param(
            "use_remote_address: false", DEFAULTS, {AS_WRITTEN, BELIEVED}, id="behind a proxy"
        ),
        pytest.param(
            "use_remote_address: true, normalize_path: true, merge_slashes: true,"
            " generate_request_id: false, server_header_transformation: PASS_THROUGH",
            {},
            set(),
            id="as other gateways do",
        ),
        pytest.param(
            "use_remote_address: true, normalize_path: {value: true}, merge_slashes: false",
            {
                "normalize_path": {"value": True},
                **{key: DEFAULTS[key] for key in DEFAULTS if key[:3] in ("gen", "mer", "ser")},
            },
            set(),
            id="some of it",
        ),
    ],
)
def test_what_envoy_does_by_itself_is_kept(
    setting: str, kept: dict[str, Any], said: set[str]
) -> None:
    text = file(manager=setting.replace(", ", "\n          ")).replace("prefix: x", "prefix: l")
    gateway, ledger = read(text)
    assert all_of_managers(gateway) == kept
    assert {one.message for one in ledger if one.message in (AS_WRITTEN, BELIEVED)} == said


@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        pytest.param(OWN % 502, ["stat_prefix"], id="GAL's own answer is not kept"),
        pytest.param(OWN % 504, ["local_reply_config", "stat_prefix"], id="another answer is"),
        pytest.param("forward_client_cert_matcher: {}", ["forward_client_cert_matcher"], id="xfcc"),
        pytest.param("access_log_flush_interval: 1s", ["access_log_flush_interval"], id="log"),
    ],
)
def test_connection_managers(setting: str, kept: list[str]) -> None:
    gateway, _ = read(file(manager=setting))
    assert sorted({*managers(gateway), "stat_prefix"}) == sorted({*kept, "stat_prefix"})


def test_a_stat_prefix_of_the_listeners_name_is_not_kept() -> None:
    gateway, _ = read(file().replace("stat_prefix: x", "stat_prefix: l"))
    assert managers(gateway) == {}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("ALL", []),
        ("NONE", []),
        ("EXTERNAL_ONLY", ["requests from inside are sent to HTTPS, too"]),
    ],
)
def test_require_tls(wanted: str, said: list[str]) -> None:
    _, ledger = read(file(host=f"require_tls: {wanted}", manager="use_remote_address: true"))
    found = [
        entry.message
        for entry in ledger
        if entry.fate is Fate.APPROXIMATED and entry.path.endswith("require_tls")
    ]
    assert found == said


def test_require_tls_behind_a_proxy() -> None:
    _, ledger = read(file(host="require_tls: ALL"))
    message = "requests are sent to HTTPS that a proxy in front has got by it, too"
    assert message in [entry.message for entry in ledger]


@pytest.mark.parametrize(
    ("domain", "names", "said"),
    [
        ("a.test", ["route-match"], ("carried", "a header other than Host chooses")),
        ("*", [], ("dropped", "no effect, as there is one virtual host for every host")),
    ],
    ids=["among several", "the only one"],
)
def test_a_header_that_chooses_the_virtual_host(
    domain: str, names: list[str], said: tuple[str, str]
) -> None:
    text = file().replace("route_config:", "route_config:\n            vhost_header: X-Host")
    gateway, ledger = read(text.replace("domains: ['*']", f"domains: ['{domain}']"))
    login = gateway.routes[0].policies.authentication
    assert [one.name for one in (login.guards if login is not None else [])] == names
    told = [(one.fate.value, one.message) for one in ledger if one.path.endswith("vhost_header")]
    assert [fate for fate, _ in told] == [said[0]]
    assert told[0][1].startswith(said[1])


@pytest.mark.parametrize(
    ("domain", "table", "manager", "said"),
    [
        ("a.test", "", "", True),
        ("*", "", "", False),
        ("a.test:81", "", "", False),
        ("a.test", "ignore_port_in_host_matching: true", "", False),
        ("a.test", "", "strip_any_host_port: true", False),
    ],
    ids=["a name", "every host", "with a port", "ports ignored", "ports taken away"],
)
def test_ports_in_host(domain: str, table: str, manager: str, said: bool) -> None:
    text = file(manager=manager).replace("domains: ['*']", f"domains: ['{domain}']")
    text = text.replace("route_config:", f"route_config:\n            {table}")
    _, ledger = read(text)
    message = "a Host with a port is another one for Envoy; here the port is not compared"
    assert (message in [one.message for one in ledger]) == said


@pytest.mark.parametrize(
    ("match", "tls", "bodies"),
    [
        pytest.param({"server_names": ["a.test"]}, {}, ["x"], id="alike"),
        pytest.param(
            {"server_names": ["a.test"]},
            {"require_client_certificate": True},
            ["x", "x"],
            id="another has to show a certificate",
        ),
    ],
)
def test_chains_that_differ_in_their_certificate_only(
    match: dict[str, Any], tls: dict[str, Any], bodies: list[str]
) -> None:
    chains = [chain(host("*", "x"), match=match, tls=tls), chain(host("*", "x"), tls={})]
    gateway = gateway_of(listener(443, *chains))
    answers = [route.policies.direct_response for route in gateway.routes]
    assert [one.body for one in answers if one is not None] == bodies
