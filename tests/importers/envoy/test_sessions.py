"""`stateful_session`."""

from __future__ import annotations

from tests.importers.envoy.placed import file, http, policies, read

STATE = "type.googleapis.com/envoy.extensions.http.stateful_session"
COOKIE = f"{STATE}.cookie.v3.CookieBasedSessionState"
HEADER = f"{STATE}.header.v3.HeaderBasedSessionState"


def session(kind: str, settings: str) -> str:
    state = f"session_state: {{name: c, typed_config: {{'@type': {kind}, {settings}}}}}"
    return file(http("stateful_session.v3.StatefulSession", state))


def test_a_cookie_is_the_upstreams() -> None:
    gateway, _ = read(session(COOKIE, "cookie: {name: id, path: /}"))
    (upstream,) = gateway.upstreams
    assert upstream.load_balancer.sticky_sessions
    assert upstream.load_balancer.cookie_name == "id"


def test_a_header_is_envoys_own() -> None:
    assert list(policies(session(HEADER, "name: x-target"))) == ["plugins"]
