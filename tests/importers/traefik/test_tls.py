"""Certificates and options of TLS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.reading import SERVICE, model, routes, said


def file(tls: str, section: str) -> str:
    """A file with one router, its settings of TLS, and a `tls` section."""
    router = f"r: {{rule: Host(`a`), service: s, tls: {{{tls}}}}}"
    return f"http:\n  routers: {{{router}}}\n{SERVICE}tls:\n{section}"


def certificates(section: str) -> list[dict[str, Any]]:
    """The certificates of a `tls` section."""
    found: list[dict[str, Any]] = model(file("", section)).get("certificates", [])
    return found


FILES = {"certificate_file": "a.crt", "key_file": "a.key"}
CERTIFICATES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "files": ("  certificates: [{certFile: a.crt, keyFile: a.key}]\n", [FILES]),
    "texts": (
        '  certificates: [{certFile: "-----BEGIN C", keyFile: "-----BEGIN K"}]\n',
        [{"certificate": "-----BEGIN C", "key": "-----BEGIN K"}],
    ),
    "the default one": (
        "  stores: {default: {defaultCertificate: {certFile: a.crt, keyFile: a.key}}}\n",
        [FILES],
    ),
    "the same twice": (
        (
            "  certificates: [{certFile: a.crt, keyFile: a.key}]\n"
            "  stores: {default: {defaultCertificate: {certFile: a.crt, keyFile: a.key}}}\n"
        ),
        [FILES],
    ),
    "of the default store": (
        "  certificates: [{certFile: a.crt, keyFile: a.key, stores: [default]}]\n",
        [FILES],
    ),
    "of another store": (
        "  certificates: [{certFile: a.crt, keyFile: a.key, stores: [other]}]\n",
        [],
    ),
    "without a key": ("  certificates: [{certFile: a.crt}]\n", []),
}


@pytest.mark.parametrize(("section", "expected"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_certificates(section: str, expected: list[dict[str, Any]]) -> None:
    found = certificates(section)
    for number, one in enumerate(found, 1):
        assert one.pop("name") == f"certificate-{number}"
    assert found == expected


def test_listeners_for_tls_show_them() -> None:
    text = file("", "  certificates: [{certFile: a.crt, keyFile: a.key}]\n")
    (listener,) = model(text)["listeners"]
    assert listener["certificates"] == ["certificate-1"]


def guards(tls: str, section: str) -> list[str]:
    """Names of the guards of the route."""
    (found,) = routes(file(tls, section))
    return [one["name"] for one in found.get("authentication", {}).get("guards", [])]


ASKS = "  options: {%s: {clientAuth: {caFiles: [ca.crt], clientAuthType: %s}}}\n"
CHECKED = {
    "asked for": ("options: m", ASKS % ("m", "RequireAndVerifyClientCert"), True),
    "of any authority": ("options: m", ASKS % ("m", "RequireAnyClientCert"), True),
    "if there is one": ("options: m", ASKS % ("m", "VerifyClientCertIfGiven"), True),
    "not looked at": ("options: m", ASKS % ("m", "RequestClientCert"), False),
    "not asked for": ("options: m", ASKS % ("m", "NoClientCert"), False),
    "of others": (
        "options: n",
        "  options: {m: {clientAuth: {clientAuthType: RequireAndVerifyClientCert}}, n: {}}\n",
        False,
    ),
    "by default": ("", ASKS % ("default", "RequireAndVerifyClientCert"), True),
    "of another file": ("options: mtls@consul", "  options: {}\n", True),
    "of another file, of versions": ("options: modern@consul", "  options: {}\n", False),
}


@pytest.mark.parametrize(("tls", "section", "checked"), CHECKED.values(), ids=CHECKED)
def test_certificates_of_clients(tls: str, section: str, checked: bool) -> None:
    """An unchecked one lets everybody in, so that others refuse everybody (law 2)."""
    assert guards(tls, section) == (["client-certificate"] if checked else [])


def test_options_are_kept() -> None:
    section = "  options: {m: {minVersion: VersionTLS13, cipherSuites: [A], sniStrict: true}}\n"
    text = file("options: m", section)
    assert model(text)["extensions"]["traefik"]["tls"] == {
        "options": {"m": {"minVersion": "VersionTLS13", "cipherSuites": ["A"], "sniStrict": True}}
    }
    assert [line.partition(": ")[0] for line in said(text) if ".options." in line] == [
        "warning carried tls.options.m.minVersion",
        "warning carried tls.options.m.cipherSuites",
        "warning carried tls.options.m.sniStrict",
    ]


@pytest.mark.parametrize(
    "tls",
    [
        pytest.param("certResolver: le", id="resolver"),
        pytest.param("domains: [{main: a, sans: [b]}]", id="domains"),
    ],
)
def test_certificates_that_traefik_fetches(tls: str) -> None:
    lines = said(file(tls, "  options: {}\n"))
    assert any(
        line.startswith("warning dropped http.routers.r.tls.")
        and line.endswith("Traefik fetches the certificate itself; others need one to show")
        for line in lines
    )
