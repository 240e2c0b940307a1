"""A password or a key travels with every request, and in plain HTTP whoever is on the way can read
it. Sending the client to HTTPS afterwards helps only those who have not sent it yet, so routes that
ask for one should not answer plain HTTP with anything else.

What counts as taking plain HTTP:

- **Kong**: `protocols` of the route holds `http`, or is not there: the default is `http` and
  `https`.
- **APISIX**: the port for plain HTTP takes every route, unless the plugin `redirect` has
  `http_to_https`.
- **Traefik**: the router stands at an entry point without TLS, and neither the entry point nor a
  `redirectScheme` sends its requests to HTTPS.
- **Envoy**: the listener's filter chain has no TLS, and the virtual host does not `require_tls`.

There is no finding where the gateway listens on the loopback address only. Where something before
the gateway ends TLS, say so in the linter's settings: `tls-terminated = true`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import Asked, asked
from gal.lint.exposure import answered, takes_plain
from gal.lint.finding import Finding, place_of
from gal.lint.repeated import Hit, Wording, findings
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.samples import ENVOY_TLS as _TLS
from gal.lint.subject import Subject, explicit
from gal.model import ApiKeyAuth, BasicAuth, Guard

RULE = Rule(
    code="GAL020",
    name="credential-over-plain-http",
    title="Passwords or keys are asked for over plain HTTP",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    cwe=(319, 523),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/route/",
        "https://apisix.apache.org/docs/apisix/plugins/redirect/",
        "https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto",
    ),
)
_WORDING = Wording(
    "are also asked for over plain HTTP",
    "take HTTPS only, or say that TLS ends before the gateway (tls-terminated)",
)
_GUARDS = frozenset(("ldap-auth", "ldap-auth-advanced"))
_SHOWN = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Passwords and keys on routes that take plain HTTP."""
    if subject.settings.tls_terminated:
        return
    hits = [_hit(one, "passwords", subject) for one in asked(subject, BasicAuth)]
    hits += [_hit(one, "API keys", subject) for one in asked(subject, ApiKeyAuth)]
    hits += [
        _hit(one, f"passwords of {one.part.name}", subject)
        for one in asked(subject, Guard)
        if one.part.name in _GUARDS
    ]
    yield from findings(RULE, (hit for hit in hits if hit is not None), _WORDING, subject)


def _hit(
    one: Asked[BasicAuth] | Asked[ApiKeyAuth] | Asked[Guard], what: str, subject: Subject
) -> Hit | None:
    plain = [view for view in one.views if takes_plain(view, subject) and not answered(view)]
    if not plain:
        return None
    written = any(explicit(view.route, "schemes") for view in plain)
    related = tuple(
        place_of(view.route, "schemes", "this route takes plain HTTP") for view in plain[:_SHOWN]
    )
    return Hit(one.part, "", one.owner, written, what, "plain HTTP", related=related)


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  plugins:
  - name: basic-auth  # <-
  routes:
"""
_TRAEFIK = """\
http:
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    secure: {redirectScheme: {scheme: https}}
    who:
      basicAuth:  # <-
        users: ["anna:$2y$05$4CB1Qng5zIcVHbFOl3bzM.3CmDXT0v9wQe1cJ0wZ8a4JcSpQd0NUi"]
  routers:
"""
_ALL = "rule: PathPrefix(`/`), service: shop, middlewares: [who]"
_SECURE = f"    shop: {{{_ALL}, tls: {{}}}}\n"
_ENVOY = """\
filters:
- name: envoy.filters.http.basic_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
    users: {inline_string: "anna:{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA="}
"""


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


EXAMPLES = (
    bad("kong", f"{_KONG}  - {{name: shop, paths: [/shop]}}\n", "by default"),
    bad("kong", f"{_KONG}  - {{name: shop, paths: [/shop], protocols: [http]}}\n"),
    good("kong", f"{_plain(_KONG)}  - {{name: shop, paths: [/shop], protocols: [https]}}\n"),
    good(
        "kong",
        f"{_plain(_KONG)}  - {{name: shop, paths: [/shop]}}\n",
        "TLS ends before the gateway",
        settings={"tls_terminated": True},
    ),
    good(
        "kong",
        f"{_plain(_KONG)}  - {{name: shop, paths: [/shop]}}\n".replace("basic-auth", "hmac-auth"),
        "the secret is not sent",
    ),
    bad("apisix", f"{_APISIX}    key-auth: {{}}  # <-\n"),
    bad("apisix", f"{_APISIX}    basic-auth: {{}}  # <-\n    redirect: {{http_to_https: false}}\n"),
    good("apisix", f"{_APISIX}    key-auth: {{}}\n    redirect: {{http_to_https: true}}\n"),
    good(
        "apisix", f"{_APISIX}    key-auth: {{}}\n    redirect: {{uri: /new}}\n", "nothing is behind"
    ),
    good("apisix", f"{_APISIX}    hmac-auth: {{}}\n", "the secret is not sent"),
    bad(
        "traefik",
        f"{_TRAEFIK}    shop: {{{_ALL}}}\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}{_SECURE}    plain: {{{_ALL}, entryPoints: [web]}}\n",
        "one of two routers",
    ),
    good(
        "traefik",
        f"{_plain(_TRAEFIK)}{_SECURE}",
    ),
    good(
        "traefik",
        f"{_plain(_TRAEFIK)}    shop:\n      rule: PathPrefix(`/`)\n      service: shop\n"
        "      middlewares: [secure, who]\n",
        "plain requests are sent to HTTPS",
    ),
    good(
        "traefik",
        f"{_plain(_TRAEFIK)}    shop: {{{_ALL}}}\n"
        "entryPoints:\n  web:\n    address: :80\n"
        "    http: {redirections: {entryPoint: {to: websecure, scheme: https}}}\n"
        "  websecure: {address: ':443', http: {tls: {}}}\n",
        "the entry point sends them to HTTPS",
    ),
    bad(
        "envoy",
        _ENVOY.replace("  typed_config:\n", "  typed_config:  # <-\n"),
    ),
    bad(
        "envoy",
        """\
filters:
- name: envoy.filters.http.api_key_auth
  typed_config:  # <-
    "@type": type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth
    credentials: [{key: a-key, client: anna}]
    key_sources: [{header: x-api-key}]
""",
    ),
    good("envoy", f"{_ENVOY}{_TLS}"),
    good("envoy", f"{_ENVOY}host:\n  require_tls: ALL\n"),
    good(
        "envoy",
        f"{_ENVOY}routes:\n- match: {{prefix: /}}\n  redirect: {{https_redirect: true}}\n",
        "plain requests are sent to HTTPS",
    ),
)
