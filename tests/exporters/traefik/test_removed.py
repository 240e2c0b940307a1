"""Static settings of Traefik 2 that Traefik 3 does not start with."""

from __future__ import annotations

from typing import Any

import pytest

from gal.convert import convert
from gal.reading import read_documents

ROUTE = "http: {routers: {r: {rule: Path(`/`), service: noop@internal}}}\n"


def written(static: str) -> tuple[dict[str, Any], list[str]]:
    """The static file for one of version 2, and what the ledger says was left out of it."""
    found = convert(read_documents(f"{static}\n{ROUTE}", "traefik.yaml"), "traefik")
    said = [entry.message for entry in found.ledger if "does not start with" in entry.message]
    files = {file.name: file.data for file in found.files}
    return files["traefik.yaml"], [message.partition(":")[0] for message in said]


@pytest.mark.parametrize(
    ("static", "kept", "left_out"),
    [
        ("pilot: {token: t}", {}, ["pilot"]),
        (
            "experimental: {http3: true, plugins: {p: {moduleName: m}}}",
            {"experimental": {"plugins": {"p": {"moduleName": "m"}}}},
            ["experimental.http3"],
        ),
        (
            "metrics: {influxDB: {address: a}, prometheus: {}}",
            {"metrics": {"prometheus": {}}},
            None,
        ),
        (
            "tracing: {serviceName: s, Jaeger: {}, zipkin: {httpEndpoint: z}}",
            {"tracing": {"serviceName": "s"}},
            ["tracing.Jaeger", "tracing.zipkin"],
        ),
        (
            "metrics: {prometheus: {buckets: [1]}}",
            {"metrics": {"prometheus": {"buckets": [1]}}},
            [],
        ),
    ],
)
def test_sections(static: str, kept: dict[str, Any], left_out: list[str] | None) -> None:
    found, said = written(static)
    own = {"global", "entryPoints", "providers", "log"}
    assert {key: value for key, value in found.items() if key not in own} == kept
    assert said == (["metrics.influxDB"] if left_out is None else left_out)


@pytest.mark.parametrize(
    ("providers", "kept"),
    [
        ("docker: {swarmMode: true, network: n}", {"docker": {"network": "n"}}),
        (
            "etcd: {endpoints: [e], tls: {caOptional: true, ca: c}}",
            {"etcd": {"endpoints": ["e"], "tls": {"ca": "c"}}},
        ),
        (
            "consulCatalog: {namespace: n, endpoint: {address: a, tls: {caOptional: true}}}",
            {"consulCatalog": {"namespaces": ["n"], "endpoint": {"address": "a"}}},
        ),
        ("marathon: {endpoint: e}", {}),
        ("rancher: {}", {}),
        ("kubernetesCRD: {namespaces: [n]}", {"kubernetesCRD": {"namespaces": ["n"]}}),
    ],
)
def test_providers(providers: str, kept: dict[str, Any]) -> None:
    found, _ = written(f"providers: {{{providers}}}")
    assert found["providers"] == {**kept, "file": {"filename": "dynamic.yaml"}}
