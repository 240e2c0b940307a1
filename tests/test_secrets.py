"""Secrets stay secret: in what values print as, in errors, and in every report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gal.convert import convert
from gal.errors import InputError, Position
from gal.model import ApiKey, Secret
from gal.reading import read_documents
from gal.report import FORMATS, render

SECRET = "do-not-show-this-7"

LINES = {
    "a password": f"  password: {SECRET}",
    "in quotes": f'  "client_secret": "{SECRET}", "port": x',
    "a key": f"- key: {SECRET}",
    "in flow style": f"- {{key: {SECRET}, port: x}}",
    "in TOML": f'apiKey = "{SECRET}"',
    "in a URL": f"url: https://user:{SECRET}@host/path",
    "in a PEM text": "    MIIC1jCCAb4CCQCt23nwvxSCvjANBgkqhkiG9w0BAQsFADAtMRYw",
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_an_error_does_not_show_it(line: str) -> None:
    shown = InputError("wrong", Position("f.yaml", 1, 3, line)).render()
    assert SECRET not in shown
    assert "MIIC1j" not in shown
    assert "***" in shown


@pytest.mark.parametrize("line", ["port: many", "- name: a", "secret_path_unset"])
def test_an_error_shows_the_rest(line: str) -> None:
    assert line in InputError("wrong", Position("f.yaml", 1, 1, line)).render()


@pytest.mark.parametrize("shown", [str, repr, "{}".format, "{!r}".format])
def test_a_secret_prints_as_its_fingerprint(shown: Callable[[object], str]) -> None:
    assert SECRET not in shown(Secret(SECRET))
    assert SECRET not in shown(ApiKey(Secret(SECRET)))
    assert Secret(SECRET).fingerprint in shown(Secret(SECRET))
    assert Secret(SECRET).fingerprint != Secret(SECRET + "8").fingerprint


FULL_OF_SECRETS = f"""\
_format_version: "3.0"
services:
- name: s
  url: http://127.0.0.1:80
  routes: [{{name: r, paths: [/]}}]
  plugins:
  - {{name: key-auth}}
  - {{name: ldap-auth, config: {{ldap_host: h, ldap_password: {SECRET}}}}}
  - {{name: openid-connect, config: {{issuer: i, client_secret: [{SECRET}]}}}}
  - name: rate-limiting
    config: {{minute: 3, policy: redis, redis: {{host: h, password: {SECRET}}}}}
consumers:
- username: c
  keyauth_credentials: [{{key: {SECRET}}}, {{key: {SECRET}2, unknown: {SECRET}}}]
  basicauth_credentials: [{{username: u, password: {SECRET}}}]
  jwt_secrets: [{{key: k, secret: {SECRET}}}]
  hmacauth_credentials: [{{username: h, secret: {SECRET}}}]
  oauth2_credentials: [{{name: a, client_secret: {SECRET}}}]
"""


@pytest.mark.parametrize("report_format", FORMATS)
@pytest.mark.parametrize("target", ["envoy", "kong", "traefik", "gal"])
def test_no_report_shows_it(report_format: str, target: str) -> None:
    conversion = convert(read_documents(FULL_OF_SECRETS, "kong.yaml"), target)
    assert len(conversion.ledger) > 0
    assert SECRET not in render(conversion, target, report_format)
