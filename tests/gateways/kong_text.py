"""Kong's YAML as an Envoy bootstrap, for tables about what Kong's plugins become."""

from __future__ import annotations

import json

from gal.convert import convert
from gal.reading import read_documents

URL = "http://{upstream_host}:{upstream_port}"


def to_envoy(text: str) -> str:
    """The bootstrap as JSON, which Envoy reads as YAML."""
    conversion = convert(read_documents(text, "kong.yaml"), "envoy")
    return json.dumps(conversion.files[0].data, indent=1)


def declared(routes: str, rest: str = "") -> str:
    """A declarative file with one service: the routes of a YAML list, and `/open` without plugins.

    Args:
        routes: the routes.
        rest: more keys of the file, such as `consumers`.
    """
    indented = "\n".join(f"  {line}" for line in routes.strip("\n").splitlines())
    return (
        f'_format_version: "3.0"\nservices:\n- name: main\n  url: {URL}\n  routes:\n{indented}\n'
        "  - name: open\n    paths: [/open]\n" + rest
    )


def route(name: str, *plugins: str) -> str:
    """A route at `/NAME` with plugins, each as YAML on one line."""
    lines = [f"- name: {name}", f"  paths: [/{name}]", "  strip_path: false"]
    if plugins:
        lines += ["  plugins:", *(f"  - {plugin}" for plugin in plugins)]
    return "\n".join(lines) + "\n"
