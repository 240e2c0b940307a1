"""What a Compose file publishes of a gateway's container."""

from __future__ import annotations

import pytest

from tests.lint.support import codes, lint, put

COMPOSE = """\
services:
  traefik:
    image: traefik:v3.6
    command: [--providers.docker=true, --api.insecure=true]
{lines}
  shop:
    image: shop
    labels: ["traefik.http.routers.shop.rule=PathPrefix(`/`)"]
"""


@pytest.mark.parametrize(
    ("lines", "severity"),
    [
        pytest.param('ports: ["8080:8080"]', "critical", id="published"),
        pytest.param('ports: ["9000-9010:8075-8085/tcp"]', "critical", id="in a range"),
        pytest.param("ports: [{target: 8080, published: 8080}]", "critical", id="long form"),
        pytest.param('ports: ["${PORT}"]', "critical", id="not known"),
        pytest.param("network_mode: host", "critical", id="no network of its own"),
        pytest.param('ports: ["80:80", "443:443"]', "medium", id="others are published"),
        pytest.param('ports: ["127.0.0.1:8080:8080"]', "medium", id="on this machine only"),
        pytest.param(
            'ports: [{target: 8080, host_ip: "::1"}]', "medium", id="long form, here only"
        ),
        pytest.param("restart: always", "medium", id="none"),
    ],
)
def test_an_api_whose_port_is_not_published_counts_less(
    lines: str, severity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put("compose.yaml", COMPOSE.format(lines=f"    {lines}"))
    lint("compose.yaml", "--select", "GAL060", "--format", "concise")
    shown = capsys.readouterr().out
    assert codes(shown) == ["4:GAL060"]
    assert f" {severity}[GAL060]" in shown
