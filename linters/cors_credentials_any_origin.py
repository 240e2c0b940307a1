"""A browser sends cookies and other credentials along with a request of a foreign page, and lets
the page read the answer, when the answer names the page's origin and allows credentials. Here any
origin is named, so every page that a user visits may read what the user is allowed to read.

Browsers refuse the text `*` together with credentials. That helps nobody here: these gateways
answer with the origin of the request instead.

- **Kong** does it for `credentials: true` with `*` among `origins`, and also without `origins`,
  which is the default.
- **APISIX** refuses `*` (the default) together with `allow_credential: true`, for origins, methods
  and headers. `**` is accepted and answers with the origin of the request; so does an expression
  of `allow_origins_by_regex` that fits everything.
- **Traefik** answers with the origin of the request when the list holds `*`, or when an expression
  of `accessControlAllowOriginListRegex` fits everything.
- **Envoy** always answers with the origin of the request when a matcher of
  `allow_origin_string_match` accepts it; `exact: "*"`, an empty `prefix` and `.*` accept all.

List the origins that need credentials. Where any page may read, do without credentials.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.finding import REMOVE, Edit, Finding, Fix, finding, place_of
from gal.lint.origins import accepts_any
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.standing import standing
from gal.lint.subject import Subject, explicit
from gal.model import Cors
from gal.reading import Mapping

RULE = Rule(
    code="GAL001",
    name="cors-credentials-any-origin",
    title="Any web origin may read answers to requests with credentials",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(942, 346),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/cors/",
        "https://apisix.apache.org/docs/apisix/plugins/cors/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/cors_filter",
    ),
    fix=Safety.UNSAFE,
)


def check(subject: Subject) -> Iterator[Finding]:
    """CORS policies that act, allow credentials and name any origin."""
    for one in standing(subject, Cors):
        cors = one.policy
        how = accepts_any(cors)
        if not cors.allow_credentials or how is None:
            continue
        field = "allowed_origin_patterns" if cors.allowed_origin_patterns else "allowed_origins"
        given = explicit(cors, field)
        related = [place_of(cors, field, "any origin" if given else "no origins are named")]
        yield finding(
            RULE,
            f"credentials are allowed to any origin: {how}",
            cors,
            "allow_credentials",
            owner=one.owner,
            value="any origin with credentials",
            related=related if given else (),
            help="list the origins that need credentials, or do not allow credentials",
            fix=_fix(cors),
        )


def _fix(cors: Cors) -> Fix | None:
    """Without credentials: pages that relied on them stop to work."""
    if cors.origin is None:
        return None
    node, there = cors.origin.locate("allow_credentials")
    if not there or not isinstance(node.parent, Mapping) or not isinstance(node.key, str):
        return None
    return Fix("do not allow credentials", Safety.UNSAFE, (Edit(node.parent, node.key, REMOVE),))


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins:
  - name: cors
    config:
"""
_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins:
    cors:
"""
_WITH = """\
      allow_methods: "**"
      allow_headers: "**"
      allow_credential: true"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [cors]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    cors:
      headers:
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.cors
  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}
host:
  typed_per_filter_config:
    envoy.filters.http.cors:
      "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
"""

EXAMPLES = (
    bad("kong", f"{_KONG}      credentials: true  # <-\n", "no origins are all origins"),
    bad("kong", f'{_KONG}      origins: ["*"]\n      credentials: true  # <-\n'),
    bad("kong", f'{_KONG}      origins: ["https://a.test", "*"]\n      credentials: true  # <-\n'),
    good("kong", f'{_KONG}      origins: ["https://a.test"]\n      credentials: true\n'),
    good("kong", f'{_KONG}      origins: ["*"]\n', "any page, without credentials"),
    good("kong", f"{_KONG}      credentials: true\n    enabled: false\n", "it does not run"),
    bad("apisix", f'{_APISIX}      allow_origins: "**"\n{_WITH}  # <-\n'),
    bad(
        "apisix",
        f"{_APISIX}      allow_origins: https://a.test\n"
        f"      allow_origins_by_regex: ['.*']\n{_WITH}  # <-\n",
        "expressions replace the list",
    ),
    bad(
        "apisix",
        f"{_APISIX}      allow_origins: https://a.test\n"
        f"      allow_origins_by_regex: ['^https://']\n{_WITH}  # <-\n",
        "every secure page",
    ),
    good("apisix", f"{_APISIX}      allow_origins: https://a.test\n{_WITH}\n"),
    good("apisix", f'{_APISIX}      allow_origins: "**"\n', "any page, without credentials"),
    good("apisix", f'{_APISIX}      allow_origins: "*"\n', "any page, without credentials"),
    good(
        "apisix",
        f"{_APISIX}      allow_origins: '**'\n"
        f"      allow_origins_by_regex: ['^https://a\\.test$']\n{_WITH}\n",
        "expressions replace the list",
    ),
    bad(
        "traefik",
        f'{_TRAEFIK}        accessControlAllowOriginList: ["*"]\n'
        "        accessControlAllowCredentials: true  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}        accessControlAllowOriginListRegex: ['.*']\n"
        "        accessControlAllowCredentials: true  # <-\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}        accessControlAllowOriginList: [https://a.test]\n"
        "        accessControlAllowCredentials: true\n",
    ),
    good("traefik", f'{_TRAEFIK}        accessControlAllowOriginList: ["*"]\n'),
    good(
        "traefik",
        f"{_TRAEFIK}        accessControlAllowCredentials: true\n",
        "no origin is allowed",
    ),
    bad(
        "envoy",
        f'{_ENVOY}      allow_origin_string_match: [{{exact: "*"}}]\n'
        "      allow_credentials: true  # <-\n",
    ),
    bad(
        "envoy",
        f'{_ENVOY}      allow_origin_string_match: [{{safe_regex: {{regex: ".*"}}}}]\n'
        "      allow_credentials: true  # <-\n",
    ),
    bad(
        "envoy",
        f'{_ENVOY}      allow_origin_string_match: [{{prefix: "http"}}]\n'
        "      allow_credentials: true  # <-\n",
        "every origin starts so",
    ),
    good(
        "envoy",
        f'{_ENVOY}      allow_origin_string_match: [{{exact: "https://a.test"}}]\n'
        "      allow_credentials: true\n",
    ),
    good("envoy", f'{_ENVOY}      allow_origin_string_match: [{{exact: "*"}}]\n'),
    good(
        "envoy",
        f'{_ENVOY}      allow_origin_string_match: [{{suffix: ".a.test"}}]\n'
        "      allow_credentials: true\n",
    ),
)
