"""A rule says which users or groups may enter, and nothing on the route finds out who a client is.
So the rule refuses everybody, or it is written as a denial and denies nobody.

- **Kong**: `acl` looks up the groups of the consumer that an authentication plugin has found;
  without one it answers 401.
- **APISIX**: `consumer-restriction` and `acl` look at the consumer that an authentication plugin
  has found; without one they answer 401.
- **Envoy**: a principal of `rbac` on metadata of `jwt_authn` or `ext_authz` matches nothing where
  no such filter stands before it, and `authenticated` matches nothing without a client certificate:
  an `ALLOW` lets nobody in then, a `DENY` refuses nobody.
- **Traefik** has no such rules.

Add the authentication before the rule, on the same route or in a wider scope.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.asked import Asked, asked, identity_asked
from gal.lint.envoy_files import Manager, managers
from gal.lint.exposure import answered
from gal.lint.finding import Finding, finding, place_of
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, items, section, text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import APISIX_PLUGINS as _APISIX
from gal.lint.samples import KONG_PLUGINS as _KONG
from gal.lint.standing import Standing, standing
from gal.lint.subject import Subject
from gal.model import Acl, Guard
from gal.reading import Mapping, Node, Scalar

RULE = Rule(
    code="GAL022",
    name="authorization-without-authentication",
    title="A rule on who may enter, and nothing finds out who it is",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(862, 863),
    owasp=("API5",),
    pages=(
        "https://developer.konghq.com/plugins/acl/",
        "https://apisix.apache.org/docs/apisix/plugins/consumer-restriction/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto",
    ),
)
_HELP = "ask for credentials before the rule"
_GUARDS = frozenset(("acl", "consumer-restriction"))
_NAMESPACES = {
    "envoy.filters.http.jwt_authn": "jwt_authn",
    "envoy.filters.http.ext_authz": "ext_authz",
}
_SHOWN = 3


def check(subject: Subject) -> Iterator[Finding]:
    """Rules on groups and users where no client is known."""
    if subject.provider in ("kong", "apisix"):
        yield from _consumers(subject)
    for manager in managers(subject):
        yield from _principals(manager, subject)


def _consumers(subject: Subject) -> Iterator[Finding]:
    rules: list[Standing[Acl] | Asked[Guard]] = list(standing(subject, Acl))
    rules += [one for one in asked(subject, Guard) if one.part.name in _GUARDS]
    for one in rules:
        where = one.policy if isinstance(one, Standing) else one.part
        views = one.routes if isinstance(one, Standing) else one.views
        unknown = [view for view in views if not identity_asked(view) and not answered(view)]
        if not unknown:
            continue
        shown = unknown[:_SHOWN]
        yield finding(
            RULE,
            f"groups or users are asked for on {_routes(len(unknown), unknown[0].title)}, and "
            "nothing finds out who a client is",
            where,
            owner=one.owner,
            value="groups",
            related=[place_of(view.route, message="nobody is asked here") for view in shown],
            help=_HELP,
            count=len(unknown),
        )


def _routes(count: int, title: str) -> str:
    return title if count == 1 else f"{count} routes"


# -- Envoy's principals


def _principals(manager: Manager, subject: Subject) -> Iterator[Finding]:
    before: set[str] = set()
    for one in manager.filters:
        kind = one.kind.rpartition(".")[2]
        if kind == "rbac" and not one.disabled:
            for node, key, needed in _identities(at(one.config, "rules")):
                if _is_known(needed, before, manager):
                    continue
                yield finding(
                    RULE,
                    f"a rule of rbac looks at what {needed} finds out, which does not stand before",
                    node,
                    key,
                    owner=owner_of(subject, node),
                    value=needed,
                    help=_HELP,
                )
        before.add(kind)


def _identities(rules: Node | None) -> Iterator[tuple[Mapping, str, str]]:
    """What principals look at: where, the key, and who has to find it out."""
    pending: list[Node] = [rules] if rules is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            for key in ("metadata", "sourced_metadata"):
                matcher = section(node, key)
                matcher = section(matcher, "metadata_matcher") or matcher
                needed = _NAMESPACES.get(text(matcher, "filter") or "")
                if needed is not None:
                    yield node, key, needed
            if at(node, "authenticated") is not None:
                yield node, "authenticated", "a client certificate"
            pending.extend(reversed(node.entries.values()))
        elif not isinstance(node, Scalar):
            pending.extend(reversed(items(node)))


def _is_known(needed: str, before: set[str], manager: Manager) -> bool:
    if needed != "a client certificate":
        return needed in before
    return any(_asks_for_one(chain) for chain in items(manager.listener, "filter_chains"))


def _asks_for_one(chain: Node) -> bool:
    """Whether clients may show a certificate to a filter chain, or whether that cannot be told."""
    socket = section(chain, "transport_socket.typed_config")
    if at(chain, "transport_socket") is None and at(chain, "tls_context") is None:
        return False
    context = socket or section(chain, "tls_context")
    common = section(context, "common_tls_context")
    if common is None or flag(context, "require_client_certificate"):
        return True
    return any("validation" in key for key in common)


_JWT = """\
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    providers:
      issuer:
        issuer: https://issuer.test
        remote_jwks:
          http_uri: {uri: "https://issuer.test/keys", cluster: one, timeout: 1s}
    rules: [{match: {prefix: /}, requires: {provider_name: issuer}}]
"""
_RBAC = """\
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    rules:
      policies:
        staff:
          permissions: [{any: true}]
          principals:
"""
_CLAIM = """\
          - metadata:  # <-
              filter: envoy.filters.http.jwt_authn
              path: [{key: issuer}, {key: sub}]
              value: {string_match: {exact: anna}}
"""
_CERTIFICATE = """\
          - authenticated: {principal_name: {exact: anna}}  # <-
"""
_TLS = """\
chain:
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
      require_client_certificate: true
      common_tls_context:
        validation_context: {trusted_ca: {filename: /etc/ca.pem}}
        tls_certificates:
        - certificate_chain: {filename: /etc/chain.pem}
          private_key: {filename: /etc/key.pem}
"""


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


EXAMPLES = (
    bad("kong", f"{_KONG}  - name: acl  # <-\n    config: {{allow: [staff]}}\n"),
    bad(
        "kong",
        f"{_KONG}  - {{name: key-auth, enabled: false}}\n"
        "  - name: acl  # <-\n    config: {deny: [guests]}\n",
        "what asked is switched off",
    ),
    good("kong", f"{_KONG}  - {{name: acl, config: {{allow: [staff]}}}}\n  - name: key-auth\n"),
    good(
        "kong",
        f"{_KONG}  - {{name: acl, config: {{allow: [staff]}}}}\nplugins: [{{name: basic-auth}}]\n",
        "the whole gateway asks",
    ),
    good(
        "kong", f"{_KONG}  - {{name: ip-restriction, config: {{allow: [10.0.0.1]}}}}\n", "no names"
    ),
    bad("apisix", f"{_APISIX}    consumer-restriction:  # <-\n      whitelist: [anna]\n"),
    bad(
        "apisix",
        f"{_APISIX}    consumer-restriction:  # <-\n      type: consumer_group_id\n"
        "      blacklist: [guests]\n    limit-req: {rate: 1, burst: 1, key: remote_addr}\n",
    ),
    good(
        "apisix", f"{_APISIX}    consumer-restriction: {{whitelist: [anna]}}\n    key-auth: {{}}\n"
    ),
    good(
        "apisix",
        f"{_APISIX}    consumer-restriction: {{whitelist: [anna]}}\n"
        "global_rules:\n- id: 1\n  plugins: {jwt-auth: {}}\n",
        "a global rule asks",
    ),
    good("apisix", f"{_APISIX}    ip-restriction: {{whitelist: [10.0.0.1]}}\n", "no names"),
    bad("envoy", f"filters:\n{_RBAC}{_CLAIM}{_JWT}", "it asks too late"),
    bad("envoy", f"filters:\n{_RBAC}{_CERTIFICATE}", "no certificate is asked for"),
    good("envoy", f"filters:\n{_JWT}{_RBAC}{_plain(_CLAIM)}"),
    good("envoy", f"filters:\n{_RBAC}{_plain(_CERTIFICATE)}{_TLS}"),
    good("envoy", f"filters:\n{_RBAC}          - direct_remote_ip: {{address_prefix: 10.0.0.0}}\n"),
)
