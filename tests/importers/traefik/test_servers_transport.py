"""How servers are spoken to."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.placed import file, model, said
from tests.importers.traefik.reading import WAITS

PEM = "-----BEGIN CERTIFICATE-----"


def text(settings: str, scheme: str = "https") -> str:
    """A file whose service uses a transport."""
    servers = f"servers: [{{url: '{scheme}://a'}}], serversTransport: t"
    services = f"s: {{loadBalancer: {{{servers}}}}}"
    return file(services=services) + f"  serversTransports:\n    t: {{{settings}}}\n"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param("disableHTTP2: false", {"verify": True}, id="checked"),
        pytest.param("insecureSkipVerify: true", {"verify": False}, id="not checked"),
        pytest.param("serverName: n", {"verify": True, "sni": "n"}, id="name"),
        pytest.param(
            f"rootCAs: [/ca.pem, '{PEM}']",
            {"verify": True, "ca_certificates": ["t-ca", PEM]},
            id="authorities",
        ),
        pytest.param(
            "certificates: [{certFile: /c.pem, keyFile: /k.pem}]",
            {"verify": True, "client_certificate": "t-client"},
            id="client certificate",
        ),
    ],
)
def test_tls(settings: str, expected: dict[str, Any]) -> None:
    """How TLS is done."""
    assert model(text(settings))["services"][0]["upstream"]["tls"] == expected


def test_certificates() -> None:
    """What stands in files is a certificate of the model."""
    found = model(text("rootCAs: [/ca], certificates: [{certFile: /c, keyFile: /k}]"))
    assert found["certificates"] == [
        {"name": "t-ca", "certificate_file": "/ca"},
        {"name": "t-client", "certificate_file": "/c", "key_file": "/k"},
    ]


def test_without_transport() -> None:
    """Traefik checks certificates."""
    services = "s: {loadBalancer: {servers: [{url: 'https://a'}]}}"
    upstream = model(file(services=services))["services"][0]["upstream"]
    assert upstream["tls"] == {"verify": True}


def test_plain_servers() -> None:
    """TLS settings do nothing for plain servers."""
    upstream = model(text("insecureSkipVerify: true", "http"))["services"][0]["upstream"]
    assert "tls" not in upstream


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("dialTimeout: 5s, responseHeaderTimeout: 7", {"connect": "5s", "read": "7s"}),
        ("responseHeaderTimeout: 7s", {"read": "7s"}),
        ("idleConnTimeout: 5s", {}),
        ("dialTimeout: 0s", {"connect": "0s"}),
    ],
)
def test_timeouts(settings: str, expected: dict[str, str]) -> None:
    """How long is waited: half a minute for a connection, and for ever for the rest, if unsaid."""
    found = model(text(f"forwardingTimeouts: {{{settings}}}"))["services"][0]["upstream"]
    assert found["timeout"] == WAITS["timeout"] | expected


def test_without_settings_nothing_is_tried_again() -> None:
    services = "s: {loadBalancer: {servers: [{url: 'http://a'}]}}"
    upstream = model(file(services=services))["services"][0]["upstream"]
    assert {key: upstream[key] for key in WAITS} == WAITS


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("insecureSkipVerify: true", []),
        ("spiffe: {ids: [a]}", ["warning carried spiffe"]),
        ("peerCertURI: a", ["warning carried peerCertURI"]),
        ("maxIdleConnsPerHost: 5", ["info carried maxIdleConnsPerHost"]),
        (
            "forwardingTimeouts: {responseHeaderTimeout: 5s, pingTimeout: 1s}",
            [
                "warning approximated forwardingTimeouts.responseHeaderTimeout",
                "info carried forwardingTimeouts.pingTimeout",
            ],
        ),
        (
            "certificates: [{certFile: a, keyFile: b}, {certFile: c, keyFile: d}]",
            ["warning dropped certificates[1]"],
        ),
    ],
)
def test_ledger(settings: str, expected: list[str]) -> None:
    """What the ledger says."""
    entries = said(text(settings), "http.serversTransports.t.")
    assert [entry.partition(": ")[0] for entry in entries] == expected
