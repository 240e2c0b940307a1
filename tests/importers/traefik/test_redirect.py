"""`redirectScheme` and `redirectRegex`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.importers.traefik.placed import RULE, fates, policies

HOST = "Host(`www.a.b`)"
PARTS = r"^([a-z]+)://([^/:]+|\[[^\]]*\])(:[0-9]+)?(/[^?]*)?(\?.*)?$"
TO_HTTPS = {"redirect": {"scheme": "https", "status_code": 302}}


def regex(expression: str, replacement: str, more: str = "") -> str:
    """A middleware."""
    return (
        f"{{redirectRegex: {{regex: {json.dumps(expression)},"
        f" replacement: {json.dumps(replacement)}{more}}}}}"
    )


@pytest.mark.parametrize(
    ("middleware", "router", "expected"),
    [
        pytest.param("{redirectScheme: {scheme: https}}", "", TO_HTTPS, id="to HTTPS"),
        pytest.param(
            "{redirectscheme: {scheme: https, permanent: 'true', port: '443'}}",
            "",
            {"redirect": {"scheme": "https"}},
            id="as labels, for ever",
        ),
        pytest.param("{redirectScheme: {scheme: https}}", "tls: {}", {}, id="is HTTPS already"),
        pytest.param(
            "{redirectScheme: {scheme: https, port: 8443}}",
            "",
            {"redirect": {"scheme": "https", "port": 8443, "status_code": 302}},
            id="with a port",
        ),
        pytest.param(
            "{redirectScheme: {scheme: http, port: 80, permanent: true}}",
            "",
            {"redirect": {"scheme": "http"}},
            id="to HTTP",
        ),
    ],
)
def test_scheme(middleware: str, router: str, expected: dict[str, Any]) -> None:
    """Another scheme."""
    found = policies(middleware, router=router)
    if router:
        found.pop("schemes")
    assert found == expected


@pytest.mark.parametrize(
    ("middleware", "rule", "expected"),
    [
        pytest.param(
            regex("^.*$", "https://x/y$$z", ", permanent: true"),
            RULE,
            {"location": "https://x/y$z"},
            id="one place",
        ),
        pytest.param(
            regex(r"^[^:]+://[^/?]*([^?]*)(\?.*)?$", "https://x${1}${2}"),
            RULE,
            {"location": "https://x", "keep_path": True, "status_code": 302},
            id="path and query kept",
        ),
        pytest.param(
            regex(PARTS, "${1}://b.c${3}${4}"),
            RULE,
            {"host": "b.c", "strip_query": True, "status_code": 302},
            id="by parts",
        ),
        pytest.param(
            regex(PARTS, "https://${2}:8443/x${5}"),
            RULE,
            {"scheme": "https", "port": 8443, "path": "/x", "status_code": 302},
            id="by other parts",
        ),
        pytest.param(
            regex(r"^https?://www\.a\.b/(.*)", "https://a.b/${1}", ", permanent: true"),
            HOST,
            {"scheme": "https", "host": "a.b"},
            id="another host",
        ),
        pytest.param(
            regex("^https?://www.a.b(.*)", "https://a.b$1"),
            HOST,
            {"scheme": "https", "host": "a.b", "status_code": 302},
            id="another host, without the slash",
        ),
        pytest.param(
            regex(r"^(https?)://www\.(.*)", "https://${2}"),
            HOST,
            {"scheme": "https", "host": "a.b", "status_code": 302},
            id="without a label",
        ),
        pytest.param(
            regex("^https?://www.a.b/(.*)", "https://a.b/c/${1}"),
            HOST,
            {"location": "https://a.b/c", "keep_path": True, "status_code": 302},
            id="below a path",
        ),
        pytest.param(
            regex("^https?://www.a.b/.*", "https://a.b/c"),
            HOST,
            {"location": "https://a.b/c", "status_code": 302},
            id="away from a host",
        ),
    ],
)
def test_regex(middleware: str, rule: str, expected: dict[str, Any]) -> None:
    """Addresses by an expression."""
    assert policies(middleware, rule=rule) == (
        {"hosts": ["www.a.b"], "redirect": expected} if rule == HOST else {"redirect": expected}
    )


def test_regex_to_https() -> None:
    """Only plain requests are redirected."""
    assert policies(regex("^http://(.*)", "https://$1")) == TO_HTTPS


@pytest.mark.parametrize(
    ("middleware", "rule"),
    [
        pytest.param(regex("^https?://other/(.*)", "https://a/$1"), HOST, id="another host's"),
        pytest.param(regex("^https?://www.a.b/old/(.*)", "/new/$1"), HOST, id="some paths"),
        pytest.param(regex("^https?://www.a.b/$", "https://a.b/x"), HOST, id="the root only"),
        pytest.param("{redirectScheme: {scheme: wss}}", RULE, id="no scheme of HTTP"),
    ],
)
def test_carried(middleware: str, rule: str) -> None:
    """Conditions that the model does not have are kept for Traefik."""
    found = policies(middleware, rule=rule)
    assert list(found["plugins"]["traefik"][0]) == ["name", middleware[1:].partition(":")[0]]
    assert "redirect" not in found
    assert fates(middleware, rule=rule) == ["warning carried m1"]


def test_what_comes_behind() -> None:
    """Behind a redirection that always acts nothing does."""
    chain = (regex("^.*$", "https://x"), "{basicAuth: {users: ['a:{SHA}x=']}}")
    assert policies(*chain) == {"redirect": {"location": "https://x", "status_code": 302}}
    assert sorted(fates(*chain)) == ["info approximated m1", "info dropped m2"]


def test_what_comes_before() -> None:
    """In the model a redirection comes after authentication, which is where it stands here."""
    chain = ("{basicAuth: {users: ['a:{SHA}x=']}}", regex("^.*$", "https://x"))
    assert set(policies(*chain)) == {"authentication", "redirect"}
    assert fates(*chain) == ["info approximated m2"]


def test_https_before_credentials() -> None:
    """Plain requests are sent to HTTPS before anything is asked."""
    chain = ("{redirectScheme: {scheme: https}}", "{basicAuth: {users: ['a:{SHA}x=']}}")
    assert set(policies(*chain)) == {"redirect"}
    assert fates(*chain) == [
        "info approximated m1",
        "info approximated m1.redirectScheme",
        "info dropped m2",
    ]
