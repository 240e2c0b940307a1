"""The same risky shop, written for each gateway as somebody who uses it writes it, has the same
findings; so has what a conversion makes of it, and a baseline goes with it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from gal.cli.group import run
from gal.lint.collect import collect
from gal.lint.engine import findings_of, subject_of
from gal.lint.finding import Finding
from gal.lint.options import Options
from gal.lint.rule import Severity
from gal.lint.run import lint
from gal.lint.subject import RouteView, Subject
from gal.model import Certificate, Consumer, Gateway, ModelNode, Route, Service, Upstream

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "risky"
GATEWAYS = ("kong", "apisix", "traefik", "envoy")
PAIRS = frozenset({"GAL071", "GAL072"})
"""Findings about two routes, of which either may be the one that stands later."""

UNLIMITED = (
    *("shop", "widget", "orders orders-old", "news news-archive", "jobs", "jobs-new", "machine"),
    *("partner", "office", "sale", "sale-new", "blog", "idle", "secure"),
)
UNGUARDED = ("search", *(one for one in UNLIMITED if one != "orders orders-old"))

EVERYWHERE = {
    *(("GAL010", routes) for routes in UNGUARDED),
    *(("GAL030", routes) for routes in UNLIMITED),
    ("GAL001", "shop"),
    ("GAL004", "widget"),
    ("GAL011", "orders-old"),
    ("GAL020", "gateway"),
    ("GAL023", "orders-old"),
    ("GAL033", "search"),
    ("GAL040", "shop"),
    ("GAL041", "partner"),
    ("GAL042", "gateway"),
    ("GAL052", "gateway"),
    ("GAL054", "office"),
    ("GAL060", "gateway"),
    ("GAL061", "admin"),
    ("GAL070", "news-archive"),
    ("GAL071", "jobs jobs-new"),
    ("GAL079", "idle"),
    ("GAL083", "machine"),
    ("GAL090", "partner"),
    ("GAL091", "certificate"),
}
"""Code, and what it is about by meaning: the names of routes, `gateway`, `anna`, `certificate`."""

ONLY = [
    ("GAL002", "blog", "apisix traefik", "Kong and Envoy hold an expression against all of it"),
    ("GAL015", "tokens", "kong apisix envoy", "Traefik checks no tokens"),
    ("GAL016", "tokens", "envoy", "Kong and APISIX cannot look at the audience at all"),
    ("GAL017", "anna", "kong apisix", "Traefik checks no tokens"),
    ("GAL017", "tokens", "envoy", "its keys belong to the issuer and not to a consumer"),
    ("GAL018", "keys", "kong apisix envoy", "Traefik asks for no API keys"),
    ("GAL020", "keys", "kong apisix envoy", "Traefik asks for no API keys"),
    ("GAL021", "anna", "kong apisix", "the password belongs to a consumer"),
    ("GAL021", "gateway", "traefik", "the password stands in a middleware of both routes"),
    ("GAL021", "orders", "envoy", "the password stands at each route"),
    ("GAL021", "staff", "envoy", "the password stands at each route"),
    ("GAL030", "admin", "kong apisix envoy", "Traefik's api@internal is no upstream"),
    ("GAL031", "staff", "envoy", "its bucket of a route is for all clients together"),
    ("GAL031", "keys", "envoy", "its bucket of a route is for all clients together"),
    ("GAL031", "tokens", "envoy", "its bucket of a route is for all clients together"),
    ("GAL043", "gateway", "kong apisix", "the others name the port of each route"),
    ("GAL072", "sale sale-new", "kong apisix traefik", "Envoy takes the first that fits"),
    ("GAL090", "anna", "kong apisix", "only they have consumers"),
    ("GAL090", "elsewhere", "envoy", "its keys belong to filters"),
]
SEVERITIES = {
    ("GAL015", "tokens"): "kong checks no time at all, the others where a token has one",
    ("GAL052", "gateway"): "Envoy believes clients by default, to the others somebody said so",
}
"""Findings whose severity is not the same everywhere."""

Seen = dict[tuple[str, str], Severity]


@cache
def subjects(gateway: str) -> list[Subject]:
    collected = collect([str(FOLDER / gateway)], source=None, pass_over=False)
    assert not collected.errors
    settings = Options().settings
    return [subject_of(one.documents, settings, source=one.source) for one in collected.batches]


@cache
def seen(gateway: str) -> Seen:
    found: Seen = {}
    for subject in subjects(gateway):
        for one in findings_of(subject, Options().chosen()):
            found[one.rule.code, meaning(one, subject)] = one.severity
    return found


def meaning(one: Finding, subject: Subject) -> str:
    """What a finding is about, in words that are the same for every gateway."""
    owner = one.owner
    if isinstance(owner, Consumer):
        return owner.name
    if isinstance(owner, Certificate):
        return "certificate"
    if isinstance(owner, Gateway):
        return "gateway"
    names = {view.route.name or "" for view in subject.routes if _is_behind(view, owner)}
    if one.rule.code in PAIRS:
        nodes = {id(place.node) for place in one.related}
        names |= {
            view.route.name or ""
            for view in subject.routes
            if view.route.origin is not None and id(view.route.origin.node) in nodes
        }
    return " ".join(sorted(names)) or "elsewhere"


def _is_behind(view: RouteView, owner: ModelNode | None) -> bool:
    if isinstance(owner, Route):
        return view.route is owner
    if isinstance(owner, Upstream):
        return any(one is owner for one, _ in view.upstreams)
    return isinstance(owner, Service) and view.service is owner


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_same_shop_has_the_same_findings(gateway: str) -> None:
    own = {(code, about) for code, about, gateways, _ in ONLY if gateway in gateways.split()}
    assert set(seen(gateway)) == EVERYWHERE | own


@pytest.mark.parametrize(("code", "about"), sorted({key for one in GATEWAYS for key in seen(one)}))
def test_they_are_as_severe_everywhere(code: str, about: str) -> None:
    found = {seen(one)[code, about] for one in GATEWAYS if (code, about) in seen(one)}
    assert (len(found) > 1) is ((code, about) in SEVERITIES), found


def test_the_tables_are_about_something() -> None:
    anywhere = set().union(*(set(seen(one)) for one in GATEWAYS))
    assert {(code, about) for code, about, _, _ in ONLY} <= anywhere
    assert all(set(gateways.split()) < set(GATEWAYS) for _, _, gateways, _ in ONLY)


# -- what a conversion makes of it


DIFFERENT = [
    # target, code, findings that are gone and new, why, and the ledger's word on it
    ("apisix", "GAL010", "+", "see GAL061", ""),
    (
        "apisix",
        "GAL015",
        "-+",
        "exp is checked where a token has it",
        "checks exp and nbf wherever",
    ),
    ("apisix", "GAL061", "-", "port 8001 is no administration of APISIX", ""),
    ("apisix", "GAL072", "-", "the order that Kong takes is written down", ""),
    ("traefik", "GAL010", "+", "see GAL061", ""),
    ("traefik", "GAL015", "-", "everybody is refused", "Traefik checks no tokens"),
    ("traefik", "GAL017", "-", "everybody is refused", "Traefik checks no tokens"),
    ("traefik", "GAL018", "-", "the key is asked for by a rule", "keys in the query"),
    ("traefik", "GAL021", "-+", "the password is hashed for a middleware", ""),
    ("traefik", "GAL023", "-", "no header says who asks", "not told which consumer asks"),
    ("traefik", "GAL061", "-", "port 8001 is no administration of Traefik", ""),
    ("traefik", "GAL072", "-", "the order that Kong takes is written down", ""),
    (
        "traefik",
        "GAL090",
        "-+",
        "the key stands in the rule of a router",
        "Traefik checks no tokens",
    ),
    ("envoy", "GAL010", "+", "see GAL061", ""),
    ("envoy", "GAL021", "-+", "the password is hashed", ""),
    ("envoy", "GAL061", "-", "port 8001 is no administration of Envoy", ""),
    ("envoy", "GAL072", "-", "the order that Kong takes is written down", ""),
    ("envoy", "GAL090", "-+", "the key for tokens belongs to the filter", ""),
]
SHOP = str(FOLDER / "kong" / "kong.yaml")
TARGETS = ("apisix", "traefik", "envoy")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop of Kong, written for the others: a folder each."""
    folder = tmp_path_factory.mktemp("converted")
    for target in TARGETS:
        made = folder / target
        made.mkdir()
        report = str(folder / f"{target}.json")
        assert run(["convert", SHOP, "--to", target, "-o", f"{made}/", "--report", report]) <= 1
    return folder


def marks(path: str | Path) -> dict[str, set[str]]:
    """The marks of all findings, by code."""
    outcome = lint(collect([str(path)], source=None, pass_over=False).batches, Options())
    assert not outcome.errors
    found: dict[str, set[str]] = {}
    for one in outcome.findings:
        found.setdefault(one.finding.rule.code, set()).update(one.fingerprint.marks)
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_a_conversion_keeps_the_findings(target: str, converted: Path) -> None:
    before, after = marks(SHOP), marks(converted / target)
    found = {}
    for code in before.keys() | after.keys():
        old, new = before.get(code, set()), after.get(code, set())
        said = ("-" if old - new else "") + ("+" if new - old else "")
        if said:
            found[code] = said
    assert found == {row[1]: row[2] for row in DIFFERENT if row[0] == target}


@pytest.mark.parametrize("row", [row for row in DIFFERENT if row[4]], ids=lambda row: str(row[:2]))
def test_the_ledger_tells_of_it(row: tuple[str, ...], converted: Path) -> None:
    report = (converted / f"{row[0]}.json").read_text(encoding="utf-8")
    assert row[4] in report


@pytest.mark.parametrize("target", TARGETS)
def test_a_baseline_goes_with_a_conversion(
    target: str, converted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    baseline = str(tmp_path / "baseline.json")
    assert run(["lint", SHOP, "--no-config", "--write-baseline", baseline]) == 0
    capsys.readouterr()
    run(["lint", str(converted / target), "--no-config", "--baseline", baseline, "--format=json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    new = {row[1] for row in DIFFERENT if row[0] == target and "+" in row[2]}
    assert {one["code"] for one in findings} == new


def test_a_baseline_holds_no_secret(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    assert run(["lint", SHOP, "--no-config", "--write-baseline", str(baseline)]) == 0
    text = baseline.read_text(encoding="utf-8")
    for secret in ("anna-and-her-key", "summer-2024", "c2hvcDpzaG9w", "PRIVATE KEY"):
        assert secret not in text
