"""What was kept for Traefik, put back: middlewares and sections that only it knows."""

from __future__ import annotations

from typing import Any

from gal.claims import unwrap
from gal.exporters.traefik.build import Json, RouteBuild, Shared
from gal.model import Guard

_REFERENCE = "reference"
_NOT_MIDDLEWARES = frozenset(("rule", "cannot", "options", "middlewares"))
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
    """Settings of the static file. Entry points and this file's own provider stay as they are."""
    for key, value in _mapping(_kept(shared).get("static")).items():
        if key == "providers":
            data[key] = {**_mapping(value), **data[key]}
        elif key != "entryPoints":
            data[key] = value


def _kept(shared: Shared) -> Json:
    return _mapping(unwrap(shared.gateway).extensions.get("traefik"))


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
