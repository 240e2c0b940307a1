"""Plugins into policies (https://developer.konghq.com/gateway/entities/plugin/).

What a single plugin means is in the modules of its kind; this one decides which of them acts in
which scope, and what one plugin makes of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from gal.importers.kong import access, cors, rate_limit, traffic
from gal.importers.kong.classify import TRACERS, PluginClass, classify
from gal.importers.kong.credentials import Credentials
from gal.importers.kong.placement import Placement, place, report_kept
from gal.importers.kong.scopes import Owners, Placed
from gal.importers.kong.transformers import read_transformers
from gal.ledger import Fate, Level
from gal.model import Policy

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.importers.kong.plugin import Plugin
    from gal.importers.kong.references import File
    from gal.ledger import Reporter

    Reader = Callable[[Plugin, Reporter], Policy]

AUTHENTICATION = ("jwt", "oauth2", "openid-connect", "key-auth", "basic-auth")
TRANSFORMERS = ("request-transformer", "response-transformer")
_ACCESS = frozenset({"acl", "ip-restriction", "bot-detection", *AUTHENTICATION})


def _readers() -> dict[str, tuple[str, Reader]]:
    """Plugin -> the one policy that it is, and how it is read."""
    return {
        "correlation-id": ("request_id", traffic.request_id),
        "bot-detection": ("user_agent", access.user_agent),
        "cors": ("cors", cors.cors),
        "ip-restriction": ("ip_access", access.ip_access),
        "acl": ("acl", access.acl),
        "request-size-limiting": ("size_limit", traffic.size_limit),
        "rate-limiting": ("rate_limit", rate_limit.rate_limit),
        "response-ratelimiting": ("response_rate_limit", rate_limit.response_rate_limit),
        "redirect": ("redirect", traffic.redirect),
        "proxy-cache": ("cache", traffic.cache),
        "request-termination": ("direct_response", traffic.direct_response),
    }


def read_plugins(
    file: File,
    owners: Owners,
    carried: dict[str, Any],
    context: ImportContext,
    guards: Iterable[Placed] = (),
) -> None:
    """Put the policies of all plugins into the model.

    Args:
        file: the input.
        owners: the model's services, routes and consumers.
        carried: gets the plugins that only Kong can have, as they are.
        context: for reports and the user's choices.
        guards: access controls that stand elsewhere.

    Raises:
        InputError: Kong would refuse one of them.
    """
    report = context.report
    placement = place(file, owners, carried)
    placement.narrow.extend(guards)
    readers = _readers()
    credentials = Credentials(file, owners, placement.instances, report)
    for name, instances in placement.instances.items():
        if name in AUTHENTICATION:
            credentials.add(name)
        elif name in readers:
            field, read = readers[name]
            for scope, placed in instances.items():
                policy = read(placed.plugin, report)
                if placed.kept:
                    policy.extensions.setdefault("kong", {}).update(placed.kept)
                    report_kept(placed, report)
                owners.put(scope, field, policy, placed.plugin)
        elif name not in TRANSFORMERS:
            for placed in instances.values():
                if _kind(placed, context) is PluginClass.GUARD:
                    credentials.add_guard(placed)
                else:
                    _carry(placed, owners, context)
    _read_narrow(placement, owners, credentials, context)
    credentials.finish()
    read_transformers(placement.instances, owners, report)
    for placed in placement.idle:
        _append(placed, owners)
    _report_order(placement, report)


def _report_order(placement: Placement, report: Reporter) -> None:
    """Kong asks for credentials first; the model's order has addresses before them."""
    if not any(name in AUTHENTICATION for name in placement.instances):
        return
    for placed in placement.instances.get("ip-restriction", {}).values():
        message = "addresses come before credentials: who has neither gets 403, not 401"
        node = placed.plugin.node.entries["name"]
        report.at(node, Fate.APPROXIMATED, Level.INFO, "ip_access", message)


def guards_access(plugin: Plugin, context: ImportContext) -> bool:
    """Whether a plugin decides who enters."""
    config = plugin.config
    ends = plugin.name == "request-termination" and not (config and config.peek("trigger"))
    kind = classify(plugin.name, context.options.treat_as_auth, config)
    return plugin.name in _ACCESS or ends or kind is PluginClass.GUARD


def _kind(placed: Placed, context: ImportContext) -> PluginClass:
    plugin = placed.plugin
    return classify(plugin.name, context.options.treat_as_auth, plugin.config)


def _append(placed: Placed, owners: Owners) -> None:
    policies = owners.policies(placed.scope)
    policies.plugins.setdefault("kong", []).append(placed.plain())


def _carry(placed: Placed, owners: Owners, context: ImportContext) -> None:
    """Keep a plugin that only Kong knows as it is."""
    plugin = placed.plugin
    if plugin.config is not None:
        plugin.config.take_all()
    _append(placed, owners)
    level, message = Level.WARNING, f"only Kong knows the plugin {plugin.name}"
    if _kind(placed, context) is PluginClass.OBSERVER:
        level, message = Level.INFO, "no effect on traffic"
        if plugin.name in TRACERS:
            message = "no effect on traffic, but for tracing headers that the upstream gets"
    if placed.narrow:
        scopes = " and ".join(sorted(placed.narrow))
        message += f" (for one {scopes} only)"
    context.report.at(plugin.node, Fate.CARRIED, level, "plugins", message)


def _read_narrow(
    placement: Placement, owners: Owners, credentials: Credentials, context: ImportContext
) -> None:
    """Plugins for a scope that the model has not: access controls hold for everybody, the others
    are kept for Kong.
    """
    for placed in placement.narrow:
        plugin = placed.plugin
        if not plugin.node.take_bool("enabled", True):
            placed.kept["enabled"] = False
            _carry(placed, owners, context)
            continue
        if guards_access(plugin, context):
            credentials.add_guard(placed)
        else:
            _carry(placed, owners, context)
