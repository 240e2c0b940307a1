"""Tokens that a service decides on (`--auth-service`), on a running Traefik whose files are YAML or
TOML.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from gal.context import ExportOptions
from tests.exporters.traefik.exported import exported
from tests.gateways.client import HOST, send
from tests.gateways.gal_text import service
from tests.gateways.recorder import Reply, Seen, Upstream
from tests.gateways.tokens import basic
from tests.gateways.traefik import RunningTraefik

JWT = "jwt: {issuer: 'https://i', claims_to_headers: [{claim: sub, header: X-Sub}]}"
USERS = "basic: {users: [{username: al, password: pw}]}"
KEYS = "api_key: {header_names: [X-Key], keys: [{key: k1}]}"
CONFIG = service(f"""
- {{path_prefix: /token, authentication: {{{JWT}}}}}
- {{path_prefix: /user, authentication: {{require: any, {JWT}, {USERS}}}}}
- {{path_prefix: /both, authentication: {{require: all, {JWT}, {KEYS}}}}}
- {{path_prefix: /any, authentication: {{require: any, {JWT}, {KEYS}, {USERS}}}}}
- {{path_prefix: /open}}
""")
GOOD, BAD = ("Authorization", "Bearer good"), ("Authorization", "Bearer bad")
KEY = ("X-Key", "k1")
AL, NOBODY = ("Authorization", basic("al", "pw")), ("Authorization", basic("al", "no"))
Headers = tuple[tuple[str, str], ...]

ROWS: dict[str, tuple[str, Headers, int, str | None]] = {
    "no token": ("/token", (), 401, None),
    "a token": ("/token", (GOOD,), 200, "anna"),
    "another token": ("/token", (BAD,), 401, None),
    "a made-up subject": ("/token", (GOOD, ("X-Sub", "root")), 200, "anna"),
    "either, a token": ("/user", (GOOD,), 200, "anna"),
    "either, another token": ("/user", (BAD,), 401, None),
    "either, a password": ("/user", (AL,), 200, None),
    "either, another password": ("/user", (NOBODY,), 401, None),
    "either, nothing": ("/user", (), 401, None),
    "both": ("/both", (GOOD, KEY), 200, "anna"),
    "both, only a token": ("/both", (GOOD,), 401, None),
    "both, only a key": ("/both", (KEY,), 401, None),
    "any, a key": ("/any", (KEY,), 200, None),
    "any, a key and another token": ("/any", (KEY, BAD), 200, None),
    "any, a password": ("/any", (AL,), 200, None),
    "any, a token": ("/any", (GOOD,), 200, "anna"),
    "any, nothing": ("/any", (("X-Key", "k2"),), 401, None),
    "not asked": ("/open", (), 200, None),
}


def decide(seen: Seen) -> Reply:
    """The service: it knows one token."""
    if seen.header("authorization") == GOOD[1]:
        return Reply(headers=(("X-Sub", "anna"),))
    return Reply(401)


@dataclass(frozen=True, slots=True)
class Running:
    """Traefik with what stands behind it."""

    traefik: RunningTraefik
    upstream: Upstream
    service: Upstream


@pytest.fixture(scope="module", params=["yaml", "toml"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream("upstream"))
        asked = stack.enter_context(Upstream("service", respond=decide))
        text = CONFIG.replace("{upstream_host}", HOST).replace(
            "{upstream_port}", str(upstream.port)
        )
        options = ExportOptions(
            output_format=request.param, auth_service=f"http://{HOST}:{asked.port}/check"
        )
        files = exported(text, options).files
        traefik = stack.enter_context(RunningTraefik(files, request.param))
        assert traefik.errors() == []
        yield Running(traefik, upstream, asked)


@pytest.mark.parametrize(("path", "headers", "status", "subject"), ROWS.values(), ids=ROWS)
def test_who_gets_in(
    running: Running, path: str, headers: Headers, status: int, subject: str | None
) -> None:
    before = len(running.upstream.requests)
    assert send(running.traefik.port, "GET", path, headers).status == status
    seen = running.upstream.requests[before:]
    assert len(seen) == (1 if status == 200 else 0)
    if seen:
        assert seen[0].header("X-Sub") == subject
