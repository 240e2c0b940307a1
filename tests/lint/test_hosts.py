"""Which hosts are public."""

from __future__ import annotations

import pytest

from gal.lint.hosts import host_of, is_public


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("api.example.com", True),
        ("api.example.co.uk.", True),
        ("8.8.8.8", True),
        ("[2001:4860:4860::8888]", True),
        ("shop", False),
        ("shop.internal", False),
        ("shop.default.svc.cluster.local", False),
        ("shop.default", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("fd00::1", False),
        ("127.0.0.1", False),
        ("shop.test", False),
        ("${HOST}.example.com", False),
        ("shop.intern.example.com", False),
    ],
)
def test_public_hosts(host: str, expected: bool) -> None:
    assert is_public(host, ("*.intern.example.com",)) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://idp.test:8080/a", "idp.test"),
        ("https://user:word@idp.test?x=a://b", "idp.test"),
        ("http://[::1]:80/", "::1"),
        ("idp.test:80", None),
        ("http://", None),
    ],
)
def test_the_host_of_a_url(url: str, expected: str | None) -> None:
    assert host_of(url) == expected
