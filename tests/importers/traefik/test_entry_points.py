"""Entry points as listeners, and their redirections."""

from __future__ import annotations

from typing import Any

import pytest

from tests.importers.traefik.reading import SERVICE, model, refusal, routers, routes, said

PLAIN = "p: {rule: Host(`p`), service: s}"
SECURE = "t: {rule: Host(`t`), service: s, tls: {}}"

LISTENERS: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    "plain": ("web: {address: ':80'}", (PLAIN,), ["web 0.0.0.0:80 http"]),
    "an address": ("web: {address: '10.0.0.1:80'}", (PLAIN,), ["web 10.0.0.1:80 http"]),
    "an address of six": ("web: {address: '[::1]:80/tcp'}", (PLAIN,), ["web ::1:80 http"]),
    "no address": ("web: {}", (PLAIN,), ["web 0.0.0.0:80 http"]),
    "TLS by a router": ("in: {address: ':9000'}", (SECURE,), ["in 0.0.0.0:9000 https"]),
    "TLS by itself": (
        "in: {address: ':9000', http: {tls: {}}}",
        (PLAIN,),
        ["in 0.0.0.0:9000 https"],
    ),
    "UDP": ("web: {address: ':80'}, dns: {address: ':53/udp'}", (PLAIN,), ["web 0.0.0.0:80 http"]),
    "both, the usual ports": (
        "web: {address: ':80'}, websecure: {address: ':443'}",
        (PLAIN, SECURE),
        ["web 0.0.0.0:80 http", "websecure 0.0.0.0:443 https"],
    ),
    "both, by their names": (
        "a: {address: ':9000'}, a-tls: {address: ':9001'}",
        (PLAIN, SECURE),
        ["a 0.0.0.0:9000 http", "a-tls 0.0.0.0:9001 https"],
    ),
    "both, the only port": ("in: {address: ':9000'}", (PLAIN, SECURE), ["in 0.0.0.0:9000 https"]),
    "nobody uses Traefik's own": (
        "web: {address: ':80'}, traefik: {address: ':8080'}",
        (PLAIN,),
        ["web 0.0.0.0:80 http"],
    ),
}


@pytest.mark.parametrize(("points", "lines", "expected"), LISTENERS.values(), ids=LISTENERS)
def test_listeners(points: str, lines: tuple[str, ...], expected: list[str]) -> None:
    text = routers(*lines, points=f"entryPoints: {{{points}}}\n")
    assert _listeners(text) == expected


def _listeners(text: str) -> list[str]:
    return [
        f"{one['name']} {one.get('host', '0.0.0.0')}:{one['port']} {one.get('protocol', 'http')}"
        for one in model(text)["listeners"]
    ]


def test_ports_that_take_both_are_said() -> None:
    points = "entryPoints: {web: {address: ':80'}, websecure: {address: ':443'}}\n"
    text = routers(PLAIN, SECURE, points=points)
    assert [line for line in said(text) if "entryPoints" in line] == [
        (
            "warning approximated entryPoints.web: Traefik takes TLS requests on this port, too; "
            "others plain ones only"
        ),
        (
            "warning approximated entryPoints.websecure: Traefik takes plain requests on this "
            "port, too; others TLS ones only"
        ),
    ]


ASSUMED = {
    "by their names": (
        ("a: {rule: Path(`/`), service: s, entryPoints: [websecure, web], tls: {}}",),
        ["websecure 0.0.0.0:443 https", "web 0.0.0.0:80 https"],
    ),
    "none": (("a: {rule: Path(`/`), service: s}",), ["web 0.0.0.0:80 http"]),
    "free ports": (
        (
            "a: {rule: Path(`/`), service: s, entryPoints: [x, y]}",
            "b: {rule: Path(`/`), service: s, entryPoints: [z], tls: {}}",
        ),
        ["x 0.0.0.0:80 http", "y 0.0.0.0:8000 http", "z 0.0.0.0:443 https"],
    ),
}


@pytest.mark.parametrize(("lines", "expected"), ASSUMED.values(), ids=ASSUMED)
def test_without_a_static_file(lines: tuple[str, ...], expected: list[str]) -> None:
    text = routers(*lines, points="")
    assert _listeners(text) == expected
    assert any("the ports of entry points are not said here" in line for line in said(text))


# -- redirections

POINTS = (
    "entryPoints:\n"
    "  web: {address: ':80', %shttp: {redirections: {entryPoint: {%s}}%s}}\n"
    "  in: {address: ':%s'}\n"
)


def redirection(to: str, port: int = 443, before: str = "", http: str = "") -> dict[str, Any]:
    """The route of an entry point's redirection."""
    text = POINTS % (before, to, http, port) + "http:\n" + SERVICE
    text += "  middlewares: {ip: {ipAllowList: {sourceRange: [10.0.0.0/8]}}}\n"
    (found,) = routes(text)
    assert found.pop("name") == "web-redirect"
    assert found.pop("destinations") == [{"port": 80}]
    return found


HIGHEST = 9223372036854775806
REDIRECTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "usual": ("to: in", {"priority": HIGHEST, "redirect": {"scheme": "https"}}),
    "a port": (
        "to: ':8443'",
        {"priority": HIGHEST, "redirect": {"scheme": "https", "port": 8443}},
    ),
    "for now": (
        "to: in, permanent: false",
        {"priority": HIGHEST, "redirect": {"scheme": "https", "status_code": 302}},
    ),
    "a scheme": (
        "to: in, scheme: http",
        {"priority": HIGHEST, "redirect": {"scheme": "http", "port": 443}},
    ),
    "a priority": ("to: in, priority: 5", {"priority": 5, "redirect": {"scheme": "https"}}),
    "no priority": ("to: in, priority: 0", {"priority": 18, "redirect": {"scheme": "https"}}),
}


@pytest.mark.parametrize(("to", "expected"), REDIRECTIONS.values(), ids=REDIRECTIONS)
def test_redirections(to: str, expected: dict[str, Any]) -> None:
    found = redirection(to)
    assert found == expected


def test_a_redirection_to_another_port() -> None:
    assert redirection("to: in", port=8443)["redirect"]["port"] == 8443


def test_middlewares_of_the_entry_point_act_before_it() -> None:
    assert redirection("to: in", http=", middlewares: [ip@file]")["ip_access"] == {
        "allow": ["10.0.0.0/8"]
    }


def test_a_redirection_that_leaves_certificates_alone() -> None:
    found = redirection("to: in", before="allowACMEByPass: true, ")
    pattern = found["path_regex"]["pattern"]
    assert found["path_regex"]["anchor"] == "start"
    assert pattern.startswith(r"/(?:\z|[^.]|\.(?:\z|[^w]|w(?:")


def test_a_redirection_to_nowhere() -> None:
    text = POINTS % ("", "to: other", "", 443)
    assert routes(text) == []
    assert said(text) == [
        (
            "warning dropped entryPoints.web.http.redirections.entryPoint: Traefik sends nobody "
            'elsewhere: there is no entry point "other"'
        )
    ]


OTHERS = {
    "forwardedHeaders": ("forwardedHeaders: {trustedIPs: [10.0.0.1]}", "warning"),
    "proxyProtocol": ("proxyProtocol: {insecure: true}", "warning"),
    "transport": ("transport: {respondingTimeouts: {readTimeout: 5s}}", "info"),
    "http2": ("http2: {maxConcurrentStreams: 5}", "info"),
    "http3": ("http3: {advertisedPort: 5}", "info"),
    "observability": ("observability: {metrics: false}", "info"),
    "sanitizePath": ("http: {sanitizePath: false}", "warning"),
    "maxHeaderBytes": ("http: {maxHeaderBytes: 5}", "warning"),
    "encodedCharacters": ("http: {encodedCharacters: {allowEncodedSlash: false}}", "warning"),
    "underscoreHeadersStrategy": ("http: {underscoreHeadersStrategy: delete}", "warning"),
}


@pytest.mark.parametrize(("option", "level"), OTHERS.values(), ids=OTHERS)
def test_every_other_setting_is_said(option: str, level: str) -> None:
    text = f"entryPoints: {{web: {{address: ':80', {option}}}}}\n"
    (line,) = said(text)
    assert line.startswith(f"{level} carried entryPoints.web.")
    assert "not understood" not in line


def test_certificates_of_an_entry_point_without_routers_are_said() -> None:
    point = "in: {address: ':9000', http: {tls: {certResolver: a, domains: [{main: b}]}}}"
    lines = said(routers(points=f"entryPoints: {{{point}}}\n"))
    assert [line for line in lines if "not understood" in line] == []
    assert sum("Traefik fetches the certificate itself" in line for line in lines) == 2


def test_a_port_that_is_none() -> None:
    assert refusal("entryPoints: {web: {address: ':http'}}\n") == (
        '1:20: ":http" is no address such as :80'
    )
