"""Nothing grows on the way: what GAL writes for Envoy is read as no more upstreams than the model
has, and written with no more clusters.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gal import registry
from gal.context import ImportContext, ImportOptions
from gal.convert import convert, write_gateway
from gal.ledger import Ledger, Level, Reporter, Stage
from gal.model import Gateway, Upstream
from gal.reading import read_documents, read_file
from gal.writing import render
from tests.cases.casefile import case_files, read_case
from tests.exporters.envoy.exported import exported
from tests.importers.envoy.placed import file as placed
from tests.importers.envoy.placed import read

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
CASES = case_files()
SOURCES = [*EXAMPLES, *CASES]


def model_of(path: Path) -> Gateway:
    if path in EXAMPLES:
        documents = read_file(str(path))
    else:
        text = read_case(path).find("yaml model") or ""
        documents = read_documents(f'version: "1.0"\n{text}', "model.yaml", "yaml")
    report = Reporter(Ledger(), "gal", Stage.IMPORT)
    return registry.importer("gal").read(documents, ImportContext(report, ImportOptions()))


def written(text: str, source: str) -> str:
    conversion = convert(read_documents(text, "in.yaml", "yaml"), "envoy", source=source)
    if source == "envoy":  # what comes from Envoy, Envoy has
        assert [one.path for one in conversion.ledger if "nothing for this" in one.message] == []
    (file,) = conversion.files
    return render(file.data, "yaml")


def upstreams(gateway: Gateway) -> list[Upstream]:
    """All of them, wherever they stand."""
    services = [one.upstream for one in gateway.services if isinstance(one.upstream, Upstream)]
    return [*gateway.upstreams, *services]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_nothing_grows(path: Path) -> None:
    model = model_of(path)
    (file,) = write_gateway(model, "envoy", Ledger())
    first = render(file.data, "yaml")
    again, _ = read(first)
    assert len(upstreams(again)) <= len(upstreams(model))
    second = written(first, "envoy")
    assert second.count("cluster_name:") <= first.count("cluster_name:")
    assert written(second, "envoy") == second


def test_copies_go_to_the_cluster_that_routes_have() -> None:
    text = (Path(EXAMPLES[0].parent) / "mirror.yaml").read_text(encoding="utf-8")
    once = written(text, "gal")
    assert written(once, "envoy") == once


PATIENCE = [
    ("5 s is the same as nothing said", "connect: 5s", "", {"a": "5s"}),
    ("the upstream's own, for a copy, too", "", "timeout: {connect: 7s}", {"a": "7s"}),
    ("the route's, before the upstream's", "connect: 2s", "timeout: {connect: 7s}", 2),
    ("the route's has none", "request: 3s", "timeout: {connect: 7s}", 2),
]


@pytest.mark.parametrize(
    ("route", "upstream", "want"), [row[1:] for row in PATIENCE], ids=[row[0] for row in PATIENCE]
)
def test_patience(route: str, upstream: str, want: dict[str, str] | int) -> None:
    deadline = f", timeout: {{{route}}}" if route else ""
    more = f", {upstream}" if upstream else ""
    found = exported(
        f"upstreams: [{{name: a, host: 10.0.0.1, port: 80{more}}}]\n"
        f"routes: [{{path: /, upstream: a, mirror: {{upstream: a}}{deadline}}}]"
    ).clusters
    connects = {name: cluster["connect_timeout"] for name, cluster in found.items()}
    assert (len(connects) if isinstance(want, int) else connects) == want


OWN = "http://check.example:9091/verify"


def external(cluster: str) -> str:
    """What GAL writes for a server that is asked, with a line of its cluster changed."""
    model = f"""
services:
- name: s
  upstream: {{host: 10.0.0.1, port: 80}}
  routes:
  - {{name: r, path_prefix: /, authentication: {{type: forward, forward: {{address: "{OWN}"}}}}}}
"""
    text = render(exported(model).data, "yaml")
    head, mark, tail = text.partition("  - name: external.http.check.example.9091\n")
    assert mark
    return head + mark + f"    {cluster}\n" * bool(cluster) + tail


@pytest.mark.parametrize(
    ("cluster", "kept"),
    [
        ("", False),
        ("connect_timeout: 5s", False),
        ("connect_timeout: 2s", True),
        ("upstream_bind_config: {source_address: {address: 10.0.0.9, port_value: 0}}", True),
    ],
    ids=["as GAL writes it", "default said", "another patience", "more than that"],
)
def test_servers_that_policies_ask(cluster: str, kept: bool) -> None:
    gateway, ledger = read(external(cluster))
    assert gateway.routes[0].policies.authentication is not None
    assert len(gateway.upstreams) == 1 + kept
    assert [one for one in ledger if one.level is Level.ERROR] == []


def test_a_server_that_routes_go_to_stays() -> None:
    text = external("").replace("cluster: s\n", "cluster: external.http.check.example.9091\n")
    gateway, _ = read(text)
    assert "external.http.check.example.9091" in [one.name for one in gateway.upstreams]


@pytest.mark.parametrize(
    ("conditions", "want"),
    [
        ("5xx", "5xx"),
        ("gateway-error,reset", "gateway-error,reset"),
        ("5xx,unknown-one", "5xx,unknown-one"),
        ("connect-failure", "connect-failure,refused-stream,reset-before-request"),
    ],
)
def test_conditions_of_retries_stay(conditions: str, want: str) -> None:
    action = f"route: {{cluster: s, retry_policy: {{retry_on: '{conditions}', num_retries: 2}}}}"
    text = written(placed(route=action), "envoy")
    assert f"retry_on: {want}\n" in text
    assert written(text, "envoy") == text
