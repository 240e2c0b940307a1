"""Builds the model from what the files hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.apisix.assembly import Assembly
from gal.importers.apisix.carried import carry_route, carry_sections, stand_in
from gal.importers.apisix.certificates import guard_routes, read_certificates
from gal.importers.apisix.consumers import read_consumers
from gal.importers.apisix.file import gather
from gal.importers.apisix.mirroring import Mirrors
from gal.importers.apisix.placing import Placing
from gal.importers.apisix.plugin import Plugins, plugins_of, take_plugins
from gal.importers.apisix.routes import distinct_names, is_on, read_route
from gal.importers.apisix.server import read_server
from gal.importers.apisix.steering import Steering
from gal.model import Gateway, Global, Listener, Origin, Policies, RouteOrder

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.importers.apisix.file import File
    from gal.reading import Document, Mapping


_HTTP_PORT = 9080
_HTTPS_PORT = 9443


def build(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files.

    Raises:
        InputError: APISIX would refuse them, or they are a `config.yaml`.
    """
    file = gather(documents, context)
    settings = Global(port=_HTTP_PORT, route_order=RouteOrder.APISIX)
    gateway = Gateway(settings=settings)
    if file.roots:
        gateway.origin = Origin(file.roots[0], {})
        gateway.policies = Policies(origin=Origin(file.roots[0], {}))
    certificates = read_certificates(file)
    assembly = Assembly(file, gateway, certificates)
    assembly.read_upstreams()
    assembly.read_services()
    consumers = read_consumers(file)
    gateway.consumers = list(consumers.models.values())
    groups = frozenset(group for one in gateway.consumers for group in one.groups)
    placing = Placing(
        context, Mirrors(assembly), _metadata(file), frozenset(consumers.models), groups
    )
    _read_global_rules(file, placing)
    placing.place_everywhere(gateway.policies)
    _read_routes(file, assembly, placing)
    for name, plugins in consumers.plugins.items():
        placing.place(consumers.models[name].policies, plugins, {}, consumer=True)
    for plugins in consumers.unused:
        placing.skip(plugins, "no consumer is of this group")
    for plugins in consumers.groups:
        placing.skip_hidden(plugins)
    for name in sorted(placing.named & placing.consumers):
        consumers.models[name].groups.append(name)
    guard_routes(gateway, certificates)
    gateway.certificates = certificates.models
    carry_sections(file, gateway)
    if any(one.key is not None and one.server_names for one in gateway.certificates):
        gateway.listeners = [
            Listener("http", port=_HTTP_PORT),
            Listener("https", port=_HTTPS_PORT, protocol="https"),
        ]
    read_server(file, gateway)
    return gateway


def _metadata(file: File) -> dict[str, Mapping]:
    """The plugins' settings for the whole gateway, by plugin."""
    found: dict[str, Mapping] = {}
    for entity in file.of("plugin_metadata"):
        if entity.id is not None:
            found[entity.id] = entity.node
        else:
            found.update((name, one.node) for name, one in plugins_of(entity.node).items())
    return found


def _read_global_rules(file: File, placing: Placing) -> None:
    for entity in file.of("global_rules"):
        node = entity.node
        if file.adc and entity.id is None and not node.has("plugins"):
            placing.everywhere.extend(plugins_of(node).values())
            continue
        for key in ("id", "create_time", "update_time"):
            node.mark(key)
        placing.everywhere.extend(take_plugins(node).values())


def _read_routes(file: File, assembly: Assembly, placing: Placing) -> None:
    services: dict[int, Plugins] = {}
    for entity in file.of("services"):
        plugins = services[id(entity)] = take_plugins(entity.node)
        placing.place(assembly.services[id(entity)].model.policies, plugins, {})
    configs = _plugin_configs(file)
    renamed = distinct_names(file)
    steering = Steering(assembly, placing)
    used: set[int] = set()
    for entity in file.of("routes"):
        if not is_on(entity):
            carry_route(file, assembly.gateway, entity, None, {}, placing)
            continue
        service = entity.service or file.find("services", entity.node, "service_id")
        base = services.get(id(service), {}) if service is not None else {}
        own = take_plugins(entity.node)
        config = file.find("plugin_configs", entity.node, "plugin_config_id")
        if config is not None:
            own = {**configs[id(config)], **own}
        route, unsaid = read_route(file, entity, renamed)
        placed = assembly.place(entity, route, service) if unsaid is None else unsaid
        if isinstance(placed, str):
            plugins = {**base, **own}
            if carry_route(file, assembly.gateway, entity, placed, plugins, placing):
                stand_in(assembly.gateway, route, placed)
            continue
        placing.place(route.policies, own, base)
        steering.steer(route, placed, {**base, **own})
        used |= {id(service), id(config)}
    _skip_unused(services, configs, used, placing)


def _skip_unused(
    services: dict[int, Plugins], configs: dict[int, Plugins], used: set[int], placing: Placing
) -> None:
    """Deal with plugins that no route has."""
    reason = "no route has this plugin"
    for key, plugins in configs.items():
        if key not in used:
            placing.skip(plugins, reason)
        placing.skip_hidden(plugins)
    for key, plugins in services.items():
        if key not in used:
            placing.skip_steering(plugins, reason)
    if not used:
        placing.skip_steering({plugin.name: plugin for plugin in placing.everywhere}, reason)


def _plugin_configs(file: File) -> dict[int, Plugins]:
    found = {}
    for entity in file.of("plugin_configs"):
        node = entity.node
        for key in ("id", "name", "desc", "labels", "create_time", "update_time"):
            below = node.take(key)
            if below is not None:
                below.take_all()
        found[id(entity)] = take_plugins(node)
    return found
