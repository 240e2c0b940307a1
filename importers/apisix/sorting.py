"""Which plugins the model can say as they are told, and what each is resolved together with."""

from __future__ import annotations

from gal.importers.apisix import access, answers, limits
from gal.importers.apisix.classify import ANSWER, AUTH, GROUPS, PluginClass, classify
from gal.importers.apisix.plugin import Plugin

TO_HTTPS = "https_redirect"
"""The group of a `redirect` that only sends plain HTTP to HTTPS."""


def sort(
    plugin: Plugin, treat_as_auth: frozenset[str], names_are_apart: bool
) -> tuple[PluginClass, str]:
    """What becomes of a plugin, and its group.

    Args:
        plugin: the plugin.
        treat_as_auth: names of further plugins that guard access.
        names_are_apart: no consumer has the name of a group, so each can be a group of its own.
    """
    found = classify(plugin, treat_as_auth)
    if found is PluginClass.MODELLED:
        found = _said(plugin, names_are_apart)
    if found is PluginClass.GUARD:
        return found, AUTH
    if found is not PluginClass.MODELLED:
        return found, f"plugin {plugin.name}"
    if plugin.name == "redirect" and answers.to_https(plugin):
        return found, TO_HTTPS
    return found, GROUPS[plugin.name]


def _said(plugin: Plugin, names_are_apart: bool) -> PluginClass:
    """`MODELLED`, or what becomes of a plugin that is told more than the model can say."""
    name = plugin.name
    unsaid = (
        (name == "limit-count" and not limits.is_plain_count(plugin))
        or (name == "redirect" and not answers.is_said_redirect(plugin))
        or (GROUPS[name] == ANSWER and not answers.is_said_answer(plugin))
    )
    if unsaid:
        return PluginClass.GUARD if answers.refuses(plugin) else PluginClass.OTHER
    unsaid = name == "consumer-restriction" and not _is_acl(plugin, names_are_apart)
    return PluginClass.GUARD if unsaid else PluginClass.MODELLED


def _is_acl(plugin: Plugin, names_are_apart: bool) -> bool:
    if not access.is_by_group(plugin):
        return False
    kind = plugin.node.peek("type")
    return names_are_apart or (kind is not None and kind.as_str() == "consumer_group_id")
