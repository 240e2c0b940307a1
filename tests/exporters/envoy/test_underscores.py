"""Names of headers with underscores, which nginx takes for those with dashes."""

from __future__ import annotations

import pytest

from tests.exporters.envoy.exported import exported, one_route

GUARD = "ip_access: {deny: [10.0.0.1]}"
MATCH = "header_matches: [{name: X-A, values: ['1']}]"
DROPPED = {"headers_with_underscores_action": "DROP_HEADER"}


@pytest.mark.parametrize(
    ("order", "route", "options", "said"),
    [
        pytest.param("kong", f"{MATCH}, {GUARD}", DROPPED, "Envoy drops all", id="guarded"),
        pytest.param("kong", MATCH, None, "", id="open"),
        pytest.param("gal", f"{MATCH}, {GUARD}", None, "", id="a source that tells them apart"),
        pytest.param(
            "apisix",
            f"{MATCH}, authentication: {{api_key: {{header_name: my_key, keys: [{{key: k}}]}}}}",
            None,
            "is another one to Envoy",
            id="another header has one",
        ),
    ],
)
def test_underscores(order: str, route: str, options: object, said: str) -> None:
    text = f"global: {{route_order: {order}}}\n{one_route(f'path_prefix: /, {route}')}"
    made = exported(text)
    assert made.manager().get("common_http_protocol_options") == options
    found = [message for _, feature, message in made.told if feature == "headers"]
    assert len(found) == bool(said)
    assert all(said in message for message in found)


@pytest.mark.parametrize(
    ("order", "hosts", "stripped"),
    [("apisix", "hosts: [a.test]", True), ("traefik", "methods: [GET]", None),
     ("kong", "hosts: [a.test]", None)],
)  # fmt: skip
def test_a_full_stop_behind_a_host(order: str, hosts: str, stripped: bool | None) -> None:
    text = f"global: {{route_order: {order}}}\n{one_route(f'path_prefix: /, {hosts}')}"
    assert exported(text).manager().get("strip_trailing_host_dot") is stripped
