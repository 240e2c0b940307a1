"""The authentication is there, and whoever has no credentials gets in all the same: the gateway
only knows less of them. That is safe where something behind it turns the anonymous away, or gives
them less; the configuration shows no such thing here.

- **Kong**: with `anonymous`, an authentication plugin lets a request without valid credentials go
  on as that consumer. It is the way to accept one of several kinds of credentials, and then the
  anonymous consumer needs `request-termination`, or an `acl` that keeps it out; with either there
  is no finding. A consumer that is not there lets nobody in (GAL073).
- **APISIX**: `anonymous_consumer` does the same, also inside of `multi-auth`. `openid-connect` with
  `unauth_action: pass` lets those go on who have no session, unless it is `bearer_only`.
  `jwe-decrypt` with `strict: false` lets those go on who bring no token.
- **Traefik** has no such thing.
- **Envoy**: the requirements `allow_missing` (no token) and `allow_missing_or_failed` (a bad one,
  too), also as one of `requires_any`. A later `rbac` or `ext_authz` filter may refuse those without
  a token, so there is no finding before one. `extract_only_without_validation` is GAL017.

Refuse who has no credentials, or turn the anonymous consumer away where the route is not meant for
everybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gal.lint.asked import Asked, asked
from gal.lint.envoy_files import managers
from gal.lint.finding import Finding, finding, place_of
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, items, mappings, section, text
from gal.lint.references import missing, names_of
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.subject import RouteView, Subject
from gal.model import Acl, Authentication, Guard, OAuth2Auth, Require
from gal.reading import Mapping, Node

RULE = Rule(
    code="GAL013",
    name="auth-optional",
    title="Who has no credentials gets in as well",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(287, 1390),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/gateway/authentication/",
        "https://apisix.apache.org/docs/apisix/plugins/key-auth/",
        "https://apisix.apache.org/docs/apisix/plugins/openid-connect/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto",
    ),
)
_KEYS = {"kong": "config.anonymous", "apisix": "anonymous_consumer"}
_OPTIONAL = ("allow_missing", "allow_missing_or_failed")
_DECIDING = ("rbac", "ext_authz", "ext_proc", "oauth2", "basic_auth", "api_key_auth")


def check(subject: Subject) -> Iterator[Finding]:
    """Authentication that lets everybody in."""
    if subject.provider in _KEYS:
        yield from _anonymous(subject)
    if subject.provider == "apisix":
        yield from _passing(subject)
    yield from _tokens(subject)


# -- consumers for those without credentials


def _anonymous(subject: Subject) -> Iterator[Finding]:
    # A consumer that is not there lets nobody in: that is GAL073.
    nowhere = {id(one.node) for one in missing(subject.once(names_of)) if one.kind == "consumer"}
    for one in asked(subject, Authentication):
        name = _name(one.policy, subject)
        views = [view for view in one.views if not _kept_out(name, view, subject)]
        nodes = list(_nodes(one, _KEYS[subject.provider])) if name and views else []
        nodes = [(key, node) for key, node in nodes if id(node.peek(key)) not in nowhere]
        if not nodes:
            continue
        key, where = nodes[0]
        yield finding(
            RULE,
            "a request without valid credentials goes on as an anonymous consumer",
            where,
            key,
            owner=one.owner,
            value="anonymous consumer",
            related=[place_of(node, other, "here, too") for other, node in nodes[1:4]],
            help="refuse it, or turn the anonymous consumer away",
        )


def _name(policy: Authentication, subject: Subject) -> str | None:
    """The consumer that everybody is, where everybody gets in. It may stand in another file."""
    if policy.anonymous is not None:
        return policy.anonymous
    kept = policy.extensions.get(subject.provider, {})
    names = kept.get("anonymous")
    if isinstance(names, dict) and names:
        parts = len(policy.kinds()) + len(policy.guards)
        everywhere = policy.require is Require.ANY or len(names) == parts
        found = str(next(iter(names.values())))
        known = {one.name for one in subject.gateway.consumers}
        return found if everywhere and (found in known or not known) else None
    if isinstance(names, str) and not subject.gateway.consumers:
        return names
    return None


def _kept_out(name: str | None, view: RouteView, subject: Subject) -> bool:
    """Whether groups keep a consumer out of a route."""
    acl = view.policy(Acl)
    if acl is None:
        return False
    consumers = (one for one in subject.gateway.consumers if name in (one.name, one.id))
    consumer = next(consumers, None)
    own = {*consumer.groups, consumer.name} if consumer is not None else set()
    if acl.allow:
        return own.isdisjoint(acl.allow)
    return not own.isdisjoint(acl.deny)


def _nodes(one: Asked[Authentication], path: str) -> Iterator[tuple[str, Mapping]]:
    """Where the parts of a policy name the consumer: the key and the mapping that has it."""
    policy = one.policy
    found = [getattr(policy, kind.value) for kind in policy.kinds()] + policy.guards
    before, _, key = path.rpartition(".")
    seen: set[int] = set()
    for part in [*found, policy]:
        node = part.origin.node if part.origin is not None else None
        holder = section(node, before) if before else node
        if isinstance(holder, Mapping) and text(holder, key) and id(holder) not in seen:
            seen.add(id(holder))
            yield key, holder


# -- what lets those through who bring nothing


def _passing(subject: Subject) -> Iterator[Finding]:
    parts: Iterable[Asked[OAuth2Auth] | Asked[Guard]] = [
        *asked(subject, OAuth2Auth),
        *asked(subject, Guard),
    ]
    for one in parts:
        node = one.part.origin.node if one.part.origin is not None else None
        if text(node, "unauth_action") == "pass" and not flag(node, "bearer_only"):
            yield _passed(one, node, "unauth_action", "who has no session goes on without one")
        elif _takes_all(one.part):
            yield _passed(one, node, "strict", "who brings no token goes on without one")


def _takes_all(part: OAuth2Auth | Guard) -> bool:
    """Whether it decrypts a token where there is one."""
    node = part.origin.node if part.origin is not None else None
    return isinstance(part, Guard) and part.name == "jwe-decrypt" and flag(node, "strict") is False


def _passed(
    one: Asked[OAuth2Auth] | Asked[Guard], node: Node | None, key: str, message: str
) -> Finding:
    where = node if node is not None else one.part
    return finding(RULE, message, where, key, owner=one.owner, value=key, help="refuse it")


# -- Envoy's requirements


def _tokens(subject: Subject) -> Iterator[Finding]:
    for manager in managers(subject):
        for number, one in enumerate(manager.filters):
            if not one.kind.endswith(".jwt_authn") or one.disabled:
                continue
            later = manager.filters[number + 1 :]
            if any(_may_refuse(other.kind, other.config) for other in later if not other.disabled):
                continue
            yield from _of_filter(subject, one.config)


def _may_refuse(kind: str, config: Mapping | None) -> bool:
    short = kind.rpartition(".")[2]
    if short == "rbac":
        return at(config, "rules") is not None or at(config, "matcher") is not None
    return short in _DECIDING


def _of_filter(subject: Subject, config: Mapping | None) -> Iterator[Finding]:
    shared = dict(mappings(config, "requirement_map"))
    seen: set[int] = set()
    for rule in items(config, "rules"):
        named = text(rule, "requirement_name")
        wanted = shared.get(named) if named else section(rule, "requires")
        for node, key in _optional(wanted):
            if id(node) in seen:
                continue
            seen.add(id(node))
            who = "without a token" if key == "allow_missing" else "without a valid token"
            yield finding(
                RULE,
                f"a request {who} goes on",
                node,
                key,
                owner=owner_of(subject, node),
                value=key,
                help="require the token, or refuse those without one in a later filter",
            )


def _optional(node: Mapping | None) -> Iterator[tuple[Mapping, str]]:
    """What makes a requirement none, and the key."""
    for key in _OPTIONAL:
        if node is not None and at(node, key) is not None:
            yield node, key
    for one in items(node, "requires_any.requirements"):
        if isinstance(one, Mapping):
            yield from _optional(one)
    every = [
        list(_optional(one))
        for one in items(node, "requires_all.requirements")
        if isinstance(one, Mapping)
    ]
    if every and all(every):
        yield every[0][0]


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins:
  - name: key-auth
    config:
      anonymous: guest  # <-
consumers:
- username: guest
"""
_END = """\
  plugins: [{name: request-termination, config: {status_code: 401}}]
"""
_GUEST = "consumers:\n- username: guest\n"
_OIDC = """\
    openid-connect:
      client_id: shop
      client_secret: ${SECRET}
      discovery: https://issuer.test/.well-known/openid-configuration
      session: {secret: "${SESSION}"}
"""
_ENVOY = """\
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
      requires:
"""
_RBAC = """\
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    rules:
      policies:
        token:
          permissions: [{any: true}]
          principals:
          - metadata:
              filter: envoy.filters.http.jwt_authn
              path: [{key: issuer}, {key: sub}]
              value: {present_match: true}
"""

EXAMPLES = (
    bad("kong", _KONG),
    bad(
        "kong",
        "routes:\n- name: shop\n  paths: [/shop]\n  plugins:\n"
        "  - {name: jwt, config: {anonymous: guest}}\n"
        "  - {name: basic-auth, config: {anonymous: guest}}  # <-\n"
        "consumers: [{username: guest}]\n",
        "either kind, or none",
    ),
    good("kong", _KONG.replace("  # <-", "") + _END, "the anonymous are turned away"),
    good(
        "kong",
        _KONG.replace("  # <-", "").replace(
            "  - name: key-auth", "  - {name: acl, config: {allow: [staff]}}\n  - name: key-auth"
        ),
        "the anonymous are of no group",
    ),
    good(
        "kong",
        _KONG.replace("  # <-", "").replace(
            "  - name: key-auth", "  - name: basic-auth\n  - name: key-auth"
        ),
        "the other plugin decides",
    ),
    good(
        "kong",
        _KONG.replace("  # <-", "").replace(_GUEST, ""),
        "nobody has that name, so Kong answers 500: that is GAL073",
    ),
    bad("apisix", f"{_APISIX}    key-auth:\n      anonymous_consumer: guest  # <-\n{_GUEST}"),
    bad("apisix", f"{_APISIX}{_OIDC}      unauth_action: pass  # <-\n"),
    good("apisix", f"{_APISIX}    key-auth: {{}}\n{_GUEST}"),
    good("apisix", f"{_APISIX}{_OIDC}      unauth_action: deny\n"),
    good(
        "apisix",
        f"{_APISIX}    key-auth: {{anonymous_consumer: nobody}}\n{_GUEST}",
        "nobody has that name: those without a key are refused",
    ),
    good(
        "apisix",
        f"{_APISIX}    key-auth: {{anonymous_consumer: nobody}}\n",
        "nobody has any name: that is GAL073",
    ),
    bad("envoy", f"{_ENVOY}        allow_missing_or_failed: {{}}  # <-\n"),
    bad(
        "envoy",
        f"{_ENVOY}        requires_any:\n          requirements:\n"
        "          - {provider_name: issuer}\n          - allow_missing: {}  # <-\n",
    ),
    good("envoy", f"{_ENVOY}        provider_name: issuer\n"),
    good(
        "envoy",
        f"{_ENVOY}        requires_any:\n          requirements:\n"
        f"          - {{provider_name: issuer}}\n          - allow_missing: {{}}\n{_RBAC}",
        "who has no token is refused later",
    ),
    good(
        "envoy",
        f"{_ENVOY}        requires_all:\n          requirements:\n"
        "          - {provider_name: issuer}\n          - allow_missing: {}\n",
        "the token is needed all the same",
    ),
)
