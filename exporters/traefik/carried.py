"""What was kept for Traefik, put back: middlewares and sections that only it knows."""

from __future__ import annotations

import re
from typing import Any

from gal.claims import unwrap
from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.exporters.traefik.removed import without_removed
from gal.model import Guard, ModelNode, Route

_REFERENCE = "reference"
_NOT_MIDDLEWARES = frozenset(("rule", "cannot", "options", "middlewares"))
_SYNTAX = "defaultRuleSyntax"
_IN_WORDS = re.compile(r"the path must not fit (.+)")
"""Why the model cannot ask for a rule, with the texts of its paths."""

_OLD_SYNTAX = re.compile(r"\{|\b(?:Headers|HeadersRegexp)\(|\b(?:Host|Path\w*|Method)\([^)]*,")
"""What only rules of Traefik 2 have."""

_HTTP = ("middlewares", "services", "serversTransports")


def guarding(guard: Guard, shared: Shared) -> str | None:
    """The middleware that an access control of Traefik's own is; None where it is none."""
    config = unwrap(guard).config
    if guard.provider != "traefik" or len(config) != 1:
        return None
    kind, settings = next(iter(config.items()))
    if kind in _NOT_MIDDLEWARES:
        return None
    shared.context.claims.claim(guard)
    if kind == _REFERENCE:
        # A name without its provider would be looked for in this file.
        return settings if isinstance(settings, str) and "@" in settings else None
    name = unwrap(guard).settings.get("name")
    return shared.middlewares.add(str(name or guard.name), {kind: settings})


def kept(node: ModelNode) -> Json:
    """What only Traefik knows of an object of the model, by setting."""
    return dict(_mapping(unwrap(node).extensions.get("traefik")))


def below(values: Json, key: str) -> Json:
    """A mapping among what only Traefik knows; empty where there is none."""
    return dict(_mapping(values.get(key)))


def braces_are_text(shared: Shared) -> bool:
    """Whether two braces in texts of Traefik's own are no templates."""
    return bool(_kept(shared).get("braces"))


def reserve_names(shared: Shared) -> None:
    """Have nothing else take the names of what is put back by its own."""
    found = _kept(shared)
    sections = (shared.middlewares, shared.services, shared.transports)
    for key, section in zip(_HTTP, sections, strict=True):
        for name in _mapping(found.get(key)):
            section.names.free(name)


def on_the_router(guard: Guard, build: RouteBuild, shared: Shared) -> bool:
    """Put an access control back that stands at a router or a service. Gives whether it does."""
    config = unwrap(guard).config
    if guard.provider != "traefik":
        return False
    if guard.name == "rule" and _is_whole(config, unwrap(build.route)) and _is_own(guard, build):
        build.own_rule = config["rule"]
    elif guard.name == "client-certificate" and _asks(config.get("options"), build, shared):
        build.tls_options = config["options"]
    elif guard.name == "middlewares" and _are_there(config.get("middlewares"), shared):
        build.service_middlewares += config["middlewares"]
    else:
        return False
    shared.context.claims.claim(guard)
    return True


def _is_own(guard: Guard, build: RouteBuild) -> bool:
    """Whether it is the route's own, and the only one of its kind."""
    policy = unwrap(build.route).policies.authentication
    own = [one for one in policy.guards if one.name == guard.name] if policy is not None else []
    return len(own) == 1 and own[0] is unwrap(guard)


def _is_whole(config: Json, route: Route) -> bool:
    """Whether the rule of a router is all that its requests have to fit. Of a router below others
    it is not: what the route asks for, and what it is said to lack, is to be found in it, then.
    """
    rule, reasons = config.get("rule"), config.get("cannot")
    if not isinstance(rule, str) or not isinstance(reasons, list) or _OLD_SYNTAX.search(rule):
        return False
    lacking = [_IN_WORDS.fullmatch(str(reason)) for reason in reasons]
    excluded = [one for found in lacking if found is not None for one in found[1].split(", ")]
    asked = [*route.hosts, *route.methods, *(one.text for one in route.paths)]
    for match in (*route.headers, *route.query_params):
        asked += [match.name, *match.values, *(one.pattern for one in match.regexes)]
    asked += [one.ip or "" for one in route.sources]
    return (
        bool(excluded)
        and None not in lacking
        and all(re.search(rf"!\w+\(`{re.escape(one)}`\)", rule) for one in excluded)
        and all(f"`{one.lower()}`" in rule.lower() for one in asked)
    )


def _asks(options: Any, build: RouteBuild, shared: Shared) -> bool:
    """Whether there are such options of TLS, on entry points that do nothing else."""
    known = _mapping(_mapping(_kept(shared).get("tls")).get("options"))
    if build.tls_options not in (None, options):
        return False
    return build.secure and isinstance(options, str) and bool(options in known or "@" in options)


def _are_there(names: Any, shared: Shared) -> bool:
    known = _mapping(_kept(shared).get("middlewares"))
    return isinstance(names, list) and all(
        isinstance(name, str) and (name in known or "@" in name) for name in names
    )


def internal(build: RouteBuild) -> str | None:
    """The service of Traefik's own, such as `api@internal`, that a route leads to."""
    kept = _mapping(unwrap(build.route).extensions.get("traefik")).get("service")
    return kept if isinstance(kept, str) and kept.endswith("@internal") else None


def plugins(build: RouteBuild, shared: Shared) -> None:
    """Have the kept middlewares of all scopes of a route act on it, the widest scope first."""
    for policies in reversed(build.scopes.levels):
        for kept in unwrap(policies).plugins.get("traefik", ()):
            if not isinstance(kept, dict):
                continue
            config = {kind: settings for kind, settings in kept.items() if kind != "name"}
            if len(config) == 1:
                name = str(kept.get("name") or next(iter(config)))
                build.use(shared.middlewares.add(name, config))


def put_back(data: Json, shared: Shared) -> None:
    """Sections of the dynamic file that nothing in the model uses."""
    kept = _kept(shared)
    for section in _HTTP:
        for name, config in _mapping(kept.get(section)).items():
            data.setdefault("http", {}).setdefault(section, {}).setdefault(name, config)
    for section in ("tcp", "udp"):
        if kept.get(section):
            data[section] = kept[section]
    options = _mapping(_mapping(kept.get("tls")).get("options"))
    if options:
        data.setdefault("tls", {})["options"] = options


def put_back_static(data: Json, shared: Shared) -> None:
    """Settings of the static file. This file's own provider stays as it is."""
    kept = without_removed(_mapping(_kept(shared).get("static")), shared)
    for key, value in kept.items():
        if key == "providers":
            data[key] = {**_mapping(value), **data[key]}
        elif key == "core":  # the rules are written in the syntax of version 3
            others = {name: one for name, one in _mapping(value).items() if name != _SYNTAX}
            data |= {key: others} if others else {}
        elif key == "entryPoints":
            _entry_points(data[key], _mapping(value))
        else:
            data[key] = value


def _entry_points(data: Json, kept_ones: Json) -> None:
    """Settings of entry points that are written, and whole ones that take no HTTP requests."""
    for name, settings in kept_ones.items():
        own = data.get(name)
        if own is not None:
            http = {**below(settings, "http"), **below(own, "http")}
            own |= {**settings, **own, **({"http": http} if http else {})}
        elif _is_whole_point(settings):
            data[name] = settings


def whole_points(shared: Shared) -> list[str]:
    """Names of the kept entry points to which no HTTP request comes."""
    found = _mapping(_mapping(_kept(shared).get("static")).get("entryPoints"))
    return [name for name, settings in found.items() if _is_whole_point(settings)]


def _is_whole_point(settings: Any) -> bool:
    return "address" in map(str.lower, _mapping(settings))


def _kept(shared: Shared) -> Json:
    return _mapping(unwrap(shared.gateway).extensions.get("traefik"))


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
