"""Cross-origin resource sharing as Traefik's `headers` middleware, which answers preflights itself.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/headers/
"""

from __future__ import annotations

from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.regex import UntranslatableError, searched
from gal.ledger import Fate, Level
from gal.model import Cors

_FEATURE = "cors"
_ANY = "*"
_UPSTREAMS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials")
"""What the upstream says of it must not add to what is allowed here."""


def cors(policy: Cors, build: RouteBuild, shared: Shared) -> None:
    """Have foreign pages read answers, and never more of them than before."""
    report = shared.context.report
    config: Json = {}
    reflect = policy.reflect_any_origin
    anybody = _ANY in policy.allowed_origins or reflect
    if anybody:
        if reflect:
            config["accessControlAllowOriginListRegex"] = ["^"]
        else:
            config["accessControlAllowOriginList"] = [_ANY]
        _ = policy.allowed_origin_patterns  # all origins are allowed anyway
    else:
        _origins(policy, config, shared)
    credentials = policy.allow_credentials
    if credentials and anybody and not reflect:
        message = (
            "Traefik would allow credentials to any origin by its name, where browsers refuse `*` "
            "with them: they are not allowed"
        )
        report.approximated(policy, _FEATURE, message, "allow_credentials")
        credentials = False
    if credentials:
        config["accessControlAllowCredentials"] = True
    config["accessControlAllowMethods"] = list(policy.allowed_methods)
    _headers(policy, config, credentials, shared)
    if policy.expose_headers:
        config["accessControlExposeHeaders"] = list(policy.expose_headers)
    if policy.max_age is not None:
        config["accessControlMaxAge"] = int(policy.max_age.in_seconds)
    config["customResponseHeaders"] = dict.fromkeys(_UPSTREAMS, "")
    if reflect or not anybody:
        config["addVaryHeader"] = True
    _report(policy, shared)
    build.use(shared.middlewares.add("cors", {"headers": config}))


def _origins(policy: Cors, config: Json, shared: Shared) -> None:
    if policy.allowed_origins:
        config["accessControlAllowOriginList"] = list(policy.allowed_origins)
    patterns = []
    for regex in policy.allowed_origin_patterns:
        try:
            patterns.append(searched(regex))
        except UntranslatableError as error:
            message = f'origins like "{regex}" are not allowed: {error}'
            shared.context.report.dropped(policy, _FEATURE, message, "allowed_origin_patterns")
    if patterns:
        config["accessControlAllowOriginListRegex"] = patterns


def _headers(policy: Cors, config: Json, credentials: bool, shared: Shared) -> None:
    if policy.allowed_headers:
        config["accessControlAllowHeaders"] = list(policy.allowed_headers)
        return
    config["accessControlAllowHeaders"] = [_ANY]
    message = "any header is allowed with `*`, not by the name that was asked for"
    if credentials:
        message += "; with credentials browsers take that for no header"
        shared.context.report.approximated(policy, _FEATURE, message, "allowed_headers")
    else:
        report = shared.context.report
        report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message, "allowed_headers")


def _report(policy: Cors, shared: Shared) -> None:
    report = shared.context.report
    if policy.forward_preflight:
        message = "preflights are answered by Traefik and do not reach the upstream"
        report.approximated(policy, _FEATURE, message, "forward_preflight")
    if policy.private_network:
        message = "Traefik does not answer for private networks"
        report.dropped(policy, _FEATURE, message, "private_network")
    if policy.allow_origin_when_absent:
        message = "a request without Origin gets CORS headers only where any origin is allowed"
        report.approximated(policy, _FEATURE, message, "allow_origin_when_absent")
