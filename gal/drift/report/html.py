"""Drift as one page that needs nothing else, with filters by level, label and text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gal.drift.change import Level, Security, Traffic
from gal.drift.report.text import verdict

if TYPE_CHECKING:
    from gal.drift.change import Change
    from gal.drift.report import Outcome
    from gal.errors import Position

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 0 0 .4rem; overflow-wrap: anywhere; }
form { background: Canvas; border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; }
form { gap: .6rem; padding: .6rem 0; position: sticky; top: 0; z-index: 1; }
input { flex: 1; min-width: 12rem; } output { align-self: center; opacity: .7; }
article { border: 1px solid var(--line); border-left-width: .4rem; border-radius: .4rem; }
article { margin: .8rem 0; padding: .6rem 1rem; }
.critical { border-left-color: #b3261e; } .high { border-left-color: #e8710a; }
.medium { border-left-color: #e3b505; } .low { border-left-color: #3d7dca; }
.info { border-left-color: #8888; }
.sides { display: grid; gap: .8rem; grid-template-columns: 1fr 1fr; }
@media (max-width: 40rem) { .sides { grid-template-columns: 1fr; } }
pre { background: var(--soft); border-radius: .3rem; margin: 0; overflow-x: auto; }
pre { padding: .4rem .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
small { opacity: .7; } .labels span { background: var(--soft); border-radius: 1rem; }
.labels span { display: inline-block; font-size: .85rem; margin-right: .4rem; padding: 0 .6rem; }
details { margin: 1rem 0; } table { border-collapse: collapse; }
td, th { border: 1px solid var(--line); padding: .2rem .6rem; text-align: left; }
"""
_SCRIPT = """
const form = document.querySelector("form"), told = document.querySelector("output");
const all = [...document.querySelectorAll("article")];
const texts = all.map(one => one.textContent.toLowerCase());
function show() {
  const text = form.text.value.toLowerCase();
  let count = 0;
  all.forEach((one, number) => {
    const fits = ["level", "security", "traffic"].every(
      name => !form[name].value || one.dataset[name] === form[name].value
    ) && texts[number].includes(text);
    one.hidden = !fits;
    count += fits;
  });
  told.value = `${count} of ${all.length}`;
}
form.addEventListener("input", show); form.addEventListener("submit", e => e.preventDefault());
show();
"""


def render(outcome: Outcome) -> str:
    """The page."""
    title = escape(verdict(outcome.drift, cosmetic=outcome.cosmetic))
    old, new = (escape(name) for name in outcome.names)
    sides = f"{old} ({outcome.drift.old_provider}) → {new} ({outcome.drift.new_provider})"
    articles = "".join(map(_article, outcome.shown))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
        f"<title>gal drift: {title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{title}</h1><p>{sides}</p>{_form()}{articles}{_rest(outcome)}"
        f"<script>{_SCRIPT}</script></body></html>\n"
    )


def _form() -> str:
    choices = "".join(
        _select(name, [one.value for one in kind])
        for name, kind in (("level", Level), ("security", Security), ("traffic", Traffic))
    )
    search = '<input name="text" type="search" placeholder="object, field or value">'
    return f"<form>{choices}{search}<output></output></form>"


def _select(name: str, values: list[str]) -> str:
    options = "".join(f"<option>{value}</option>" for value in values)
    return f'<select name="{name}"><option value="">any {name}</option>{options}</select>'


def _article(one: Change) -> str:
    labels = [one.level.value, f"security {one.security.value}", f"traffic {one.traffic.value}"]
    if one.cause:
        labels.append(one.cause)
    shown = "".join(f"<span>{escape(label)}</span>" for label in labels)
    objects = "".join(f"<li>{escape(name)}</li>" for name in one.objects)
    more = f"<details><summary>{one.count} objects</summary><ul>{objects}</ul></details>"
    return (
        f'<article class="{one.level.value}" data-level="{one.level.value}" '
        f'data-security="{one.security.value}" data-traffic="{one.traffic.value}">'
        f"<h2>{one.id} {escape(one.object)}: {escape(one.field)}</h2>"
        f'<div class="labels">{shown}</div><p>{escape(one.message)}</p><div class="sides">'
        f"{_side(one.old, one.old_position)}{_side(one.new, one.new_position)}</div>"
        f"{more if one.count > 1 else ''}</article>"
    )


def _side(value: str, where: Position | None) -> str:
    place = f"<small>{escape(str(where))}</small>" if where is not None else ""
    return f"<div><pre>{escape(value)}</pre>{place}</div>"


def _rest(outcome: Outcome) -> str:
    drift = outcome.drift
    parts = []
    if drift.assumptions:
        rows = "".join(
            f"<tr><td>{escape(one.topic)}</td><td>{escape(one.old)}</td>"
            f"<td>{escape(one.new)}</td><td>{one.count}</td></tr>"
            for one in drift.assumptions
        )
        head = f"<th>topic</th><th>{drift.old_provider}</th><th>{drift.new_provider}</th>"
        table = f"<table><tr>{head}<th>objects</th></tr>{rows}</table>"
        parts.append(f"<details><summary>Defaults that differ</summary>{table}</details>")
    if drift.not_compared:
        items = "".join(
            f"<li>{escape(one.topic)} ({one.side.value} side, {one.count}): "
            f"{escape(one.reason)}</li>"
            for one in drift.not_compared
        )
        parts.append(f"<details><summary>Not compared</summary><ul>{items}</ul></details>")
    told = [("expected", f"{one.id} {one.object} {one.field}") for one in outcome.expected]
    told += [("no longer needed", f"{one.id} {one.object}") for one in outcome.unused]
    told += [("over", f"{one.id} {one.object}") for one in outcome.expired]
    if told:
        items = "".join(f"<li>{kind}: {escape(text)}</li>" for kind, text in told)
        parts.append(f"<details><summary>Expectations</summary><ul>{items}</ul></details>")
    return "".join(parts)
