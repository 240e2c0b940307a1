"""A secret stands in the file. Everybody who can read the file has it: those who may look into the
repository, its copies and backups, the machines that build and deploy, and whoever gets a copy for
a ticket. It stays in the history after it was taken out.

Which fields hold secrets is known from the gateways themselves: Kong calls them `encrypted`, APISIX
lists them in `encrypt_fields`, Traefik keeps them out of its logs, Envoy annotates them as
sensitive. The header `Authorization` that is added to requests for the upstream counts as well, and
so does a rule of Traefik that only takes requests with a certain `apikey`.

What is only a reference is no finding:

- **Kong**: `{vault://env/my-secret}`, and what decK fills in, `${{ env "DECK_SECRET" }}`.
- **APISIX**: `$secret://vault/1/my-secret`, `$env://MY_SECRET`, `${{MY_SECRET}}`.
- **Traefik**: templates `{{ env "MY_SECRET" }}`, and files.
- **Envoy**: `filename`, `environment_variable`, and secrets by SDS.

Findings name the field and how long the secret is, never the secret. Passwords of `basic-auth` are
the business of GAL021, private keys of GAL091.

Have the secret filled in when the gateway starts, and replace it: it is known by now.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import text
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.samples import TRAEFIK_MIDDLEWARE as _TRAEFIK
from gal.lint.secret_fields import secret_fields, stands_here
from gal.lint.subject import Subject
from gal.model import Headers, ModelNode
from gal.reading import Node

RULE = Rule(
    code="GAL090",
    name="plaintext-secret",
    title="A secret stands in the file",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(798, 312),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/gateway/entities/vault/",
        "https://apisix.apache.org/docs/apisix/terminology/secret/",
        "https://doc.traefik.io/traefik/reference/install-configuration/providers/others/file/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret",
    ),
)

_HELP = {
    "kong": "write a reference such as {vault://env/my-secret}",
    "apisix": "write a reference such as $env://MY_SECRET",
    "traefik": "have it filled in by a template or an environment variable",
    "envoy": "name a file, an environment variable, or a secret of SDS",
}
_SENT = frozenset({"authorization", "proxy-authorization"})
_VARIABLES = ("$", "%")
_DEFAULT = re.compile(r"\$\{\w+ *\?\? *([^{}]*)\}")
"""What APISIX takes where a variable is empty."""


def check(subject: Subject) -> Iterator[Finding]:
    """Fields for secrets that hold one, and credentials that are sent to upstreams."""
    seen: set[int] = set()
    for field in secret_fields(subject):
        if id(field.node) not in seen and stands_here(field.node.text):
            seen.add(id(field.node))
            length = (
                "" if field.name.startswith("rule ") else f" ({len(field.node.text)} characters)"
            )
            yield finding(
                RULE,
                f"a secret stands in {field.name}{length}",
                field.node,
                owner=_whose(subject, field.node),
                value=field.kind,
                help=_HELP.get(subject.provider, ""),
            )
    yield from _sent(subject)


def _whose(subject: Subject, node: Node) -> ModelNode | None:
    """Whose secret it is. Envoy names the client beside it; what belongs to nobody is known by its
    place.
    """
    owner = owner_of(subject, node)
    client = text(node.parent, "client")
    if client is not None:
        owner = next((one for one in subject.gateway.consumers if one.name == client), owner)
    return None if owner is subject.gateway else owner


def _sent(subject: Subject) -> Iterator[Finding]:
    """Requests get credentials for the upstream that stand in the file."""
    seen: set[int] = set()
    for policy, owner in subject.stated(Headers):
        if policy.origin is not None and id(policy.origin.node) in seen:
            continue
        if policy.origin is not None:
            seen.add(id(policy.origin.node))
        for table in _tables(policy):
            for name, values in table.items():
                secrets = [one for one in values if _is_credential(one)]
                if name.lower() in _SENT and secrets:
                    yield finding(
                        RULE,
                        f"the header {name} is sent to the upstream with a secret that stands here "
                        f"({len(secrets[0])} characters)",
                        policy,
                        owner=owner,
                        value=name.lower(),
                        help=_HELP.get(subject.provider, ""),
                    )


def _tables(policy: Headers) -> Iterator[dict[str, list[str]]]:
    """The headers that are sent, those with variables of APISIX included."""
    changes = policy.request
    if changes is not None:
        yield from (changes.set, changes.add, changes.replace, changes.default)
    headers = policy.extensions.get("apisix", {}).get("proxy-rewrite", {}).get("headers", {})
    for table in (headers, *(headers.get(key) for key in ("set", "add"))):
        if isinstance(table, dict):
            yield {name: [one] for name, one in table.items() if isinstance(one, str)}


def _is_credential(value: str) -> bool:
    default = _DEFAULT.fullmatch(value.strip())
    kind, _, rest = (default[1] if default else value.strip()).partition(" ")
    secret = rest or kind
    return stands_here(secret) and not any(mark in secret for mark in _VARIABLES)


_KONG = "services: [{name: shop, url: http://shop.internal, routes: [{name: shop, paths: [/]}]}]\n"
_LIMIT = (
    "plugins:\n- name: rate-limiting\n  config:\n    minute: 5\n    policy: redis\n    redis:\n"
)
_APISIX = """\
routes:
- uri: /*
  upstream: {nodes: {"shop.internal:80": 1}}
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.api_key_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth
    key_sources: [{header: x-api-key}]
"""

EXAMPLES = (
    bad("kong", f"{_KONG}{_LIMIT}      host: redis.internal\n      password: hunter2  # <-\n"),
    bad(
        "kong",
        f"{_KONG}consumers:\n- username: anna\n  keyauth_credentials:\n"
        "  - key: a-key-of-anna  # <-\n",
    ),
    bad(
        "kong",
        f"{_KONG}plugins:\n- name: request-transformer  # <-\n  config:\n    add:\n"
        "      headers: ['Authorization:Basic YTpi']\n",
        "the upstream's password",
    ),
    good(
        "kong",
        f"{_KONG}{_LIMIT}      host: redis.internal\n"
        "      password: '{vault://env/redis-password}'\n",
    ),
    good(
        "kong",
        f"{_KONG}consumers:\n- username: anna\n  keyauth_credentials:\n"
        '  - key: ${{ env "DECK_KEY" }}\n',
        "decK fills it in",
    ),
    good("kong", f"{_KONG}{_LIMIT}      host: redis.internal\n", "no password"),
    good(
        "kong",
        f"{_KONG}plugins:\n- name: key-auth\n  config: {{key_names: [apikey]}}\n",
        "names of keys are no keys",
    ),
    bad(
        "apisix",
        f"{_APISIX}consumers:\n- username: anna\n  plugins:\n    key-auth:\n"
        "      key: a-key-of-anna  # <-\n",
    ),
    bad("apisix", f"{_APISIX}  plugins:\n    csrf:\n      key: hunter2  # <-\n"),
    bad(
        "apisix",
        "deployment:\n  etcd:\n    host: [https://etcd.internal:2379]\n    user: apisix\n"
        "    password: hunter2  # <-\n",
        file="config.yaml",
    ),
    good(
        "apisix",
        f"{_APISIX}consumers:\n- username: anna\n  plugins:\n    key-auth:\n"
        "      key: $secret://vault/1/anna/key\n",
    ),
    good(
        "apisix",
        f"{_APISIX}consumers:\n- username: anna\n  plugins:\n    key-auth:\n"
        "      key: ${{ANNAS_KEY}}\n",
    ),
    good(
        "apisix",
        f"{_APISIX}consumers:\n- username: anna\n  plugins:\n    key-auth: {{key: <the key>}}\n",
        "somebody has to fill it in",
    ),
    bad(
        "apisix",
        f"{_APISIX}  plugins:\n    proxy-rewrite:  # <-\n      headers:\n        set:\n"
        "          Authorization: ${http_authorization ?? Basic c2hvcDpzZWNyZXQ=}\n",
        "where the client sends none",
    ),
    good("apisix", f"{_APISIX}  plugins: {{key-auth: {{header: x-key}}}}\n"),
    bad(
        "traefik",
        "http:\n  services: {a: {loadBalancer: {servers: [{url: 'http://a.internal'}]}}}\n"
        "  routers:\n    a:\n      rule: PathPrefix(`/a`) && Header(`X-Api-Key`, `s3cret`)  # <-\n"
        "      service: a\n",
        "who knows the rule has the key",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}      rateLimit:\n        average: 5\n        redis:\n"
        "          endpoints: [redis.internal:6379]\n          password: hunter2  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}      headers:  # <-\n        customRequestHeaders: "
        "{Authorization: Bearer a-long-token}\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}      rateLimit:\n        average: 5\n        redis:\n"
        "          endpoints: [redis.internal:6379]\n"
        "          password: '{{ env \"REDIS_PASSWORD\" }}'\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}      basicAuth: {{usersFile: /run/secrets/users}}\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK}      headers: {{customRequestHeaders: {{Authorization: ''}}}}\n",
        "it is taken away",
    ),
    bad("envoy", f"{_ENVOY}    credentials:\n    - {{key: a-key-of-anna, client: anna}}  # <-\n"),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /}  # <-\n  route: {cluster: one}\n  request_headers_to_add:\n"
        "  - header: {key: authorization, value: Basic YTpi}\n",
        "the upstream's password",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /}\n  route: {cluster: one}\n  request_headers_to_add:\n"
        "  - header: {key: authorization, value: '%REQ(x-token)%'}\n",
        "of the request",
    ),
    good(
        "envoy",
        "routes:\n- match: {prefix: /}\n  route: {cluster: one}\n  request_headers_to_add:\n"
        "  - header: {key: authorization, value: '%ENVIRONMENT(TOKEN)%'}\n",
    ),
    good("envoy", "routes:\n- match: {prefix: /}\n  route: {cluster: one}\n"),
)
