"""What a gateway tells about itself, and what is there for tests, can be reached from outside:
metrics with the names of everything behind it, health, answers that show the request's headers,
or faults that were meant for an experiment.

- **Kong**: `status_listen` of `kong.conf` on other than the loopback address, where `/metrics` is;
  `allow_debug_header = on`, which tells clients which route and service they got; `echo` of
  `request-termination`.
- **APISIX**: a route with `public-api`; in `config.yaml`, `export_addr` of `prometheus` on other
  than the loopback address, and `enable_dev_mode`; the plugins `echo`, `mocking`, `fault-injection`
  and `example-plugin` on a route.
- **Traefik**: a router to `prometheus@internal`, `ping@internal` or another of Traefik's own
  services; `api.debug: true`, which adds Go's profiler to the API.
- **Envoy**: a route to `/stats`, `/ready` and the like of the administration; the filter `fault`
  with a share above 0 %, or steered by headers of the client.

There is no finding where anything asks who the client is, or where only some addresses may enter.
Routes to the administration itself are what GAL061 is about.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import traefik_files
from gal.lint.addresses import host_and_port, is_local
from gal.lint.asked import identity_asked
from gal.lint.client_address import setups, views_at
from gal.lint.envoy_messages import messages, percent
from gal.lint.exposure import limited_by_address, only_local
from gal.lint.finding import Finding, Where, finding
from gal.lint.own_services import state_behind
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, section, text
from gal.lint.plugin_nodes import plugin_nodes
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import RouteView, Subject
from gal.model import DirectResponse, ModelNode
from gal.reading import Mapping, Node, Scalar, Sequence

RULE = Rule(
    code="GAL063",
    name="internal-endpoint-published",
    title="What the gateway tells about itself can be read from outside",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(200, 489),
    owasp=("API8", "API9"),
    pages=(
        "https://developer.konghq.com/gateway/configuration/",
        "https://apisix.apache.org/docs/apisix/plugins/public-api/",
        "https://doc.traefik.io/traefik/reference/install-configuration/observability/metrics/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/fault_filter",
    ),
)

_OF_TESTS = {
    "echo": "answers with what it was told",
    "mocking": "makes answers up",
    "fault-injection": "makes requests fail",
    "example-plugin": "is an example",
}
_ASK = "ask for credentials, or allow certain addresses only"
_AWAY = "take it away where real requests come"


def check(subject: Subject) -> Iterator[Finding]:
    """Routes to the gateway's own endpoints, listeners of these, and tests on live routes."""
    if not subject.once(only_local):
        for view in subject.routes:
            yield from _of_route(view, subject)
    yield from _of_kong(subject)
    yield from _of_apisix(subject)
    for static in traefik_files.static(subject):
        api = section(static, "api")
        if api is not None and flag(api, "debug"):
            yield _finding("the API has Go's profiler", api, "debug", subject.gateway, _AWAY)
    for fault in messages(subject, "HTTPFault"):
        yield from _of_fault(subject, fault)


def _is_open(view: RouteView) -> bool:
    return not identity_asked(view) and not limited_by_address(view)


def _of_route(view: RouteView, subject: Subject) -> Iterator[Finding]:
    if not _is_open(view):
        return
    state = state_behind(view, subject)
    if state is not None:
        yield _finding(f"{view.title} shows {state} to everybody", view.route, "", view.route, _ASK)
    direct = view.policy(DirectResponse)
    if direct is not None and direct.echo:
        message = f"{view.title} shows everybody what the gateway makes of a request"
        yield _finding(message, direct, "echo", view.route, _AWAY)


def _of_kong(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "kong"):
        listens = [one.strip() for one in (text(root, "status_listen") or "").split(",")]
        hosts = [host_and_port(one.split()[0])[0] for one in listens if one and one != "off"]
        if not all(is_local(host) for host in hosts):
            message = "the Status API, and metrics with it, can be reached from outside"
            help_ = "listen on 127.0.0.1, or on an address of the monitoring network"
            yield _finding(message, root, "status_listen", subject.gateway, help_)
        if flag(root, "allow_debug_header"):
            message = "clients that send Kong-Debug are told route and service"
            help_ = "leave allow_debug_header off"
            yield _finding(message, root, "allow_debug_header", subject.gateway, help_)


def _of_apisix(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "apisix"):
        export = section(root, "plugin_attr.prometheus.export_addr")
        ip = text(export, "ip")
        if export is not None and ip and not is_local(ip):
            message = "metrics can be read from outside"
            help_ = "export them on 127.0.0.1, or on an address of the monitoring network"
            yield _finding(message, export, "ip", subject.gateway, help_)
        settings = section(root, "apisix")
        if settings is not None and flag(settings, "enable_dev_mode"):
            message = "APISIX runs as for development, with one worker"
            yield _finding(message, settings, "enable_dev_mode", subject.gateway, _AWAY)
    for plugin in plugin_nodes(subject, "public-api", *_OF_TESTS):
        owner = owner_of(subject, plugin.node)
        if not any(_is_open(view) for view in views_at(subject, plugin.node)):
            continue
        if _asks_for_https(plugin.config):
            continue
        if plugin.name == "public-api":
            yield _finding("an API of a plugin is for everybody", plugin.config, "", owner, _ASK)
        else:
            message = f"{plugin.name} {_OF_TESTS[plugin.name]}, on a route for everybody"
            yield _finding(message, plugin.config, "", owner, _AWAY)


def _asks_for_https(config: Mapping) -> bool:
    """Whether a fault is how plain HTTP is refused."""
    if section(config, "delay") is not None:
        return False
    words = [one.text for one in _scalars(at(config, "abort.vars"))]
    return words == ["scheme", "==", "http"]


def _scalars(node: Node | None) -> Iterator[Scalar]:
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, Scalar):
            yield one
        elif isinstance(one, Sequence):
            pending += reversed(one.items)


def _of_fault(subject: Subject, fault: Mapping) -> Iterator[Finding]:
    for key, verb in (("abort", "fail"), ("delay", "wait")):
        one = section(fault, key)
        if one is None:
            continue
        share = percent(at(one, "percentage"))
        if one.has(f"header_{key}"):
            message = f"clients make requests {verb} by a header"
        elif share:
            message = f"{share:g} % of the requests {verb} on purpose"
        else:
            continue
        yield _finding(message, one, "", owner_of(subject, one), _AWAY)


def _finding(message: str, where: Where, key: str, owner: ModelNode, help_: str) -> Finding:
    return finding(RULE, message, where, key, owner=owner, value=message, help=help_)


_KONG = """\
routes:
- name: echo
  paths: [/echo]
  plugins:
  - name: request-termination
    config:
      status_code: 200
"""
_APISIX = """\
routes:
- uri: /apisix/prometheus/metrics
  plugins:
    public-api: {}
"""
_CONFIG = "deployment: {role: data_plane}\nplugin_attr:\n  prometheus:\n    export_addr: "
_TRAEFIK = """\
http:
  routers:
    metrics: {rule: PathPrefix(`/metrics`), service: prometheus@internal}  # <-
"""
_GUARDED = _TRAEFIK.replace("internal}  # <-", "internal, middlewares: [who]}")
_STATIC = 'entryPoints: {web: {address: ":80"}}\nproviders: {docker: {}}\napi:'
_ADMIN = """\
admin: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
clusters:
- name: admin
  type: STATIC
  load_assignment:
    cluster_name: admin
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
routes:
"""
_FAULT = """\
filters:
- name: envoy.filters.http.fault
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
    abort:
"""

EXAMPLES = (
    bad("kong", "status_listen = 0.0.0.0:8100  # <-\n", file="kong.conf"),
    bad("kong", "status_listen = off\nallow_debug_header = on  # <-\n", file="kong.conf"),
    bad("kong", f"{_KONG}      echo: true  # <-\n"),
    good("kong", "status_listen = 127.0.0.1:8007\n", file="kong.conf"),
    good("kong", "status_listen = off\nallow_debug_header = off\n", file="kong.conf"),
    good("kong", f"{_KONG}      message: gone\n"),
    bad("apisix", _APISIX.replace("{}", "{}  # <-")),
    bad("apisix", f"{_CONFIG}{{ip: 0.0.0.0, port: 9091}}  # <-\n", file="config.yaml"),
    bad(
        "apisix",
        'routes:\n- uri: /shop\n  upstream: {nodes: {"shop.internal:80": 1}}\n'
        "  plugins:\n    fault-injection: {delay: {duration: 1}}  # <-\n",
    ),
    good(
        "apisix",
        'routes:\n- uri: /shop\n  upstream: {nodes: {"shop.internal:80": 1}}\n'
        "  plugins:\n    fault-injection:\n"
        "      abort: {http_status: 426, vars: [[[scheme, '==', http]]]}\n",
        "plain HTTP is refused",
    ),
    good("apisix", f"{_APISIX}    ip-restriction: {{whitelist: [10.0.0.0/8]}}\n"),
    good("apisix", f"{_CONFIG}{{ip: 127.0.0.1, port: 9091}}\n", file="config.yaml"),
    good(
        "apisix",
        'routes:\n- uri: /shop\n  upstream: {nodes: {"shop.internal:80": 1}}\n'
        "  plugins: {mocking: {response_example: gone, _meta: {disable: true}}}\n",
    ),
    bad("traefik", _TRAEFIK),
    bad("traefik", f"{_STATIC}\n  dashboard: true\n  debug: true  # <-\n"),
    good(
        "traefik",
        f"{_GUARDED}  middlewares: {{who: {{ipAllowList: {{sourceRange: [10.0.0.0/8]}}}}}}\n",
    ),
    good("traefik", f"{_STATIC} {{dashboard: true}}\n"),
    good("traefik", f"{_STATIC} {{debug: false}}\n"),
    bad(
        "envoy",
        f"{_ADMIN}- match: {{path: /stats/prometheus}}  # <-\n  route: {{cluster: admin}}\n",
    ),
    bad(
        "envoy",
        f"{_FAULT.rstrip()}  # <-\n      http_status: 503\n      percentage: {{numerator: 5}}\n",
    ),
    bad(
        "envoy",
        f"{_FAULT.rstrip()}  # <-\n      header_abort: {{}}\n"
        "      percentage: {numerator: 100}\n",
    ),
    good("envoy", f"{_FAULT}      http_status: 503\n      percentage: {{numerator: 0}}\n"),
    good("envoy", f"{_ADMIN}- match: {{prefix: /}}\n  direct_response: {{status: 404}}\n"),
    good("envoy", "routes:\n- match: {path: /ready}\n  route: {cluster: one}\n", "not its own"),
)
