"""An external service that decides: `ext_authz` over HTTP. Over gRPC no other gateway can ask it.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter
and https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/ext_authz/v3/ext_authz.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.envoy.carried import carry, quiet
from gal.importers.envoy.strings import string_match
from gal.importers.envoy.use import Reading, carried, guarded, nothing
from gal.importers.envoy.values import as_percent, take_duration, take_flag, take_header_value
from gal.ledger import Fate, Level
from gal.model import Authentication, Duration, ForwardAuth, MatchKind, Origin
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.envoy.use import Use

FORWARD_NAMES = {
    "address": "http_service.server_uri.uri",
    "timeout": "http_service.server_uri.timeout",
    "request_headers": "allowed_headers",
    "upstream_headers": "http_service.authorization_response.allowed_upstream_headers",
    "client_headers": "http_service.authorization_response.allowed_client_headers",
    "fail_open": "failure_mode_allow",
}
_FEATURE = "authentication"
_EVERY = frozenset((".*", ".+", "^.*$", "^.*", ".*$"))
_FORWARDED = frozenset(f"x-forwarded-{name}" for name in ("method", "proto", "host", "uri", "for"))
_TABLE = {
    **quiet("transport_api_version", "stat_prefix", "clear_route_cache", "encode_raw_headers"),
    **quiet("metadata_context_namespaces", "typed_metadata_context_namespaces", "charge_cluster"),
    **quiet("route_metadata_context_namespaces", "route_typed_metadata_context_namespaces"),
    **quiet("bootstrap_metadata_labels_key", "filter_metadata", "emit_filter_state_stats"),
    **quiet("include_peer_certificate", "include_tls_session", "validate_mutations"),
    **quiet("decoder_header_mutation_rules", "enable_dynamic_metadata_ingestion"),
    **quiet("clear_route_cache_headers", "charge_cluster_response_stats", "emit_client_span"),
    **quiet("max_denied_response_body_bytes", "enforce_response_header_limits"),
    "failure_mode_allow_header_add": "the upstream is not told of a check that failed elsewhere",
    "with_request_body": "elsewhere the body is not sent to the check",
    "status_on_error": "elsewhere the refused get another status while the check fails",
    "disallowed_headers": "elsewhere the check may get these headers, too",
    "context_extensions": "elsewhere the check is not told these values",
    "disable_request_body_buffering": "no effect on what clients get",
    "deny_at_disable": "no effect on what clients get: the check is never switched off",
}
_SERVICE = {
    "retry_policy": "elsewhere the check is asked once",
    **quiet("stat_prefix"),
}


def read(use: Use) -> Reading:
    """The check of the chain, or another one that a route names."""
    base, override = use.base, use.own
    settings: Mapping | None = None
    if override is not None:
        if take_flag(override, "disabled"):
            return nothing(use, "it is switched off here")
        settings = override.take_mapping("check_settings")
    shadow = base.take("shadow_mode")
    if shadow is not None and shadow.plain() is not False:
        return carried(use, "the check only tells what it would do: elsewhere it is not asked")
    share = base.peek("filter_enabled")
    if share is not None and as_percent(share, "filter_enabled") < 100:
        return guarded(use, "only a share of the requests is checked")
    base.mark("filter_enabled")
    if base.has("filter_enabled_metadata"):
        return guarded(use, "only requests with some metadata are checked")
    sources = [one for one in (settings, base) if one is not None]
    for one in sources:
        if one.has("grpc_service"):
            return guarded(use, "the check is asked over gRPC")
        if one.has("http_service"):
            break
    service = next((one for one in sources if one.has("http_service")), None)
    node = service.take_mapping("http_service") if service is not None else None
    if node is None:
        return guarded(use, "there is no check to be asked")
    return _checked(use, node, sources)


def _checked(use: Use, node: Mapping, sources: list[Mapping]) -> Reading:
    base = use.base
    other = base.peek("http_service")
    if other is not node and other is not None:
        base.mark("http_service")
        other.take_all()
    policy = ForwardAuth("", origin=Origin(base, FORWARD_NAMES))
    target = _address(node, policy, use)
    if target is None:
        return guarded(use, "without an address it refuses everybody")
    policy.address = target
    policy.fail_open = take_flag(base, "failure_mode_allow") or False
    request = node.take_mapping("authorization_request")
    _request_headers(base, request, policy, use)
    if request is not None:
        _told(request, policy, use)
    answer = node.take_mapping("authorization_response")
    if answer is not None and not _answer(answer, policy, use):
        return guarded(use, "headers by expressions, which a client could make up")
    kept = carry(node, use.report, _FEATURE, _SERVICE)
    for one in sources:
        kept |= carry(one, use.report, _FEATURE, _TABLE)
    found = Reading(use, groups={"access", "forward"})
    authentication = Authentication(forward=policy, origin=Origin(use.node, {}))
    if kept:
        authentication.extensions = {"envoy": {"ext_authz": kept}}
    found.policies.authentication = authentication
    return found


def _address(node: Mapping, policy: ForwardAuth, use: Use) -> str | None:
    """URL of the check. Envoy asks the cluster, whatever host the URL names."""
    server = node.take_mapping("server_uri")
    prefix = node.take_str("path_prefix", "")
    path = node.take_str("path_override")
    if server is None:
        return None
    uri = server.take_str("uri", "")
    cluster = server.take_str("cluster", "")
    policy.timeout = take_duration(server, "timeout") or Duration(0)
    if not policy.timeout.nanoseconds:
        policy.timeout = None
    scheme, mark, rest = uri.partition("://")
    if not mark:
        scheme, rest = "http", uri
    authority = rest.partition("/")[0] or cluster
    if not authority:
        return None
    authority = _of_cluster(authority, cluster, use)
    if path is None:
        message = (
            "the check is asked at one address; Envoy appends the path that the client asks for"
        )
        use.report.approximated(policy, _FEATURE, message, "address")
        path = prefix or "/"
    return f"{scheme}://{authority}{path if path.startswith('/') else '/' + path}"


def _of_cluster(authority: str, cluster: str, use: Use) -> str:
    """The cluster's own target, where the URL names none of them."""
    targets = [
        f"{target.host}:{target.port}"
        for upstream in use.shared.gateway.upstreams
        if upstream.name == cluster
        for target in upstream.targets
    ]
    host, _, port = authority.rpartition(":")
    names = {one.rpartition(":")[0] for one in targets}
    if not targets or authority in targets or authority in names or (not port and host in names):
        return authority
    return targets[0]


def _names(node: Mapping | None) -> tuple[list[str], bool, bool]:
    """Names of a `ListStringMatcher`; whether it takes all; whether there are others."""
    if node is None:
        return [], False, False
    names: list[str] = []
    every = others = False
    for one in node.take_mappings("patterns"):
        match = string_match(one)
        if match.regex is not None and match.regex.pattern in _EVERY:
            every = True
        elif match.kind is MatchKind.EXACT and not match.unsaid:
            names.append(match.text)
        elif match.kind is MatchKind.PREFIX and not match.text:
            every = True
        else:
            others = True
    return names, every, others


def _request_headers(base: Mapping, request: Mapping | None, policy: ForwardAuth, use: Use) -> None:
    found = base.take_mapping("allowed_headers")
    if found is None and request is not None:
        found = request.take_mapping("allowed_headers")
    names, every, others = _names(found)
    if every:
        policy.request_headers = []
        return
    lower = {name.lower() for name in names}
    policy.request_headers = names if "authorization" in lower else ["Authorization", *names]
    if others:
        message = "the check gets only headers that are named whole"
        use.report.approximated(policy, _FEATURE, message, "request_headers")


def _told(request: Mapping, policy: ForwardAuth, use: Use) -> None:
    """Headers that the check gets besides; those of the request itself it gets elsewhere, too."""
    lost = []
    for header in request.take_mappings("headers_to_add"):
        name, value = header.take_str("key", ""), take_header_value(header)
        if name.lower() not in _FORWARDED:
            lost.append(name)
        elif name.lower() == "x-forwarded-host":
            policy.trust_forwarded = "?" in value
    if lost:
        message = f"elsewhere the check is not told {', '.join(lost)}"
        node = request.peek("headers_to_add")
        use.report.at(node, Fate.DROPPED, Level.WARNING, _FEATURE, message)


def _answer(node: Mapping, policy: ForwardAuth, use: Use) -> bool:
    """What the upstream and the client get of the answer; False where a client could make up what
    the upstream trusts.
    """
    names, every, others = _names(node.take_mapping("allowed_upstream_headers"))
    appended, every_more, more = _names(node.take_mapping("allowed_upstream_headers_to_append"))
    if every or others or every_more or more:
        return False
    policy.upstream_headers = [*names, *appended]
    given, every, others = _names(node.take_mapping("allowed_client_headers"))
    policy.client_headers = [] if every else given
    if others:
        message = "clients get only headers of the refusal that are named whole"
        use.report.approximated(policy, _FEATURE, message, "client_headers")
    for key in ("allowed_client_headers_on_success", "dynamic_metadata_from_headers"):
        below = node.take(key)
        if below is not None:
            below.take_all()
            message = "elsewhere nothing of the check's answer is given to clients that are let in"
            use.report.at(below, Fate.DROPPED, Level.WARNING, _FEATURE, message)
    return True
