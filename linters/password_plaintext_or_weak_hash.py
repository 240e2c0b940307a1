"""Whoever reads the configuration, or a copy of it in a repository or a backup, has the passwords:
at once where they stand in plain text, and after a short while where the hash is fast. A graphics
card tries billions of SHA-1 or MD5 hashes a second; unsalted ones are looked up in tables.

- **Kong**: `basicauth_credentials` take the password in plain text. A dump of the database has
  Kong's own hash, SHA-1 or SHA-256 with the consumer's id; Kong has no stronger one. Have the
  password filled in when the file is used (`${{ env "DECK_PASSWORD" }}`).
- **APISIX**: `basic-auth` of a consumer takes the password in plain text; `$secret://` and
  `$env://` take it from elsewhere.
- **Traefik**: `basicAuth` takes bcrypt (`$2y$`), which is good, MD5 (`$apr1$`) and SHA-1 (`{SHA}`).
  `digestAuth` needs MD5 hashes that are as good as the password itself.
- **Envoy**: `basic_auth` takes SHA-1 (`{SHA}`) and nothing else. The finding is of medium severity
  there, as it is for Kong's own hash: only another way to authenticate would be stronger.

Placeholders and references are not judged, and no message tells a password or its hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint.asked import Asked, asked
from gal.lint.finding import Finding, Where, finding, place_of
from gal.lint.peeking import items
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import BasicAuth, BasicCredential, BasicUser, Consumer, Guard, ModelNode
from gal.reading import is_placeholder

RULE = Rule(
    code="GAL021",
    name="password-plaintext-or-weak-hash",
    title="Passwords stand in plain text, or as a fast hash",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(256, 328, 916),
    owasp=("API2",),
    pages=(
        "https://developer.konghq.com/plugins/basic-auth/",
        "https://apisix.apache.org/docs/apisix/plugins/basic-auth/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/basic_auth_filter",
    ),
)
_OWN_OF_KONG = "kong-sha1:"
_HASHES = {"{SHA}": "SHA-1", "{SSHA}": "SHA-1", "$apr1$": "MD5", "$1$": "MD5"}
_DES = 13
PLAIN, SHA1, MD5 = "plain text", "SHA-1", "MD5"
_HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_DUMPED = {40: SHA1, 64: "SHA-256"}
_HELP = {
    PLAIN: "have the password filled in when the file is used",
    SHA1: "hash passwords with bcrypt",
    MD5: "hash passwords with bcrypt",
    "DES": "hash passwords with bcrypt",
}


def check(subject: Subject) -> Iterator[Finding]:
    """Passwords of consumers, and lists of users."""
    for consumer in subject.gateway.consumers:
        for credential in consumer.credentials.basic:
            kind = _kind(credential)
            if kind is not None:
                yield _of_consumer(consumer, credential, kind)
    for one in asked(subject, BasicAuth):
        yield from _of_list(one, subject)
    for guard in asked(subject, Guard):
        if guard.part.name == "digestAuth":
            yield from _of_digest(guard)


def _kind(user: BasicCredential | BasicUser) -> str | None:
    """How a password is kept, where that is weak."""
    if user.password is not None:
        return _plain(user.password.reveal(), user)
    text = user.password_hash.reveal() if user.password_hash is not None else ""
    if text.startswith(_OWN_OF_KONG):
        return SHA1
    found = next((kind for mark, kind in _HASHES.items() if text.startswith(mark)), None)
    if found is None and len(text) == _DES and "$" not in text and not _is_elsewhere(text):
        return "DES"
    return found


def _plain(text: str, user: BasicCredential | BasicUser) -> str | None:
    """A dump of Kong's database has hashes where other files have passwords."""
    if _is_elsewhere(text):
        return None
    of_kong = isinstance(user, BasicCredential) and _HEX.fullmatch(text) is not None
    return _DUMPED[len(text)] if of_kong else PLAIN


def _is_elsewhere(text: str) -> bool:
    return not text or is_placeholder(text) or text.startswith(("$secret://", "$env://"))


def _of_consumer(consumer: Consumer, credential: BasicCredential, kind: str) -> Finding:
    field = "password" if credential.password is not None else "password_hash"
    own = kind in _DUMPED.values() and not (field == "password_hash" and _is_htpasswd(credential))
    return finding(
        RULE,
        f"the password of {consumer.name} stands {_said(kind)}",
        credential,
        field,
        owner=consumer,
        value=kind,
        severity=Severity.MEDIUM if own else Severity.HIGH,
        help="accept another kind of credential" if own else _HELP[kind],
    )


def _is_htpasswd(credential: BasicCredential) -> bool:
    hashed = credential.password_hash
    return hashed is not None and not hashed.reveal().startswith(_OWN_OF_KONG)


def _said(kind: str) -> str:
    return f"in {kind}" if kind == PLAIN else f"as {'an' if kind == MD5 else 'a'} {kind} hash"


def _of_list(one: Asked[BasicAuth], subject: Subject) -> Iterator[Finding]:
    users = [(user, kind) for user in one.part.users if (kind := _kind(user)) is not None]
    by_kind: dict[str, list[BasicUser]] = {}
    for user, kind in users:
        by_kind.setdefault(kind, []).append(user)
    only = subject.provider == "envoy"
    for kind, found in by_kind.items():
        yield _of_users(
            _item(one.part, found[0]),
            found,
            kind,
            one.owner,
            severity=Severity.MEDIUM if only else Severity.HIGH,
            help="Envoy takes no other: accept another kind of credential" if only else _HELP[kind],
        )


def _of_users(
    where: tuple[Where, str],
    users: list[BasicUser],
    kind: str,
    owner: ModelNode,
    *,
    severity: Severity,
    help: str,
) -> Finding:
    who = f"the password of {users[0].username} stands" if len(users) == 1 else ""
    return finding(
        RULE,
        f"{who or f'the passwords of {len(users)} users stand'} {_said(kind)}",
        place_of(*where),
        owner=owner,
        value=kind,
        severity=severity,
        help=help,
        count=len(users),
    )


def _item(auth: BasicAuth, user: BasicUser) -> tuple[Where, str]:
    """Where a user stands: the item of a list, or the text that holds all of them."""
    node = auth.origin.node if auth.origin is not None else None
    for item in items(node, "users"):
        plain = item.plain()
        if isinstance(plain, str) and plain.startswith(f"{user.username}:") and item.key != "users":
            return item, ""
    return auth, "users"


def _of_digest(guard: Asked[Guard]) -> Iterator[Finding]:
    node = guard.part.origin.node if guard.part.origin is not None else None
    given = items(node, "digestAuth.users")
    users = [one for one in given if not is_placeholder(str(one.plain()))]
    if users:
        yield finding(
            RULE,
            "passwords stand as MD5 hashes, which digestAuth takes for the password",
            users[0],
            owner=guard.owner,
            value=MD5,
            help="use basicAuth with bcrypt over TLS",
            count=len(users),
        )


_KONG = """\
consumers:
- username: anna
  basicauth_credentials:
"""
_APISIX = """\
consumers:
- username: anna
  plugins:
    basic-auth:
      username: anna
"""
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop, middlewares: [who]}}
  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}
  middlewares:
    who:
"""
_ENVOY = """\
filters:
- name: envoy.filters.http.basic_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.basic_auth.v3.BasicAuth
"""
_BCRYPT = "$2y$05$4CB1Qng5zIcVHbFOl3bzM.3CmDXT0v9wQe1cJ0wZ8a4JcSpQd0NUi"
_SHA = "{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA="

EXAMPLES = (
    bad("kong", f"{_KONG}  - username: anna\n    password: correct horse  # <-\n"),
    bad(
        "kong",
        f"_format_version: '3.0'\n_transform: false\n{_KONG}  - username: anna\n"
        "    password: 7c4a8d09ca3762af61e59520943dc26494f8941b  # <-\n",
        "Kong's own hash",
    ),
    bad(
        "kong",
        f"{_KONG}  - username: anna\n"
        "    password: 7c4a8d09ca3762af61e59520943dc26494f8941b  # <-\n",
        "a dump by decK",
    ),
    good("kong", f'{_KONG}  - username: anna\n    password: ${{{{ env "DECK_ANNA" }}}}\n'),
    good("kong", f'{_KONG}  - username: anna\n    password: "{{vault://env/anna}}"\n'),
    good("kong", "consumers:\n- username: anna\n  keyauth_credentials: [{key: a-key}]\n"),
    bad("apisix", f"{_APISIX}      password: correct horse  # <-\n"),
    bad(
        "apisix",
        "consumers:\n- username: anna\n  credentials:\n  - name: first\n    type: basic-auth\n"
        "    config:\n      username: anna\n      password: correct horse  # <-\n",
    ),
    good("apisix", f"{_APISIX}      password: $env://ANNA\n"),
    good("apisix", f"{_APISIX}      password: $secret://vault/1/anna/password\n"),
    good("apisix", f"{_APISIX}      password: ${{{{ANNA}}}}\n"),
    bad("traefik", f'{_TRAEFIK}      basicAuth:\n        users:\n        - "anna:{_SHA}"  # <-\n'),
    bad(
        "traefik",
        f'{_TRAEFIK}      basicAuth:\n        users:\n        - "bert:{_BCRYPT}"\n'
        '        - "anna:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"  # <-\n',
    ),
    bad(
        "traefik",
        f"{_TRAEFIK}      digestAuth:\n        users:\n"
        '        - "anna:shop:a2688e031edb4be6a3797f3882655c05"  # <-\n',
    ),
    good("traefik", f'{_TRAEFIK}      basicAuth:\n        users: ["anna:{_BCRYPT}"]\n'),
    good("traefik", f"{_TRAEFIK}      basicAuth:\n        usersFile: /etc/users\n"),
    good("traefik", f"{_TRAEFIK}      basicAuth:\n        users: ['${{USERS}}']\n"),
    bad("envoy", f'{_ENVOY}    users: {{inline_string: "anna:{_SHA}"}}  # <-\n'),
    bad(
        "envoy",
        f'{_ENVOY}    users:  # <-\n      inline_string: "anna:{_SHA}\\nbert:{_SHA}"\n',
        "one finding for both",
    ),
    good("envoy", f"{_ENVOY}    users: {{filename: /etc/users}}\n"),
    good("envoy", f"{_ENVOY}    users: {{environment_variable: USERS}}\n"),
    good(
        "envoy",
        """\
filters:
- name: envoy.filters.http.api_key_auth
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth
    credentials: [{key: a-key, client: anna}]
    key_sources: [{header: x-api-key}]
""",
        "keys are no passwords",
    ),
)
