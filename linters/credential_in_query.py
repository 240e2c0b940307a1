"""Whatever stands in the query of a URL is written down along the way: in access logs of every
proxy, in the browser's history, in the `Referer` of the next page, in links that users share. A key
or a token there does not stay secret for long.

- **Kong**: `key-auth` takes keys from the query unless `key_in_query` is `false`, and `jwt` takes
  tokens from it unless `uri_param_names` is an empty list.
- **APISIX**: `key-auth` takes keys from the parameter `apikey`, `jwt-auth` takes tokens from `jwt`;
  an empty `query` switches that off.
- **Traefik** takes passwords only, which are no part of the query.
- **Envoy**: `api_key_auth` takes keys from where `key_sources` says. `jwt_authn` takes tokens from
  the parameter `access_token` where a provider names no place at all.

Take credentials from headers only. Clients that send them in the query have to be changed first.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import Asked, asked
from gal.lint.finding import REMOVE, Edit, Finding
from gal.lint.peeking import at, items, section, text
from gal.lint.repeated import Hit, Wording, findings
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.samples import ENVOY_TOKENS as _TOKENS
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.subject import Subject
from gal.lint.tokens import tokens
from gal.model import ApiKeyAuth, JwtAuth
from gal.reading import Mapping, Node, Sequence

RULE = Rule(
    code="GAL018",
    name="credential-in-query",
    title="Credentials are taken from the query of the URL",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(598,),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/key-auth/",
        "https://apisix.apache.org/docs/apisix/plugins/key-auth/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/api_key_auth_filter",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto",
    ),
    fix=Safety.TIGHTEN,
)
_WORDING = Wording(
    "are taken from the query of the URL",
    "take them from headers only",
    "take them from headers only",
)
_BEARER = {"name": "Authorization", "value_prefix": "Bearer "}


def check(subject: Subject) -> Iterator[Finding]:
    """Checks of keys and tokens that look into the query."""
    hits = [
        _hit(one, subject, "API keys")
        for one in asked(subject, ApiKeyAuth)
        if one.part.query_params
    ]
    hits += [_hit(one, subject, "tokens") for one in tokens(subject) if one.part.query_params]
    yield from findings(RULE, hits, _WORDING, subject)


def _hit(one: Asked[ApiKeyAuth] | Asked[JwtAuth], subject: Subject, what: str) -> Hit:
    part = one.part
    node = part.origin.node if part.origin is not None else None
    if not isinstance(node, Mapping) or subject.provider not in _SWITCHES:
        return Hit(part, "query_params", one.owner, True, what, what)
    where, key, edits = _SWITCHES[subject.provider](node, isinstance(part, ApiKeyAuth))
    return Hit(where, key, one.owner, bool(key), what, what, edits)


Switch = tuple[Node, str, tuple[Edit, ...]]
"""Where it is said, the key (empty for a default), and what would end it."""


def _of_kong(node: Mapping, is_key: bool) -> Switch:
    key, value = ("key_in_query", False) if is_key else ("uri_param_names", [])
    config = section(node, "config")
    if config is None:
        return node, "", (Edit(node, "config", {key: value}),)
    edit = Edit(config, key, value)
    return (config, key, (edit,)) if config.has(key) else (node, "", (edit,))


def _of_apisix(node: Mapping, is_key: bool) -> Switch:
    del is_key
    return node, "query" if node.has("query") else "", (Edit(node, "query", ""),)


def _of_envoy(node: Mapping, is_key: bool) -> Switch:
    if not is_key:
        places = [key for key in ("from_headers", "from_cookies") if at(node, key) is not None]
        written = at(node, "from_params") is not None
        if not written:
            return node, "", (Edit(node, "from_headers", [_BEARER]),)
        # The only place cannot be taken away: without any, the default would be back.
        removal = Edit(node, node.spelt("from_params"), REMOVE)
        return node, "from_params", (removal,) if places else ()
    sources = at(node, "key_sources")
    found = [one for one in items(sources) if text(one, "query")]
    if not isinstance(sources, Sequence) or not found:
        return node, "key_sources", ()
    gone = tuple(Edit(sources, sources.items.index(one), REMOVE) for one in reversed(found))
    return found[0], "query", gone if len(found) < len(sources) else ()


_SWITCHES = {"kong": _of_kong, "apisix": _of_apisix, "envoy": _of_envoy}

_KEYS = """\
filters:
- name: envoy.filters.http.api_key_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth
    credentials: [{key: a-key, client: anna}]
    key_sources:
    - header: x-api-key
"""

EXAMPLES = (
    bad("kong", f"{_KONG}  - name: key-auth  # <-\n", "by default"),
    bad("kong", f"{_KONG}  - name: jwt\n    config:\n      uri_param_names: [token]  # <-\n"),
    bad(
        "kong",
        "routes:\n- {name: one, paths: [/one], plugins: [{name: key-auth}]}  # <-\n"
        "- {name: two, paths: [/two], plugins: [{name: key-auth}]}\n",
        "one finding for a default that is in two places",
    ),
    good("kong", f"{_KONG}  - name: key-auth\n    config: {{key_in_query: false}}\n"),
    good("kong", f"{_KONG}  - name: jwt\n    config: {{uri_param_names: []}}\n"),
    good("kong", f"{_KONG}  - name: basic-auth\n", "passwords stand in a header"),
    bad("apisix", f"{_APISIX}    key-auth: {{}}  # <-\n", "by default"),
    bad("apisix", f"{_APISIX}    jwt-auth:\n      query: token  # <-\n"),
    good("apisix", f"{_APISIX}    key-auth: {{query: ''}}\n"),
    good("apisix", f"{_APISIX}    jwt-auth: {{query: '', header: authorization}}\n"),
    good("apisix", f"{_APISIX}    basic-auth: {{}}\n", "passwords stand in a header"),
    bad("envoy", f"{_KEYS}    - query: key  # <-\n"),
    bad("envoy", _TOKENS.replace("      issuer:\n", "      issuer:  # <-\n"), "by default"),
    bad("envoy", f"{_TOKENS}        from_params: [token]  # <-\n"),
    good("envoy", _KEYS),
    good("envoy", f"{_KEYS}    - cookie: key\n"),
    good("envoy", f"{_TOKENS}        from_headers: [{{name: x-token}}]\n"),
)
