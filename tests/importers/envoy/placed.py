"""One route with HTTP filters, read for the tables of tests."""

from __future__ import annotations

from typing import Any

from gal.codec import decode, encode
from gal.context import ImportContext, ImportOptions
from gal.convert import NOT_UNDERSTOOD
from gal.importers import envoy
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render

T = "type.googleapis.com/envoy.extensions.filters.http."
ON = "{'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {}}"
_MANAGER = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    ".HttpConnectionManager"
)
_FIELDS = ("upstream", "path_prefix", "name", "timeout", "extensions")

Routes = tuple[str, ...]


def read(text: str, options: ImportOptions | None = None) -> tuple[Gateway, Ledger]:
    """The model of a file, and the ledger with what was left unread."""
    documents = read_documents(text, "envoy.yaml", "yaml")
    ledger = Ledger()
    report = Reporter(ledger, "envoy", Stage.IMPORT)
    gateway = envoy.read(documents, ImportContext(report, options or ImportOptions()))
    for document in documents:
        for _, key, node in document.walk_untaken():
            report.at(node, Fate.DROPPED, Level.WARNING, "", NOT_UNDERSTOOD, position=key)
    return gateway, ledger


def http(kind: str, settings: str = "", *, name: str = "", off: bool = False) -> str:
    """A filter: its message such as `cors.v3.Cors`, and its fields as YAML in one line."""
    label = name or f"envoy.filters.http.{kind.partition('.')[0]}"
    fields = f", {settings}" if settings else ""
    switch = ", disabled: true" if off else ""
    return f"{{name: {label}{switch}, typed_config: {{'@type': {T}{kind}{fields}}}}}"


def per_route(kind: str, settings: str = "") -> str:
    """Settings of a filter for a route."""
    fields = f", {settings}" if settings else ""
    return f"{{'@type': {T}{kind}{fields}}}"


def file(
    *filters: str,
    per_filter: dict[str, str] | None = None,
    route: str = "route: {cluster: s}",
    match: str = "{prefix: /api}",
    host: str = "",
    manager: str = "",
) -> str:
    """A bootstrap with one route to the cluster `s`, and a chain of filters before the router."""
    settings = ", ".join(f"{name}: {text}" for name, text in (per_filter or {}).items())
    scoped = f", typed_per_filter_config: {{{settings}}}" if settings else ""
    routes = f"[{{name: r, match: {match}, {route}{scoped}}}]"
    chain = "".join(f"\n          - {one}" for one in (*filters, http("router.v3.Router")))
    extra = f"\n          {manager}" if manager else ""
    more = f", {host}" if host else ""
    return f"""
static_resources:
  listeners:
  - name: l
    address: {{socket_address: {{address: 0.0.0.0, port_value: 80}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          '@type': {_MANAGER}
          stat_prefix: x{extra}
          http_filters:{chain}
          route_config:
            virtual_hosts: [{{name: v, domains: ['*'], routes: {routes}{more}}}]
  clusters:
  - name: s
    type: STATIC
    load_assignment:
      cluster_name: s
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 10.0.0.1, port_value: 80}}}}}}
"""


def policies(text: str, options: ImportOptions | None = None) -> dict[str, Any]:
    """The policies of the only route, as GAL's YAML has them; the file is read back from it."""
    gateway, _ = read(text, options)
    plain = encode(gateway)
    written = read_documents(render(plain, "yaml"), "gal.yaml", "yaml")[0]
    assert decode(written.root, Gateway) == gateway
    (route,) = plain["routes"]
    return {key: value for key, value in route.items() if key not in _FIELDS}


def fates(text: str) -> list[tuple[str, str, str]]:
    """(fate, level, message) of everything that is said of filters, but what is of no effect."""
    _, ledger = read(text)
    return [
        (entry.fate.value, entry.level.value, entry.message)
        for entry in ledger
        if "filter" in entry.path
        and not entry.message.startswith("no effect on what clients get")
        and ("http_filters" in entry.path or "typed_per_filter_config" in entry.path)
    ]


def guards(text: str) -> list[str]:
    """The names of the guards of the only route."""
    found = policies(text).get("authentication", {})
    return [one["name"] for one in found.get("guards", [])]
