"""Whole configurations around the few lines that an example is about.

An Envoy example needs forty lines before the first that matters, so examples may leave those out:

- kong: `_format_version` is added where it is missing;
- apisix: `#END` is added where it is missing;
- envoy: without `static_resources`, the text's top level names parts of a usual configuration:
  `filters` (before the router), `routes`, `host` (further fields of the virtual host), `manager`,
  `chain`, `listener`, `clusters` (instead of the usual `one`), `cluster` (further fields of `one`);
  what else it names stays at the top level.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"(\w+):\s*(#.*)?$")
_PARTS = ("filters", "routes", "host", "manager", "chain", "listener", "clusters", "cluster")
_TYPE = "type.googleapis.com/envoy.extensions.filters"
_ROUTES = "- match: {prefix: /}\n  route: {cluster: one}\n"


def framed(provider: str, text: str, file: str = "") -> str:
    """The whole configuration that an example stands for; a file with a name of its own is whole
    already.
    """
    if file:
        return text
    if provider == "kong" and "_format_version" not in text:
        return f'_format_version: "3.0"\n{text}'
    if provider == "apisix" and "#END" not in text:
        return f"{text.rstrip()}\n#END\n"
    if provider == "envoy" and "static_resources" not in text and not text.startswith("{"):
        return _envoy(text)
    return text


def _envoy(text: str) -> str:
    parts, rest = _split(text)
    lines = [
        *rest,
        "static_resources:",
        "  listeners:",
        "  - name: main",
        "    address: {socket_address: {address: 0.0.0.0, port_value: 8080}}",
        *_indented(parts["listener"], 4),
        "    filter_chains:",
        "    - filters:",
        "      - name: envoy.filters.network.http_connection_manager",
        "        typed_config:",
        f'          "@type": {_TYPE}.network.http_connection_manager.v3.HttpConnectionManager',
        "          stat_prefix: main",
        *_indented(parts["manager"], 10),
        "          http_filters:",
        *_indented(parts["filters"], 10),
        "          - name: envoy.filters.http.router",
        f'            typed_config: {{"@type": {_TYPE}.http.router.v3.Router}}',
        "          route_config:",
        "            virtual_hosts:",
        "            - name: all",
        '              domains: ["*"]',
        *_indented(parts["host"], 14),
        "              routes:",
        *_indented(parts["routes"] or _ROUTES.splitlines(), 14),
        *_indented(parts["chain"], 6),
        "  clusters:",
        *_indented(parts["clusters"] or _cluster(parts["cluster"]), 2),
    ]
    return "\n".join(lines) + "\n"


def _cluster(further: list[str]) -> list[str]:
    return [
        "- name: one",
        "  type: STRICT_DNS",
        *_indented(further, 2),
        "  load_assignment:",
        "    cluster_name: one",
        "    endpoints:",
        "    - lb_endpoints:",
        "      - endpoint: {address: {socket_address: {address: one.internal, port_value: 80}}}",
    ]


def _split(text: str) -> tuple[dict[str, list[str]], list[str]]:
    """The parts that a text names, and the lines that stay at the top level."""
    parts: dict[str, list[str]] = {name: [] for name in _PARTS}
    rest: list[str] = []
    into = rest
    for line in text.splitlines():
        head = _KEY.match(line)
        if head is not None and head.group(1) in parts:
            into = parts[head.group(1)]
        elif line and not line.startswith((" ", "-", "#")):
            into = rest
            into.append(line)
        else:
            into.append(line)
    return {name: _outdented(lines) for name, lines in parts.items()}, rest


def _outdented(lines: list[str]) -> list[str]:
    widths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return [line[min(widths) :] for line in lines] if widths else []


def _indented(lines: list[str], width: int) -> list[str]:
    return [" " * width + line if line.strip() else line for line in lines]
