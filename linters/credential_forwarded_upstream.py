"""The gateway has checked the password or the key, and hands it on. Every application behind it now
sees what opens all the others, and so do its logs, its error reports and who breaks into it.

- **Kong**: `key-auth`, `basic-auth`, `hmac-auth`, `ldap-auth` and `oauth2` hand credentials on
  unless `hide_credentials` is set. The plugin `jwt` has no such setting and is not judged.
- **APISIX**: `key-auth`, `basic-auth`, `jwt-auth`, `hmac-auth` and `ldap-auth` do unless
  `hide_credentials` is set.
- **Traefik**: `basicAuth` and `digestAuth` do unless `removeHeader` is set.
- **Envoy**: `api_key_auth` does unless `forwarding.hide_credentials` is set; `jwt_authn` only does
  with `forward: true`. `basic_auth` has no such setting and is not judged.

There is no finding where the route takes the header away in another way. Applications that look at
the credentials themselves need them: look before you hide them.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import Asked, asked
from gal.lint.exposure import answered
from gal.lint.finding import REMOVE, Edit, Finding
from gal.lint.peeking import at, flag, section
from gal.lint.repeated import Hit, Wording, findings
from gal.lint.request_headers import taken_away
from gal.lint.rule import Confidence, Persona, Rule, Safety, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.subject import Subject
from gal.lint.tokens import tokens
from gal.model import ApiKeyAuth, BasicAuth, Guard, JwtAuth, OAuth2Auth
from gal.reading import Mapping

RULE = Rule(
    code="GAL019",
    name="credential-forwarded-upstream",
    title="The upstream gets the client's credentials",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    persona=Persona.PEDANTIC,
    cwe=(522, 201),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/key-auth/",
        "https://apisix.apache.org/docs/apisix/plugins/key-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/api_key_auth/v3/api_key_auth.proto",
    ),
    fix=Safety.UNSAFE,
)
_WORDING = Wording(
    "are handed on to the upstream",
    "take them away before the upstream sees them",
    "take them away before the upstream sees them",
    Safety.UNSAFE,
)
_GUARDS = {
    "hmac-auth": "signatures of hmac-auth",
    "ldap-auth": "passwords of ldap-auth",
    "ldap-auth-advanced": "passwords of ldap-auth-advanced",
    "digestAuth": "passwords of digestAuth",
}
_PATHS = {
    "kong": "config.hide_credentials",
    "apisix": "hide_credentials",
    "traefik": "removeHeader",
    "envoy": "forwarding.hide_credentials",
}
_AUTHORIZATION = ["authorization"]

Part = Asked[BasicAuth] | Asked[ApiKeyAuth] | Asked[JwtAuth] | Asked[OAuth2Auth] | Asked[Guard]


def check(subject: Subject) -> Iterator[Finding]:
    """Credentials that are checked and not taken away."""
    yield from findings(RULE, _hits(subject), _WORDING, subject)


def _hits(subject: Subject) -> Iterator[Hit]:
    provider = subject.provider
    for one, what, headers in _handed_on(subject):
        yield from _hit(one, what, headers, _PATHS.get(provider))
    for guard in asked(subject, Guard):
        node = guard.part.origin.node if guard.part.origin is not None else None
        what = _GUARDS.get(guard.part.name, "")
        path = _PATHS.get(provider, "")
        path = f"digestAuth.{path}" if provider == "traefik" else path
        if what and not flag(node, path):
            yield from _hit(guard, what, _AUTHORIZATION, path)


def _handed_on(subject: Subject) -> Iterator[tuple[Part, str, list[str]]]:
    """Parts whose credentials stay in the request, what these are, and their headers."""
    provider = subject.provider
    for basic in asked(subject, BasicAuth) if provider != "envoy" else []:
        if not basic.part.hide_credentials:
            yield basic, "passwords", _AUTHORIZATION
    for keys in asked(subject, ApiKeyAuth):
        if not keys.part.hide_credentials:
            yield keys, "API keys", keys.part.header_names
    for token in tokens(subject) if provider != "kong" else []:
        if not token.part.hide_credentials:
            yield token, "tokens", token.part.header_names
    for oauth in asked(subject, OAuth2Auth):
        if oauth.part.server is not None and not oauth.part.hide_credentials:
            yield oauth, "access tokens", _AUTHORIZATION


def _hit(one: Part, what: str, headers: list[str], path: str | None) -> Iterator[Hit]:
    views = [view for view in one.views if not answered(view)]
    if not views or (headers and all(taken_away(view, headers) for view in views)):
        return
    node = one.part.origin.node if one.part.origin is not None else None
    if path is None or not isinstance(node, Mapping):
        yield Hit(one.part, "hide_credentials", one.owner, True, what, what)
    elif path == _PATHS["envoy"] and isinstance(one.part, JwtAuth):
        edit = Edit(node, node.spelt("forward"), REMOVE)
        yield Hit(node, "forward", one.owner, True, what, what, (edit,))
    else:
        yield _switched(node, path, one, what)


def _switched(node: Mapping, path: str, one: Part, what: str) -> Hit:
    before, _, key = path.rpartition(".")
    holder = section(node, before) if before else node
    if holder is None:
        edit = Edit(node, before, {key: True})
        return Hit(node, "", one.owner, False, what, what, (edit,))
    edit = Edit(holder, holder.spelt(key), True)
    if at(holder, key) is not None:
        return Hit(holder, key, one.owner, True, what, what, (edit,))
    where = holder if before == "digestAuth" else node
    return Hit(where, "", one.owner, False, what, what, (edit,))


_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [who, gone]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    gone: {headers: {customRequestHeaders: {X-Old: ""}}}
    who:
"""
_USERS = '        users: ["anna:$2y$05$4CB1Qng5zIcVHbFOl3bzM.3CmDXT0v9wQe1cJ0wZ8a4JcSpQd0NUi"]\n'
_ENVOY = """\
filters:
- name: envoy.filters.http.api_key_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth
    credentials: [{key: a-key, client: anna}]
    key_sources: [{header: x-api-key}]
"""
_TOKENS = """\
filters:
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    rules: [{match: {prefix: /}, requires: {provider_name: issuer}}]
    providers:
      issuer:
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
"""

EXAMPLES = (
    bad("kong", f"{_KONG}  - name: key-auth  # <-\n", "by default"),
    bad("kong", f"{_KONG}  - name: basic-auth\n    config:\n      hide_credentials: false  # <-\n"),
    bad("kong", f"{_KONG}  - name: hmac-auth  # <-\n"),
    good("kong", f"{_KONG}  - name: key-auth\n    config: {{hide_credentials: true}}\n"),
    good("kong", f"{_KONG}  - name: jwt\n", "there is no setting for it"),
    good(
        "kong",
        f"{_KONG}  - name: basic-auth\n"
        "  - {name: request-transformer, config: {remove: {headers: [Authorization]}}}\n",
        "another plugin takes it away",
    ),
    bad("apisix", f"{_APISIX}    key-auth: {{}}  # <-\n", "by default"),
    bad("apisix", f"{_APISIX}    basic-auth:\n      hide_credentials: false  # <-\n"),
    good("apisix", f"{_APISIX}    key-auth: {{hide_credentials: true}}\n"),
    good(
        "apisix",
        f"{_APISIX}    key-auth: {{}}\n    redirect: {{uri: /new}}\n",
        "there is no upstream",
    ),
    good(
        "apisix",
        f"{_APISIX}    basic-auth: {{}}\n"
        "    proxy-rewrite: {headers: {remove: [Authorization]}}\n",
        "another plugin takes it away",
    ),
    bad("traefik", f"{_TRAEFIK}      basicAuth:  # <-\n{_USERS}"),
    bad("traefik", f"{_TRAEFIK}      basicAuth:\n        removeHeader: false  # <-\n{_USERS}"),
    bad(
        "traefik",
        f"{_TRAEFIK}      digestAuth:  # <-\n"
        '        users: ["anna:shop:a2688e031edb4be6a3797f3882655c05"]\n',
    ),
    good("traefik", f"{_TRAEFIK}      basicAuth:\n        removeHeader: true\n{_USERS}"),
    good(
        "traefik",
        f"{_TRAEFIK}      basicAuth:\n{_USERS}".replace("X-Old", "Authorization"),
        "another middleware takes it away",
    ),
    good("traefik", f'{_TRAEFIK}      forwardAuth: {{address: "http://who.test"}}\n'),
    bad(
        "envoy",
        _ENVOY.replace("  typed_config:\n", "  typed_config:  # <-\n"),
        "by default",
    ),
    bad("envoy", f"{_TOKENS}        forward: true  # <-\n"),
    good("envoy", f"{_ENVOY}    forwarding: {{hide_credentials: true}}\n"),
    good("envoy", _TOKENS, "tokens are taken away by default"),
    good("envoy", f"{_ENVOY}host:\n  request_headers_to_remove: [x-api-key]\n"),
)
