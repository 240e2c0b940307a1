"""A route of the proxy leads to the administration of the gateway itself, and anybody may use it.
What was kept on the loopback address is open again, on the port that everybody reaches.

- **Kong**: a service at `127.0.0.1:8001` (or 8444), or at a host such as `kong-admin`. Kong's own
  way to publish the Admin API puts a route in front of it, with authentication.
- **APISIX**: an upstream at `127.0.0.1:9180`, and `deployment.admin.admin_key_required: false` in
  `config.yaml`: then the Admin API asks for no key. That is less severe while `allow_admin` keeps
  other machines out.
- **Traefik**: a router whose `service` is `api@internal`, `dashboard@internal` or `rest@internal`.
- **Envoy**: a cluster at the port of `admin`, 9901 as a rule. Routes that only lead to `/stats` or
  `/ready` there are what GAL063 is about.

There is no finding where anything asks who the client is, or where only some addresses may enter.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.addresses import every_network
from gal.lint.asked import identity_asked
from gal.lint.client_address import setups
from gal.lint.exposure import limited_by_address, only_local
from gal.lint.finding import Finding, finding, place_of
from gal.lint.own_services import admin_behind
from gal.lint.peeking import at, flag, section, text, texts
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject

RULE = Rule(
    code="GAL061",
    name="admin-api-published-without-auth",
    title="Anybody may use the gateway's administration through the proxy",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    cwe=(306, 749),
    owasp=("API5", "API8"),
    pages=(
        "https://developer.konghq.com/gateway/secure-the-admin-api/",
        "https://apisix.apache.org/docs/apisix/admin-api/",
        "https://doc.traefik.io/traefik/reference/install-configuration/api-dashboard/",
        "https://www.envoyproxy.io/docs/envoy/latest/operations/admin",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Routes to the administration that ask nobody, and an Admin API that asks for no key."""
    for view in subject.routes:
        admin = admin_behind(view, subject)
        if admin is None or identity_asked(view) or limited_by_address(view):
            continue
        if not subject.once(only_local):
            yield finding(
                RULE,
                f"{view.title} leads everybody to {admin}",
                view.route,
                value="administration for everybody",
                related=[
                    place_of(target, message="the administration")
                    for upstream, _ in view.upstreams
                    for target in upstream.targets[:1]
                ],
                help="ask for credentials and allow certain addresses only, or take the route away",
            )
    for root in setups(subject, "apisix"):
        admin_node = section(root, "deployment.admin")
        if admin_node is None or flag(admin_node, "admin_key_required") is not False:
            continue
        if text(root, "deployment.role") == "data_plane":
            continue
        emptied = admin_node.has("allow_admin") and at(admin_node, "allow_admin") is None
        opened = emptied or every_network(texts(admin_node, "allow_admin"))
        yield finding(
            RULE,
            "the Admin API asks for no key",
            admin_node,
            "admin_key_required",
            owner=subject.gateway,
            severity=RULE.severity if opened else Severity.MEDIUM,
            value="administration without key",
            help="leave admin_key_required away, and set admin_key",
        )


_KONG = """\
services:
- name: admin
  url: http://127.0.0.1:8001
  routes:
  - name: admin  # <-
    paths: [/admin-api]
"""
_APISIX = """\
routes:
- uri: /apisix/admin/*  # <-
  upstream: {nodes: {"127.0.0.1:9180": 1}}
"""
_CONFIG = "deployment:\n  role: traditional\n  admin:\n"
_TRAEFIK = """\
http:
  routers:
    dashboard: {rule: Host(`traefik.test`), service: api@internal}  # <-
"""
_GUARDED = _TRAEFIK.replace("internal}  # <-", "internal, middlewares: [who]}")
_ENVOY = """\
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
clusters:
- name: admin
  type: STATIC
  load_assignment:
    cluster_name: admin
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: PORT}}}
routes:
"""
_TO_ADMIN = "- match: {prefix: /}  # <-\n  route: {cluster: admin}\n"


def _plain(text: str) -> str:
    return text.replace("  # <-", "")


EXAMPLES = (
    bad("kong", _KONG),
    bad("kong", _KONG.replace("127.0.0.1:8001", "kong-admin.kong.svc:8444")),
    good("kong", f"{_plain(_KONG)}  plugins: [{{name: key-auth}}]\n"),
    good(
        "kong",
        f"{_plain(_KONG)}  plugins: [{{name: ip-restriction, config: {{allow: [10.0.0.0/8]}}}}]\n",
    ),
    good("kong", _plain(_KONG).replace(":8001", ":8080"), "something else"),
    bad("apisix", _APISIX),
    bad("apisix", f"{_CONFIG}    admin_key_required: false  # <-\n", file="config.yaml"),
    good("apisix", f"{_plain(_APISIX)}  plugins: {{key-auth: {{}}}}\n"),
    good("apisix", _plain(_APISIX).replace(":9180", ":8080"), "something else"),
    good("apisix", f"{_CONFIG}    admin_key_required: true\n", file="config.yaml"),
    bad("traefik", _TRAEFIK),
    bad(
        "traefik",
        f"{_GUARDED.rstrip()}  # <-\n  middlewares: {{who: {{compress: {{}}}}}}\n",
        "another middleware asks nobody",
    ),
    good(
        "traefik",
        f"{_GUARDED}  middlewares: {{who: {{forwardAuth: {{address: http://check.internal}}}}}}\n",
    ),
    good(
        "traefik",
        f"{_GUARDED}  middlewares: {{who: {{ipAllowList: {{sourceRange: [10.0.0.0/8]}}}}}}\n",
    ),
    good("traefik", _plain(_TRAEFIK).replace("api@internal", "ping@internal"), "GAL063"),
    bad("envoy", _ENVOY.replace("PORT", "9901") + _TO_ADMIN),
    bad(
        "envoy",
        _ENVOY.replace("PORT", "9901") + _TO_ADMIN.replace("prefix: /", "prefix: /config_dump"),
    ),
    good(
        "envoy",
        _ENVOY.replace("PORT", "9901") + _plain(_TO_ADMIN).replace("prefix: /", "path: /ready"),
        "GAL063",
    ),
    good("envoy", _ENVOY.replace("PORT", "8080") + _plain(_TO_ADMIN), "something else"),
    good(
        "envoy",
        _ENVOY.replace("PORT", "9901") + "- match: {prefix: /}\n  direct_response: {status: 404}\n",
        "no route leads there",
    ),
)
