"""A key or password that a vendor has published opens a door for everybody who reads the vendor's
pages, and for every robot that tries what stands there first.

- **APISIX**: the admin keys that `config.yaml` held until 3.9, the keyring that secrets in etcd are
  encrypted with unless another is given, and the keys of the examples for `key-auth` and
  `jwt-auth`.
- **Kong**: the password `kong` of the database and the secret of Kong Manager's sessions in
  `kong.conf`, as the guides have them, and the password of the example for `basic-auth`.
- **Traefik**: the password hashes of the documentation of `basicAuth`.
- **Envoy**: the password hashes of the examples for `basic_auth`.

What is known of one gateway is looked for on all of them. Make secrets of your own, and keep them
out of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint.client_address import setups
from gal.lint.finding import Finding, Where, finding
from gal.lint.peeking import flag, items, section, text
from gal.lint.published import ADMIN_KEYS, KEYRING, OF_KONG, published_by
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import Authentication, Consumer, ModelNode, Secret
from gal.reading import Mapping, Node, Scalar, Sequence

RULE = Rule(
    code="GAL062",
    name="default-credential",
    title="A secret is one that a vendor has published",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    cwe=(1392, 798, 321),
    owasp=("API8",),
    pages=(
        "https://apisix.apache.org/docs/apisix/admin-api/",
        "https://developer.konghq.com/gateway/kong-manager/configuration/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter",
    ),
)

_HELP = "make a secret of your own, and keep it out of the file"
_IN_JSON = re.compile(r'"secret"\s*:\s*"([^"]*)"')


def check(subject: Subject) -> Iterator[Finding]:
    """Secrets that everybody can know."""
    for consumer in subject.gateway.consumers:
        for part, key, secret in _of_consumer(consumer):
            yield from _published(part, key, secret, consumer)
    for policy, owner in subject.stated(Authentication):
        for part, key, secret in _of_policy(policy):
            yield from _published(part, key, secret, owner)
    yield from _of_apisix(subject)
    yield from _of_kong(subject)


_Found = tuple[ModelNode, str, Secret | None]


def _of_consumer(consumer: Consumer) -> Iterator[_Found]:
    own = consumer.credentials
    for basic in own.basic:
        yield basic, "password", basic.password
        yield basic, "password_hash", basic.password_hash
    for key in own.api_keys:
        yield key, "key", key.key
    for signer in own.jwt:
        yield signer, "secret", signer.secret
    for signature in own.hmac:
        yield signature, "secret", signature.secret
    for application in own.oauth2:
        yield application, "client_secret", application.client_secret


def _of_policy(policy: Authentication) -> Iterator[_Found]:
    for user in policy.basic.users if policy.basic is not None else ():
        yield user, "password", user.password
        yield user, "password_hash", user.password_hash
    for key in policy.api_key.keys if policy.api_key is not None else ():
        yield key, "key", key.key


def _published(
    part: ModelNode, key: str, secret: Secret | None, owner: ModelNode
) -> Iterator[Finding]:
    where = published_by(secret.reveal()) if secret is not None else None
    if where is not None:
        word = key.replace("_", " ")
        severity = Severity.CRITICAL if _is_admin(secret) else Severity.HIGH
        place = _place(part, secret)
        yield _finding(f"this {word} stands in {where}", place, key, owner, severity)


def _place(part: ModelNode, secret: Secret | None) -> Where:
    """Where the secret stands: among the users of a list, at its own entry."""
    if part.origin is None or secret is None:
        return part
    pending: list[Node] = [part.origin.node]
    while pending:
        node = pending.pop()
        if isinstance(node, Scalar) and secret.reveal() in node.text.replace("$$", "$"):
            return node
        if isinstance(node, Sequence):
            pending.extend(node.items)
        elif isinstance(node, Mapping):
            pending.extend(node.entries.values())
    return part


def _is_admin(secret: Secret | None) -> bool:
    return secret is not None and secret.reveal() in ADMIN_KEYS


def _of_apisix(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "apisix"):
        for entry in items(root, "deployment.admin.admin_key"):
            if text(entry, "key") in ADMIN_KEYS:
                message = "the admin key is the one that APISIX came with"
                yield _finding(message, entry, "key", subject.gateway)
        encryption = section(root, "apisix.data_encryption")
        if encryption is None or flag(encryption, "enable_encrypt_fields") is False:
            continue
        ring = items(encryption, "keyring")
        if any(text(one) in KEYRING for one in ring):
            message = "secrets in etcd are encrypted with the keys that APISIX comes with"
            yield _finding(message, encryption, "keyring", subject.gateway)
        elif not ring and flag(encryption, "enable_encrypt_fields"):
            message = (
                "secrets in etcd are encrypted with the keys that APISIX comes with by default"
            )
            yield _finding(message, encryption, "enable_encrypt_fields", subject.gateway)


def _of_kong(subject: Subject) -> Iterator[Finding]:
    for root in setups(subject, "kong"):
        for key, known in OF_KONG.items():
            value = text(root, key) or ""
            inner = _IN_JSON.search(value)
            if (inner[1] if inner else value) in known:
                message = f"{key} holds the secret of Kong's guides"
                yield _finding(message, root, key, subject.gateway, Severity.HIGH)


def _finding(
    message: str,
    where: Where,
    key: str,
    owner: ModelNode,
    severity: Severity = Severity.CRITICAL,
) -> Finding:
    return finding(
        RULE,
        message,
        where,
        key,
        owner=owner,
        severity=severity,
        value=f"published {key.replace('_', ' ')}",
        help=_HELP,
    )


_KONG = """\
services:
- name: shop
  url: http://shop.internal
  routes: [{name: shop, paths: [/shop]}]
  plugins: [{name: basic-auth}, {name: key-auth}]
consumers:
- username: anna
"""
_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"shop.internal:80": 1}}
  plugins: {key-auth: {}}
consumers:
- username: jack
  plugins:
"""
_CONFIG = """\
deployment:
  role: traditional
  admin:
    admin_key:
    - name: admin
      role: admin
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [who]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    who:
      basicAuth:
        users:
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.basic_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
    users:
"""

EXAMPLES = (
    bad(
        "kong",
        f"{_KONG}  basicauth_credentials:\n  - username: anna\n    password: OpenSesame  # <-\n",
    ),
    bad("kong", f"{_KONG}  keyauth_credentials:\n  - key: auth-one  # <-\n"),
    bad("kong", "pg_password = kong  # <-\n", file="kong.conf"),
    bad(
        "kong",
        'admin_gui_session_conf = {"secret":"kong"}  # <-\nenforce_rbac = on\n',
        file="kong.conf",
    ),
    good(
        "kong",
        f"{_KONG}  basicauth_credentials:\n  - username: OpenSesame\n    password: qtlFzqHx7w\n",
        "a name is no secret",
    ),
    good("kong", f"{_KONG}  keyauth_credentials:\n  - key: '{{vault://env/anna-key}}'\n"),
    good("kong", "pg_user = kong\npg_database = kong\n", "names", file="kong.conf"),
    bad("apisix", f"{_APISIX}    key-auth:\n      key: jack-key  # <-\n"),
    bad(
        "apisix",
        f"{_CONFIG}      key: edd1c9f034335f136f87ad84b625c8f1  # <-\n",
        file="config.yaml",
    ),
    bad(
        "apisix",
        f"apisix:\n  data_encryption:\n    keyring: [qeddd145sfvddff3]  # <-\n{_CONFIG}",
        file="config.yaml",
    ),
    bad(
        "apisix",
        f"apisix:\n  data_encryption:\n    enable_encrypt_fields: true  # <-\n{_CONFIG}",
        "the default",
        file="config.yaml",
    ),
    good("apisix", f"{_APISIX}    key-auth: {{key: $env://JACK_KEY}}\n"),
    good("apisix", f'{_CONFIG}      key: "${{{{ADMIN_KEY}}}}"\n', file="config.yaml"),
    good(
        "apisix",
        f"apisix: {{data_encryption: {{enable_encrypt_fields: false}}}}\n{_CONFIG}",
        file="config.yaml",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}        - test:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/  # <-\n",
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}        - anna:$apr1$d9hr9HBB$4HxwgUir3HP4EsggP/QNo0  # <-\n",
        "under another name",
    ),
    good("traefik", f"{_TRAEFIK}        - test:$apr1$uwBpNFQv$6J1O8bU0zwJ8yU8ZzTqCh/\n"),
    good(
        "traefik",
        f"{_TRAEFIK}        - test:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC\n",
    ),
    good(
        "traefik",
        f"{_TRAEFIK.replace('users:', 'removeHeader: true')}        realm: test\n"
        "        usersFile: /run/secrets/users\n",
    ),
    bad(
        "envoy",
        f'{_ENVOY}      inline_string: "user1:{{SHA}}tESsBmE/yNY3lb6a0L6vVQEZNqw="  # <-\n',
    ),
    bad(
        "envoy",
        f'{_ENVOY}      inline_string: "anna:{{SHA}}EJ9LPFDXsN9ynSmbxvjp75Bmlx8="  # <-\n',
    ),
    good(
        "envoy",
        f'{_ENVOY}      inline_string: "user1:{{SHA}}sl8SAZ+Ya0nTjPoCKGjM2VXQi2U="\n',
    ),
    good("envoy", f"{_ENVOY}      environment_variable: USERS\n"),
    good(
        "envoy",
        f'{_ENVOY}      inline_string: "test1:{{SHA}}VBPuJHI7uixaa6LQGWx4s+5GKNE="\n',
        "a name is no secret",
    ),
)
