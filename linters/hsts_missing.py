"""`Strict-Transport-Security` has a browser use HTTPS only for a host that it visited once. Without
it, whoever is on the way can keep the browser on plain HTTP, however soon the gateway redirects.

- **Kong**: `Strict-Transport-Security:max-age=...` in `add.headers` of `response-transformer`.
- **APISIX**: `headers.set` of `response-rewrite`.
- **Traefik**: `stsSeconds` of `headers`; without it, or with 0, the other `sts...` do nothing.
- **Envoy**: `response_headers_to_add`.

It is about routes that answer browsers over HTTPS: they have CORS, send users to a login page, set
other headers for pages, or carry the tag `gal:html`. A `max-age` below 180 days is reported,
too. An upstream may send the header by itself: then ignore the finding, with that as the reason.

Browsers remember the header, so begin with a short `max-age` where some hosts may lack HTTPS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint.asked import common_owner
from gal.lint.browser import HSTS, response_headers, shows_pages
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.rule import Confidence, Persona, Rule, Severity, bad, good
from gal.lint.samples import APISIX_CERTIFICATE as _SSL
from gal.lint.samples import KONG_CERTIFICATE as _CERTIFICATE
from gal.lint.subject import RouteView, Subject
from gal.model import Cors, ModelNode

RULE = Rule(
    code="GAL044",
    name="hsts-missing",
    title="Browsers are not told to use HTTPS only",
    severity=Severity.LOW,
    confidence=Confidence.MEDIUM,
    persona=Persona.PEDANTIC,
    cwe=(523,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/response-transformer/",
        "https://apisix.apache.org/docs/apisix/plugins/response-rewrite/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
        "https://www.rfc-editor.org/rfc/rfc6797",
    ),
)
_LEAST = 180 * 24 * 60 * 60
_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_SECURE = frozenset(("https", "grpcs"))
_MOST_RELATED = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Routes that answer browsers over HTTPS without the header, and values that are too short."""
    without: list[RouteView] = []
    short: dict[int, tuple[ModelNode, int, list[RouteView]]] = {}
    for view in subject.routes:
        if answered(view) or not _secure(view, subject) or not _browsers(view):
            continue
        given = response_headers(view).get(HSTS)
        if given is None:
            without.append(view)
            continue
        age = _AGE.search(given[0])
        if age is not None and int(age[1]) < _LEAST:
            where = given[1]
            key = id(where.origin.node) if where.origin is not None else id(where)
            short.setdefault(key, (where, int(age[1]), []))[2].append(view)
    if without:
        yield _missing(subject, without)
    for where, seconds, views in short.values():
        yield _short(subject, where, seconds, views)


def _browsers(view: RouteView) -> bool:
    return view.policy(Cors) is not None or shows_pages(view)


def _secure(view: RouteView, subject: Subject) -> bool:
    schemes = set(view.route.schemes)
    if schemes:
        return bool(schemes & _SECURE)
    if subject.settings.tls_terminated:
        return True
    return any(one.protocol == "https" for one in subject.gateway.listeners)


def _missing(subject: Subject, views: list[RouteView]) -> Finding:
    what = f"{views[0].title} answers" if len(views) == 1 else f"{len(views)} routes answer"
    return finding(
        RULE,
        f"{what} browsers without Strict-Transport-Security",
        views[0].route,
        owner=common_owner(subject, views),
        value="no Strict-Transport-Security",
        related=[place_of(one.route, message="and here") for one in views[1:_MOST_RELATED]],
        help="send Strict-Transport-Security with a max-age of half a year or more",
        count=len(views),
    )


def _short(subject: Subject, where: ModelNode, seconds: int, views: list[RouteView]) -> Finding:
    return finding(
        RULE,
        f"browsers keep to HTTPS for {seconds} seconds only",
        where,
        owner=common_owner(subject, views),
        value="a short Strict-Transport-Security",
        help="raise max-age to half a year or more",
        count=len(views),
    )


_CORS = "{name: cors, config: {origins: [https://a.test]}}"


def _kong(*plugins: str, mark: str = "") -> str:
    return (
        f"{_CERTIFICATE}services:\n- name: shop\n  url: http://shop.internal\n  routes:\n"
        f"  - name: shop{mark}\n    paths: [/shop]\n  plugins:\n"
        + "".join(f"  - {one}\n" for one in plugins)
    )


def _kong_header(value: str, mark: str = "") -> str:
    return (
        f"name: response-transformer{mark}\n    config:\n      add:\n        headers:\n"
        f"        - Strict-Transport-Security:{value}"
    )


def _apisix(*plugins: str, mark: str = "") -> str:
    return (
        f'{_SSL}routes:\n- uri: /shop{mark}\n  upstream: {{nodes: {{"shop.internal:80": 1}}}}\n'
        "  plugins:\n" + "".join(f"    {one}\n" for one in plugins)
    )


def _traefik(*lines: str, mark: str = "", tls: str = "\n      tls: {}") -> str:
    return (
        "http:\n  routers:\n"
        f"    shop:{mark}\n      rule: Host(`shop.test`)\n      service: shop\n"
        f"      middlewares: [own]{tls}\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  middlewares:\n    own:\n      headers:\n" + "".join(f"        {one}\n" for one in lines)
    )


_TLS = """\
node: {id: gateway, cluster: edge}
chain:
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
      common_tls_context:
        tls_certificate_sds_secret_configs:
        - name: shop
          sds_config: {ads: {}, resource_api_version: V3}
"""


def _envoy(*headers: str, frame: str = _TLS, mark: str = "") -> str:
    added = "".join(f"  - header: {{key: {name}}}\n" for name in headers)
    return f"{frame}routes:\n- match: {{prefix: /}}{mark}\n  route: {{cluster: one}}\n" + (
        f"  response_headers_to_add:\n{added}" if headers else ""
    )


_MARK = "  # <-"
_YEAR = "max-age=31536000"
_AGES = "Strict-Transport-Security"
_FRAMES = "X-Frame-Options, value: DENY"

EXAMPLES = (
    bad("kong", _kong(_CORS, mark=_MARK)),
    bad("kong", _kong(_CORS, _kong_header("max-age=60", _MARK)), "a minute"),
    good("kong", _kong(_CORS, _kong_header(_YEAR))),
    good("kong", _kong("{name: key-auth}"), "nothing says that browsers come"),
    good("kong", _kong(_CORS).replace(_CERTIFICATE, ""), "nothing says that TLS ends here"),
    bad("apisix", _apisix("cors: {}", mark=_MARK)),
    bad(
        "apisix", _apisix("response-rewrite: {headers: {set: {X-Frame-Options: DENY}}}", mark=_MARK)
    ),
    good(
        "apisix",
        _apisix("cors: {}", f'response-rewrite: {{headers: {{set: {{{_AGES}: "{_YEAR}"}}}}}}'),
    ),
    good("apisix", _apisix("key-auth: {}"), "nothing says that browsers come"),
    good("apisix", _apisix("cors: {}").replace(_SSL, ""), "nothing says that TLS ends here"),
    bad("traefik", _traefik("frameDeny: true", mark=_MARK)),
    bad("traefik", _traefik("frameDeny: true", "stsSeconds: 0", mark=_MARK), "0 is none"),
    good("traefik", _traefik("frameDeny: true", "stsSeconds: 31536000")),
    good("traefik", _traefik("frameDeny: true", tls=""), "plain HTTP only"),
    good("traefik", _traefik("customRequestHeaders: {X-A: b}"), "nothing says that browsers come"),
    bad("envoy", _envoy(_FRAMES, mark=_MARK)),
    bad("envoy", _envoy("Referrer-Policy, value: no-referrer", mark=_MARK)),
    good("envoy", _envoy(_FRAMES, f'{_AGES}, value: "{_YEAR}"')),
    good("envoy", _envoy(_FRAMES, frame=""), "plain HTTP only"),
    good("envoy", _envoy(), "nothing says that browsers come"),
)
