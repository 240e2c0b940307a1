"""A request that changes something may have arrived although its answer did not. Sending it again
orders twice, pays twice, or adds a second comment. RFC 9110 (9.2.2) lets proxies repeat only
methods whose second time changes nothing: GET, HEAD, OPTIONS, TRACE, PUT and DELETE, not POST
and PATCH.

- **Envoy** does not look at the method. `connect-failure`, `refused-stream` and
  `reset-before-request` are safe, since the upstream has seen nothing then; `5xx`, `gateway-error`,
  `reset`, `retriable-4xx`, `retriable-status-codes` and `retriable-headers` are not, unless
  `retriable_request_headers` asks for certain values of `:method`.
- **Traefik** leaves POST and PATCH out, unless `retryNonIdempotentMethod` is set.
- **Kong** and **APISIX** leave them out, unless nginx is told `non_idempotent`: in an
  `nginx_..._proxy_next_upstream` of `kong.conf`, or in a snippet of `config.yaml`.

There is no finding on routes that take neither POST nor PATCH.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint.client_address import setups
from gal.lint.exposure import answered
from gal.lint.finding import REMOVE, Edit, Finding, Fix, finding, place_of
from gal.lint.peeking import flag, items, known, text
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.standing import Standing, standing
from gal.lint.subject import RouteView, Subject
from gal.model import Retry
from gal.reading import Mapping, Scalar

RULE = Rule(
    code="GAL082",
    name="retry-non-idempotent",
    title="POST and PATCH may be sent to the upstream twice",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(837,),
    owasp=("API6",),
    pages=(
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/retry/",
        "https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_next_upstream",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
    ),
    fix=Safety.UNSAFE,
)

_CHANGING = frozenset(("POST", "PATCH"))
_LATE = frozenset(("5xx", "gateway-error", "reset", "retriable-4xx", "retriable-headers"))
_HELP = "try again only what changes nothing the second time"
_SAFE = "GET|HEAD|OPTIONS|TRACE|PUT|DELETE"


def check(subject: Subject) -> Iterator[Finding]:
    """Retries that repeat what may have been done."""
    for one in standing(subject, Retry):
        retry = one.policy
        if known(retry.attempts) and retry.attempts < 1:
            continue
        if retry.methods and not _CHANGING & {name.upper() for name in retry.methods}:
            continue
        routes = [view for view in one.routes if _may_change(view)]
        if routes and _is_late(subject.provider, retry):
            yield _finding(subject, one, routes)
    yield from _of_nginx(subject)


def _may_change(view: RouteView) -> bool:
    methods = {name.upper() for name in view.route.methods}
    return (not methods or bool(_CHANGING & methods)) and not answered(view)


def _is_late(provider: str, retry: Retry) -> bool:
    """Whether it repeats what the upstream may have done already."""
    node = retry.origin.node if retry.origin is not None else None
    if provider == "envoy":
        words = {word.strip() for word in (text(node, "retry_on") or "").split(",")}
        if items(node, "retriable_request_headers") and not retry.methods:
            return False  # a header decides, and it may well be one of the method
        return bool(retry.status_codes or words & _LATE)
    if provider == "traefik":
        return bool(flag(node, "retryNonIdempotentMethod"))
    return bool(retry.status_codes)


def _finding(subject: Subject, one: Standing[Retry], routes: list[RouteView]) -> Finding:
    keys = {"envoy": "on_connection_failure", "traefik": "methods"}
    what = routes[0].title if len(routes) == 1 else f"{len(routes)} routes"
    return finding(
        RULE,
        f"POST and PATCH of {what} are sent again after they may have been done",
        one.policy,
        keys.get(subject.provider, "status_codes"),
        owner=one.owner,
        value="repeats POST",
        related=[place_of(view.route, message="takes POST or PATCH") for view in routes[:3]],
        help=_HELP,
        fix=_fix(subject.provider, one.policy),
        count=len(routes),
    )


def _fix(provider: str, retry: Retry) -> Fix | None:
    node = retry.origin.node if retry.origin is not None else None
    if not isinstance(node, Mapping):
        return None
    if provider == "traefik":
        edit = Edit(node, node.spelt("retryNonIdempotentMethod"), REMOVE)
        return Fix("leave retryNonIdempotentMethod away", Safety.UNSAFE, (edit,))
    if provider == "envoy" and not retry.methods:
        matcher = {"name": ":method", "string_match": {"safe_regex": {"regex": _SAFE}}}
        edit = Edit(node, node.spelt("retriable_request_headers"), [matcher])
        return Fix("repeat only methods that may be repeated", Safety.UNSAFE, (edit,))
    return None


def _of_nginx(subject: Subject) -> Iterator[Finding]:
    """What nginx is told in the settings of the server itself."""
    for provider in ("kong", "apisix"):
        for root in setups(subject, provider):
            for node in _texts(root):
                key = str(node.key)
                value = (
                    node.text if "next_upstream" not in key else f"proxy_next_upstream {node.text}"
                )
                if "proxy_next_upstream" in value and "non_idempotent" in value:
                    yield finding(
                        RULE,
                        "nginx sends POST and PATCH again after they may have been done",
                        node.parent if isinstance(node.parent, Mapping) else node,
                        key,
                        owner=subject.gateway,
                        value="repeats POST",
                        help="leave non_idempotent away",
                    )


def _texts(root: Mapping) -> Iterator[Scalar]:
    for node in root.entries.values():
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Mapping):
            yield from _texts(node)


_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`)%s, service: shop, middlewares: [again]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    again:
      retry:
        attempts: %s
"""
_ENVOY = """\
routes:
- match: {prefix: /shop%s}
  route:
    cluster: one
    retry_policy:
      num_retries: 2
"""
_GET = ", headers: [{name: ':method', string_match: {exact: GET}}]"
_BY_METHOD = "      retriable_request_headers: [{name: ':method', string_match: {exact: GET}}]\n"
_CONFIG = "deployment: {role: data_plane}\nnginx_config:\n"

EXAMPLES = (
    bad(
        "kong",
        "proxy_listen = 0.0.0.0:8000\n"
        "nginx_proxy_proxy_next_upstream = error timeout non_idempotent  # <-\n",
        file="kong.conf",
    ),
    bad(
        "kong",
        "proxy_listen = 0.0.0.0:8000\n"
        "nginx_http_proxy_next_upstream = error http_502 non_idempotent  # <-\n",
        file="kong.conf",
    ),
    good("kong", "nginx_proxy_proxy_next_upstream = error timeout\n", file="kong.conf"),
    good(
        "kong",
        "nginx_proxy_proxy_next_upstream = error # non_idempotent\n",
        "a comment",
        file="kong.conf",
    ),
    good(
        "kong",
        "services: [{name: shop, url: 'http://a', retries: 5, routes: [{paths: [/shop]}]}]\n",
        "POST is left out",
    ),
    bad(
        "apisix",
        f"{_CONFIG}  http_configuration_snippet: |  # <-\n"
        "    proxy_next_upstream error timeout non_idempotent;\n",
        file="config.yaml",
    ),
    bad(
        "apisix",
        f"{_CONFIG}  http_server_configuration_snippet: "
        '"proxy_next_upstream http_502 non_idempotent;"  # <-\n',
        file="config.yaml",
    ),
    good(
        "apisix",
        f"{_CONFIG}  http_configuration_snippet: proxy_next_upstream error timeout;\n",
        file="config.yaml",
    ),
    good("apisix", f"{_CONFIG}  http: {{real_ip_header: X-Real-IP}}\n", file="config.yaml"),
    good(
        "apisix",
        'routes:\n- uri: /shop\n  upstream: {nodes: {"a:80": 1, "b:80": 1}, retries: 3}\n',
        "POST is left out",
    ),
    bad("traefik", _TRAEFIK % ("", 3) + "        retryNonIdempotentMethod: true  # <-\n"),
    bad(
        "traefik",
        _TRAEFIK % (" && Method(`POST`)", 3) + "        retryNonIdempotentMethod: true  # <-\n",
    ),
    good("traefik", _TRAEFIK % ("", 3), "POST is left out"),
    good(
        "traefik",
        _TRAEFIK % (" && Method(`GET`)", 3) + "        retryNonIdempotentMethod: true\n",
        "the route takes no POST",
    ),
    good(
        "traefik",
        _TRAEFIK % ("", 1) + "        retryNonIdempotentMethod: true\n",
        "the first attempt counts, too",
    ),
    bad("envoy", _ENVOY % "" + "      retry_on: 5xx  # <-\n"),
    bad(
        "envoy",
        _ENVOY % ""
        + "      retry_on: connect-failure,retriable-status-codes  # <-\n"
        + "      retriable_status_codes: [503]\n",
    ),
    good("envoy", _ENVOY % "" + "      retry_on: connect-failure,refused-stream\n"),
    good("envoy", _ENVOY % "" + "      retry_on: reset-before-request\n", "nothing was sent"),
    good("envoy", _ENVOY % "" + f"      retry_on: 5xx\n{_BY_METHOD}"),
    good("envoy", _ENVOY % _GET + "      retry_on: 5xx\n", "the route takes GET only"),
)
