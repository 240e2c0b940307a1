"""Any page may read answers of a route that asks for credentials. Browsers send no cookies there,
for credentials are not allowed. But a page that got hold of a key or a token can use it from the
browsers of its visitors, whose addresses are often let in where others are not.

For a public interface that is right. Where the callers are known, their origins are, too.

- **Kong**: `cors` with `*` among `origins`, or without `origins`, which means the same.
- **APISIX**: `cors` with `allow_origins: "*"`, which is the default, or `"**"`.
- **Traefik**: `*` in `accessControlAllowOriginList`, or an expression that fits everything.
- **Envoy**: `exact: "*"` in `allow_origin_string_match`, or another matcher that fits everything.

Only keys, tokens and passwords in the request count as credentials here, and nothing is said of
routes that ask for none. Where no origins are named, there is one finding for all such places. With
credentials allowed, it is GAL001.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gal.lint.finding import Finding, Place, finding, place_of
from gal.lint.origins import accepts_any
from gal.lint.rule import Confidence, Persona, Rule, Severity, bad, good
from gal.lint.samples import ENVOY_USERS as _USERS
from gal.lint.standing import Standing, standing
from gal.lint.subject import RouteView, Subject, explicit
from gal.lint.together import together
from gal.model import Authentication, AuthenticationType, Cors, ModelNode

RULE = Rule(
    code="GAL005",
    name="cors-any-origin-on-protected-route",
    title="Any web origin may read answers of a route that asks for credentials",
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    persona=Persona.PEDANTIC,
    cwe=(942,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/cors/",
        "https://apisix.apache.org/docs/apisix/plugins/cors/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter",
    ),
)
_FIELDS = ("allowed_origins", "allowed_origin_patterns")
_MOST_RELATED = 5


def check(subject: Subject) -> Iterator[Finding]:
    """CORS policies that name any origin, on routes that ask for keys, tokens or passwords."""
    unsaid: list[tuple[Standing[Cors], list[RouteView]]] = []
    for one in standing(subject, Cors):
        guarded = [view for view in one.routes if _asks(view)]
        how = accepts_any(one.policy) if guarded and not one.policy.allow_credentials else None
        if how is None:
            continue
        field = next((name for name in _FIELDS if explicit(one.policy, name)), "")
        if field:
            yield _finding(one, field, guarded, how, one.owner, ())
        else:
            unsaid.append((one, guarded))
    if unsaid:
        yield together(unsaid, lambda several: _by_default(subject, several))


def _by_default(
    subject: Subject, unsaid: Sequence[tuple[Standing[Cors], list[RouteView]]]
) -> Finding:
    first, others = unsaid[0][0], [one for one, _ in unsaid[1:]]
    views = [view for _, guarded in unsaid for view in guarded]
    more = [place_of(one.policy, message="here, too") for one in others[:_MOST_RELATED]]
    how = "no origins are named" + (f", in {len(unsaid)} places" if others else "")
    return _finding(first, "", views, how, subject.gateway if others else first.owner, more)


def _finding(
    one: Standing[Cors],
    field: str,
    guarded: list[RouteView],
    how: str,
    owner: ModelNode,
    more: Iterable[Place],
) -> Finding:
    what = guarded[0].title if len(guarded) == 1 else f"{len(guarded)} routes"
    asking = [place_of(view.route, message="asks for credentials") for view in guarded]
    return finding(
        RULE,
        f"any origin may read answers of {what} with authentication: {how}",
        one.policy,
        field,
        owner=owner,
        value="any origin beside authentication",
        related=[*more, *asking][:_MOST_RELATED],
        help="list the origins of the pages that use it",
        count=len(guarded),
    )


def _asks(view: RouteView) -> bool:
    policy = view.policy(Authentication)
    return policy is not None and bool(set(policy.kinds()) - {AuthenticationType.FORWARD})


def _kong(cors: str, *further: str) -> str:
    return (
        "services:\n- name: shop\n  url: http://shop.internal\n"
        "  routes: [{name: shop, paths: [/shop]}]\n  plugins:\n"
        f"  - {cors}\n" + "".join(f"  - {one}\n" for one in further)
    )


def _apisix(*plugins: str) -> str:
    return (
        'routes:\n- uri: /shop\n  upstream: {nodes: {"shop.internal:80": 1}}\n  plugins:\n'
        + "".join(f"    {one}\n" for one in plugins)
    )


def _traefik(origins: str, *used: str) -> str:
    names = ", ".join(used)
    return (
        "http:\n"
        "  routers:\n"
        f"    shop: {{rule: PathPrefix(`/shop`), service: shop, middlewares: [{names}]}}\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  middlewares:\n"
        f"    users: {{basicAuth: {{users: ['a:{_HASH}']}}}}\n"
        f"    cors:\n      headers:\n        {origins}\n"
    )


_HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
_CORS = """\
- name: envoy.filters.http.cors
  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}
"""


def _envoy(filters: str, *lines: str) -> str:
    return (
        f"filters:\n{filters}host:\n"
        "  typed_per_filter_config:\n    envoy.filters.http.cors:\n"
        '      "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n'
        + "".join(f"      {one}\n" for one in lines)
    )


_KEY = "{name: key-auth}"
_ANY = 'allow_origin_string_match: [{exact: "*"}]'

EXAMPLES = (
    bad("kong", _kong("name: cors  # <-", _KEY), "no origins are all origins"),
    bad("kong", _kong('name: cors\n    config: {origins: ["*"]}  # <-', _KEY)),
    bad(
        "kong",
        _kong("name: cors  # <-", _KEY)
        + "- name: cart\n  url: http://cart.internal\n  routes: [{name: cart, paths: [/cart]}]\n"
        "  plugins: [{name: cors}, {name: key-auth}]\n",
        "one finding for both",
    ),
    good("kong", _kong("name: cors"), "nobody is asked for credentials"),
    good("kong", _kong("{name: cors, config: {origins: [https://a.test]}}", _KEY)),
    good("kong", _kong("{name: cors, enabled: false}", _KEY), "it does not run"),
    bad("apisix", _apisix("cors: {}  # <-", "key-auth: {}"), "any origin by default"),
    bad("apisix", _apisix('cors: {allow_origins: "**"}  # <-', "jwt-auth: {}")),
    good("apisix", _apisix("cors: {}"), "nobody is asked for credentials"),
    good("apisix", _apisix("cors: {allow_origins: https://a.test}", "key-auth: {}")),
    good("apisix", _apisix("key-auth: {}"), "no other page may read anything"),
    bad("traefik", _traefik('accessControlAllowOriginList: ["*"]  # <-', "cors", "users")),
    bad("traefik", _traefik("accessControlAllowOriginListRegex: ['.*']  # <-", "cors", "users")),
    good("traefik", _traefik('accessControlAllowOriginList: ["*"]', "cors")),
    good("traefik", _traefik("accessControlAllowOriginList: [https://a.test]", "cors", "users")),
    good("traefik", _traefik('accessControlAllowOriginList: ["*"]', "users"), "it does not act"),
    bad("envoy", _envoy(_CORS + _USERS, f"{_ANY}  # <-")),
    bad("envoy", _envoy(_CORS + _USERS, "allow_origin_string_match: [{prefix: http}]  # <-")),
    good("envoy", _envoy(_CORS, _ANY), "nobody is asked for credentials"),
    good("envoy", _envoy(_CORS + _USERS, "allow_origin_string_match: [{exact: https://a.test}]")),
    good("envoy", _envoy(_CORS + _USERS, "allow_methods: GET"), "no origin is allowed"),
)
