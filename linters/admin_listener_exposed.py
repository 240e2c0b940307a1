"""Whoever reaches a gateway's administration changes it, reads its secrets or stops it. It belongs
on the loopback address, on a Unix socket, or behind a list of allowed addresses.

- **Kong**: `admin_listen` of `kong.conf` is `127.0.0.1:8001` and `127.0.0.1:8444` unless said
  otherwise, and the Admin API asks for nothing. On an address of one network the finding is less
  severe than on all; with `enforce_rbac = on` (Kong Enterprise asks for a token then), too.
  `admin_gui_listen` is on all addresses by default and serves nothing but the pages of Kong
  Manager, which change something only through the Admin API: it is no finding. `status_listen` is
  one of GAL063.
- **APISIX**: `deployment.admin.admin_listen` is on all addresses unless said otherwise, and
  `allow_admin` keeps everybody out but 127.0.0.0/24. It opens to all with `0.0.0.0/0`, or when it
  is `null`: the default is gone then, and nothing takes its place. Data planes have no Admin API.
  The Control API (`apisix.control.ip`), which asks for nothing, is on 127.0.0.1 by default.
- **Traefik**: `api.insecure: true` puts API and dashboard on the entry point `traefik`, port 8080
  of all addresses, unless that entry point has another address. Where a Compose file does not
  publish the port, only other containers reach it, and the finding is medium.
- **Envoy**: `admin` asks for nothing; its `/quitquitquit` ends Envoy, and `/config_dump` shows what
  is configured. `allow_paths` keeps what it does not name away, so the finding is less severe.

In a container, "all addresses" are those of the container; set `containerised = true` in
`[tool.gal.lint.rules.admin-listener-exposed]` to have such findings count less.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import envoy_files, traefik_files
from gal.lint.addresses import every_network, host_and_port, is_local
from gal.lint.client_address import setups
from gal.lint.compose import published_ports
from gal.lint.finding import Edit, Finding, Fix, Where, finding
from gal.lint.peeking import at, flag, items, section, text, texts
from gal.lint.rule import Confidence, Rule, Safety, Severity, bad, good
from gal.lint.subject import Subject

RULE = Rule(
    code="GAL060",
    name="admin-listener-exposed",
    title="The administration can be reached from outside",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    cwe=(668, 749, 306),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/secure-the-admin-api/",
        "https://apisix.apache.org/docs/apisix/admin-api/",
        "https://doc.traefik.io/traefik/reference/install-configuration/api-dashboard/",
        "https://www.envoyproxy.io/docs/envoy/latest/operations/admin",
    ),
    fix=Safety.TIGHTEN,
    options={"containerised": False},
)

_EVERY = frozenset(("", "0.0.0.0", "::", "*"))
_HELP = {
    "kong": "listen on 127.0.0.1, or reach the Admin API by a route that asks for credentials",
    "apisix": "listen on 127.0.0.1, or allow certain addresses only",
    "traefik": "leave insecure away, and lead a router with authentication to api@internal",
    "envoy": "listen on 127.0.0.1, or on a Unix socket (pipe)",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Admin listeners on addresses that others reach."""
    readers = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}
    reader = readers.get(subject.provider)
    yield from reader(subject) if reader is not None else ()


def _kong(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "kong"):
        value = text(root, "admin_listen") or ""
        found = [one for one in value.split(",") if one.strip() not in ("", "off")]
        words = [one.split()[0] for one in found]
        hosts = [host_and_port(one)[0] for one in words if not one.startswith("unix:")]
        open_ones = [host for host in hosts if not is_local(host)]
        if not open_ones:
            continue
        everywhere = any(_bare(host) in _EVERY for host in open_ones)
        asks = flag(root, "enforce_rbac") or text(root, "enforce_rbac") == "both"
        severity = Severity.CRITICAL if everywhere else Severity.HIGH
        yield _finding(
            subject,
            "the Admin API listens on " + _shown(open_ones[0]),
            root,
            "admin_listen",
            Severity.MEDIUM if asks else severity,
        )


def _apisix(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "apisix"):
        role = text(root, "deployment.role") or "traditional"
        enabled = flag(root, "apisix.enable_admin") is not False or role == "control_plane"
        admin = section(root, "deployment.admin")
        listens = text(admin, "admin_listen.ip") or "0.0.0.0"
        if admin is not None and role != "data_plane" and enabled and not is_local(listens):
            opened = every_network(texts(admin, "allow_admin"))
            emptied = admin.has("allow_admin") and at(admin, "allow_admin") is None
            if opened or emptied:
                how = f"allow_admin holds {opened}" if opened else "allow_admin is null"
                message = f"the Admin API listens on {_shown(listens)}, and {how}"
                yield _finding(subject, message, admin, "allow_admin", Severity.CRITICAL)
        control = section(root, "apisix.control")
        ip = text(control, "ip")
        runs = flag(root, "apisix.enable_control") is not False
        if control is not None and runs and ip and not is_local(ip):
            message = f"the Control API listens on {_shown(ip)}"
            yield _finding(subject, message, control, "ip", Severity.HIGH)


def _traefik(subject: Subject) -> Iterator[Finding]:
    points = dict(traefik_files.entry_points(subject))
    for static in traefik_files.static(subject):
        api = section(static, "api")
        if api is None or not flag(api, "insecure"):
            continue
        address = text(points.get("traefik"), "address") or ":8080"
        host, port = host_and_port(address.partition("/")[0])
        if is_local(host):
            continue
        message = f"the API listens without authentication on {_shown(host)}"
        severity = Severity.CRITICAL if _bare(host) in _EVERY else Severity.HIGH
        published = published_ports(subject, static)
        if published is not None and port.isdigit() and int(port) not in published:
            message += f" of its container, though port {port} is not published"
            severity = Severity.MEDIUM
        yield _finding(subject, message, api, "insecure", severity)


def _envoy(subject: Subject) -> Iterator[Finding]:
    for bootstrap in envoy_files.sources(subject).bootstraps:
        admin = section(bootstrap, "admin")
        address = section(admin, "address.socket_address")
        host = text(address, "address")
        if admin is None or address is None or not host or is_local(host):
            continue
        message = f"the administration listens on {_shown(host)}"
        severity = Severity.CRITICAL if _bare(host) in _EVERY else Severity.HIGH
        if items(admin, "allow_paths"):
            message, severity = f"{message}, if only for some paths", Severity.MEDIUM
        edit = Edit(address, address.spelt("address"), "127.0.0.1")
        fix = Fix("listen on 127.0.0.1", Safety.TIGHTEN, (edit,))
        yield _finding(subject, message, address, "address", severity, fix)


def _finding(
    subject: Subject,
    message: str,
    where: Where,
    key: str,
    severity: Severity,
    fix: Fix | None = None,
) -> Finding:
    options = subject.settings.options.get(RULE.name, {})
    if options.get("containerised") and severity.rank > Severity.MEDIUM.rank:
        severity = Severity.MEDIUM
    return finding(
        RULE,
        message,
        where,
        key,
        owner=subject.gateway,
        severity=severity,
        value="administration is open",
        help=_HELP.get(subject.provider, "listen on 127.0.0.1"),
        fix=fix,
    )


def _bare(host: str) -> str:
    return host.strip("[]")


def _shown(host: str) -> str:
    return "all addresses" if _bare(host) in _EVERY else _bare(host)


_APISIX = """\
deployment:
  role: traditional
  role_traditional: {config_provider: yaml}
  admin:
    admin_key: [{name: admin, key: "${{ADMIN_KEY}}", role: admin}]
"""
_TRAEFIK = 'entryPoints: {web: {address: ":80"}}\nproviders: {docker: {}}\n'
_COMPOSE = """\
services:
  traefik:
    image: traefik:v3.6
    command:
    - --providers.docker=true
"""
_LABELS = """\
  shop:
    image: shop
    labels: ["traefik.http.routers.shop.rule=PathPrefix(`/`)"]
"""
_ENVOY = "admin:\n  address:\n    socket_address: "

EXAMPLES = (
    bad("kong", "admin_listen = 0.0.0.0:8001  # <-\n", file="kong.conf"),
    bad(
        "kong",
        "admin_listen = 127.0.0.1:8001, [::]:8444 http2 ssl  # <-\n",
        "of two one is open",
        file="kong.conf",
    ),
    good("kong", "admin_listen = 127.0.0.1:8001 reuseport, [::1]:8001\n", file="kong.conf"),
    good("kong", "admin_listen = off\n", "there is none", file="kong.conf"),
    good(
        "kong",
        "proxy_listen = 0.0.0.0:8000\n# admin_listen = 0.0.0.0:8001\n",
        "the default",
        file="kong.conf",
    ),
    bad("apisix", f"{_APISIX}    allow_admin: [0.0.0.0/0]  # <-\n", file="config.yaml"),
    bad("apisix", f"{_APISIX}    allow_admin: null  # <-\n", "nothing is left", file="config.yaml"),
    bad(
        "apisix",
        f"{_APISIX}apisix:\n  control:\n    ip: 0.0.0.0  # <-\n",
        "the Control API",
        file="config.yaml",
    ),
    good("apisix", _APISIX, "the default keeps others out", file="config.yaml"),
    good("apisix", f"{_APISIX}    allow_admin: [127.0.0.1, 10.1.0.0/16]\n", file="config.yaml"),
    good(
        "apisix",
        f"{_APISIX}    allow_admin: [0.0.0.0/0]\n    admin_listen: {{ip: 127.0.0.1, port: 9180}}\n",
        file="config.yaml",
    ),
    good(
        "apisix",
        f"{_APISIX.replace('traditional', 'data_plane')}    allow_admin: [0.0.0.0/0]\n",
        "a data plane has none",
        file="config.yaml",
    ),
    bad("traefik", f"{_TRAEFIK}api: {{insecure: true}}  # <-\n"),
    bad("traefik", f"{_COMPOSE}    - --api.insecure=true  # <-\n{_LABELS}"),
    bad(
        "traefik",
        f'{_COMPOSE}    - --api.insecure=true  # <-\n    ports: ["80:80", "8080:8080"]\n{_LABELS}',
    ),
    bad(
        "traefik",
        f'{_COMPOSE}    - --api.insecure=true  # <-\n    ports: ["127.0.0.1:8080:8080"]\n{_LABELS}',
        "only other containers get there, so medium",
    ),
    good("traefik", f"{_TRAEFIK}api: {{dashboard: true}}\n"),
    good("traefik", f"{_COMPOSE}    - --api.insecure=false\n{_LABELS}"),
    good(
        "traefik",
        'entryPoints: {web: {address: ":80"}, traefik: {address: "127.0.0.1:8080"}}\n'
        "providers: {docker: {}}\napi: {insecure: true}\n",
    ),
    bad("envoy", f"{_ENVOY}{{address: 0.0.0.0, port_value: 9901}}  # <-\n"),
    bad(
        "envoy",
        "admin:\n  allow_paths: [{exact: /stats}]\n  address:\n    socket_address:\n"
        "      port_value: 9901\n      address: 10.0.0.5  # <-\n",
        "some paths only",
    ),
    good("envoy", f"{_ENVOY}{{address: 127.0.0.1, port_value: 9901}}\n"),
    good("envoy", f'{_ENVOY}{{address: "::1", port_value: 9901}}\n'),
    good("envoy", "admin: {address: {pipe: {path: /run/envoy.sock}}}\n"),
)
