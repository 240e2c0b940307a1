r"""Something that a client sends decides where others are led, or which host the upstream takes
itself for. A link to the gateway then leads to a foreign page (an open redirect), an upstream
builds links to a foreign host or serves another tenant, and an answer sets what the client asked
for.

- **Kong**: a template with `headers` or `query_params` in `Host` of `replace.headers` of
  `request-transformer`.
- **APISIX**: `redirect` whose `uri` has an argument, header or cookie (`$arg_...`, `$http_...`,
  `$cookie_...`) where the host stands, or whose `regex_uri` puts a part of the path there; the same
  variables in `Location`, `Set-Cookie` and other headers that browsers obey, by `response-rewrite`.
- **Traefik**: `redirectRegex` whose replacement takes the host from what follows it in the address:
  `^https://shop\.test/go/(.*)` with `https://${1}`.
- **Envoy**: `%REQ(...)%` and `%QUERY_PARAM(...)%` in headers that browsers obey, in
  `response_headers_to_add`; `host_rewrite_header`.

The host and path that were asked for may stand in a redirect: that sends clients to HTTPS.

Write the hosts down, and choose among them by routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint import traefik_files
from gal.lint.finding import Finding, finding
from gal.lint.owners import owner_of
from gal.lint.peeking import items, section, text
from gal.lint.plugin_nodes import plugin_nodes
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.reading import Mapping, Node, Sequence

RULE = Rule(
    code="GAL053",
    name="header-injection",
    title="What a client sends decides where others are led",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    cwe=(601, 644),
    owasp=("API8",),
    pages=(
        "https://developer.konghq.com/plugins/request-transformer/",
        "https://apisix.apache.org/docs/apisix/plugins/redirect/",
        "https://apisix.apache.org/docs/apisix/plugins/response-rewrite/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/redirectregex/",
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#custom-request-response-headers",
    ),
)
_OBEYED = frozenset(
    (
        *("location", "refresh", "set-cookie", "content-type", "content-security-policy"),
        *("access-control-allow-origin", "link"),
    )
)
_KONG = re.compile(r"\$\([^)]{0,200}(?:headers|query_params)")
_VARIABLE = r"\$\{?(?:arg|http|cookie)_"
_APISIX = re.compile(_VARIABLE)
_APISIX_HOST = re.compile(rf"(?:(?:https?:)?//[^/]{{0,200}}?)?{_VARIABLE}")
_NGINX_HOST = re.compile(r"(?:https?:)?//[^/$]{0,200}\$(?:\{(\d+)\}|(\d+))")
_GO_HOST = re.compile(r"(?:https?:)?//[^/$]{0,200}\$(?:\{(\w+)\}|(\w+))")
_ENVOY = re.compile(r"%(?:REQ|REQUEST_HEADER|QUERY_PARAM)\((?!:|host\b)", re.IGNORECASE)
_HELP = "write the hosts down, and choose among them by routes"


def check(subject: Subject) -> Iterator[Finding]:
    """Values of clients in the host of a redirect, in `Host`, and in headers that browsers obey."""
    readers = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}
    reader = readers.get(subject.provider)
    if reader is not None:
        yield from reader(subject)


def _found(subject: Subject, where: Node, key: str, message: str, value: str) -> Finding:
    owner = owner_of(subject, where)
    return finding(RULE, message, where, key, owner=owner, value=value, help=_HELP)


def _redirect(subject: Subject, where: Node, key: str) -> Finding:
    message = "the client decides to which host it is sent: the redirect is open"
    return _found(subject, where, key, message, "an open redirect")


def _obeyed(subject: Subject, where: Node, name: str) -> Finding:
    message = f"what a client sends goes into {name}, which browsers obey"
    return _found(subject, where, "", message, f"a client's value in {name.lower()}")


def _host(subject: Subject, where: Node, key: str) -> Finding:
    message = "the client decides which host the upstream takes itself for"
    return _found(subject, where, key, message, "a client's value as Host")


def _kong(subject: Subject) -> Iterator[Finding]:
    for plugin in plugin_nodes(subject, "request-transformer", "request-transformer-advanced"):
        for item in items(plugin.config, "replace.headers"):
            name, _, value = (text(item) or "").partition(":")
            if name.strip().lower() == "host" and _KONG.search(value):
                yield _host(subject, item, "")


def _apisix(subject: Subject) -> Iterator[Finding]:
    for plugin in plugin_nodes(subject, "redirect"):
        if _APISIX_HOST.match(text(plugin.config, "uri") or ""):
            yield _redirect(subject, plugin.config, "uri")
        pair = [text(one) or "" for one in items(plugin.config, "regex_uri")]
        if len(pair) > 1 and _NGINX_HOST.match(pair[1]):
            yield _redirect(subject, plugin.config, "regex_uri")
    for plugin in plugin_nodes(subject, "response-rewrite"):
        headers = section(plugin.config, "headers")
        for part in (headers, section(headers, "set")):
            for name, node in part.entries.items() if part is not None else ():
                if name.lower() in _OBEYED and _APISIX.search(text(node) or ""):
                    yield _obeyed(subject, node, name)
        for item in items(headers, "add"):
            name, _, value = (text(item) or "").partition(":")
            if name.strip().lower() in _OBEYED and _APISIX.search(value):
                yield _obeyed(subject, item, name.strip())


def _traefik(subject: Subject) -> Iterator[Finding]:
    for one, _ in traefik_files.middlewares(subject, "redirectRegex"):
        config = one.config
        host = _GO_HOST.match(text(config, "replacement") or "")
        if config is None or host is None:
            continue
        before = _before_group(text(config, "regex") or "", host[1] or host[2])
        if before is not None and "/" in before.partition("://")[2]:
            yield _redirect(subject, config, "replacement")


def _before_group(regex: str, name: str) -> str | None:
    """What stands in an expression before a group, by its number or name; None without it."""
    number, index = 0, 0
    while index < len(regex):
        letter = regex[index]
        if letter == "\\":
            index += 1
        elif letter == "[":
            end = regex.find("]", index + 2)
            index = end if end > 0 else len(regex)
        elif letter == "(":
            named = re.match(r"\(\?P?<(\w+)>", regex[index : index + 80])
            if named is not None or not regex.startswith("(?", index):
                number += 1
                if name == str(number) or (named is not None and named[1] == name):
                    return regex[:index]
        index += 1
    return None


def _envoy(subject: Subject) -> Iterator[Finding]:
    for node in subject.walk():
        if isinstance(node, Sequence) and node.key in _ADDED:
            for item in node.items:
                yield from _added(subject, item)
        elif isinstance(node, Mapping) and text(node, "host_rewrite_header") is not None:
            yield _host(subject, node, "host_rewrite_header")


_ADDED = ("response_headers_to_add", "responseHeadersToAdd")


def _added(subject: Subject, item: Node) -> Iterator[Finding]:
    name, value = text(item, "header.key") or "", text(item, "header.value") or ""
    if name.lower() in _OBEYED and _ENVOY.search(value):
        yield _obeyed(subject, item, name)


def _kong_text(*lines: str, name: str = "request-transformer") -> str:
    return (
        "services:\n- name: shop\n  url: http://shop.internal\n"
        "  routes: [{name: shop, paths: [/shop]}]\n  plugins:\n"
        f"  - name: {name}\n    config:\n" + "".join(f"      {one}\n" for one in lines)
    )


def _apisix_text(name: str, *lines: str) -> str:
    return f"routes:\n- uri: /go/*\n{_NODES}  plugins:\n    {name}:\n" + "".join(
        f"      {one}\n" for one in lines
    )


_NODES = '  upstream: {nodes: {"shop.internal:80": 1}}\n'


def _traefik_text(regex: str, replacement: str) -> str:
    return (
        "http:\n  routers: {shop: {rule: Host(`shop.test`), service: shop, middlewares: [own]}}\n"
        '  services: {shop: {loadBalancer: {servers: [{url: "http://shop.internal"}]}}}\n'
        "  middlewares:\n    own:\n      redirectRegex:\n"
        f"        regex: {regex}\n        replacement: {replacement}\n"
    )


def _envoy_text(name: str, value: str, mark: str = "") -> str:
    return (
        "routes:\n- match: {prefix: /}\n  route: {cluster: one}\n  response_headers_to_add:\n"
        f'  - header: {{key: {name}, value: "{value}"}}{mark}\n'
    )


_MARK = "  # <-"

EXAMPLES = (
    bad("kong", _kong_text("replace:", "  headers:", "  - Host:$(headers['x-host'])  # <-")),
    bad("kong", _kong_text("replace:", "  headers:", "  - host:$(query_params.shop).test  # <-")),
    good("kong", _kong_text("replace: {headers: ['Host:shop.internal']}")),
    good("kong", _kong_text("add: {headers: ['X-Shop:$(headers.host)']}"), "no host"),
    good("kong", _kong_text("add: {headers: ['Host:$(headers.x)']}"), "add leaves Host alone"),
    bad("apisix", _apisix_text("redirect", "uri: $arg_to  # <-", "ret_code: 302")),
    bad("apisix", _apisix_text("redirect", "uri: https://$http_x_host/a  # <-")),
    bad("apisix", _apisix_text("redirect", 'regex_uri: ["^/go/(.*)", "https://$1"]  # <-')),
    bad(
        "apisix",
        _apisix_text("response-rewrite", "headers:", "  set:", "    Location: $arg_to  # <-"),
    ),
    good("apisix", _apisix_text("redirect", "uri: https://$host$request_uri"), "to HTTPS"),
    good("apisix", _apisix_text("redirect", "uri: /login?to=$arg_to"), "no host"),
    good("apisix", _apisix_text("redirect", 'regex_uri: ["^/go/(.*)", "https://a.test/$1"]')),
    good("apisix", _apisix_text("response-rewrite", "headers: {set: {X-Echo: $http_x_id}}")),
    bad("traefik", _traefik_text(r"^https?://shop\.test/go/(.*)", "https://${1}  # <-")),
    bad("traefik", _traefik_text(r"^https?://[^/]+/(?P<to>[^?]+)", "https://${to}/a  # <-")),
    good("traefik", _traefik_text(r"^http://(.+)$", "https://${1}"), "to HTTPS"),
    good("traefik", _traefik_text(r"^https?://www\.(.+)", "https://${1}"), "without www"),
    good("traefik", _traefik_text(r"^https?://[^/]+/old/(.*)", "https://shop.test/new/${1}")),
    bad("envoy", _envoy_text("location", "%REQ(x-to)%", _MARK)),
    bad("envoy", _envoy_text("access-control-allow-origin", "%REQ(origin)%", _MARK)),
    bad(
        "envoy",
        "routes:\n- match: {prefix: /}\n  route:\n    cluster: one\n"
        "    host_rewrite_header: x-host  # <-\n",
    ),
    good("envoy", _envoy_text("location", "https://%REQ(:authority)%%REQ(:path)%"), "to HTTPS"),
    good("envoy", _envoy_text("x-request-id", "%REQ(x-request-id)%"), "browsers do not obey it"),
    good("envoy", _envoy_text("location", "https://shop.test")),
)
