"""What a client sends decides where its request goes. It reaches what was never meant to be
published: other clusters, hosts of the internal network, or the address at which clouds give out
the machine's own credentials.

- **Envoy**: `cluster_header` takes the cluster that a header names. `dynamic_forward_proxy` goes to
  whatever `Host` says, unless the domains of the virtual host, or a fixed `host_rewrite_literal`,
  leave no choice; `use_http_header` of an `ORIGINAL_DST` cluster goes to the address in
  `x-envoy-original-dst-host`. Elsewhere `host_rewrite_header` only changes which `Host` the
  upstream sees: that is what GAL053 is about.
- **Kong**: `pre-function` and the like whose code calls `set_target` or `set_upstream` with what
  the request holds. A template in `replace.uri` of `request-transformer` changes the path and the
  query, never the host.
- **All**: a target that is the metadata service of a cloud (169.254.169.254,
  `metadata.google.internal` and others).

APISIX refuses variables in the `host` of `proxy-rewrite` and in `upstream_host`, so that what it
has is a metadata service as a node; so it is with Traefik.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gal.lint import envoy_files
from gal.lint.exposure import answered
from gal.lint.finding import Finding, Where, finding, place_of
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, items, section, text, texts
from gal.lint.plugin_nodes import plugin_nodes
from gal.lint.rule import Confidence, Rule, Severity, bad, good
from gal.lint.subject import Subject
from gal.model import ModelNode, Target
from gal.reading import Mapping, Scalar

RULE = Rule(
    code="GAL083",
    name="upstream-from-request",
    title="Clients decide where their requests go",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    cwe=(918, 441),
    owasp=("API7",),
    pages=(
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/dynamic_forward_proxy_filter",
        "https://apisix.apache.org/docs/apisix/terminology/upstream/",
        "https://developer.konghq.com/plugins/pre-function/",
        "https://doc.traefik.io/traefik/reference/routing-configuration/http/load-balancing/service/",
    ),
)

_METADATA = frozenset(
    (
        *("169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200"),
        *("metadata.google.internal", "metadata.goog", "metadata.internal"),
    )
)
_MOVES = re.compile(r"\bset_(?:target|upstream)\b\s*\(")
_READS = re.compile(r"\bget_(?:header|query|path|body|raw_query)\w*\b|ngx\.var\.(?:http|arg)_")
_FUNCTIONS = ("pre-function", "post-function")
_FORWARD = "dynamic_forward_proxy"


def check(subject: Subject) -> Iterator[Finding]:
    """Routes whose destination is the client's choice, and targets that give out credentials."""
    seen: set[int] = set()
    for view in subject.routes:
        for upstream, _ in () if answered(view) else view.upstreams:
            for target in upstream.targets:
                if id(target) not in seen and target.host.lower() in _METADATA:
                    seen.add(id(target))
                    yield _metadata(target, upstream)
    yield from _of_kong(subject)
    for manager in envoy_files.managers(subject):
        for host, route in manager.routes():
            action = section(route, "route")
            if action is not None:
                yield from _of_action(subject, host, action)


def _metadata(target: Target, upstream: ModelNode) -> Finding:
    return finding(
        RULE,
        f"{target.host} gives out the credentials of the machine",
        target,
        "host",
        owner=upstream,
        value=f"target {target.host}",
        help="take this target away",
    )


def _of_action(subject: Subject, host: Mapping, action: Mapping) -> Iterator[Finding]:
    owner = owner_of(subject, action)
    header = text(action, "cluster_header")
    if header:
        message = f'the header "{header}" names the cluster that a request goes to'
        yield _finding(message, action, "cluster_header", owner, f"cluster by {header.lower()}")
        return
    header = text(action, "host_rewrite_header")
    cluster = envoy_files.sources(subject).clusters.get(text(action, "cluster") or "")
    forwards = _FORWARD in (text(cluster, "cluster_type.name") or "")
    fixed = at(action, "host_rewrite_literal") is not None
    if forwards and not fixed and (header or _any_domain(host)):
        how = f'the header "{header}"' if header else "Host"
        message = f"{how} names the machine that a request goes to"
        yield _finding(message, action, "cluster", owner, "machine by host", cluster)
    elif flag(cluster, "original_dst_lb_config.use_http_header"):
        message = "a header names the address that a request goes to"
        yield _finding(message, action, "cluster", owner, "machine by header", cluster)


def _any_domain(host: Mapping) -> bool:
    return any("*" in domain for domain in texts(host, "domains"))


def _of_kong(subject: Subject) -> Iterator[Finding]:
    for plugin in plugin_nodes(subject, *_FUNCTIONS):
        for phase in ("access", "rewrite", "functions"):
            for code in items(plugin.config, phase):
                if not isinstance(code, Scalar) or not _MOVES.search(code.text):
                    continue
                if _READS.search(code.text):
                    message = "code sends the request where it reads in the request"
                    owner = owner_of(subject, plugin.node)
                    yield _finding(message, plugin.config, phase, owner, "machine by code")


def _finding(
    message: str,
    where: Where,
    key: str,
    owner: ModelNode,
    value: str,
    related: Mapping | None = None,
) -> Finding:
    return finding(
        RULE,
        message,
        where,
        key,
        owner=owner,
        value=value,
        related=[place_of(related, message="goes wherever it is told")] if related else (),
        help="name the upstreams that clients may choose from, and match on what chooses",
    )


_KONG = """\
services:
- name: shop
  url: http://%s
  routes: [{name: shop, paths: [/shop]}]
"""
_CODE = """\
  plugins:
  - name: pre-function
    config:
      access:%s
      - |
        %s
"""
_TO_HEADER = 'kong.service.set_target(kong.request.get_header("X-To"), 80)'
_APISIX = """\
routes:
- uri: /shop
  upstream: {nodes: {"%s:80": 1}}%s
"""
_REWRITE = "\n  plugins: {proxy-rewrite: {host: %s}}"
_TRAEFIK = """\
http:
  routers: {shop: {rule: PathPrefix(`/shop`), service: shop}}
  services: {shop: {loadBalancer: {servers: [{url: "http://%s"}]}}}%s
"""
_ENVOY = "routes:\n- match: {prefix: /}\n  route: %s\n"
_PROXY = """\
clusters:
- name: one
  lb_policy: CLUSTER_PROVIDED
  cluster_type:
    name: envoy.clusters.dynamic_forward_proxy
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig
      dns_cache_config: {name: cache, dns_lookup_family: V4_ONLY}
"""

EXAMPLES = (
    bad(
        "kong",
        (_KONG % "169.254.169.254/").replace("254/\n", "254/  # <-\n"),
        "the metadata of the machine",
    ),
    bad("kong", _KONG % "shop.internal" + _CODE % ("  # <-", _TO_HEADER)),
    good("kong", _KONG % "169.254.10.1", "another address of the link"),
    good("kong", _KONG % "shop.internal" + _CODE % ("", 'kong.service.set_target("a", 80)')),
    good("kong", _KONG % "shop.internal" + _CODE % ("", 'kong.request.get_header("X-To")')),
    bad("apisix", _APISIX % ("169.254.169.254", "  # <-")),
    bad("apisix", _APISIX % ("100.100.100.200", "  # <-")),
    good("apisix", _APISIX % ("shop.internal", "")),
    good("apisix", _APISIX % ("169.254.1.1", "")),
    good("apisix", _APISIX % ("shop.internal", _REWRITE % "shop.test"), "a fixed host"),
    bad("traefik", _TRAEFIK % ("169.254.169.254", "  # <-")),
    bad("traefik", _TRAEFIK % ("metadata.google.internal", "  # <-")),
    good("traefik", _TRAEFIK % ("shop.internal", "")),
    good("traefik", _TRAEFIK % ("metadata.shop.internal", "")),
    good("traefik", _TRAEFIK % ("169.254.1.1", "")),
    bad("envoy", _ENVOY % "{cluster_header: x-to}  # <-"),
    bad("envoy", _PROXY + _ENVOY % "{cluster: one}  # <-"),
    bad(
        "envoy",
        _ENVOY
        % "{cluster: one}  # <-"
        + "clusters:\n- name: one\n  type: ORIGINAL_DST\n  lb_policy: CLUSTER_PROVIDED\n"
        "  original_dst_lb_config: {use_http_header: true}\n",
    ),
    good("envoy", _ENVOY % "{cluster: one}"),
    good("envoy", _PROXY + _ENVOY % "{cluster: one, host_rewrite_literal: shop.test}"),
    good("envoy", _ENVOY % "{cluster: one, host_rewrite_header: x-to}", "GAL053 tells of it"),
    good("envoy", _ENVOY % "{cluster: one, auto_host_rewrite: true}"),
)
