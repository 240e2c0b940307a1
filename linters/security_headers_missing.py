"""Some headers have browsers keep pages apart. `X-Content-Type-Options: nosniff` has them believe
the type that is said, `X-Frame-Options` or `frame-ancestors` of `Content-Security-Policy` keeps
foreign pages from showing this one inside of theirs, and `Referrer-Policy` keeps addresses of pages
from other sites.

- **Kong**: `add.headers` of `response-transformer`.
- **APISIX**: `headers.set` of `response-rewrite`.
- **Traefik**: `contentTypeNosniff`, `frameDeny`, `contentSecurityPolicy` and `referrerPolicy` of
  `headers`.
- **Envoy**: `response_headers_to_add`.

Interfaces for programs need none of them, so only routes count that are known to answer with pages:
those that send users to a login page, set another header for pages already, or carry the tag
`gal:html`. `nosniff` alone says nothing: interfaces for programs often send it, too. An upstream
may send the headers by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import common_owner
from gal.lint.browser import CONTENT, FRAMES, REFERRER, SNIFFING, response_headers, shows_pages
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.rule import Confidence, Persona, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject

RULE = Rule(
    code="GAL051",
    name="security-headers-missing",
    title="Pages are answered without headers that keep them apart from others",
    severity=Severity.LOW,
    confidence=Confidence.LOW,
    persona=Persona.AUDITOR,
    cwe=(693, 1021),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/response-transformer/",
        "https://apisix.apache.org/docs/apisix/plugins/response-rewrite/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
        "https://owasp.org/www-project-secure-headers/",
    ),
)
_MOST_RELATED = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Routes that answer with pages and lack headers; one finding for those that lack the same."""
    groups: dict[tuple[str, ...], list[RouteView]] = {}
    for view in subject.routes:
        if not answered(view) and shows_pages(view):
            groups.setdefault(_missing(view), []).append(view)
    for missing, views in groups.items():
        if missing:
            yield _finding(subject, missing, views)


def _missing(view: RouteView) -> tuple[str, ...]:
    given = response_headers(view)
    found = []
    if SNIFFING not in given:
        found.append("X-Content-Type-Options")
    policy = given[CONTENT][0].lower() if CONTENT in given else ""
    if FRAMES not in given and "frame-ancestors" not in policy:
        found.append("X-Frame-Options")
    if REFERRER not in given:
        found.append("Referrer-Policy")
    return tuple(found)


def _finding(subject: Subject, missing: tuple[str, ...], views: list[RouteView]) -> Finding:
    what = f"{views[0].title} answers" if len(views) == 1 else f"{len(views)} routes answer"
    return finding(
        RULE,
        f"{what} with pages that lack {', '.join(missing)}",
        views[0].route,
        owner=common_owner(subject, views),
        value=f"without {' '.join(missing)}",
        related=[place_of(one.route, message="and here") for one in views[1:_MOST_RELATED]],
        help="add the headers to all answers with pages",
        count=len(views),
    )


def _kong(*headers: str, mark: str = "", more: str = "") -> str:
    return (
        "services:\n- name: shop\n  url: http://shop.internal\n  routes:\n"
        f"  - name: shop{mark}\n    paths: [/shop]\n{more}  plugins:\n"
        "  - name: response-transformer\n    config:\n      add:\n        headers:\n"
        + "".join(f"        - {one}\n" for one in headers)
    )


def _apisix(*headers: str, mark: str = "") -> str:
    return (
        f'routes:\n- uri: /shop{mark}\n  upstream: {{nodes: {{"shop.internal:80": 1}}}}\n'
        f"  plugins: {{response-rewrite: {{headers: {{set: {{{', '.join(headers)}}}}}}}}}\n"
    )


def _traefik(*lines: str, mark: str = "") -> str:
    return (
        f"http:\n  routers:\n    shop:{mark}\n"
        "      {rule: Host(`shop.test`), service: shop, middlewares: [own]}\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  middlewares:\n    own:\n      headers:\n" + "".join(f"        {one}\n" for one in lines)
    )


def _envoy(*headers: str, mark: str = "") -> str:
    added = "".join(f"  - header: {{key: {one}}}\n" for one in headers)
    return (
        f"routes:\n- match: {{prefix: /}}{mark}\n  route: {{cluster: one}}\n"
        f"  response_headers_to_add:\n{added}"
    )


_MARK = "  # <-"
_SNIFF, _FRAME, _REFER = "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy"
_ENVOY = (f"{_SNIFF}, value: nosniff", f"{_FRAME}, value: DENY", f"{_REFER}, value: no-referrer")
_TAG = "    tags: ['gal:html']\n"

EXAMPLES = (
    bad("kong", _kong(f"{_FRAME}:DENY", mark=_MARK)),
    bad("kong", _kong("X-Shop:a", mark=_MARK, more=_TAG), "pages, as it says itself"),
    good("kong", _kong(f"{_FRAME}:DENY", f"{_SNIFF}:nosniff", f"{_REFER}:no-referrer")),
    good("kong", _kong("X-Shop:a"), "nothing says that it answers with pages"),
    good(
        "kong",
        _kong("X-Shop:a", more="    methods: [POST]\n")
        + "  - {name: openid-connect, config: {issuer: 'https://issuer.test'}}\n",
        "nobody opens it in a browser",
    ),
    good(
        "kong",
        _kong(f"{_SNIFF}:nosniff", f"{_REFER}:no-referrer")
        + "        - \"Content-Security-Policy:frame-ancestors 'none'\"\n",
    ),
    bad("apisix", _apisix(f"{_FRAME}: DENY", mark=_MARK)),
    bad("apisix", _apisix(f"{_REFER}: no-referrer", mark=_MARK)),
    good("apisix", _apisix(f"{_FRAME}: DENY", f"{_SNIFF}: nosniff", f"{_REFER}: no-referrer")),
    good("apisix", _apisix("X-Shop: a"), "nothing says that it answers with pages"),
    good("apisix", _apisix(f"{_SNIFF}: nosniff"), "interfaces for programs send it, too"),
    bad("traefik", _traefik("frameDeny: true", mark=_MARK)),
    bad("traefik", _traefik("contentTypeNosniff: true", "referrerPolicy: no-referrer", mark=_MARK)),
    good(
        "traefik",
        _traefik("frameDeny: true", "contentTypeNosniff: true", "referrerPolicy: no-referrer"),
    ),
    good("traefik", _traefik("customResponseHeaders: {X-Shop: a}"), "nothing says so"),
    good("traefik", _traefik("customRequestHeaders: {X-Shop: a}"), "nothing says so"),
    bad("envoy", _envoy(_ENVOY[1], mark=_MARK)),
    bad("envoy", _envoy(*_ENVOY[1:], mark=_MARK)),
    good("envoy", _envoy(*_ENVOY)),
    good("envoy", _envoy("X-Shop, value: a"), "nothing says that it answers with pages"),
    good("envoy", "clusters:\n", "nothing says that it answers with pages"),
)
