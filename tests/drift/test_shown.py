"""What of data that the model does not know is shown, and what only as a fingerprint."""

from __future__ import annotations

from typing import Any

import pytest

from gal.drift.shown import shown_opaque, shown_value

PLAIN = [
    ("plugins.x.config.timeout", "10s"),
    ("plugins.x.config.timeout", "1m30s"),
    ("plugins.x.config.timeout", "0.5s"),
    ("plugins.x.config.size", "10MiB"),
    ("plugins.x.config.share", "50%"),
    ("plugins.x.config.limit", 7),
    ("plugins.x.config.policy", "local"),
    ("plugins.x.config.mode", "STRICT_DNS"),
    ("plugins.x.config.mode", "NoClientCert"),
    ("extensions.traefik.tls.options.default.minVersion", "VersionTLS12"),
    ("plugins.x.config.allow", "10.0.0.0/8"),
    ("plugins.x.config.path", "/health/ready"),
    ("plugins.x.config.on", True),
    ("authentication.guards.mtls-auth.cache_ttl", 60),
    ("authentication.guards.mtls-auth.revocation_check_mode", "SKIP"),
    ("plugins.x.config.token_ttl", "60s"),
    ("plugins.x.config.password", "{vault://env/x}"),
]
HIDDEN = [
    ("plugins.x.config.password", "hunter"),
    ("plugins.x.config.password", 1234),
    ("plugins.x.config.token", "10s"),
    ("plugins.x.config.api_key", "abc"),
    ("plugins.x.config.secrets.first", "abc"),
    ("plugins.x.config.value", "s3cr3t"),
    ("plugins.x.config.value", "AbCdEfGh"),
    ("plugins.x.config.url", "https://a.test/hook/T0B0"),
    ("plugins.x.config.path", "/hook/T0B0"),
    ("plugins.x.config.value", "two words"),
    ("plugins.x.config.timeout", "x10s"),
]


@pytest.mark.parametrize(("name", "value"), PLAIN, ids=[f"{name}={value}" for name, value in PLAIN])
def test_shown(name: str, value: Any) -> None:
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    assert shown_opaque(name, value) == text


@pytest.mark.parametrize(
    ("name", "value"), HIDDEN, ids=[f"{name}={value}" for name, value in HIDDEN]
)
def test_a_fingerprint(name: str, value: Any) -> None:
    text = shown_opaque(name, value)
    assert text.startswith("<secret:")
    assert str(value) not in text


def test_the_default_of_a_placeholder_may_be_a_secret() -> None:
    assert shown_opaque("x", "${KEY}") == "${KEY}"
    for text in (
        shown_opaque("x", "${KEY:-canary}"),
        shown_opaque("x", "${KEY-canary}"),
        shown_value("X-Token", "Bearer ${KEY:-canary}"),
    ):
        assert "canary" not in text
        assert "KEY" in text
