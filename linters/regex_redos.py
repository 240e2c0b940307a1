r"""An engine that backtracks tries every way to fit a text before it gives up. Some expressions
have so many ways that a client keeps a worker busy with one short header or path: `(a+)+$` takes
twice as many steps for every further `a`.

- **Kong** and **APISIX** match with PCRE and give up after 100,000 steps
  (`lua_regex_match_limit`). What was given up counts as no match. So a client who makes an
  expression expensive gets past the blocked paths of `uri-blocker` and the denied clients of
  `bot-detection` and `ua-restriction` as well.
- In Kong that is about `origins` of `cors` and the lists of `bot-detection`, and about paths and
  headers of files older than 3.0. Paths of routes go through an engine without backtracking since
  then.
- In APISIX it is about all expressions: `vars`, `regex_uri`, `block_rules`,
  `allow_origins_by_regex`, the lists of `ua-restriction`, `filters` of `response-rewrite`.
- **Traefik** and **Envoy** use RE2 and its like, which never take longer. There is nothing to find.

Reported are repetitions inside of repetitions which the same text fits in two ways, with severity
medium, and repetitions of overlapping classes side by side, such as `.*\w+`, where the steps grow
with the square of the text, with severity low.

Let each repetition start with something that the one before it cannot contain, or use possessive
ones: `(?:a++)+`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gal.lint.backtracking import Growth, growth
from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import items, text
from gal.lint.plugin_nodes import plugin_nodes
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.subject import Subject
from gal.model import Dialect
from gal.reading import Node, Scalar, Sequence, is_placeholder

RULE = Rule(
    code="GAL075",
    name="regex-redos",
    title="An expression takes far more steps than a text has letters",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(1333, 400),
    owasp=("API4",),
    pages=(
        "https://developer.konghq.com/plugins/bot-detection/",
        "https://apisix.apache.org/docs/apisix/plugins/uri-blocker/",
        "https://github.com/openresty/lua-nginx-module#lua_regex_match_limit",
    ),
)

_PLAIN_ORIGIN = re.compile(r"[A-Za-z0-9.:/-]*")
_MATCHES = frozenset({"~~", "~*"})


@dataclass(frozen=True, slots=True)
class _Used:
    """An expression that PCRE matches.

    Attributes:
        node: where it stands.
        pattern: the expression.
        to_end: it has to reach the end of the text.
        lets_in: whoever it does not match is let in.
    """

    node: Node
    pattern: str
    to_end: bool = False
    lets_in: bool = False


def check(subject: Subject) -> Iterator[Finding]:
    """Expressions that PCRE matches and that may take it long."""
    reader = {"kong": _kong, "apisix": _apisix}.get(subject.provider)
    seen: set[int] = set()
    for one in reader(subject) if reader is not None else ():
        if id(one.node) in seen or is_placeholder(one.pattern):
            continue
        seen.add(id(one.node))
        found = growth(one.pattern, to_end=one.to_end)
        if found is not None:
            yield _finding(subject, one, found)


def _finding(subject: Subject, one: _Used, found: Growth) -> Finding:
    more = "; what takes too long counts as no match, and is let in" if one.lets_in else ""
    how = (
        "may take twice as many steps for every further letter"
        if found is Growth.EXPONENTIAL
        else "may take as many steps as the square of a text's letters"
    )
    return finding(
        RULE,
        f'the expression "{one.pattern}" {how}{more}',
        one.node,
        owner=owner_of(subject, one.node),
        value=one.pattern,
        severity=Severity.MEDIUM if found is Growth.EXPONENTIAL else Severity.LOW,
        help="let no two repetitions fit the same text, or make the inner one possessive",
    )


# -- Kong


def _kong(subject: Subject) -> Iterator[_Used]:
    for plugin in plugin_nodes(subject, "cors", "bot-detection"):
        if plugin.name == "cors":
            for node in items(plugin.config, "origins"):
                origin = text(node)
                if origin is not None and not _PLAIN_ORIGIN.fullmatch(origin) and origin != "*":
                    yield _Used(node, origin, to_end=True)
            continue
        yield from _listed(plugin.config, "allow")
        yield from _listed(plugin.config, "deny", lets_in=True)
    for view in subject.routes:
        for path in view.route.paths:
            regex = path.path_regex
            if regex is not None and regex.dialect is Dialect.PCRE and view.route.origin:
                for node in items(view.route.origin.node, "paths"):
                    if (text(node) or "").lstrip("~") == regex.pattern:
                        yield _Used(node, regex.pattern)


def _listed(node: Node | None, path: str, *, lets_in: bool = False) -> Iterator[_Used]:
    for one in items(node, path):
        if isinstance(one, Scalar):
            yield _Used(one, one.text, lets_in=lets_in)


# -- APISIX


def _apisix(subject: Subject) -> Iterator[_Used]:
    for node in subject.walk():
        if isinstance(node, Sequence):
            yield from _condition(node)
    names = ("uri-blocker", "cors", "ua-restriction", "proxy-rewrite", "redirect")
    for plugin in plugin_nodes(subject, *names, "response-rewrite"):
        config = plugin.config
        yield from _listed(config, "block_rules", lets_in=True)
        yield from _listed(config, "allow_origins_by_regex")
        yield from _listed(config, "timing_allow_origins_by_regex")
        yield from _listed(config, "denylist", lets_in=True)
        yield from _listed(config, "allowlist")
        for one in items(config, "filters"):
            yield from _listed(one, "regex")
        for one in items(config, "regex_uri")[::2]:
            yield from _listed(one, "")


def _condition(node: Sequence) -> Iterator[_Used]:
    """`[VARIABLE, "~~", EXPRESSION]`, with `!` before the operator or without."""
    parts = [one.text if isinstance(one, Scalar) else "" for one in node.items]
    if 3 <= len(parts) <= 4 and parts[-2] in _MATCHES and isinstance(node.items[-1], Scalar):
        yield _Used(node.items[-1], parts[-1])


_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}  - name: bot-detection\n    config:\n      deny:\n"
        "      - '(\\w+\\s?)+bot'  # <-\n",
        "who makes it expensive is let in",
    ),
    bad(
        "kong",
        f"{_KONG}  - name: cors\n    config:\n      origins:\n"
        "      - 'https://([a-z0-9]+-?)+\\.shop\\.test'  # <-\n",
    ),
    bad(
        "kong",
        '_format_version: "2.1"\nservices:\n- name: shop\n  url: http://shop.internal\n'
        "  routes:\n  - name: shop\n    paths:\n    - /(a+)+/x  # <-\n",
        "paths of old files go through PCRE",
    ),
    good("kong", "routes: [{name: shop, paths: ['~/(a+)+/x']}]\n", "paths go through no PCRE"),
    good("kong", f"{_KONG}  - {{name: bot-detection, config: {{deny: ['(\\w+\\s)+bot']}}}}\n"),
    good(
        "kong",
        f"{_KONG}  - {{name: cors, config: {{origins: ['https://([a-z0-9-]+\\.)+shop\\.test']}}}}\n",
        "each round starts after a full stop",
    ),
    good(
        "kong",
        f"{_KONG}  - {{name: bot-detection, enabled: false, config: {{deny: ['(a+)+b']}}}}\n",
    ),
    bad(
        "apisix",
        f"{_APISIX}  plugins:\n    uri-blocker:\n      block_rules:\n"
        "      - '^/(?:[a-z]+/?)+\\.php$'  # <-\n",
        "who makes it expensive is let in",
    ),
    bad(
        "apisix",
        f"{_APISIX}  vars:\n  - [http_x_tag, '~~', '^(a|aa)+$']  # <-\n",
    ),
    bad(
        "apisix",
        f"{_APISIX}  plugins:\n    proxy-rewrite:\n      regex_uri:\n"
        "      - ^/(.*)(.*)/v1$  # <-\n      - /$1\n",
        "two repetitions of the same side by side: severity low",
    ),
    good(
        "apisix",
        f"{_APISIX}  plugins: {{uri-blocker: {{block_rules: ['root.exe', '^/(?:[a-z]+/)+x$']}}}}\n",
    ),
    good("apisix", f"{_APISIX}  vars: [[http_x_tag, '~~', '(a+)+']]\n", "it fits at once"),
    good("apisix", f"{_APISIX}  vars: [[http_x_tag, '==', '(a+)+$']]\n", "no expression"),
    good(
        "apisix",
        f"{_APISIX}  plugins: {{proxy-rewrite: {{regex_uri: ['^/a/(.*)/b/(.*)', '/$1/$2']}}}}\n",
    ),
)
