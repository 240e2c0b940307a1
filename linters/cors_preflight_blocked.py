"""Before a page may send a key or a token to another origin, the browser asks with `OPTIONS`. That
question has no credentials. A gateway that asks for some even so, or has no route for it, blocks
every page, and the quick way out is often to switch authentication off.

- **Kong** runs `cors` before authentication and answers the question. It does not with
  `preflight_continue: true`. Then `key-auth` and `jwt` ask for credentials unless
  `run_on_preflight` is false, and `basic-auth` always does.
- **APISIX** answers every `OPTIONS` in `cors` before authentication.
- **Traefik** runs middlewares in their order: `headers` has to stand before the one that asks.
- **Envoy** runs filters in their order: `cors` has to stand before those that ask; `jwt_authn`
  lets the question through with `bypass_cors_preflight`.
- **All**: a route that takes `GET` only does not take the question: then it needs `OPTIONS`, or
  another route has to take it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import envoy_files, traefik_files
from gal.lint.asked import common_owner
from gal.lint.finding import Finding, finding, place_of
from gal.lint.grouping import by_what_is_behind
from gal.lint.peeking import flag
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import ENVOY_USERS as _USERS
from gal.lint.standing import standing
from gal.lint.subject import RouteView, Subject
from gal.model import Authentication, Cors, Redirect
from gal.reading import Mapping, Node

RULE = Rule(
    code="GAL006",
    name="cors-preflight-blocked",
    title="The question of browsers before a foreign request is refused",
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    cwe=(1188,),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/cors/",
        "https://apisix.apache.org/docs/apisix/plugins/cors/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto",
        "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
    ),
)
_TRAEFIK = ("basicAuth", "digestAuth", "forwardAuth")
_ENVOY = ("basic_auth", "jwt_authn", "ext_authz", "api_key_auth", "oauth2")
_MOST_RELATED = 5
_MOST_PATH = 256


def check(subject: Subject) -> Iterator[Finding]:
    """Routes with CORS and authentication whose preflights are refused."""
    yield from _without_options(subject)
    if subject.provider == "kong":
        yield from _forwarded(subject)
    elif subject.provider == "traefik":
        yield from _behind_in_traefik(subject)
    elif subject.provider == "envoy":
        yield from _behind_in_envoy(subject)


def _both(view: RouteView) -> bool:
    return view.policy(Cors) is not None and view.policy(Authentication) is not None


def _forwarded(subject: Subject) -> Iterator[Finding]:
    for one in standing(subject, Cors):
        views = [view for view in one.routes if _asks_preflights(view)]
        if one.policy.forward_preflight and views:
            yield _finding(
                subject, one.policy, "forward_preflight", views, "they are not answered here"
            )


def _asks_preflights(view: RouteView) -> bool:
    policy = view.policy(Authentication)
    if policy is None or policy.anonymous is not None:
        return False
    parts = [one for one in (policy.api_key, policy.jwt, policy.oauth2) if one is not None]
    return policy.basic is not None or any(one.run_on_preflight for one in parts)


def _finding(
    subject: Subject,
    where: Cors | Node,
    key: str,
    views: list[RouteView],
    why: str,
) -> Finding:
    what = views[0].title if len(views) == 1 else f"{len(views)} routes"
    return finding(
        RULE,
        f"preflights of {what} are asked for credentials, and have none: {why}",
        where,
        key,
        owner=common_owner(subject, views),
        value="preflights are asked for credentials",
        related=[place_of(one.route, message="this route") for one in views[:_MOST_RELATED]],
        help="have preflights answered before anybody is asked for credentials",
        count=len(views),
    )


def _behind_in_traefik(subject: Subject) -> Iterator[Finding]:
    late: dict[int, tuple[Mapping, str, list[RouteView]]] = {}
    for router in traefik_files.routers(subject):
        asking = next((one for one in router.middlewares if one.kind in _TRAEFIK), None)
        answers = [one.node for one in router.middlewares if one.kind == "headers"]
        views = [one for one in traefik_files.views_of(subject, [router]) if _both(one)]
        if asking is None or not views:
            continue
        before = router.middlewares[: router.middlewares.index(asking)]
        if any(one.kind == "headers" and _is_cors(one.node) for one in before):
            continue
        if any(_is_cors(node) for node in answers):
            key = "middlewares" if router.node.has("middlewares") else ""
            late[id(router.node)] = (router.node, key, views)
    for node, key, views in late.values():
        why = "the middleware for CORS stands behind authentication"
        yield _finding(subject, node, key, views, why)


def _is_cors(node: Mapping) -> bool:
    config = next(iter(node.entries.values()), None)
    names = config.keys() if isinstance(config, Mapping) else ()
    return any(one.lower().startswith("accesscontrol") for one in names)


def _behind_in_envoy(subject: Subject) -> Iterator[Finding]:
    for manager in envoy_files.managers(subject):
        kinds = [one.kind.rsplit(".", 1)[-1] for one in manager.filters]
        if "cors" not in kinds:
            continue
        before = manager.filters[: kinds.index("cors")]
        asking = [one for one in before if one.kind.rsplit(".", 1)[-1] in _ENVOY]
        asking = [one for one in asking if not _bypassed(one.node)]
        views = [one for one in envoy_files.views_of(subject, manager) if _both(one)]
        if asking and views:
            why = "the filter cors stands behind authentication"
            yield _finding(subject, manager.filters[kinds.index("cors")].node, "name", views, why)


def _bypassed(node: Mapping) -> bool:
    return bool(flag(node, "typed_config.bypass_cors_preflight"))


def _without_options(subject: Subject) -> Iterator[Finding]:
    closed = [view for view in subject.routes if _both(view) and not _takes_options(view)]
    if not closed:
        return
    taken = frozenset(
        key
        for view in subject.routes
        if _takes_options(view) and view.policy(Redirect) is None  # browsers follow none here
        for key in _keys(view)
    )
    lost = [
        view
        for view in closed
        if not any(_covered(host, path, taken) for host, path in _keys(view))
    ]
    for _, views in by_what_is_behind(lost):
        what, has, lacks = f"{len(views)} routes", "which have", "they lack"
        if len(views) == 1:
            what, has, lacks = views[0].title, "which has", "it lacks"
        yield finding(
            RULE,
            f"no route takes preflights of {what}, {has} CORS: {lacks} OPTIONS",
            views[0].route,
            "methods",
            owner=common_owner(subject, views),
            value="preflights have no route",
            related=[place_of(one.route, "methods", "nor here") for one in views[1:_MOST_RELATED]],
            help="take OPTIONS, too: it is answered before anybody is asked for credentials",
            count=len(views),
        )


def _takes_options(view: RouteView) -> bool:
    return not view.route.methods or "OPTIONS" in {one.upper() for one in view.route.methods}


def _keys(view: RouteView) -> Iterator[tuple[str, str]]:
    for host in view.route.hosts or ["*"]:
        for path in [one.text for one in view.route.paths] or ["/"]:
            yield host.lower(), path


def _covered(host: str, path: str, taken: frozenset[tuple[str, str]]) -> bool:
    """Whether a route takes preflights of a host and path: by the same path, or a shorter one."""
    hosts = {host, "*", f"*.{host.partition('.')[2]}"}
    lengths = range(1, min(len(path), _MOST_PATH) + 1)
    paths = {path, "/", *(path[:length] for length in lengths)}
    return any((one, text) in taken for one in hosts for text in paths)


_KONG = "services:\n- name: shop\n  url: http://shop.internal\n  routes:\n  - name: shop\n"


def _kong(route: str, *plugins: str) -> str:
    return f"{_KONG}    {route}\n  plugins:\n" + "".join(f"  - {one}\n" for one in plugins)


def _apisix(uri: str, *lines: str) -> str:
    return f'- uri: {uri}\n  upstream: {{nodes: {{"shop.internal:80": 1}}}}\n' + "".join(
        f"  {one}\n" for one in lines
    )


def _traefik(rule: str, *used: str, mark: str = "") -> str:
    return (
        "http:\n  routers:\n"
        "    shop:\n"
        f"      rule: {rule}\n"
        "      service: shop\n"
        f"      middlewares: [{', '.join(used)}]{mark}\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  middlewares:\n"
        f"    users: {{basicAuth: {{users: ['a:{_HASH}']}}}}\n"
        "    cors: {headers: {accessControlAllowOriginList: [https://a.test]}}\n"
        "    safe: {headers: {frameDeny: true}}\n"
    )


_HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC"
_MARK = "  # <-"
_CORS = """\
- name: envoy.filters.http.cors{mark}
  typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}
"""
_TOKENS = """\
- name: envoy.filters.http.jwt_authn
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication
    bypass_cors_preflight: {bypass}
    providers:
      p:
        issuer: i
        remote_jwks: {{http_uri: {{uri: "https://one.internal", cluster: one, timeout: 1s}}}}
    rules: [{{match: {{prefix: /}}, requires: {{provider_name: p}}}}]
"""


def _envoy(*filters: str, mark: str = "") -> str:
    texts = "".join(one.replace("{{", "{").replace("}}", "}") for one in filters)
    return (
        f"filters:\n{texts.replace('{mark}', mark)}host:\n"
        "  typed_per_filter_config:\n    envoy.filters.http.cors:\n"
        '      "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n'
        "      allow_origin_string_match: [{exact: https://a.test}]\n"
    )


_FORWARDED = "{name: cors, config: {preflight_continue: true}}"
_QUIET = "{name: key-auth, config: {run_on_preflight: false}}"
_BOTH = "plugins: {cors: {}, key-auth: {}}"

EXAMPLES = (
    bad("kong", _kong("paths: [/shop]", f"{_FORWARDED}{_MARK}", "{name: key-auth}")),
    bad(
        "kong",
        f"{_KONG}    paths: [/shop]\n    methods: [GET]{_MARK}\n"
        "  plugins: [{name: cors}, {name: key-auth}]\n",
        "no route takes OPTIONS",
    ),
    bad("kong", _kong("paths: [/shop]", f"{_FORWARDED}{_MARK}", "{name: basic-auth}")),
    good("kong", _kong("paths: [/shop]", "{name: cors}", "{name: key-auth}"), "cors answers"),
    good("kong", _kong("paths: [/shop]", _FORWARDED, _QUIET), "nobody is asked"),
    good(
        "kong",
        f"{_KONG}    paths: [/shop]\n    methods: [GET, OPTIONS]\n"
        "  plugins: [{name: cors}, {name: key-auth}]\n",
    ),
    bad("apisix", "routes:\n" + _apisix("/shop", f"methods: [GET]{_MARK}", _BOTH)),
    bad("apisix", "routes:\n" + _apisix("/shop/*", f"methods: [GET, POST]{_MARK}", _BOTH)),
    bad(
        "apisix",
        f"routes:\n- uri: /shop\n  upstream_id: shop\n  methods: [GET]{_MARK}\n  {_BOTH}\n"
        f"- {{uri: /cart, upstream_id: shop, methods: [GET], {_BOTH}}}\n"
        'upstreams: [{id: shop, nodes: {"shop.internal:80": 1}}]\n',
        "one finding for both routes",
    ),
    good("apisix", "routes:\n" + _apisix("/shop", _BOTH), "every method is taken"),
    good("apisix", "routes:\n" + _apisix("/shop", "methods: [GET, OPTIONS]", _BOTH)),
    good(
        "apisix",
        "routes:\n"
        + _apisix("/shop", "methods: [GET]", _BOTH)
        + _apisix("/*", "methods: [OPTIONS]", "plugins: {cors: {}}"),
        "another route takes them",
    ),
    bad("traefik", _traefik("PathPrefix(`/shop`)", "users", "cors", mark=_MARK)),
    bad("traefik", _traefik("PathPrefix(`/shop`)", "safe", "users", "cors", mark=_MARK)),
    bad(
        "traefik",
        'entryPoints: {web: {address: ":80", http: {redirections: {entryPoint: {to: safe, '
        'scheme: https}}}}, safe: {address: ":443"}}\n'
        + _traefik("Method(`GET`)", "cors", "users")
        .replace("shop:\n", f"shop:{_MARK}\n", 1)
        .replace("service: shop\n", "service: shop\n      entryPoints: [safe]\n", 1),
        "the redirect to HTTPS is no answer to preflights",
    ),
    good("traefik", _traefik("PathPrefix(`/shop`)", "cors", "users")),
    good("traefik", _traefik("PathPrefix(`/shop`)", "users", "safe"), "no CORS at all"),
    good("traefik", _traefik("PathPrefix(`/shop`)", "cors"), "nobody is asked"),
    bad("envoy", _envoy(_USERS, _CORS, mark=_MARK)),
    bad("envoy", _envoy(_TOKENS.replace("{bypass}", "false"), _CORS, mark=_MARK)),
    good("envoy", _envoy(_CORS, _USERS)),
    good("envoy", _envoy(_TOKENS.replace("{bypass}", "true"), _CORS)),
    good("envoy", _envoy(_CORS), "nobody is asked"),
)
