"""Files, labels, command lines and manifests: one configuration, whatever kind it came from."""

from __future__ import annotations

from typing import Any

import pytest

from gal.convert import NOT_UNDERSTOOD
from tests.importers.traefik.reading import WAITS, model, refusal, routes, said

ROUTER = "http: {routers: {r: {rule: Host(`a`), service: s%s, middlewares: [ip%s]}}}\n"
REST = (
    "http:\n  services: {s: {loadBalancer: {servers: [{url: 'http://a:80'}]}}}\n"
    "  middlewares: {ip: {ipAllowList: {sourceRange: [10.0.0.0/8]}}}\n"
)
TOML = """[http.services.s.loadBalancer]
[[http.services.s.loadBalancer.servers]]
url = "http://a:80"
[http.middlewares.ip.ipAllowList]
sourceRange = ["10.0.0.0/8"]
"""


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param((ROUTER % ("", ""), REST), id="two files"),
        pytest.param((ROUTER % ("@file", "@file"), REST), id="with the provider"),
        pytest.param((REST, ROUTER % ("", "")), id="the other way round"),
        pytest.param((ROUTER % ("", "") + "---\n" + REST,), id="two documents"),
        pytest.param((ROUTER % ("", ""), TOML), id="YAML and TOML"),
        pytest.param((ROUTER % ("", ""), REST.replace("sourceRange", "SOURCErange")), id="case"),
    ],
)
def test_files_belong_together(texts: tuple[str, ...]) -> None:
    (found,) = routes(*texts)
    assert (found["upstream"], found["ip_access"]) == ("s", {"allow": ["10.0.0.0/8"]})
    assert not [line for line in said(*texts) if NOT_UNDERSTOOD in line]


def test_of_two_with_one_name_the_first_counts() -> None:
    texts = (ROUTER % ("", ""), REST, REST)
    assert len(routes(*texts)) == 1
    assert 'warning dropped http.services.s: another file has "s", too: that one counts' in said(
        *texts
    )


STATIC = {
    "providers": ("providers: {docker: {exposedByDefault: false}}", "info"),
    "api": ("api: {dashboard: true, insecure: true}", "info"),
    "ping": ("ping: {}", "info"),
    "log": ("log: {level: INFO}", "info"),
    "accessLog": ("accessLog: {}", "info"),
    "metrics": ("metrics: {prometheus: {}}", "info"),
    "tracing": ("tracing: {otlp: {}}", "info"),
    "certificatesResolvers": ("certificatesResolvers: {le: {acme: {email: a@b}}}", "info"),
    "serversTransport": ("serversTransport: {insecureSkipVerify: true}", "warning"),
    "experimental": ("experimental: {plugins: {}}", "warning"),
}


@pytest.mark.parametrize(("text", "level"), STATIC.values(), ids=STATIC)
def test_static_sections_are_kept(text: str, level: str) -> None:
    whole = f"entryPoints: {{web: {{address: ':80'}}}}\n{text}\n"
    name = text.partition(":")[0]
    assert name in model(whole)["extensions"]["traefik"]["static"]
    (line,) = said(whole)
    assert line.startswith(f"{level} carried {name}: only Traefik has this")


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_other_protocols_are_kept(kind: str) -> None:
    text = f"{kind}: {{routers: {{r: {{service: s}}}}, services: {{s: {{}}}}}}\n"
    assert model(text)["extensions"]["traefik"][kind]["routers"] == {"r": {"service": "s"}}
    assert (
        said(text)[0]
        == f"warning carried {kind}: other gateways are written without {kind.upper()}"
    )


# -- labels


def compose(*labels: str, more: str = "") -> str:
    """A compose file with a container `app`, whose labels are given."""
    lines = "".join(f"      - {label}\n" for label in labels)
    return f"services:\n  app:\n    image: x\n{more}    labels:\n{lines}"


RULE = "traefik.http.routers.r.rule=Host(`a`)"
TARGETS: dict[str, tuple[str, dict[str, Any]]] = {
    "a port": (
        compose(RULE, "traefik.http.services.s.loadbalancer.server.port=8080"),
        {"name": "s", "host": "app", "port": 8080},
    ),
    "no port": (compose(RULE), {"name": "app", "host": "app", "port": 80}),
    "a port that is shown": (
        compose(RULE, more="    expose: ['9000']\n"),
        {"name": "app", "host": "app", "port": 9000},
    ),
    "ports": (
        compose(RULE, more="    ports: ['8443:9001/tcp']\n"),
        {"name": "app", "host": "app", "port": 9001},
    ),
    "an address": (
        compose(RULE, "traefik.http.services.s.loadbalancer.server.url=http://b:81"),
        {"name": "s", "host": "b", "port": 81},
    ),
}


@pytest.mark.parametrize(("text", "upstream"), TARGETS.values(), ids=TARGETS)
def test_a_container_is_the_target(text: str, upstream: dict[str, Any]) -> None:
    (service,) = model(text)["services"]
    assert service["upstream"] == upstream | WAITS
    assert routes(text)[0]["upstream"] == service["name"]


LABELS: dict[str, tuple[str, dict[str, Any]]] = {
    "a mapping": (
        (
            "services:\n  app:\n    image: x\n    labels:\n"
            "      traefik.http.routers.r.rule: Host(`a`)\n"
            "      traefik.http.routers.r.priority: 5\n"
        ),
        {"priority": 5},
    ),
    "deployed": (
        f"services:\n  app:\n    image: x\n    deploy: {{labels: ['{RULE}']}}\n",
        {"priority": 9},
    ),
    "a list with commas": (
        compose(
            RULE,
            "traefik.http.routers.r.middlewares=ip@docker",
            '"traefik.http.middlewares.ip.ipallowlist.sourcerange=10.0.0.1, 10.0.0.2"',
        ),
        {"priority": 9, "ip_access": {"allow": ["10.0.0.1", "10.0.0.2"]}},
    ),
    "names in any case": (
        compose("traefik.HTTP.Routers.r.RULE=Host(`a`)", "traefik.http.routers.r.PRIORITY=7"),
        {"priority": 7},
    ),
    "dollars": (
        compose("traefik.http.routers.r.rule=HostRegexp(`^.+\\\\.a$$`)".replace("\\\\", "\\")),
        {"priority": 21, "hosts": ["*.a"]},
    ),
    "variables without braces": (
        compose("traefik.http.routers.r.rule=Host(`x.$DOMAIN_1`) || Host(`x.$${b}`)"),
        {"hosts": ["x.${DOMAIN_1}", "x.${b}"]},
    ),
    "places in lists": (
        compose(
            RULE,
            "traefik.http.routers.r.tls=true",
            "traefik.http.routers.r.tls.domains[0].main=a",
        ),
        {"priority": 9, "schemes": ["https"]},
    ),
}


@pytest.mark.parametrize(("text", "expected"), LABELS.values(), ids=LABELS)
def test_labels(text: str, expected: dict[str, Any]) -> None:
    (found,) = routes(text)
    assert {key: found[key] for key in ("hosts", *expected)} == {"hosts": ["a"], **expected}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"labels: ['{RULE}']\n", id="under their key"),
        pytest.param(f"- {RULE}\n", id="alone"),
    ],
)
def test_labels_of_no_container(text: str) -> None:
    (service,) = model(text)["services"]
    assert service["upstream"] == {"name": "r", "host": "r", "port": 80} | WAITS
    assert any('the host is taken to be "r"' in line for line in said(text))


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_a_container_is_the_target_of_other_protocols(kind: str) -> None:
    labels = ("server.port=53", "terminationDelay=100")
    text = compose(*(f"traefik.{kind}.services.s.loadbalancer.{one}" for one in labels))
    kept = model(text)["extensions"]["traefik"][kind]["services"]["s"]["loadbalancer"]
    assert kept == {"terminationDelay": "100", "servers": [{"address": "app:53"}]}


def test_a_container_that_is_left_alone() -> None:
    text = compose(RULE, "traefik.enable=false")
    assert routes(text) == []
    assert any("Traefik leaves this container alone" in line for line in said(text))


def test_the_rule_that_only_docker_knows() -> None:
    text = compose("traefik.http.routers.r.entrypoints=web")
    assert routes(text) == []
    assert any("only Docker knows the default one" in line for line in said(text))


def test_a_middleware_that_another_file_has_refuses_everybody() -> None:
    text = compose(RULE, "traefik.http.routers.r.middlewares=auth@file")
    (guard,) = routes(text)[0]["authentication"]["guards"]
    assert guard["config"] == {"reference": "auth@file"}


def test_labels_that_nobody_reads_are_said() -> None:
    text = compose(RULE, "traefik.http.services.s.loadbalancer.server.port=1", "traefik.x.y=1")
    text += "      - traefik.http.services.s.loadbalancer.nothing=1\n"
    lines = said(text)
    assert any("Traefik has no such label" in line for line in lines)
    assert any(NOT_UNDERSTOOD in line for line in lines)


COMMANDS = {
    "a list": "    command: ['--entrypoints.in.address=:8000', --api]\n",
    "a line": "    command: --entryPoints.in.address=:8000 --api=true\n",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_command_line_is_static_configuration(command: str) -> None:
    text = f"services:\n  traefik:\n    image: traefik:v3\n{command}    labels: ['{RULE}']\n"
    assert model(text)["listeners"] == [{"name": "in", "port": 8000}]
    assert "api" in model(text)["extensions"]["traefik"]["static"]


# -- manifests


def manifest(kind: str, name: str, spec: str, namespace: str = "ns") -> str:
    """One object of Kubernetes."""
    group = "v1" if kind == "Service" else "traefik.io/v1alpha1"
    metadata = f"{{name: {name}, namespace: {namespace}}}"
    return f"---\napiVersion: {group}\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n"


def ingress(route: str, more: str = "") -> str:
    """An `IngressRoute` with one route."""
    return manifest("IngressRoute", "i", f"{{routes: [{{kind: Rule, {route}}}]{more}}}")


MANIFESTS: dict[str, tuple[str, str]] = {
    "a service": (
        ingress("match: Path(`/`), services: [{name: a, port: 81}]"),
        "http://a.ns.svc.cluster.local:81",
    ),
    "of another namespace": (
        ingress("match: Path(`/`), services: [{name: a, namespace: x, port: 81}]"),
        "http://a.x.svc.cluster.local:81",
    ),
    "TLS by its port": (
        ingress("match: Path(`/`), services: [{name: a, port: 443}]"),
        "https://a.ns.svc.cluster.local:443",
    ),
    "TLS by its scheme": (
        ingress("match: Path(`/`), services: [{name: a, port: 81, scheme: https}]"),
        "https://a.ns.svc.cluster.local:81",
    ),
    "a port by its name": (
        ingress("match: Path(`/`), services: [{name: a, port: web}]")
        + manifest("Service", "a", "{ports: [{name: web, port: 82}]}"),
        "http://a.ns.svc.cluster.local:82",
    ),
    "TLS by the name of the port": (
        ingress("match: Path(`/`), services: [{name: a, port: https-web}]")
        + manifest("Service", "a", "{ports: [{name: https-web, port: 82}]}"),
        "https://a.ns.svc.cluster.local:82",
    ),
    "an object between": (
        ingress("match: Path(`/`), services: [{kind: TraefikService, name: t}]")
        + manifest("TraefikService", "t", "{mirroring: {name: a, port: 81}}"),
        "http://a.ns.svc.cluster.local:81",
    ),
}


@pytest.mark.parametrize(("text", "address"), MANIFESTS.values(), ids=MANIFESTS)
def test_services_of_the_cluster(text: str, address: str) -> None:
    (service,) = model(text)["services"]
    upstream = service["upstream"]
    scheme = service.get("protocol", "http")
    assert f"{scheme}://{upstream['host']}:{upstream['port']}" == address
    assert any("under that name only the cluster knows them" in line for line in said(text))


def test_shares_of_several_services() -> None:
    services = "[{name: a, port: 81, weight: 1}, {name: b, port: 82, weight: 3}]"
    (found,) = routes(ingress(f"match: Path(`/`), services: {services}"))
    assert found["backends"] == [
        {"upstream": "ns-a-81"},
        {"upstream": "ns-b-82", "weight": 3},
    ]


def test_every_route_is_a_router() -> None:
    route = "{kind: Rule, match: Path(`/%s`), priority: %s, services: [{name: a, port: 81}]}"
    spec = f"{{entryPoints: [web], routes: [{route % ('a', 5)}, {route % ('b', 6)}]}}"
    found = routes(manifest("IngressRoute", "i", spec))
    assert [(one["name"], one["path"], one["priority"]) for one in found] == [
        ("ns-i", "/a", 5),
        ("ns-i-1", "/b", 6),
    ]


def test_middlewares_by_name_and_namespace() -> None:
    text = ingress(
        "match: Path(`/`), middlewares: [{name: m}, {name: m, namespace: x}], "
        "services: [{name: a, port: 81}]"
    )
    text += manifest("Middleware", "m", "{ipAllowList: {sourceRange: [10.0.0.0/8]}}")
    text += manifest("Middleware", "m", "{headers: {frameDeny: true}}", "x")
    (found,) = routes(text)
    assert found["ip_access"] == {"allow": ["10.0.0.0/8"]}
    assert found["headers"] == {"response_set": {"X-Frame-Options": "DENY"}}


def test_options_of_tls_by_name() -> None:
    more = ", tls: {secretName: s, options: {name: o}}"
    text = ingress("match: Host(`a`), services: [{name: a, port: 81}]", more)
    text += manifest("TLSOption", "o", "{clientAuth: {clientAuthType: RequireAnyClientCert}}")
    (found,) = routes(text)
    assert found["schemes"] == ["https"]
    assert found["authentication"]["guards"][0]["name"] == "client-certificate"
    assert any("the certificate is in the cluster's secret s" in line for line in said(text))


def test_transports_of_the_cluster() -> None:
    text = ingress("match: Path(`/`), services: [{name: a, port: 443, serversTransport: t}]")
    spec = "{insecureSkipVerify: true, rootCAs: [{secret: x}], certificatesSecrets: [y]}"
    text += manifest("ServersTransport", "t", spec)
    (service,) = model(text)["services"]
    assert service["upstream"]["tls"] == {"verify": False}
    lines = [line for line in said(text) if "these certificates are objects" in line]
    assert len(lines) == 2


def test_authorities_of_the_cluster_become_files() -> None:
    """Traefik refuses a whole file with `secretNames` in it."""
    spec = "{clientAuth: {secretNames: [a, b], clientAuthType: VerifyClientCertIfGiven}}"
    text = ingress("match: Path(`/`), services: [{name: a, port: 80}]", ", tls: {}")
    text += manifest("TLSOption", "default", spec)
    options = model(text)["extensions"]["traefik"]["tls"]["options"]["default"]
    assert options["clientAuth"] == {
        "caFiles": ["a.crt", "b.crt"],
        "clientAuthType": "VerifyClientCertIfGiven",
    }
    assert any("put them into a.crt, b.crt" in line for line in said(text))


@pytest.mark.parametrize(
    ("image", "static"),
    [
        ("traefik", True),
        ("traefik:v3.1", True),
        ("docker.io/library/traefik@sha256:0", True),
        ("rancher/mirrored-library-traefik:v3", True),
        ("traefik/whoami", False),
        ("thomseddon/traefik-forward-auth:2", False),
    ],
)
def test_whose_command_line_is_traefiks(image: str, static: bool) -> None:
    text = (
        f"services:\n  t:\n    image: {image}\n    command: [--entrypoints.in.address=:81]\n"
        f"  app:\n    image: x\n    labels: ['{RULE}']\n"
    )
    assert ([one["name"] for one in model(text)["listeners"]] == ["in"]) is static


def test_everything_of_objects_is_said() -> None:
    """Also where nothing names a transport, and in which class a route is."""
    route = "match: Path(`/`), services: [{name: a, port: 80}]"
    text = ingress(route, ", ingressClassName: inner")
    spec = "{serverName: a, rootCAs: [{secret: x}], forwardingTimeouts: {pingTimeout: 1s}}"
    text += manifest("ServersTransport", "t", spec)
    lines = said(text)
    assert [line for line in lines if "not understood" in line] == []
    assert any("nothing uses it" in line for line in lines)
    assert any("which of the cluster's Traefiks" in line for line in lines)


@pytest.mark.parametrize(
    "kind", ["IngressRouteTCP", "IngressRouteUDP", "MiddlewareTCP", "ServersTransportTCP"]
)
def test_other_objects_are_said(kind: str) -> None:
    text = manifest(kind, "t", "{routes: []}")
    assert f"only Traefik reads objects of the kind {kind}" in said(text)[0]


# -- templates and mistakes


def test_placeholders_stay() -> None:
    text = (
        "http:\n  routers: {r: {rule: 'Host(`{{ env \"HOST\" }}`)', service: s}}\n"
        "  services: {s: {loadBalancer: {servers: [{url: 'http://{{ env \"UP\" }}:80'}]}}}\n"
    )
    whole = model(text)
    assert whole["routes"][0]["hosts"] == ['{{ env "HOST" }}']
    assert whole["services"][0]["upstream"]["host"] == '{{ env "UP" }}'
    assert any("that of a placeholder is not known" in line for line in said(text))


WRONG = {
    "a router": ("http: {routers: {r: 5}}", "1:21: "),
    "routers": ("http: {routers: [1]}", "1:17: "),
    "priority": ("http: {routers: {r: {rule: x, priority: high}}}", "1:41: "),
    "entry point": ("entryPoints: {web: 80}", "1:20: "),
    "services": ("http: {services: {s: [1]}}", "1:22: "),
}


@pytest.mark.parametrize(("text", "place"), WRONG.values(), ids=WRONG)
def test_mistakes_have_a_place(text: str, place: str) -> None:
    assert refusal(text).startswith(place)


# -- containers that say no rule, and several that say the same names

SERVER = "traefik.http.services.s.loadbalancer.server.port=1"
DEFAULT = "--providers.docker.defaultRule=%s"
AUTH = "traefik.http.middlewares.auth.basicauth.users=a:{SHA}x"


def containers(command: str, *labels: list[str], project: str = "shop") -> str:
    """A compose file with Traefik's command, and a container with each list of labels."""
    text = f"name: {project}\n" if project else ""
    text += f"services:\n  traefik: {{image: 'traefik:v3', command: ['{command}']}}\n"
    for number, own in enumerate(labels, 1):
        text += f"  app{number}:\n    image: app\n    labels: {own!r}\n"
    return text


RULES: dict[str, tuple[str, list[str], list[str]]] = {
    "the usual one": ("--api", ["traefik.enable=true"], ["app1-shop"]),
    "a template": (DEFAULT % "Host(`{{ .Name }}.x`)", ["traefik.enable=true"], ["app1-shop.x"]),
    "normalised": (
        DEFAULT % "Host(`{{ normalize .Name }}.x`)",
        ["traefik.http.routers.r.entrypoints=web"],
        ["app1-shop.x"],
    ),
    "a label": (
        DEFAULT % 'Host(`{{ index .Labels "name" }}.x`)',
        ["traefik.enable=true", "name=a"],
        ["a.x"],
    ),
    "no template": (DEFAULT % "Host(`x`)", ["traefik.enable=true"], ["x"]),
    "another name": (DEFAULT % "Host(`{{ .ContainerName }}`)", ["traefik.enable=true"], []),
    "a function": (DEFAULT % "Host(`{{ upper .Name }}`)", ["traefik.enable=true"], []),
    "one's own": ("--api", ["traefik.http.routers.r.rule=Host(`y`)"], ["y"]),
    "services without routers": ("--api", [SERVER], ["app1-shop"]),
    "two services": ("--api", [SERVER, SERVER.replace("services.s", "services.t")], []),
    "TCP only": ("--api", ["traefik.tcp.routers.t.rule=HostSNI(`*`)"], []),
    "not exposed": (
        "--providers.docker.exposedByDefault=false",
        ["traefik.http.routers.r.rule=Host(`y`)"],
        [],
    ),
    "exposed": (
        "--providers.docker.exposedByDefault=false",
        ["traefik.enable=true", "traefik.http.routers.r.rule=Host(`y`)"],
        ["y"],
    ),
}


@pytest.mark.parametrize(("command", "labels", "hosts"), RULES.values(), ids=RULES)
def test_rules_of_containers(command: str, labels: list[str], hosts: list[str]) -> None:
    assert [host for one in routes(containers(command, labels)) for host in one["hosts"]] == hosts


@pytest.mark.parametrize(
    ("labels", "project", "line"),
    [
        pytest.param(
            ["traefik.enable=true"],
            "",
            "warning dropped services.app1.labels: Traefik makes a router with its default rule, "
            "and only Docker knows the names in it",
            id="the project is not known",
        ),
        pytest.param(
            ["traefik.enable=true"],
            "shop",
            "info approximated services.app1.labels: its rule is Traefik's default one, "
            "Host(`app1-shop`)",
            id="known",
        ),
    ],
)
def test_default_rules_are_said(labels: list[str], project: str, line: str) -> None:
    assert line in said(containers("--api", labels, project=project))


def test_the_default_rule_of_a_file() -> None:
    static = "providers: {docker: {defaultRule: Host(`x`), exposedByDefault: true}}\n"
    text = containers("--api", ["traefik.enable=true"])
    assert routes(static, text)[0]["hosts"] == ["x"]


SHARED: dict[str, tuple[list[list[str]], list[str], list[str]]] = {
    "one service": ([[RULE, SERVER], [RULE, SERVER]], ["r"], ["app1", "app2"]),
    "another balancer": (
        [[RULE, SERVER], [RULE, SERVER, "traefik.http.services.s.loadbalancer.strategy=p2c"]],
        [],
        [],
    ),
    "another rule": ([[RULE, SERVER], [RULE + " ", SERVER + "2"]], ["r"], ["app1", "app2"]),
    "other rules": ([[RULE, SERVER], [RULE.replace("a`", "b`"), SERVER]], [], []),
    "other middlewares": (
        [
            [RULE, SERVER, "traefik.http.routers.r.middlewares=auth", AUTH],
            [SERVER, "traefik.http.routers.t.rule=Host(`t`)", AUTH + "y"],
        ],
        ["t"],
        ["app1", "app2"],
    ),
}


@pytest.mark.parametrize(("labels", "names", "targets"), SHARED.values(), ids=SHARED)
def test_several_containers(labels: list[list[str]], names: list[str], targets: list[str]) -> None:
    found = model(containers("--api", *labels))
    assert [one["name"] for one in found.get("routes", [])] == names
    used = found["services"][0]["upstream"] if names else {}
    assert [one["host"] for one in used.get("targets", [])] == targets
    differ = any("several containers say different things" in line for line in said_of(labels))
    assert differ is (names != ["r"])


def said_of(labels: list[list[str]]) -> list[str]:
    """The ledger of containers."""
    return said(containers("--api", *labels))


def test_a_router_of_a_file_and_one_of_a_container_with_one_name() -> None:
    file = ROUTER % ("", "") + "---\n" + REST
    found = routes(file, containers("--api", ["traefik.http.routers.r.rule=Host(`b`)"]))
    assert [(one["name"], one["hosts"]) for one in found] == [("r", ["a"]), ("r@docker", ["b"])]
