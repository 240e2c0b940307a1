"""`gal convert --verify`: what a conversion changed and its ledger does not say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gal import registry
from gal.context import ExportContext, OutputFile
from gal.convert import convert
from gal.drift.conversion import check
from gal.ledger import Entry, Level
from gal.model import Gateway
from gal.reading import read_documents
from gal.tracing.decision import Decision
from gal.tracing.request import Request
from gal.tracing.tracer import Tracer
from tests.cases.casefile import case_files, read_case

TARGETS = ("kong", "apisix", "traefik", "envoy", "gal")

SHOP = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal:8080
  connect_timeout: 3000
  routes:
  - {name: shop, hosts: [shop.example.com], paths: [/shop], preserve_host: true}
  plugins:
  - {name: key-auth, config: {key_names: [X-Key]}}
  - {name: ip-restriction, config: {allow: [10.0.0.0/8]}}
  - {name: rate-limiting, config: {minute: 60, policy: local}}
  - {name: cors, config: {origins: ["https://shop.example.com"], methods: [GET]}}
  - {name: request-transformer, config: {add: {headers: ["X-Shop:1"]}}}
consumers:
- username: acme
  keyauth_credentials: [{key: example-key}]
"""

SAYS_ALL = {
    "a plain route": """\
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:8080/base
  routes:
  - {name: shop, paths: [/shop]}
""",
    "policies": SHOP,
    "an access control that is closed": """\
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:8080
  routes:
  - {name: shop, paths: [/shop]}
  plugins:
  - {name: ldap-auth, config: {ldap_host: ldap.internal}}
""",
    "no route at all": '_format_version: "3.0"\nconsumers:\n- username: acme\n',
}

ADDED = "not the same when it is read back"


def added(text: str, target: str, source: str | None = None, **how: Any) -> list[Entry]:
    """What is added to the ledger of a conversion about changes that it has not told."""
    conversion = convert(read_documents(text, "in.yaml", "yaml"), target, source=source)
    before = len(conversion.ledger)
    check(conversion, target, **how)
    entries = list(conversion.ledger)[before:]
    return [one for one in entries if not one.message.startswith("left to the defaults")]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", SAYS_ALL.values(), ids=SAYS_ALL)
def test_nothing_to_say(text: str, target: str) -> None:
    assert [one for one in added(text, target) if one.level is not Level.INFO] == []


# -- exporters that lie


def without(*path: str) -> Callable[[Any], None]:
    """Take a key away wherever the path to it is found in the output; `*` is anything."""

    def lie(data: Any) -> None:
        found = [data]
        for step in path[:-1]:
            found = [below for one in found for below in _below(one, step)]
        for one in found:
            if isinstance(one, dict):
                one.pop(path[-1], None)
            if isinstance(one, list):
                one[:] = [item for item in one if item.get("name") != path[-1]]

    return lie


def _below(data: Any, step: str) -> list[Any]:
    if isinstance(data, dict):
        return list(data.values()) if step == "*" else [data[step]] if step in data else []
    if isinstance(data, list):
        return data if step == "*" else [one for one in data if one.get("name") == step]
    return []


FILTERS = ("static_resources", "listeners", "*", "filter_chains", "*", "filters", "*")
HOSTS = (*FILTERS, "typed_config", "route_config", "virtual_hosts", "*")

LIES = [
    ("kong", without("services", "*", "plugins", "key-auth"), "D010", Level.ERROR),
    ("kong", without("services", "*", "plugins", "ip-restriction"), "D060", Level.ERROR),
    ("kong", without("services", "*", "plugins", "rate-limiting"), "D020", Level.ERROR),
    ("kong", without("services", "*", "plugins", "cors"), "D035", Level.WARNING),
    ("kong", without("services", "*", "plugins", "request-transformer"), "D050", Level.WARNING),
    ("kong", without("services", "*", "connect_timeout"), "D080", Level.WARNING),
    ("kong", without("services", "*", "routes"), "D001", Level.WARNING),
    ("kong", without("services", "*", "routes", "*", "hosts"), "D004", Level.ERROR),
    ("kong", without("consumers"), "D130", Level.WARNING),
    ("apisix", without("services", "*", "plugins", "key-auth"), "D010", Level.ERROR),
    ("apisix", without("services", "*", "plugins", "limit-count"), "D020", Level.ERROR),
    ("apisix", without("routes"), "D001", Level.WARNING),
    ("traefik", without("http", "routers", "*", "middlewares"), "D003", Level.ERROR),
    ("envoy", without(*HOSTS, "routes"), "D001", Level.WARNING),
    ("envoy", without(*HOSTS, "routes", "*", "typed_per_filter_config"), "D010", Level.ERROR),
    ("gal", without("services", "*", "policies", "authentication"), "D010", Level.ERROR),
]


def made_to_lie(monkeypatch: pytest.MonkeyPatch, target: str, lie: Callable[[Any], None]) -> None:
    """Let an exporter leave something out without a word."""
    provider = registry.exporter(target)
    honest = provider.write

    def write(gateway: Gateway, context: ExportContext) -> list[OutputFile]:
        files = honest(gateway, context)
        for file in files:
            lie(file.data)
        return files

    monkeypatch.setattr(provider, "write", write)


@pytest.mark.parametrize(
    ("target", "lie", "id_", "level"),
    [pytest.param(*row, id=f"{row[0]}-{row[2]}-{number}") for number, row in enumerate(LIES)],
)
def test_a_lie_is_found(
    target: str,
    lie: Callable[[Any], None],
    id_: str,
    level: Level,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made_to_lie(monkeypatch, target, lie)
    found = {one.message: one for one in added(SHOP, target)}
    told = [one for text, one in found.items() if text.startswith(f"{ADDED} ({id_})")]
    assert [one.level for one in told] == [level], list(found)
    assert "example-key" not in repr(found)


def test_it_takes_as_many_steps_as_there_are_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    honest = Tracer.trace

    def counting(tracer: Tracer, request: Request) -> Decision:
        nonlocal asked
        asked += 1
        return honest(tracer, request)

    monkeypatch.setattr(Tracer, "trace", counting)
    counts = []
    for size in (20, 40, 80):
        asked = 0
        services = (
            f"- name: s{number}\n  url: http://s{number}.internal\n"
            f"  routes: [{{name: r{number}, paths: [/p{number}/]}}]\n"
            "  plugins: [{name: key-auth}]\n"
            for number in range(size)
        )
        text = '_format_version: "3.0"\nservices:\n' + "".join(services)
        users = "consumers:\n- username: a\n  keyauth_credentials: [{key: k}]\n"
        assert [one for one in added(text + users, "traefik") if one.level is Level.ERROR] == []
        counts.append(asked)
    assert 0 < counts[2] <= 2.2 * counts[1] <= 2.2 * 2.2 * counts[0]


def test_what_cannot_be_read_back_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: Any) -> None:
        data["services"] = 5

    made_to_lie(monkeypatch, "kong", broken)
    (entry,) = added(SHOP, "kong")
    assert (entry.level, entry.feature) == (Level.ERROR, "conversion")
    assert "cannot be read back: kong.yaml:" in entry.message


# -- what is kept, and not read

KEPT = [
    ("rate_limit/several_windows", "apisix", "D020", Level.WARNING),
    ("transformation/validation", "apisix", "D012", Level.INFO),
]


@pytest.mark.parametrize(
    ("name", "target", "id_", "level"), [pytest.param(*row, id=row[0]) for row in KEPT]
)
def test_what_is_kept_unread_is_in_doubt_only(
    name: str, target: str, id_: str, level: Level
) -> None:
    (entry,) = added(model(name), target, "gal")
    assert entry.message.startswith(f"not compared ({id_}): ")
    assert entry.level is level


# -- every case


def model(name: str) -> str:
    case = next(one for one in case_files() if f"{one.parent.name}/{one.stem}" == name)
    return 'version: "1.0"\n' + (read_case(case).find("yaml model") or "")


@pytest.mark.parametrize("path", case_files(), ids=lambda one: f"{one.parent.name}/{one.stem}")
def test_every_case_says_what_it_changes(path: Path) -> None:
    name = f"{path.parent.name}/{path.stem}"
    found = {
        target: [
            one.message.partition("(")[2].partition(")")[0]
            for one in added(model(name), target, "gal")
            if one.message.startswith(ADDED) or one.level is Level.ERROR
        ]
        for target in TARGETS
    }
    assert found == {target: [] for target in TARGETS}
