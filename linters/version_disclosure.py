"""Answers name the product and its version, so attackers need not search for one with known holes.

- **Kong**: `headers` of `kong.conf` holds `server_tokens` by default: `Server: kong/3.10.0`, and
  `Via` beside an upstream's `Server`. `headers = off` leaves all of them out, the request's id as
  well; name those that you want instead.
- **APISIX**: `apisix.enable_server_tokens` of `config.yaml` is true by default:
  `Server: APISIX/3.18.0`.
- **Envoy** writes `server: envoy`, without a version, over what an upstream says.
  `server_header_transformation: PASS_THROUGH` and `APPEND_IF_ABSENT` give the upstream's on.
- **Traefik** adds nothing of its own.

Files with routes alone do not show the settings of Kong and APISIX, so nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from gal.lint import envoy_files
from gal.lint.client_address import setups
from gal.lint.finding import Edit, Finding, Fix, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import flag, section, text
from gal.lint.rule import Confidence, Persona, Rule, Safety, Severity, bad, good
from gal.lint.subject import Subject

RULE = Rule(
    code="GAL050",
    name="version-disclosure",
    title="Answers tell which product and version gives them",
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    persona=Persona.PEDANTIC,
    cwe=(200, 497),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/configuration/",
        "https://github.com/apache/apisix/blob/master/conf/config.yaml.example",
        "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto",
    ),
    fix=Safety.TIGHTEN,
)
_TOKENS = frozenset(("server_tokens", "server", "via"))
_PASSED = {"PASS_THROUGH", "APPEND_IF_ABSENT", "1", "2"}


def check(subject: Subject) -> Iterator[Finding]:
    """Settings of gateways that tell the version, and those that give an upstream's on."""
    if subject.provider == "kong":
        yield from _kong(subject)
    elif subject.provider == "apisix":
        yield from _apisix(subject)
    elif subject.provider == "envoy":
        yield from _envoy(subject)


def _kong(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "kong"):
        said = text(root, "headers")
        words = {one.strip().lower() for one in (said or "server_tokens").split(",")}
        if "off" in words or not words & _TOKENS:
            continue
        yield finding(
            RULE,
            "answers tell Kong's version" + ("" if said else ", by default"),
            root,
            "headers",
            owner=subject.gateway,
            value="the gateway's version",
            help="leave server_tokens out of headers",
        )


def _apisix(subject: Subject) -> Iterator[Finding]:
    key = "enable_server_tokens"
    for root in setups(subject, "apisix"):
        node = section(root, "apisix")
        said = flag(node, key)
        if said is False:
            continue
        edits = (Edit(node, key, False),) if node is not None else ()
        yield finding(
            RULE,
            "answers tell APISIX's version" + ("" if said else ", by default"),
            node or root,
            key,
            owner=subject.gateway,
            value="the gateway's version",
            help="set enable_server_tokens to false",
            fix=Fix(f"set {key} to false", Safety.TIGHTEN, edits) if edits else None,
        )


def _envoy(subject: Subject) -> Iterator[Finding]:
    key = "server_header_transformation"
    for manager in envoy_files.managers(subject):
        word = text(manager.node, key)
        if word in _PASSED:
            yield finding(
                RULE,
                "answers tell what the upstream says of its product and version",
                manager.node,
                key,
                owner=owner_of(subject, manager.node),
                value="the upstream's version",
                help=f"leave {key} out: Envoy then writes its own name without a version",
            )


_CONF = {"file": "kong.conf"}
_YAML = {"file": "config.yaml"}
_ADMIN = "deployment: {role: traditional}\n"

EXAMPLES = (
    bad("kong", "proxy_listen = 0.0.0.0:8000  # <-\n", "by default", **_CONF),
    bad("kong", "headers = server_tokens, X-Kong-Request-Id  # <-\n", **_CONF),
    good("kong", "headers = X-Kong-Request-Id\n", **_CONF),
    good("kong", "headers = off\n", **_CONF),
    good("kong", "services: []\n", "the settings are elsewhere"),
    bad("apisix", f"apisix:  # <-\n  node_listen: 9080\n{_ADMIN}", "by default", **_YAML),
    bad("apisix", f"apisix:\n  enable_server_tokens: true  # <-\n{_ADMIN}", **_YAML),
    good("apisix", f"apisix:\n  enable_server_tokens: false\n{_ADMIN}", **_YAML),
    good(
        "apisix", f"apisix: {{node_listen: 9080, enable_server_tokens: false}}\n{_ADMIN}", **_YAML
    ),
    good(
        "apisix",
        "routes:\n- {uri: /shop, upstream: {nodes: {a.test:80: 1}}}\n",
        "the settings are elsewhere",
    ),
    bad("envoy", "manager:\n  server_header_transformation: PASS_THROUGH  # <-\n"),
    bad("envoy", "manager:\n  server_header_transformation: APPEND_IF_ABSENT  # <-\n"),
    good("envoy", "manager:\n  server_header_transformation: OVERWRITE\n"),
    good("envoy", "manager:\n  server_name: shop\n", "a name without a version"),
    good("envoy", "clusters:\n", "its own name without a version"),
)
