"""Policies about single requests: ids, sizes, compression, caching, own answers."""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from gal.exporters.envoy import lua
from gal.exporters.envoy.build import (
    EXTENSION,
    HTTP_FILTER,
    Alternative,
    Json,
    RouteBuild,
    Shared,
)
from gal.exporters.envoy.headers import DEFAULT, OVERWRITE, REPLACE, UUID, mutate, mutation
from gal.ledger import Fate, Level
from gal.model import (
    Cache,
    Compression,
    DirectResponse,
    Redirect,
    RequestId,
    RequestIdFormat,
    RequestLine,
    ResponseRateLimit,
    SizeLimit,
)

JSON_TYPE = "application/json; charset=utf-8"
_LARGEST_BUFFER = 2**32 - 1
_LARGEST_INLINE = 4096
_REDIRECTS = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}
_COMPRESSORS = {
    "gzip": "compression.gzip.compressor.v3.Gzip",
    "br": "compression.brotli.compressor.v3.Brotli",
    "zstd": "compression.zstd.compressor.v3.Zstd",
}


def message_body(message: str) -> str:
    """A message as the JSON body that API gateways answer with."""
    return json.dumps({"message": message}, ensure_ascii=False, separators=(",", ":"))


def request_id(policy: RequestId, build: RouteBuild, shared: Shared) -> None:
    """A request gets an id before any other filter sees it.

    Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage
    (`UNIQUE_ID`)
    """
    name = policy.header_name
    action = DEFAULT if policy.keep_existing else OVERWRITE
    response = [mutation(name, f"%REQ({name})%", OVERWRITE)] if policy.echo else []
    mutate(build, shared, "request_id", request=[mutation(name, UUID, action)], response=response)
    if policy.format is not RequestIdFormat.UUID:
        shared.context.report.approximated(
            policy, "request_id", "Envoy makes every id a UUID of its own", "format"
        )


def size_limit(policy: SizeLimit, build: RouteBuild, shared: Shared) -> None:
    """The body is read whole, up to the limit, before it goes on.

    Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/buffer/v3/buffer.proto
    """
    wanted = policy.max_body.bytes
    most = min(max(wanted, 1), _LARGEST_BUFFER)
    kind = HTTP_FILTER + "buffer.v3.Buffer"
    name = shared.filters.ensure("size_limit", {"@type": kind, "max_request_bytes": 1})
    build.switch_on(name, {"@type": kind + "PerRoute", "buffer": {"max_request_bytes": most}})
    report = shared.context.report
    if most != wanted:
        report.approximated(
            policy, "size_limit", f"Envoy's limit is 1 to {_LARGEST_BUFFER} bytes", "max_body"
        )
    report.about(
        policy,
        Fate.APPROXIMATED,
        Level.INFO,
        "size_limit",
        "bodies are read whole into memory first; the text of the refusal (413) is Envoy's",
        "max_body",
    )
    if policy.require_content_length:
        answer = message_body("A valid Content-Length header is required")
        lua.switch_on(build, shared, "size_limit", lua.LENGTH, {"answer": answer}, "length")


def request_line(policy: RequestLine, build: RouteBuild, shared: Shared) -> None:
    """Another method or path for the upstream; the query stays.

    Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
    (`RouteAction.regex_rewrite`)
    """
    if policy.method is not None:
        lua.switch_on(build, shared, "request_line", lua.METHOD, {"method": policy.method.upper()})
    if policy.path is not None:
        path = quote(policy.path, safe="/!$%&'()*+,:;=?@-._~")
        for key in ("prefix_rewrite", "path_rewrite", "path_rewrite_policy"):
            build.action.pop(key, None)
        build.action["regex_rewrite"] = {
            "pattern": {"regex": "^.*$"},
            "substitution": path.replace("\\", "\\\\"),
        }


def response_rate_limit(policy: ResponseRateLimit, build: RouteBuild, shared: Shared) -> None:
    """Envoy counts requests, not what the upstream says of them."""
    del build
    shared.context.claims.claim(policy)
    shared.context.report.dropped(
        policy, "response_rate_limit", "Envoy has no limit that the upstream counts"
    )


def cache(policy: Cache, build: RouteBuild, shared: Shared) -> None:
    """Envoy's cache follows `Cache-Control` only, so nothing is kept: every answer is fresh."""
    del build
    shared.context.claims.claim(policy)
    shared.context.report.dropped(
        policy,
        "cache",
        "Envoy's cache has no lifetime, statuses or methods of its own; every request goes to the"
        " upstream",
    )


def compression(policy: Compression, build: RouteBuild, shared: Shared) -> None:
    """One compressor each, in order of preference.

    Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/compressor/v3/compressor.proto
    """
    algorithms = [name for name in policy.algorithms if name in _COMPRESSORS]
    for name in policy.algorithms:
        if name not in _COMPRESSORS:
            shared.context.report.dropped(
                policy, "compression", f'Envoy does not know "{name}"', "algorithms"
            )
    common: Json = {}
    if policy.min_size is not None:
        common["min_content_length"] = policy.min_size.bytes
    if policy.content_types:
        common["content_type"] = list(policy.content_types)
    suffix = _fingerprint([algorithms, common, policy.level])
    for rank, algorithm in enumerate(algorithms):
        library: Json = {"@type": EXTENSION + _COMPRESSORS[algorithm]}
        if algorithm == "gzip" and policy.level is not None:
            library["compression_level"] = f"COMPRESSION_LEVEL_{min(max(policy.level, 1), 9)}"
        config: Json = {
            "@type": HTTP_FILTER + "compressor.v3.Compressor",
            "response_direction_config": {"common_config": common},
            "compressor_library": {"name": algorithm, "typed_config": library},
        }
        if rank == 0 and len(algorithms) > 1:
            config["choose_first"] = True
        build.switch_on(shared.filters.ensure("compression", config, f"{algorithm}-{suffix}"))


def _fingerprint(settings: object) -> str:
    """Tells compressors with different settings apart: these cannot differ by route."""
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def redirect(policy: Redirect, build: RouteBuild, shared: Shared) -> None:
    """The client is sent elsewhere.

    Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
    (`RedirectAction`)
    """
    code = _REDIRECTS.get(policy.status_code)
    if code is None:
        code = "FOUND"
        shared.context.report.approximated(
            policy,
            "redirect",
            f"Envoy redirects with 301, 302, 303, 307 or 308, not {policy.status_code}: it is 302",
            "status_code",
        )
    action = _located(policy, build) if policy.location is not None else _parts(policy)
    build.instead = {"redirect": {**action, "response_code": code}}


def _parts(policy: Redirect) -> Json:
    action: Json = {}
    if policy.scheme is not None:
        action["scheme_redirect"] = policy.scheme
    if policy.host is not None:
        action["host_redirect"] = policy.host
    if policy.port is not None:
        action["port_redirect"] = policy.port
    if policy.path is not None:
        action["path_redirect"] = policy.path
    if policy.strip_query:
        action["strip_query"] = True
    return action


def _located(policy: Redirect, build: RouteBuild) -> Json:
    """A location as Envoy's parts where these make exactly that, else as it stands."""
    location = policy.location or ""
    url = urlsplit(location)
    plain = url.scheme in ("http", "https") and bool(url.netloc) and "@" not in url.netloc
    action: Json = {"scheme_redirect": url.scheme, "host_redirect": url.netloc} if plain else {}
    if policy.keep_path:
        base = url.path.rstrip("/")
        if base:
            substitution = base.replace("\\", "\\\\") + r"\1"
            action["regex_rewrite"] = {"pattern": {"regex": "^(.*)$"}, "substitution": substitution}
        if policy.strip_query:
            action["strip_query"] = True
        return action
    if plain and url.path.startswith("/") and not url.fragment and location == url.geturl():
        action["path_redirect"] = url.path + (f"?{url.query}" if url.query else "")
        return {**action, "strip_query": True}
    literal = {"key": "location", "value": location.replace("%", "%%")}
    build.response_headers_to_add.append({"header": literal, "append_action": REPLACE})
    return {"path_redirect": "/"}


def direct_response(policy: DirectResponse, build: RouteBuild, shared: Shared) -> None:
    """The gateway answers itself, after everything that may refuse the request.

    Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
    (`DirectResponseAction`)
    """
    report = shared.context.report
    status = policy.status_code
    if not 200 <= status <= 599:
        status = 503
        report.approximated(
            policy,
            "direct_response",
            "Envoy answers with 200 to 599 only: it is 503",
            "status_code",
        )
    if policy.echo:
        report.approximated(
            policy, "direct_response", "the answer does not repeat the request", "echo"
        )
    answer: Json = {"direct_response": {"status": status, **_body(policy)}}
    if status == HTTPStatus.CREATED or 300 <= status < 400:
        # Envoy would send the client to the address that it has just asked for.
        answer["response_headers_to_remove"] = ["location"]
    if build.instead is not None:
        shared.context.claims.claim(policy)  # a redirect answers before
    elif policy.trigger is None:
        build.instead = answer
    else:
        present = {"name": policy.trigger, "present_match": True}
        build.alternatives += [
            Alternative(headers=[present], instead=answer),
            Alternative(query_parameters=[present], instead=answer),
        ]


def _body(policy: DirectResponse) -> Json:
    body, content_type = policy.body, policy.content_type
    if body is None and policy.message is not None:
        body, content_type = message_body(policy.message), content_type or JSON_TYPE
    if not body:
        return {}
    if content_type is None and len(body.encode()) <= _LARGEST_INLINE:
        return {"body": {"inline_string": body}}
    text = {"text_format_source": {"inline_string": body.replace("%", "%%")}}
    return {"body_format": {**text, "content_type": content_type or "text/plain"}}
