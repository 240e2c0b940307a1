r"""A pattern is written for another engine. Either the gateway refuses it, or it takes it for
something else, and then a route (and all that guards it) is not there for the requests that it was
meant for.

- **Kong** has an expression only where the path starts with `~/`: `/v[0-9]+` and `/users/\d+` are
  plain prefixes, since 3.0. Expressions go to an engine (Rust's) that knows no looking ahead or
  back, no references back and no `\Z`; Kong refuses the file.
- **APISIX** has no expressions in `uri` at all. A `*` stands for the rest of the path, so
  `/api/.*` takes what starts with `/api/.`, and `/users/\d+` one path of that very text. A segment
  `/:id` is one only with the router `radixtree_uri_with_parameter`.
- **Traefik** takes `Path`, `PathPrefix` and `Host` literally; there are `PathRegexp` and
  `HostRegexp`. Since 3.0 these have plain expressions, and `{name:[a-z]+}` of version 2 matches
  nothing without `ruleSyntax: v2`. An expression that Go refuses has Traefik leave out the router.
- **Envoy** takes `path`, `prefix` and `path_separated_prefix` literally. `safe_regex` is RE2, which
  knows no looking ahead or back and no references back; Envoy does not start.

Write the pattern for this gateway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gal.go_expressions import refused
from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import at, items, mappings, section, text
from gal.lint.regex_features import looks_like_expression, looks_like_template, unknown_part
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import Dialect
from gal.reading import Mapping, Node, Scalar, is_placeholder
from gal.spelling import snake_case

RULE = Rule(
    code="GAL076",
    name="regex-dialect",
    title="A pattern is refused, or means something else, in this engine",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(185,),
    owasp=("API9",),
    pages=(
        "https://developer.konghq.com/gateway/routing/traditional/",
        "https://apisix.apache.org/docs/apisix/terminology/route/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/type/matcher/v3/regex.proto",
    ),
)

_LITERAL = "it is written like an expression, and taken literally"
_TEMPLATE = "its braces stand for no segment, they are taken literally"
_MATCHER = re.compile(r"(\w+)\(\s*((?:`[^`]*`|\"[^\"]*\")(?:\s*,\s*(?:`[^`]*`|\"[^\"]*\"))*)\s*\)")
_VALUE = re.compile(r"`([^`]*)`|\"([^\"]*)\"")
_PLAIN_MATCHERS = frozenset({"path", "pathprefix", "host"})
_REGEX_MATCHERS = frozenset({"pathregexp", "hostregexp", "headerregexp", "queryregexp"})


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A pattern that is not what it was meant to be.

    Attributes:
        node: where it stands.
        pattern: the pattern.
        why: what becomes of it.
        help: what to write.
        severity: how bad that is, if not as usual.
    """

    node: Node
    pattern: str
    why: str
    help: str
    severity: Severity | None = None


def check(subject: Subject) -> Iterator[Finding]:
    """Patterns that are refused or taken for something else."""
    reader = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}.get(
        subject.provider
    )
    for one in reader(subject) if reader is not None else ():
        yield finding(
            RULE,
            f'"{one.pattern}": {one.why}',
            one.node,
            owner=owner_of(subject, one.node),
            value=one.pattern,
            severity=one.severity,
            help=one.help,
        )


def _literal(node: Node, pattern: str, help_text: str) -> Iterator[_Wrong]:
    if looks_like_expression(pattern):
        yield _Wrong(node, pattern, _LITERAL, help_text)
    elif looks_like_template(pattern):
        yield _Wrong(node, pattern, _TEMPLATE, help_text)


def _refused(node: Node, pattern: str, dialect: Dialect, what: str) -> Iterator[_Wrong]:
    found = unknown_part(pattern, dialect)
    if found is not None:
        part, kind = found
        yield _Wrong(
            node, pattern, f"the engine knows no {kind} ({part}), so {what}", "do without it"
        )


# -- Kong


def _kong(subject: Subject) -> Iterator[_Wrong]:
    for node in subject.walk():
        if not isinstance(node, Mapping) or not _is_new(node):
            continue
        for one in items(node, "paths"):
            path = text(one) or ""
            if path.startswith("~"):
                yield from _refused(one, path[1:], Dialect.RUST, "Kong refuses the file")
            else:
                yield from _literal(one, path, "write an expression as ~/...")


def _is_new(node: Mapping) -> bool:
    """Whether an object with paths is a route of a file of format 3.0."""
    if node.peek("paths") is None:
        return False
    root: Node = node
    while root.parent is not None:
        root = root.parent
    return (text(root, "_format_version") or "").startswith("3")


# -- APISIX


def _apisix(subject: Subject) -> Iterator[_Wrong]:
    for root in subject.roots():
        for route in items(root, "routes"):
            for one in [*items(route, "uri"), *items(route, "uris")]:
                yield from _uri(one, text(one) or "")


def _uri(node: Node, uri: str) -> Iterator[_Wrong]:
    help_text = "end it in *, or ask for the expression in vars: [uri, ~~, ...]"
    found = list(_literal(node, uri, help_text))
    if found:
        yield from found
    elif "/:" in uri and not is_placeholder(uri):
        why = "its colon stands for a segment only with the router radixtree_uri_with_parameter"
        yield _Wrong(node, uri, why, help_text, Severity.MEDIUM)


# -- Traefik


def _traefik(subject: Subject) -> Iterator[_Wrong]:
    old = subject.settings.versions.get("traefik", "3").startswith(("1", "2"))
    roots = list(subject.roots())
    for root in roots:
        syntax = (text(root, "core.defaultRuleSyntax") or "").lower()
        old |= syntax == "v2" or at(root, "pilot") is not None
    for root in roots:
        for _, router in mappings(root, "http.routers"):
            rule = at(router, "rule")
            v2 = old or (text(router, "ruleSyntax") or "").lower() == "v2"
            if isinstance(rule, Scalar) and not is_placeholder(rule.text) and not v2:
                yield from _rule(rule)
        for _, middleware in mappings(root, "http.middlewares"):
            yield from _middleware(middleware)


def _rule(rule: Scalar) -> Iterator[_Wrong]:
    for found in _MATCHER.finditer(rule.text):
        name = found[1].lower()
        values = [one[1] if one[1] is not None else one[2] for one in _VALUE.finditer(found[2])]
        if name in _PLAIN_MATCHERS:
            yield from _plain_value(rule, name, values[0])
        elif name in _REGEX_MATCHERS:
            yield from _expression(rule, values[-1])


def _plain_value(rule: Scalar, name: str, value: str) -> Iterator[_Wrong]:
    wanted = "HostRegexp" if name == "host" else "PathRegexp"
    if "{" in value and looks_like_template(f"/{value.lstrip('/')}"):
        why = "braces as in version 2 are taken literally since version 3"
        yield _Wrong(rule, value, why, f"write {wanted} with an expression, or ruleSyntax: v2")
    elif looks_like_expression(value) and not (name == "host" and value.startswith("*.")):
        yield _Wrong(rule, value, _LITERAL, f"write {wanted}(`...`)")


def _expression(rule: Scalar, value: str) -> Iterator[_Wrong]:
    if re.search(r"\{[A-Za-z_]\w*:", value):
        why = "braces as in version 2 are no expression since version 3"
        yield _Wrong(rule, value, why, "write a plain expression, or ruleSyntax: v2")
    elif (reason := refused(value)) is not None:
        why = f"Go refuses it ({reason}), so Traefik leaves out the router"
        yield _Wrong(rule, value, why, "write an expression that Go knows")


def _middleware(middleware: Mapping) -> Iterator[_Wrong]:
    places = [at(middleware, "replacePathRegex.regex"), at(middleware, "redirectRegex.regex")]
    places += items(middleware, "stripPrefixRegex.regex")
    places += items(middleware, "headers.accessControlAllowOriginListRegex")
    for node in places:
        value = text(node)
        if node is None or value is None or is_placeholder(value):
            continue
        reason = refused(value)
        if reason is not None:
            why = f"Go refuses it ({reason}), so Traefik leaves out the routers that use it"
            yield _Wrong(node, value, why, "write an expression that Go knows")


# -- Envoy


def _envoy(subject: Subject) -> Iterator[_Wrong]:
    for node in subject.walk():
        if not isinstance(node, Mapping):
            continue
        regex = node.peek("regex")
        if isinstance(regex, Scalar) and regex.kind == "string":
            yield from _refused(regex, regex.text, Dialect.RE2, "Envoy does not start")
        if isinstance(node.key, str) and snake_case(node.key) == "match":
            for key in ("path", "prefix", "path_separated_prefix"):
                one = node.peek(key)
                if isinstance(one, Scalar) and section(node.parent, "match") is node:
                    yield from _literal(one, one.text, "write safe_regex: {regex: ...}")


_KONG = (
    "services:\n- name: shop\n  url: http://shop.internal\n  routes:\n  - name: shop\n    paths:\n"
)
_APISIX = 'upstream: {nodes: {"shop.internal:80": 1}}'
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  routers:
    shop:
      service: shop
"""
_ENVOY = "  route: {cluster: one}\n"

EXAMPLES = (
    bad("kong", f"{_KONG}    - /v[0-9]+/users  # <-\n", "no expression without ~"),
    bad("kong", f"{_KONG}    - /users/{{id}}  # <-\n"),
    bad("kong", f"{_KONG}    - ~/users/(?!admin)  # <-\n", "Kong refuses the file"),
    good("kong", f"{_KONG}    - ~/v[0-9]+/users\n"),
    good("kong", f"{_KONG}    - /v1.2/users/$metadata\n", "a full stop and a dollar are plain"),
    good("kong", f"{_KONG}    - '~/a\\(\\?=b[(?=]'\n", "escaped, and in a class"),
    good(
        "kong",
        '_format_version: "2.1"\nservices:\n- name: shop\n  url: http://shop.internal\n'
        "  routes: [{name: shop, paths: ['/v[0-9]+/users']}]\n",
        "old files have expressions without a mark",
    ),
    bad("apisix", f"routes:\n- uri: /api/.*  # <-\n  {_APISIX}\n"),
    bad("apisix", f"routes:\n- uris:\n  - /users/\\d+  # <-\n  {_APISIX}\n"),
    bad("apisix", f"routes:\n- uri: /users/:id  # <-\n  {_APISIX}\n", "with the default router"),
    good("apisix", f"routes:\n- uri: /api/*\n  {_APISIX}\n"),
    good("apisix", f"routes:\n- uri: /api/v1.0/a+b\n  {_APISIX}\n", "a plain path"),
    good(
        "apisix",
        f"routes:\n- uri: /users/*\n  vars: [[uri, '~~', '^/users/\\d+$']]\n  {_APISIX}\n",
    ),
    bad("traefik", f"{_TRAEFIK}      rule: PathPrefix(`/api/.*`)  # <-\n"),
    bad("traefik", f"{_TRAEFIK}      rule: 'HostRegexp(`{{sub:[a-z]+}}.shop.test`)'  # <-\n"),
    bad("traefik", f"{_TRAEFIK}      rule: PathRegexp(`^/(?!admin)`)  # <-\n"),
    good("traefik", f"{_TRAEFIK}      rule: PathRegexp(`^/api/[a-z]+`)\n"),
    good(
        "traefik",
        f"{_TRAEFIK}      rule: 'HostRegexp(`{{sub:[a-z]+}}.shop.test`)'\n      ruleSyntax: v2\n",
    ),
    good("traefik", f"{_TRAEFIK}      rule: Host(`*.shop.test`) && PathPrefix(`/v1.2`)\n"),
    good(
        "traefik",
        f"{_TRAEFIK}      rule: 'PathPrefix(`/{{id:[0-9]+}}`)'\n",
        "it is said to be version 2",
        settings={"versions": {"traefik": "2.11"}},
    ),
    bad("envoy", f"routes:\n- match: {{prefix: '/v[0-9]+/'}}  # <-\n{_ENVOY}"),
    bad("envoy", f"routes:\n- match: {{path: '/users/{{id}}'}}  # <-\n{_ENVOY}"),
    bad(
        "envoy",
        f"routes:\n- match: {{safe_regex: {{regex: '/(?!admin).*'}}}}  # <-\n{_ENVOY}",
        "Envoy does not start",
    ),
    good("envoy", f"routes:\n- match: {{safe_regex: {{regex: '/v[0-9]+/.*'}}}}\n{_ENVOY}"),
    good("envoy", f"routes:\n- match: {{prefix: /v1.2/a+b}}\n{_ENVOY}"),
    good(
        "envoy",
        f"routes:\n- match: {{path_match_policy: {{name: t, typed_config: {{'@type': "
        "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig, "
        f"path_template: '/users/{{id}}'}}}}}}\n{_ENVOY}",
        "templates of their own",
    ),
)
