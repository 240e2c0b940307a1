"""Policies about single requests: sizes, compression, own answers, redirections.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/overview/
"""

from __future__ import annotations

from gal.exporters.traefik.build import KNOWN_STATUSES, Json, RouteBuild, Shared
from gal.exporters.traefik.paths import TOLD, encoded
from gal.exporters.traefik.rules import call
from gal.ledger import Fate, Level
from gal.model import Compression, DirectResponse, Policy, Redirect, RequestLine, SizeLimit
from gal.reading import Placeholder

_ENCODINGS = ("gzip", "br", "zstd")
_PERMANENT = (301, 308)
_WHOLE_URL = r"^([a-z]+)://([^/:]+|\[[^\]]*\])(:[0-9]+)?(/[^?]*)?(\?.*)?$"


def impossible(policy: Policy, feature: str, reason: str, shared: Shared) -> None:
    """A policy that Traefik has nothing for."""
    shared.context.report.dropped(policy, feature, reason)
    shared.context.claims.claim(policy)


def size_limit(policy: SizeLimit, build: RouteBuild, shared: Shared) -> None:
    """Traefik reads the whole body first."""
    report = shared.context.report
    if policy.require_content_length:
        message = "a request that does not say its length is let in, and measured"
        report.approximated(policy, "size_limit", message, "require_content_length")
    limit = policy.max_body.bytes
    if not limit:
        message = "Traefik has no limit of 0: a body of one byte is let in"
        report.approximated(policy, "size_limit", message, "max_body")
    config = {"buffering": {"maxRequestBodyBytes": max(limit, 1)}}
    build.use(shared.middlewares.add("size-limit", config))


def compression(policy: Compression, build: RouteBuild, shared: Shared) -> None:
    """Have answers compressed."""
    report = shared.context.report
    encodings = [name for name in policy.algorithms if name in _ENCODINGS]
    for name in policy.algorithms:
        if name not in _ENCODINGS:
            message = f'Traefik does not compress with "{name}"'
            report.dropped(policy, "compression", message, "algorithms")
    if not encodings:
        return
    config: Json = {"encodings": encodings}
    if policy.content_types:
        config["includedContentTypes"] = list(policy.content_types)
    if policy.min_size is not None:
        config["minResponseBodyBytes"] = policy.min_size.bytes
    if policy.level is not None:
        message = "Traefik compresses at its own level"
        report.dropped(policy, "compression", message, "level", Level.INFO)
    build.use(shared.middlewares.add("compress", {"compress": config}))


def request_line(policy: RequestLine, build: RouteBuild, shared: Shared) -> None:
    """Another path; Traefik does not change methods."""
    if policy.method is not None:
        message = "Traefik does not change the method"
        shared.context.report.dropped(policy, "request_line", message, "method")
    if policy.path is not None:
        path = {"replacePath": {"path": encoded(policy.path)}}
        build.tail.append(shared.middlewares.add("replace-path", path))
        report = shared.context.report
        report.about(policy, Fate.APPROXIMATED, Level.INFO, "request_line", TOLD, "path")


def redirect(policy: Redirect, build: RouteBuild, shared: Shared) -> None:
    """Send the client elsewhere: permanently or not, with 301 and 302 for GET, 308 and 307 for
    other methods.
    """
    regex, replacement = _redirection(policy)
    permanent = policy.status_code in _PERMANENT
    given = "301, or 308 for methods other than GET" if permanent else "302, or 307"
    if policy.status_code not in (301, 302):
        message = f"the client gets {given}"
        shared.context.report.approximated(policy, "redirect", message, "status_code")
    config = {"regex": regex, "replacement": replacement, "permanent": permanent}
    build.answer("", shared.middlewares.add("redirect", {"redirectRegex": config}))


def _redirection(policy: Redirect) -> tuple[str, str]:
    """An expression on the whole URL and what replaces it."""
    if policy.location is not None:
        location = policy.location.replace("$", "$$")
        if not policy.keep_path:
            return "^.*$", location
        query = "" if policy.strip_query else "${2}"
        return r"^[^:]+://[^/?]*([^?]*)(\?.*)?$", location.rstrip("/") + "${1}" + query
    scheme, host, port = policy.scheme or "${1}", policy.host or "${2}", "${3}"
    if policy.port is not None:
        port = f":{policy.port}"
    path = "${4}" if policy.path is None else policy.path.replace("$", "$$")
    query = "" if policy.strip_query else "${5}"
    return _WHOLE_URL, f"{scheme}://{host}{port}{path}{query}"


def direct_response(policy: DirectResponse, build: RouteBuild, shared: Shared) -> None:
    """Traefik has no answers of its own but refusals: one with the status, whose text is the
    status's name.
    """
    report = shared.context.report
    status = policy.status_code
    if isinstance(status, Placeholder) or status not in KNOWN_STATUSES:
        report.approximated(policy, "direct_response", "clients get 503", "status_code")
        status = 503
    for name in ("body", "message", "content_type", "echo"):
        if getattr(policy, name):
            message = "clients get the name of the status as text"
            report.approximated(policy, "direct_response", message, name)
    rule = ""
    if policy.trigger is not None:
        header = call("HeaderRegexp", policy.trigger, "^")
        rule = f"{header} || {call('QueryRegexp', policy.trigger, '^')}"
    build.answer(rule, shared.refusal(status))
