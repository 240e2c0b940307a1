r"""The client is sent elsewhere: `redirectScheme` and `redirectRegex`.

Both act only where the address changes by it. `redirectRegex` looks at the whole address; the model
has no conditions for redirections, so those are understood that hold for all requests of the route.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/redirectregex/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gal.importers.traefik.options import flag, text
from gal.importers.traefik.placement import Placement, UnusableError, settings
from gal.ledger import Fate, Level
from gal.model import HttpsRedirect, Origin, Redirect
from gal.reading import Mapping

if TYPE_CHECKING:
    from gal.importers.traefik.dynamic import Middleware

SCHEME_NAMES = {"status_code": "permanent"}
REGEX_NAMES = {
    "location": "replacement",
    "scheme": "replacement",
    "host": "replacement",
    "port": "replacement",
    "path": "replacement",
    "keep_path": "regex",
    "status_code": "permanent",
}
_FEATURE = "redirect"
_SECURE = frozenset(("https", "grpcs"))
_EVERY_ADDRESS = frozenset(("^.*$", "^.*", ".*", "^(.*)$", "(.*)"))
_KEPT_PATH = r"^[^:]+://[^/?]*([^?]*)(\?.*)?$"
_PARTS = r"^([a-z]+)://([^/:]+|\[[^\]]*\])(:[0-9]+)?(/[^?]*)?(\?.*)?$"
_BY_PARTS = re.compile(
    r"(?P<scheme>https?|\$\{1\})://(?P<host>\$\{2\}|[^/$:]+)(?P<port>\$\{3\}|:\d+)?"
    r"(?P<path>\$\{4\}|/[^$]*|)(?P<query>\$\{5\})?"
)
_SOURCE = re.compile(
    r"\^?(?P<scheme>https\?|\(\?:https\?\)|\(https\?\)|\(http\|https\)|https|http)://"
    r"(?P<host>(?:[A-Za-z0-9_-]|\\?\.)*)(?P<slash>/?)(?P<rest>\(\.[*+]\)|\.\*\$?|)"
)
_TARGET = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/$:]*)(?P<port>:\d+)?(?P<path>/[^$]*)?(?P<group>\$\{?\d\}?)?"
)
_BOTH = frozenset(("http", "https"))


def redirect_scheme(middleware: Middleware, place: Placement) -> None:
    """Another scheme, and port. Requests that have both already pass.

    Raises:
        UnusableError: there is no scheme.
    """
    config = settings(middleware)
    scheme, port = text(config, "scheme"), text(config, "port")
    status = _status(config)
    if scheme is None:
        raise UnusableError("redirectScheme needs a scheme")
    asked = frozenset(place.route.schemes)
    if scheme == "https" and asked and asked <= _SECURE and port in (None, "443"):
        message = "all requests of the route are HTTPS already"
        place.report.at(middleware.node, Fate.EXACT, Level.INFO, _FEATURE, message)
        return
    plain = bool(asked) and not asked & _SECURE
    if scheme == "https" and not plain and port in (None, "443"):
        # Plain requests are sent to HTTPS, and only those over HTTPS go on.
        origin = Origin(config, SCHEME_NAMES)
        place.route.schemes = ["https"]
        place.route.https_redirect = HttpsRedirect(status, origin=origin)
        _tell_methods(middleware, status, place)
        return
    if scheme not in ("http", "https") or (port is not None and not port.isdecimal()):
        place.carry(middleware, "only Traefik can say this redirection; the request goes on")
        return
    number = int(port) if port and port != {"http": "80", "https": "443"}[scheme] else None
    policy = Redirect(
        scheme=scheme, port=number, status_code=status, origin=Origin(config, SCHEME_NAMES)
    )
    if number is None:
        message = "a port that was asked for stays in the address; Traefik leaves it away"
        place.report.about(policy, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
    _use(policy, middleware, place)


def redirect_regex(middleware: Middleware, place: Placement) -> None:
    """An address that an expression finds becomes another one.

    Raises:
        UnusableError: there is no expression.
    """
    config = settings(middleware)
    expression, replacement = text(config, "regex"), text(config, "replacement") or ""
    status = _status(config)
    if expression is None:
        raise UnusableError("redirectRegex needs a regex")
    policy = _of_expression(expression, replacement, place)
    if policy is None:
        place.carry(
            middleware,
            "the redirection hangs on an expression that only Traefik looks for in the address;"
            " elsewhere the request goes on",
        )
        return
    if isinstance(policy, HttpsRedirect):
        place.route.schemes = ["https"]
        place.route.https_redirect = policy
        policy.status_code = status
        policy.origin = Origin(config, REGEX_NAMES)
        _tell_methods(middleware, status, place)
        return
    policy.status_code = status
    policy.origin = Origin(config, REGEX_NAMES)
    _use(policy, middleware, place)


def _status(config: Mapping) -> int:
    return 301 if flag(config, "permanent") else 302


def _tell_methods(middleware: Middleware, status: int, place: Placement) -> None:
    methods = frozenset(place.route.methods)
    if methods == {"GET"}:
        return
    message = f"methods other than GET get {308 if status == 301 else 307} from Traefik"
    level = Level.INFO
    place.report.at(middleware.node, Fate.APPROXIMATED, level, _FEATURE, message, whole=False)


def _use(policy: Redirect, middleware: Middleware, place: Placement) -> None:
    _tell_methods(middleware, policy.status_code, place)
    if place.policies.redirect is None:
        place.policies.redirect = policy
    place.answered = True


def _of_expression(
    expression: str, replacement: str, place: Placement
) -> Redirect | HttpsRedirect | None:
    """The redirection of all requests of the route, if it is one."""
    if expression in _EVERY_ADDRESS and not re.search(r"\$(?!\$)", replacement.replace("$$", "")):
        return Redirect(location=replacement.replace("$$", "$"))
    if expression == _KEPT_PATH:
        return _with_path(replacement)
    if expression == _PARTS:
        return _of_parts(replacement)
    return _of_address(expression, replacement, place)


def _with_path(replacement: str) -> Redirect | None:
    location, found, query = replacement.partition("${1}")
    if not found or query not in ("", "${2}") or "$" in location.replace("$$", ""):
        return None
    location = location.replace("$$", "$")
    return Redirect(location=location, keep_path=True, strip_query=not query)


def _of_parts(replacement: str) -> Redirect | None:
    found = _BY_PARTS.fullmatch(replacement)
    if found is None:
        return None
    scheme, host, port, path = found["scheme"], found["host"], found["port"], found["path"]
    return Redirect(
        scheme=None if scheme.startswith("$") else scheme,
        host=None if host.startswith("$") else host,
        port=int(port[1:]) if port and port.startswith(":") else None,
        path=None if path.startswith("$") else path.replace("$$", "$"),
        strip_query=found["query"] is None,
    )


def _of_address(
    expression: str, replacement: str, place: Placement
) -> Redirect | HttpsRedirect | None:
    """An expression for addresses of one host, or of any, whose rest is kept or goes."""
    source, target = _SOURCE.fullmatch(expression.removesuffix("$")), _TARGET.fullmatch(replacement)
    if expression.endswith("/$") or source is None or target is None:
        return None
    group = 2 if source["scheme"] in ("(https?)", "(http|https)") else 1
    if target["group"] is not None:
        if not source["rest"].startswith("(") or str(group) not in target["group"]:
            return None
        kept = True
    else:
        kept = source["rest"] == "" and not expression.endswith("$")
    host = source["host"].replace("\\", "")
    found = _changed(host, source["slash"], target, kept, place)
    schemes = frozenset((source["scheme"],)) & _BOTH or _BOTH
    if found is None or frozenset(place.route.schemes or _BOTH) <= schemes:
        return found
    same = found.host is None or found.host.lower() == host.lower()
    moved = found.scheme == "https" and same and found.port is None and found.location is None
    return HttpsRedirect() if moved and schemes == {"http"} else None


def _changed(
    host: str, slash: str, target: re.Match[str], kept: bool, place: Placement
) -> Redirect | None:
    """What becomes of an address of this host; an empty one is any, with the path behind it."""
    path = target["path"] or ""
    bare = not target["host"] and not target["port"] and not path
    hosts = [one.lower() for one in place.route.hosts]
    if host == "" or (host.endswith(".") and not slash):
        if not kept or slash or not bare:
            return None
        if host == "":
            return Redirect(scheme=target["scheme"])
        if len(hosts) != 1 or not hosts[0].startswith(host.lower()):
            return None
        return Redirect(scheme=target["scheme"], host=hosts[0][len(host) :])
    if not hosts or any(one != host.lower() for one in hosts) or not target["host"]:
        return None
    location = f"{target['scheme']}://{target['host']}{target['port'] or ''}"
    if not kept:
        return Redirect(location=location + path)
    if path.endswith("/") is not bool(slash):
        return None
    if path in ("", "/"):
        port = int(target["port"][1:]) if target["port"] else None
        return Redirect(scheme=target["scheme"], host=target["host"], port=port)
    return Redirect(location=location + path.rstrip("/"), keep_path=True)
