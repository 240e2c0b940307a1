"""Some paths ask for more than others, and the gateway compares paths as the client has written
them. `//admin`, `/./admin` or `/public/../admin` are not `/admin` then: they take
the route that asks for less, and the application behind, which does tidy up, answers as if for
`/admin`.

- **Envoy** leaves paths as they are, unless `normalize_path`, `merge_slashes` and
  `path_with_escaped_slashes_action` of the connection manager say otherwise. Where only the first
  is set, the finding is less severe.
- **Traefik** tidies up, unless `http.sanitizePath: false` stands at the entry point. `%2F` gets
  through as it is unless `encodedCharacters.allowEncodedSlash` is false, and then
  `/public%2F..%2Fadmin` takes the route for `/public`. It is true by default; the finding is low
  where nothing is said.
- **APISIX** compares the tidied path. With `apisix.match_uri_encoded_slash: true` in `config.yaml`,
  `/admin%2Fusers` is not `/admin/users` any more.
- **Kong** always tidies up before it compares.

There is a finding only where the routes of one listener differ in what they ask for, and lead to
the same application, where one of them refuses certain paths, or where Envoy's `rbac` looks at
paths.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import envoy_files, traefik_files
from gal.lint.client_address import setups
from gal.lint.finding import Edit, Finding, Fix, Place, Where, finding, place_of
from gal.lint.path_guards import guarded_by_path, rules_by_path
from gal.lint.peeking import flag, section, text
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.reading import Mapping

RULE = Rule(
    code="GAL078",
    name="path-normalisation-off",
    title="Paths decide who may enter, and are compared as the client writes them",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    cwe=(22, 41, 436),
    owasp=("API5", "API8"),
    pages=(
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/best_practices/edge",
        "https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/",
        "https://apisix.apache.org/docs/apisix/router-radixtree/",
        "https://developer.konghq.com/gateway/traffic-control/proxying/",
    ),
    fix=Safety.TIGHTEN,
)

_UNESCAPED = ("", "0", "1", "IMPLEMENTATION_SPECIFIC_DEFAULT", "KEEP_UNCHANGED")
_SETTINGS = {
    "normalize_path": True,
    "merge_slashes": True,
    "path_with_escaped_slashes_action": "UNESCAPE_AND_REDIRECT",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Listeners whose routes ask for more by path, and that take paths as they come."""
    for manager in envoy_files.managers(subject):
        missing = list(_missing(manager.node))
        views = envoy_files.views_of(subject, manager) if missing else []
        found, rules = guarded_by_path(views), rules_by_path(views)
        related = _routes(found) if found is not None else []
        related += [place_of(rules, message="decides by the path")] if rules is not None else []
        if related:
            yield _of_envoy(subject, manager.node, missing, related)
    yield from _of_traefik(subject)
    yield from _of_apisix(subject)


def _missing(node: Mapping) -> Iterator[str]:
    for key in ("normalize_path", "merge_slashes"):
        if not flag(node, key):
            yield key
    if (text(node, "path_with_escaped_slashes_action") or "") in _UNESCAPED:
        yield "path_with_escaped_slashes_action"


def _of_envoy(subject: Subject, node: Mapping, missing: list[str], related: list[Place]) -> Finding:
    given = [key for key in missing if node.has(key)]
    edits = tuple(Edit(node, node.spelt(key), _SETTINGS[key]) for key in missing)
    return _finding(
        subject,
        f"paths are compared as they come: {', '.join(missing)} "
        + ("is off" if len(missing) == 1 else "are off")
        + ("" if given else " by default"),
        (node, given[0] if given else ""),
        related,
        severity=Severity.HIGH if "normalize_path" in missing else Severity.MEDIUM,
        fix=Fix("tidy paths up before they are compared", Safety.TIGHTEN, edits),
    )


def _of_traefik(subject: Subject) -> Iterator[Finding]:
    for name, point in traefik_files.entry_points(subject):
        http = section(point, "http")
        raw = flag(http, "sanitizePath") is False
        slash = flag(http, "encodedCharacters.allowEncodedSlash")
        if not raw and slash is False:
            continue
        own = [
            one
            for one in traefik_files.routers(subject)
            if name in one.points and not one.service.endswith("@internal")
        ]
        found = guarded_by_path(traefik_files.views_of(subject, own))
        encoded = section(http, "encodedCharacters")
        if found is not None and raw and http is not None:
            message = f'the entry point "{name}" compares paths as they come: sanitizePath is off'
            yield _finding(subject, message, (http, "sanitizePath"), _routes(found))
        elif found is not None:
            message = f'the entry point "{name}" takes %2F for a letter of the path'
            place = (
                (point, "") if slash is None or encoded is None else (encoded, "allowEncodedSlash")
            )
            severity = Severity.LOW if slash is None else Severity.MEDIUM
            message += " by default" if slash is None else ""
            yield _finding(subject, message, place, _routes(found), severity=severity)


def _of_apisix(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "apisix"):
        settings = section(root, "apisix")
        if settings is None or not flag(settings, "match_uri_encoded_slash"):
            continue
        found = guarded_by_path(subject.routes)
        if found is not None or not subject.routes:
            message = "%2F is compared as a letter of the path: match_uri_encoded_slash is on"
            place = (settings, "match_uri_encoded_slash")
            related = _routes(found) if found is not None else []
            yield _finding(subject, message, place, related, severity=Severity.MEDIUM)


def _routes(found: tuple[RouteView, RouteView]) -> list[Place]:
    return [
        place_of(found[0].route, message="not everybody may use this path"),
        place_of(found[1].route, message="everybody may use this one"),
    ]


def _finding(
    subject: Subject,
    message: str,
    place: tuple[Where, str],
    related: list[Place],
    *,
    severity: Severity = Severity.HIGH,
    fix: Fix | None = None,
) -> Finding:
    return finding(
        RULE,
        message,
        *place,
        owner=subject.gateway,
        severity=severity,
        value="raw paths",
        related=related,
        help="have the gateway tidy paths up before it compares them",
        fix=fix,
    )


_CONFIG = "apisix:\n  match_uri_encoded_slash: %s\ndeployment: {role: data_plane}\n"
_ROUTES = """\
routes:
- {uri: "/*", service_id: shop}
- {uri: "/admin/*", service_id: shop%s}
services: [{id: shop, upstream: {nodes: {"shop.internal:80": 1}}}]
"""
_GUARDED = ", plugins: {key-auth: {}}"
_TRAEFIK = """\
entryPoints:
  web:
    address: ":80"
    http:
      %s
http:
  routers:
    shop: {rule: PathPrefix(`/`), service: shop}
    admin: {rule: PathPrefix(`/admin`), service: shop%s}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares: {who: {basicAuth: {usersFile: /run/secrets/users}}}
"""
_WHO = ", middlewares: [who]"
_REFUSED = """\
- match: {prefix: /admin}
  direct_response: {status: 403}
- match: {prefix: /}
  route: {cluster: one}
"""
_WHOLE = """\
static_resources:
  listeners:
  - name: main
    address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:  # <-
          "@type": type.googleapis.com/envoy.extensions.filters.network\
.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: main
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - {match: {prefix: /admin}, direct_response: {status: 403}}
              - {match: {prefix: /}, route: {cluster: one}}
  clusters:
  - name: one
    load_assignment:
      cluster_name: one
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}
"""
_TIDY = """\
manager:
  normalize_path: %s
  merge_slashes: %s
  path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT
"""
_RULES = """\
filters:
- name: envoy.filters.http.rbac
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC
    rules:
      action: DENY
      policies:
        admin:
          permissions: [{url_path: {path: {prefix: /admin}}}]
          principals: [{any: true}]
routes:
- match: {prefix: /}
  route: {cluster: one}
"""

EXAMPLES = (
    bad(
        "apisix",
        _CONFIG.replace("%s", "true  # <-"),
        "the routes are not known",
        file="config.yaml",
    ),
    bad(
        "apisix",
        _CONFIG.replace("%s", "true  # <-") + f"---\n{_ROUTES % _GUARDED}",
        file="config.yaml",
    ),
    good("apisix", _CONFIG % "false", file="config.yaml"),
    good(
        "apisix",
        f"{_CONFIG % 'true'}---\n{_ROUTES % ''}",
        "no path asks for more",
        file="config.yaml",
    ),
    good("apisix", f"{_CONFIG % 'false'}---\n{_ROUTES % _GUARDED}", file="config.yaml"),
    bad("traefik", _TRAEFIK % ("sanitizePath: false  # <-", _WHO)),
    bad(
        "traefik",
        (_TRAEFIK % ("sanitizePath: true", _WHO)).replace("  web:\n", "  web:  # <-\n"),
        "slashes that are written %2F, by default: severity low",
    ),
    bad("traefik", _TRAEFIK % ("encodedCharacters: {allowEncodedSlash: true}  # <-", _WHO)),
    good(
        "traefik",
        _TRAEFIK % ("{sanitizePath: true, encodedCharacters: {allowEncodedSlash: false}}", _WHO),
    ),
    good("traefik", _TRAEFIK % ("sanitizePath: false", ""), "no path asks for more"),
    good("traefik", _TRAEFIK % ("encodedCharacters: {allowEncodedSlash: false}", _WHO)),
    bad("envoy", _WHOLE, "the default"),
    bad(
        "envoy",
        _TIDY.replace("%s", "false  # <-", 1).replace("%s", "true") + f"routes:\n{_REFUSED}",
    ),
    bad(
        "envoy",
        _TIDY.replace("%s", "true", 1).replace("%s", "false  # <-") + f"routes:\n{_REFUSED}",
        "two slashes stay two",
    ),
    bad(
        "envoy",
        _TIDY.replace("%s", "false  # <-", 1).replace("%s", "true") + _RULES,
        "the rules of rbac look at paths",
    ),
    good(
        "envoy",
        _TIDY.replace("%s", "false").replace("%s", "false")
        + _RULES.replace(
            "url_path: {path: {prefix: /admin}}", "header: {name: x-admin, present_match: true}"
        ),
        "the rules of rbac look at a header",
    ),
    good("envoy", f"{_TIDY % ('true', 'true')}{_RULES}"),
    good("envoy", f"{_TIDY % ('true', 'true')}routes:\n{_REFUSED}"),
    good("envoy", "routes:\n- match: {prefix: /}\n  route: {cluster: one}\n", "one path only"),
    good(
        "envoy",
        "routes:\n- match: {prefix: /old}\n  redirect: {path_redirect: /new}\n"
        "- match: {prefix: /}\n  route: {cluster: one}\n",
        "no path asks for more",
    ),
)
