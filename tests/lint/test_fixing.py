"""Fixes are made in the text, proved, and refused otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gal.lint.collect import collect
from gal.lint.finding import REMOVE, Edit, Finding, Fix, finding
from gal.lint.fixing import fix
from gal.lint.frames import framed
from gal.lint.options import Options
from gal.lint.rule import Confidence, LoadedRule, Rule, Safety, Severity
from gal.lint.subject import Subject
from gal.reading import Mapping
from tests.lint.support import SHOP, lint, put

TEXT = """\
_format_version: "3.0"
services:
- name: shop  # the shop
  url: http://shop.internal
  tags: [old, web]   # labels
  retries: 5
  routes:
  - {name: shop, paths: [/shop], strip_path: true}  # the way in
  plugins:
  - name: key-auth
    config:
      key_in_query: true   # for old clients
consumers:
- username: anna
"""


def services(subject: Subject) -> Iterator[Mapping]:
    for root in subject.roots():
        assert isinstance(root, Mapping)
        for node in getattr(root.peek("services"), "items", []):
            assert isinstance(node, Mapping)
            yield node


def edit_of(where: str, value: Any) -> Callable[[Mapping], Edit | None]:
    """An edit below a service, such as `plugins.0.config.key_in_query`."""

    def make(service: Mapping) -> Edit | None:
        node: Any = service
        *steps, last = where.split(".")
        for step in steps:
            node = node.items[int(step)] if step.isdigit() else node.peek(step)
        key = int(last) if last.isdigit() else last
        there = node.items[key].plain() if isinstance(key, int) else node.peek(key)
        if not isinstance(key, int) and there is not None:
            there = there.plain()
        done = there is None if value is REMOVE else there == value
        return None if done else Edit(node, key, value)

    return make


def rule_of(safety: Safety, *edits: tuple[str, Any], code: str = "T001") -> LoadedRule:
    """A rule that finds what its edits would change."""
    rule = Rule(code, code.lower(), "a test", Severity.HIGH, Confidence.HIGH, fix=safety)
    makers = [edit_of(where, value) for where, value in edits]

    def check(subject: Subject) -> Iterator[Finding]:
        for service in services(subject):
            made = [edit for make in makers if (edit := make(service)) is not None]
            if made:
                wanted = Fix("mend it", safety, tuple(made))
                yield finding(rule, "not mended", service, "name", fix=wanted)

    return LoadedRule(rule, "A test.", check, ())


def mended(
    monkeypatch: pytest.MonkeyPatch, wanted: str, *rules: LoadedRule, text: str = TEXT
) -> tuple[str, list[str]]:
    """The file after a run, and what was told."""
    monkeypatch.setattr("gal.lint.options.rules", lambda: rules)
    put("kong.yaml", text)
    batches = collect(["kong.yaml"], source=None, pass_over=False).batches
    told = fix(batches, Options(select=("ALL",)), wanted)
    return Path("kong.yaml").read_text(encoding="utf-8"), told


SAFE, TIGHTEN, UNSAFE = Safety.SAFE, Safety.TIGHTEN, Safety.UNSAFE
DONE = ["kong.yaml:3:3: T001: mend it"]
MADE = [
    ("safe", SAFE, ("tags", REMOVE), "  tags: [old, web]   # labels\n", ""),
    ("safe", SAFE, ("retries", REMOVE), "  retries: 5\n", ""),
    ("safe", SAFE, ("connect_timeout", 60000), "  - name: key-auth\n", None),
    ("tighten", TIGHTEN, ("plugins.0.config.key_in_query", False), "query: true", "query: false"),
    ("all", UNSAFE, ("routes.0.strip_path", False), "strip_path: true", "strip_path: false"),
]


@pytest.mark.parametrize(
    ("wanted", "safety", "edit", "before", "after"),
    [pytest.param(*row, id=f"{row[1].value} {row[2][0]}") for row in MADE],
)
def test_a_fix_that_is_proved(
    wanted: str,
    safety: Safety,
    edit: tuple[str, Any],
    before: str,
    after: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, told = mended(monkeypatch, wanted, rule_of(safety, edit))
    assert told == DONE
    if after is not None:
        assert text == TEXT.replace(before, after)
    else:
        assert text == TEXT.replace("consumers:", "  connect_timeout: 60000\nconsumers:")


REFUSED = [
    ("safe", SAFE, ("routes.0.strip_path", False), "it would change more than the text"),
    ("safe", SAFE, ("retries", 3), "it would change more than the text"),
    ("tighten", TIGHTEN, ("plugins", REMOVE), "it would open something"),
    ("all", UNSAFE, ("url", 5), ""),
]


@pytest.mark.parametrize(
    ("wanted", "safety", "edit", "why"),
    [pytest.param(*row, id=f"{row[1].value} {row[2][0]}") for row in REFUSED],
)
def test_a_fix_that_is_refused(
    wanted: str,
    safety: Safety,
    edit: tuple[str, Any],
    why: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, told = mended(monkeypatch, wanted, rule_of(safety, edit))
    assert text == TEXT
    assert len(told) == 1
    assert told[0].startswith(f"kong.yaml:3:3: not fixed: {why}")


@pytest.mark.parametrize("wanted", ["safe", "tighten"])
def test_only_what_is_asked_for_is_made(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = rule_of(UNSAFE, ("routes.0.strip_path", False))
    assert mended(monkeypatch, wanted, rule) == (TEXT, [])


def test_one_bad_fix_keeps_no_other_back(monkeypatch: pytest.MonkeyPatch) -> None:
    good = rule_of(SAFE, ("tags", REMOVE))
    bad = rule_of(SAFE, ("retries", 3), code="T002")
    text, told = mended(monkeypatch, "safe", good, bad)
    assert text == TEXT.replace("  tags: [old, web]   # labels\n", "")
    assert [line.split(": ")[1] for line in told] == ["T001", "not fixed"]


def test_what_anchors_share_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("  tags: [old, web]", "  tags: &t [old, web]").replace(
        "username: anna", "username: anna\n  tags: *t"
    )
    rule = rule_of(SAFE, ("tags.0", REMOVE))
    after, told = mended(monkeypatch, "safe", rule, text=text)
    assert after == text
    assert told == [
        "kong.yaml:3:3: not fixed: an anchor or a merge key shares what would be changed"
    ]


def test_each_kind_is_proved_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that clients may notice does not excuse one that opens something."""
    opening = rule_of(TIGHTEN, ("plugins", REMOVE))
    noticed = rule_of(UNSAFE, ("routes.0.strip_path", False), code="T002")
    text, told = mended(monkeypatch, "all", opening, noticed)
    assert text == TEXT.replace("strip_path: true", "strip_path: false")
    assert [line.split(": ")[1] for line in told] == ["T002", "not fixed"]


def test_many_that_are_refused_keep_no_other_back(monkeypatch: pytest.MonkeyPatch) -> None:
    head = '_format_version: "3.0"\nservices:\n'
    one = "- {{name: s{0}, url: 'http://s{0}.internal', tags: {1}[old, web]}}\n"
    bad = "- {{name: t{0}, url: 'http://t{0}.internal', tags: *t{0}}}\n"
    text = head + "".join(
        one.format(number, f"&t{number} " if number % 2 else "")
        + (bad.format(number) if number % 2 else "")
        for number in range(60)
    )
    after, told = mended(monkeypatch, "safe", rule_of(SAFE, ("tags.0", "new")), text=text)
    assert after.count("tags: [new, web]") == 30
    assert [line for line in told if "not fixed" in line] == [
        f"kong.yaml:{number}:4: not fixed: an anchor or a merge key shares what would be changed"
        for number, row in enumerate(after.splitlines(), 1)
        if "&t" in row or "*t" in row
    ]


LAYOUTS = [
    ("tabs before comments", "tags: [old, web]", "tags:\t[old, web]\t# a\tb"),
    ("CRLF", "\n", "\r\n"),
    ("byte order mark", '_format_version: "3.0"', '\ufeff_format_version: "3.0"'),
    ("no line end", "username: anna\n", "username: anna"),
    ("other letters", "# the shop", "# 店 🙂"),
    ("an empty value", "    config:\n      key_in_query: true   # for old clients", "    config:"),
    ("flow style", "- username: anna", "- {username: anna, tags: [ a , b ]}"),
]


@pytest.mark.parametrize(
    ("before", "after"), [pytest.param(*row[1:], id=row[0]) for row in LAYOUTS]
)
def test_the_layout_is_kept(before: str, after: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace(before, after)
    new_line = "\r\n" if "\r\n" in text else "\n"
    monkeypatch.setattr("gal.lint.options.rules", lambda: (rule_of(SAFE, ("protocol", "http")),))
    Path("kong.yaml").write_bytes(text.encode())
    batches = collect(["kong.yaml"], source=None, pass_over=False).batches
    assert fix(batches, Options(select=("ALL",)), "safe") == DONE
    added = f"  protocol: http{new_line}consumers:"
    assert Path("kong.yaml").read_bytes() == text.replace("consumers:", added).encode()


def test_a_key_without_a_value_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = TEXT.replace("  retries: 5\n", "  retries:\n")
    after, told = mended(monkeypatch, "all", rule_of(UNSAFE, ("retries", 3)), text=text)
    assert (after, told) == (TEXT.replace("retries: 5", "retries: 3"), DONE)


PORTS = """\
http:
  serversTransports:
    a: {minVersion: VersionTLS11}  # one
--- # the second document
tls:
  options: {default: {minVersion: VersionTLS10, maxVersion: VersionTLS11}}
"""


def test_documents_of_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Both are mended, and a highest version does not stay below the lowest."""
    put("traefik.yaml", PORTS)
    assert lint("traefik.yaml", "--select", "GAL042", "--no-config", "-q", "--fix=tighten") == 0
    after = PORTS
    for old in ("10", "11"):
        after = after.replace(f"VersionTLS{old}", "VersionTLS12")
    assert Path("traefik.yaml").read_text(encoding="utf-8") == after
    assert len(capsys.readouterr().err.splitlines()) == 2


FALLING = """\
filters:
- name: envoy.filters.http.basic_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
    users: {filename: /run/users}
routes:
- match: {prefix: /admin}
  route: {cluster: one}
- match: {prefix: /}
  route: {cluster: one}
"""
OPEN = """\
  typed_per_filter_config:
    envoy.filters.http.basic_auth:
      "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig
      disabled: true
"""


@pytest.mark.parametrize(
    ("further", "is_made"),
    [pytest.param("", True, id="asks for the same"), pytest.param(OPEN, False, id="asks nothing")],
)
def test_who_gets_what_a_route_takes_no_more(
    further: str, is_made: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """`/administrator` goes to the route for everything, once `/admin` ends at a segment."""
    text = framed("envoy", FALLING + further)
    put("envoy.yaml", text)
    only = ("--select", "GAL077", "--persona", "pedantic", "--no-config", "-q")
    lint("envoy.yaml", *only, "--fix=all")
    told = capsys.readouterr().err
    assert ("not fixed: it would open something" in told) is not is_made
    made = text.replace("prefix: /admin", "path_separated_prefix: /admin")
    assert Path("envoy.yaml").read_text(encoding="utf-8") == (made if is_made else text)


def test_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    put("kong.yaml", SHOP)
    only = ("--select", "GAL001", "--no-config", "-q")
    assert lint("kong.yaml", *only, "--fix") == 1
    assert Path("kong.yaml").read_text(encoding="utf-8") == SHOP
    assert lint("--fix=all", "kong.yaml", *only) == 0
    assert capsys.readouterr().err == "kong.yaml:11:7: GAL001: do not allow credentials\n"
    after = SHOP.replace("      credentials: true\n", "")
    assert Path("kong.yaml").read_text(encoding="utf-8") == after
