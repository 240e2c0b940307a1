"""A route for `/admin` takes `/administrator` and `/admin.bak`, too: the gateway compares letters,
and not parts of the path. Whoever adds such a sibling later does not know that it has a route
already, with the upstream and the protection of another application.

- **Kong**: a plain path such as `/admin`. Only an expression can end it: `~/admin(/|$)`.
- **APISIX**: `/admin*`. `/admin` and `/admin/*` together have the boundary.
- **Traefik**: ``PathPrefix(`/admin`)``. ``Path(`/admin`) || PathPrefix(`/admin/`)`` has it.
- **Envoy**: `prefix: /admin`. `path_separated_prefix: /admin` has it.

Not meant are prefixes that end in `/`, or in another sign that says that a part of a word is meant
(`/file-`), expressions, and prefixes of which another route takes the siblings before.

The severity is medium where the siblings would go to a route that asks for other credentials if
the prefix did not take them. `--fix=tighten` says `path_separated_prefix` on Envoy where no request
gets to a route that asks for less.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import Edit, Finding, Fix, finding, place_of
from gal.lint.path_guards import guards_differ
from gal.lint.rule import Confidence, Persona, Rule, Safety, Severity, bad, good
from gal.lint.samples import KONG_ROUTES as _KONG
from gal.lint.siblings import Sibling, siblings
from gal.lint.subject import Subject
from gal.reading import Mapping, Scalar

RULE = Rule(
    code="GAL077",
    name="prefix-without-boundary",
    title="A prefix takes paths that only begin with the same letters",
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    persona=Persona.PEDANTIC,
    cwe=(706, 863),
    owasp=("API5",),
    pages=(
        "https://developer.konghq.com/gateway/routing/traditional/",
        "https://apisix.apache.org/docs/apisix/terminology/route/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
    fix=Safety.TIGHTEN,
)
_HELP = {
    "kong": "end it with an expression, such as ~/admin(/|$)",
    "apisix": "list the path, and the path with /* behind it",
    "traefik": "ask for Path, or for PathPrefix with a / at its end",
    "envoy": "say path_separated_prefix",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Routes with such prefixes, once each."""
    by_source: dict[int, list[Sibling]] = {}
    for one in subject.once(siblings):
        by_source.setdefault(one.placed.source, []).append(one)
    for found in by_source.values():
        yield _finding(subject, found)


def _finding(subject: Subject, found: list[Sibling]) -> Finding:
    first = next((one for one in found if _differs(subject, one)), found[0])
    differs = _differs(subject, first)
    route, text = first.placed.route, first.prefix
    more = len({one.prefix for one in found}) - 1
    also = f" (and {more} more)" if more else ""
    left = ""
    if differs and first.other is not None:
        left = f", which {subject.view_of[id(first.other.route)].title} is there for"
        left += " and asks for other credentials"
    where = first.path if first.path.origin is not None else route
    return finding(
        RULE,
        f'the prefix "{text}"{also} takes paths such as "{text}{first.letter}"{left}',
        where,
        owner=route,
        value=text,
        severity=Severity.MEDIUM if differs else None,
        related=[place_of(first.other.route, message="it would take them")]
        if differs and first.other is not None
        else (),
        help=_HELP.get(subject.provider, "end it with a /"),
        fix=_fix(found) if subject.provider == "envoy" else None,
        count=more + 1,
    )


def _differs(subject: Subject, one: Sibling) -> bool:
    if one.other is None:
        return False
    views = [subject.view_of.get(id(part.route)) for part in (one.placed, one.other)]
    return views[0] is not None and views[1] is not None and guards_differ(views[0], views[1])


def _fix(found: list[Sibling]) -> Fix | None:
    """Another key for the prefix, which Envoy takes without `?` and `#` only."""
    edits = []
    for one in found:
        node = one.path.origin.node if one.path.origin is not None else None
        node = node.parent if isinstance(node, Scalar) else node
        written = node.peek("prefix") if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping) or not isinstance(written, Scalar):
            return None
        if written.text != one.prefix or not {"?", "#"}.isdisjoint(one.prefix):
            return None
        edits.append(Edit(node, node.spelt("prefix"), new_key="path_separated_prefix"))
    return Fix("say path_separated_prefix", Safety.TIGHTEN, tuple(edits))


_UPSTREAM = "upstream: {nodes: {'shop.internal:80': 1}}"
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares: {who: {forwardAuth: {address: "http://who.test"}}}
  routers:
"""

EXAMPLES = (
    bad("kong", f"{_KONG}  - {{name: admin, paths: [/admin]}}  # <-\n"),
    bad(
        "kong",
        f"{_KONG}  - {{name: news, paths: [/public, /n/]}}  # <-\n"
        "  - {name: rest, paths: [/], plugins: [{name: key-auth}]}\n",
        "/publications needs no key: severity medium",
    ),
    good("kong", f"{_KONG}  - {{name: admin, paths: [/admin/]}}\n"),
    good("kong", f"{_KONG}  - {{name: admin, paths: ['~/admin(/|$)']}}\n"),
    good("kong", f"{_KONG}  - {{name: all, paths: [/]}}\n  - {{name: host, hosts: [a.test]}}\n"),
    good(
        "kong",
        f"{_KONG}  - {{name: admin, paths: [/admin]}}\n  - {{name: words, paths: ['~/[a-z]+']}}\n",
        "the expression takes them before",
    ),
    bad("apisix", f"routes:\n- uri: /admin*  # <-\n  {_UPSTREAM}\n"),
    bad(
        "apisix",
        f"routes:\n- uris: [/public*, /n/*]  # <-\n  {_UPSTREAM}\n"
        f"- uri: /*\n  plugins: {{key-auth: {{}}}}\n  {_UPSTREAM}\n",
        "severity medium",
    ),
    good("apisix", f"routes:\n- uris: [/admin, /admin/*]\n  {_UPSTREAM}\n"),
    good("apisix", f"routes:\n- uri: /files/img-*\n  {_UPSTREAM}\n", "a part of a word is meant"),
    good("apisix", f"routes:\n- uri: /*\n  {_UPSTREAM}\n"),
    bad(
        "traefik",
        f"{_TRAEFIK}    admin:\n      rule: PathPrefix(`/admin`)  # <-\n      service: shop\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}    news:\n      rule: PathPrefix(`/public`)  # <-\n      service: shop\n"
        "    rest: {rule: PathPrefix(`/`), service: shop, middlewares: [who]}\n",
        "severity medium",
    ),
    good("traefik", f"{_TRAEFIK}    admin: {{rule: PathPrefix(`/admin/`), service: shop}}\n"),
    good("traefik", f"{_TRAEFIK}    admin: {{rule: Path(`/admin`), service: shop}}\n"),
    good("traefik", f"{_TRAEFIK}    all: {{rule: Host(`a.test`), service: shop}}\n"),
    bad("envoy", "routes:\n- match:\n    prefix: /admin  # <-\n  route: {cluster: one}\n"),
    bad(
        "envoy",
        "routes:\n- match:\n    prefix: /v1  # <-\n  route: {cluster: one}\n"
        "- match: {prefix: /}\n  route: {cluster: one}\n",
        "/v10 gets there, too",
    ),
    good("envoy", "routes:\n- match: {path_separated_prefix: /admin}\n  route: {cluster: one}\n"),
    good("envoy", "routes:\n- match: {prefix: /admin/}\n  route: {cluster: one}\n"),
    good(
        "envoy",
        "routes:\n- match: {safe_regex: {regex: '/[a-z]+'}}\n  route: {cluster: one}\n"
        "- match: {prefix: /admin}\n  route: {cluster: one}\n",
        "the first one takes them",
    ),
)
