"""GAL's YAML as an Envoy bootstrap, for tables about what policies do on the running gateway."""

from __future__ import annotations

import json

from gal.convert import convert
from gal.reading import read_documents

TARGET = "{host: '{upstream_host}', port: {upstream_port}}"


def to_envoy(text: str) -> str:
    """The bootstrap as JSON, which Envoy reads as YAML."""
    conversion = convert(read_documents(text, "gal.yaml"), "envoy")
    return json.dumps(conversion.files[0].data, indent=1)


def service(routes: str) -> str:
    """A file with one service: the routes of a YAML list, and `/neighbour` without policies."""
    indented = "\n".join(f"    {line}" for line in routes.strip("\n").splitlines())
    return (
        'version: "1.0"\nservices:\n- name: main\n'
        f"  upstream: {TARGET}\n  routes:\n{indented}\n"
        "    - path_prefix: /neighbour\n"
    )
