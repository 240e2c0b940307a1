"""What is taken for a configuration of Traefik."""

from __future__ import annotations

import pytest

from gal.errors import InputError
from gal.importers.traefik import recognise
from gal.reading import Document, read_documents


def document(text: str) -> Document:
    """The only document of a file, which is TOML if it starts with a table."""
    if text.startswith("["):
        return read_documents(text, "file.toml", "toml")[0]
    return read_documents(text, "file.yaml", "yaml")[0]


DYNAMIC, STATIC = "Traefik dynamic configuration", "Traefik static configuration"
COMPOSE, LABELS = "docker-compose with Traefik labels", "Traefik labels"
MANIFESTS = "Traefik manifests"

KNOWN: dict[str, tuple[str, str | None]] = {
    "routers": ("http: {routers: {}}", DYNAMIC),
    "options without case": ("HTTP: {Routers: {}}", DYNAMIC),
    "middlewares": ("http: {middlewares: {}}", DYNAMIC),
    "TCP": ("tcp: {routers: {}}", DYNAMIC),
    "UDP": ("udp: {services: {}}", DYNAMIC),
    "certificates": ("tls: {certificates: []}", DYNAMIC),
    "both in one": ("entryPoints: {web: {}}\nhttp: {services: {}}", DYNAMIC),
    "entry points": ("entryPoints: {web: {address: ':80'}}", STATIC),
    "providers": ("providers: {docker: {}}", STATIC),
    "TOML, dynamic": ("[http.routers.r]\nrule = 'Path(`/`)'", DYNAMIC),
    "TOML, static": ("[entryPoints.web]\naddress = ':80'", STATIC),
    "compose, list": (
        "services: {a: {image: x, labels: ['traefik.http.routers.r.rule=x']}}",
        COMPOSE,
    ),
    "compose, mapping": (
        "services: {a: {image: x, labels: {traefik.http.routers.r.rule: x}}}",
        COMPOSE,
    ),
    "compose, deployed": (
        "services: {a: {deploy: {labels: ['traefik.enable=true']}, image: x}}",
        COMPOSE,
    ),
    "compose without labels": ("services: {a: {image: x, labels: ['x=y']}}", None),
    "labels": ("labels: ['traefik.http.routers.r.rule=x']", LABELS),
    "labels alone": ("- traefik.http.routers.r.rule=x", LABELS),
    "manifest": ("apiVersion: traefik.io/v1alpha1\nkind: IngressRoute", MANIFESTS),
    "manifest of version 2": (
        "apiVersion: traefik.containo.us/v1alpha1\nkind: Middleware",
        MANIFESTS,
    ),
    "another manifest": ("apiVersion: v1\nkind: Service", None),
    "another http": ("http: {port: 80}", None),
    "a list": ("- a", None),
    "a text": ("a", None),
    "kong": ("_format_version: '3.0'\nservices: []", None),
    "envoy": ("static_resources: {listeners: []}", None),
}


@pytest.mark.parametrize(("text", "expected"), KNOWN.values(), ids=KNOWN)
def test_recognised(text: str, expected: str | None) -> None:
    assert recognise(document(text)) == expected


FIRST = {
    "frontends": "frontends: {a: {backend: b}}",
    "backends": "[backends.a]\nx = 1",
    "default entry points": "[entryPoints.http]\naddress = ':80'\n[frontends.a]\nx = 1",
    "redirection": "entryPoints: {http: {address: ':80', redirect: {entryPoint: https}}}",
    "labels": "services: {a: {image: x, labels: ['traefik.frontend.rule=Host:a']}}",
}


@pytest.mark.parametrize("text", FIRST.values(), ids=FIRST)
def test_version_1_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        recognise(document(text))
    assert caught.value.message == "this is a configuration of Traefik 1"
    assert caught.value.hint == (
        "traefik-migration-tool writes such files as version 2, which GAL reads"
    )
    assert caught.value.position is not None
