"""Nobody asks who sends a request: whoever reaches the gateway reaches the application behind it.
That is meant for a shop's front page and for health checks, and it is an accident for most APIs.

A route counts as guarded when anything acts on it that asks who the client is, by itself, by its
service, or by the whole gateway:

- **Kong**: any authentication plugin (`key-auth`, `basic-auth`, `jwt`, `oauth2`, `hmac-auth`,
  `ldap-auth`, `openid-connect`, `mtls-auth`, ...). `acl` alone asks nobody anything.
- **APISIX**: any authentication plugin, `forward-auth`, `opa`, `authz-*`, `multi-auth`, or an `ssl`
  object that asks for client certificates, and an external plugin (`ext-plugin-pre-req`) whose name
  says so. `csrf` and `referer-restriction` ask nobody.
- **Traefik**: `basicAuth`, `digestAuth`, `forwardAuth`, a plugin whose name says so, and TLS
  options with `RequireAndVerifyClientCert`.
- **Envoy**: `jwt_authn` with a rule that takes the route and has `requires`, `ext_authz`,
  `basic_auth`, `api_key_auth`, `oauth2`, `rbac` that looks at other things than paths, methods and
  headers such as `Referer`, or a required client certificate.

A route that only takes requests with a certain `Authorization`, `apikey` or `x-api-key` asks, too.

Not counted are routes that the gateway answers itself, that only some addresses reach, that only
take `OPTIONS`, that lead to the gateway's own endpoints (see GAL061 and GAL063), and those whose
path says that they are for everybody (`/health`, `/login`, `/.well-known`, `/public`, ...). Others
are marked with the tag `gal:public` (on APISIX the label `gal: public`), or named in `public-paths`
and `internal-hosts` of the linter's settings.

There is one finding for a service of which no route asks, at what would hold the policy. Where some
ask, each that does not is a finding of its own, unless it leads around one that does: then GAL011
tells of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import identity_asked
from gal.lint.bypasses import bypasses
from gal.lint.exposure import answered, is_public, limited_by_address
from gal.lint.finding import Finding, finding, place_of
from gal.lint.grouping import holder
from gal.lint.own_services import admin_behind, state_behind
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import ModelNode

RULE = Rule(
    code="GAL010",
    name="route-without-auth",
    title="Nobody asks who sends the requests of a route",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(306,),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/?category=authentication",
        "https://apisix.apache.org/docs/apisix/plugins/key-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/forwardauth/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter",
    ),
)
_HELP = "ask for credentials, or mark the routes as public (see gal explain GAL010)"


def check(subject: Subject) -> Iterator[Finding]:
    """Services, or what else stands behind routes, of which routes ask for no credentials."""
    groups: dict[int, tuple[ModelNode, list[RouteView], list[RouteView]]] = {}
    around = {id(one.opened.route) for one in subject.once(bypasses)}
    for view in subject.routes:
        if answered(view) or is_public(view, subject) or limited_by_address(view):
            continue
        if admin_behind(view, subject) or state_behind(view, subject):
            continue  # GAL061 and GAL063 tell of these
        behind: ModelNode = view.service or next((one for one, _ in view.upstreams), view.route)
        _, guarded, opened = groups.setdefault(id(behind), (behind, [], []))
        (guarded if identity_asked(view) else opened).append(view)
    for behind, guarded, opened in groups.values():
        left = [view for view in opened if id(view.route) not in around]
        if not guarded and len(left) == len(opened) and left:
            yield _finding(behind, left, holder(subject, left[0]))
        else:
            yield from (_finding(view.route, [view], view.route) for view in left)


def _finding(owner: ModelNode, views: list[RouteView], where: ModelNode) -> Finding:
    subject_text = views[0].title if len(views) == 1 else f"{len(views)} routes"
    shown = [one.route for one in views[:5] if one.route is not where]
    return finding(
        RULE,
        f"nothing asks who sends the requests of {subject_text}",
        where,
        owner=owner,
        value="no authentication",
        related=[place_of(one, message="nobody is asked here") for one in shown],
        help=_HELP,
        count=len(views),
    )


_KONG = """\
services:
- name: shop  # <-
  url: http://shop.internal
  routes: [{name: orders, paths: [/orders]}, {name: cart, paths: [/cart]}]
"""
_APISIX = """\
routes:
- uri: /orders  # <-
  upstream: {nodes: {"shop.internal:80": 1}}
"""
_EXTERNAL = '  plugins: {ext-plugin-pre-req: {conf: [{name: NAME, value: "{}"}]}}\n'
_TRAEFIK = """\
http:
  routers:
    orders: {rule: PathPrefix(`/orders`), service: shop}  # <-
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
"""
_CERTIFIED = (
    _TRAEFIK.replace("service: shop}", "service: shop, tls: {}}")
    + "tls:\n  options:\n    default:\n      clientAuth:\n"
    "        caFiles: [/run/ca.pem]\n        clientAuthType: "
)
_GUARDED = _TRAEFIK.replace("service: shop}", "service: shop, middlewares: [who]}")
_ENVOY = """\
routes:
- match: {prefix: /orders}  # <-
  route: {cluster: one}
"""
_JWT = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    providers:
      issuer:
        issuer: https://issuer.test
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
    rules:
    - match: {prefix: /}
"""
_REQUIRES = "      requires: {provider_name: issuer}\n"


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


_RBAC = """\
filters:
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    rules:
      action: DENY
      policies:
        old:
          permissions: [{header: {name: x-old, present_match: true}}]
          principals: [{PRINCIPAL}]
"""

EXAMPLES = (
    bad("kong", _KONG, "one finding for both routes"),
    bad(
        "kong",
        f"{_KONG}  plugins: [{{name: acl, config: {{allow: [staff]}}}}]\n",
        "groups are looked up for somebody whom nothing has asked",
    ),
    bad(
        "kong",
        "services:\n- name: shop\n  url: http://shop.internal\n  routes:\n"
        "  - name: orders\n    paths: [/orders]\n    strip_path: false\n"
        "    plugins: [{name: key-auth}]\n"
        "  - name: cart  # <-\n    paths: [/cart]\n    strip_path: false\n",
        "one of two",
    ),
    good("kong", f"{_plain(_KONG)}  plugins: [{{name: key-auth}}]\n"),
    good("kong", f"{_plain(_KONG)}plugins: [{{name: hmac-auth}}]\n", "the whole gateway asks"),
    good("kong", f"{_plain(_KONG)}  tags: ['gal:public']\n", "meant for everybody"),
    good(
        "kong",
        f"{_plain(_KONG)}  plugins: [{{name: ip-restriction, config: {{allow: [10.0.0.1]}}}}]\n",
    ),
    bad("apisix", _APISIX),
    bad(
        "apisix",
        f"{_APISIX}  plugins: {{csrf: {{key: a-key-of-its-own}}}}\n",
        "a token of its own page",
    ),
    good("apisix", f"{_plain(_APISIX)}  plugins: {{key-auth: {{}}}}\n"),
    good("apisix", _plain(_APISIX).replace("/orders", "/healthz"), "for health checks"),
    good("apisix", f"{_plain(_APISIX)}  labels: {{gal: public}}\n", "meant for everybody"),
    good("apisix", _plain(_APISIX), settings={"public_paths": ("/ord*",)}),
    bad(
        "apisix",
        f"{_APISIX}{_EXTERNAL.replace('NAME', 'enrich')}",
        "a program that does other things",
    ),
    good(
        "apisix", f"{_plain(_APISIX)}{_EXTERNAL.replace('NAME', 'oidc')}", "a program that may ask"
    ),
    bad(
        "apisix",
        "routes:\n- {uri: /orders/*, upstream_id: shop, plugins: {key-auth: {}}}\n"
        "- uri: /cart/*  # <-\n  upstream_id: shop\n"
        'upstreams:\n- {id: shop, nodes: {"shop.internal:80": 1}}\n',
        "the finding stands at the route that it is about",
    ),
    bad("traefik", _TRAEFIK),
    bad("traefik", f"{_CERTIFIED}VerifyClientCertIfGiven", "a client may show none"),
    good("traefik", f"{_plain(_CERTIFIED)}RequireAndVerifyClientCert"),
    bad(
        "traefik",
        f"{_GUARDED}  middlewares: {{who: {{rateLimit: {{average: 5}}}}}}\n",
        "another middleware is none",
    ),
    good(
        "traefik",
        f"{_plain(_GUARDED)}  middlewares: {{who: {{forwardAuth: {{address: 'http://who.test'}}}}}}\n",
    ),
    good(
        "traefik",
        f"{_plain(_GUARDED)}  middlewares: {{who: {{redirectScheme: {{scheme: https}}}}}}\n",
        "nothing gets through",
    ),
    good("traefik", _plain(_TRAEFIK).replace("PathPrefix(`/orders`)", "Host(`auth.shop.test`)")),
    good(
        "traefik",
        _plain(_TRAEFIK).replace("PathPrefix(`/orders`)", "'Header(`x-api-key`, `a-long-key`)'"),
        "only who knows the key",
    ),
    good(
        "traefik",
        "http: {routers: {own: {rule: PathPrefix(`/own`), service: api@internal}}}\n",
        "GAL061 tells of it",
    ),
    bad("envoy", _ENVOY),
    bad("envoy", f"{_JWT}{_ENVOY}", "the rule requires nothing"),
    bad("envoy", _RBAC.replace("PRINCIPAL", "any: true") + _ENVOY, "the rules are for everybody"),
    bad(
        "envoy",
        _RBAC.replace("PRINCIPAL", "header: {name: referer, present_match: true}") + _ENVOY,
        "anybody may send a Referer",
    ),
    good("envoy", _RBAC.replace("PRINCIPAL", "authenticated: {}") + _plain(_ENVOY)),
    good("envoy", f"{_JWT}{_REQUIRES}{_plain(_ENVOY)}"),
    good("envoy", _plain(_ENVOY).replace("/orders", "/.well-known/openid-configuration")),
    good(
        "envoy",
        "routes:\n- match: {prefix: /}\n  redirect: {https_redirect: true}\n",
        "nothing gets through",
    ),
)
