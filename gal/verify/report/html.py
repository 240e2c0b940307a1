"""The report as one page that needs nothing else, with a filter by kind and text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from gal.verify.report.told import Told, all_told, headline, kinds

if TYPE_CHECKING:
    from gal.verify.verification import Verification

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #b3261e; --good: #1b7f3b; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h1.bad { color: var(--bad); } h1.good { color: var(--good); }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid var(--line); padding: .3rem .7rem; text-align: left; }
td.number { text-align: right; }
article { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; }
article { padding: .7rem 1rem; }
article h2 { font-size: 1rem; margin: 0 0 .5rem; }
pre { background: #8881; margin: .3rem 0; overflow-x: auto; padding: .4rem .6rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .5rem 0 0; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
form { display: flex; gap: 1rem; margin: 1rem 0; padding: .5rem 0; }
form { background: Canvas; position: sticky; top: 0; }
input { flex: 1; } .differs { color: var(--bad); }
"""
_SCRIPT = """
const kind = document.getElementById("kind"), text = document.getElementById("text");
function show() {
  for (const one of document.querySelectorAll("article")) {
    const fits = (!kind.value || one.dataset.kind === kind.value)
      && one.textContent.toLowerCase().includes(text.value.toLowerCase());
    one.hidden = !fits;
  }
}
kind.addEventListener("change", show); text.addEventListener("input", show);
"""


def render(result: Verification) -> str:
    """The page."""
    rows = kinds(result)
    verdict = escape(headline(result))
    mood = "bad" if result.disagreements else "good"
    sides = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(way)}</dd>"
        for name, way in zip(result.names, result.ways, strict=True)
    )
    counts = "".join(
        f"<tr><td>{escape(kind)}</td>"
        + "".join(f'<td class="number">{number}</td>' for number in numbers)
        + "</tr>"
        for kind, *numbers in rows
    )
    found = all_told(result)
    options = "".join(
        f"<option>{escape(kind)}</option>" for kind in sorted({one.kind for one in found})
    )
    form = (
        f'<form><select id="kind"><option value="">all kinds</option>{options}</select>'
        '<input id="text" type="search" placeholder="filter"></form>'
        if found
        else ""
    )
    left = f"<p>{result.left} further probes were not sent.</p>" if result.left else ""
    articles = "".join(_article(one, result.names) for one in found)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>gal verify: {verdict}</title><style>{_STYLE}</style></head><body>"
        f'<h1 class="{mood}">{verdict}</h1><dl>{sides}</dl>'
        "<table><tr><th>probes</th><th>alike</th><th>differ</th><th>not compared</th></tr>"
        f"{counts}</table>{left}{form}{articles}<script>{_SCRIPT}</script></body></html>\n"
    )


def _article(one: Told, names: tuple[str, str]) -> str:
    request = escape("\n".join(one.request))
    messages = "".join(f'<div class="differs">{escape(text)}</div>' for text in one.messages)
    places = "".join(f"<dt>at</dt><dd>{escape(at)}</dd>" for at in one.places)
    return (
        f'<article data-kind="{escape(one.kind, quote=True)}">'
        f"<h2>{escape(one.kind)}: {escape(one.about)}</h2><pre>{request}</pre>{messages}"
        f"<dl><dt>{escape(names[0])}</dt><dd>{escape(one.first)}</dd>"
        f"<dt>{escape(names[1])}</dt><dd>{escape(one.second)}</dd>{places}</dl></article>"
    )
