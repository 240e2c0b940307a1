"""Listener filters: what looks at a connection before its filter chain is chosen.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/listener_filters
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.envoy.chain import canonical, take_typed
from gal.ledger import Fate, Level

if TYPE_CHECKING:
    from gal.ledger import Reporter
    from gal.reading import Mapping

_FEATURE = "listeners"
_PACKAGE = "envoy.filters.listener."
_PROXY_PROTOCOL = f"{_PACKAGE}proxy_protocol"
_EVERYWHERE = {
    f"{_PACKAGE}tls_inspector": "every gateway looks for the server name",
    f"{_PACKAGE}http_inspector": "every gateway looks for the protocol",
}
_MESSAGES = {
    _PROXY_PROTOCOL: "elsewhere the client's address is that of the connection",
}
_TYPE = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"


def looks_for_protocol(node: Mapping) -> bool:
    """Whether a listener finds out the protocol of plain connections."""
    found = node.peek("listener_filters")
    return found is not None and "http_inspector" in repr(found.plain())


def listener_filters(node: Mapping, report: Reporter, kept: dict[str, Any]) -> bool:
    """The filters of a listener; whether the client's address is one that somebody tells.

    Args:
        node: the listener.
        report: where differences go.
        kept: gets those that only Envoy has.
    """
    told = False
    for one in node.take_mappings("listener_filters"):
        name = one.take_str("name", "")
        typed = take_typed(one)
        kind = (typed.kind if typed is not None else "") or canonical(name)
        told = told or kind == _PROXY_PROTOCOL
        one.take_all()
        if kind in _EVERYWHERE:
            report.at(one, Fate.DROPPED, Level.INFO, _FEATURE, _EVERYWHERE[kind])
            continue
        message = _MESSAGES.get(kind, f"only Envoy has the listener filter {kind}")
        value = one.plain()
        if kind == _PROXY_PROTOCOL and typed is None:
            value["typed_config"] = {"@type": _TYPE}
        fate = Fate.CARRIED if "typed_config" in value else Fate.DROPPED
        report.at(one, fate, Level.WARNING, _FEATURE, message)
        if fate is Fate.CARRIED:
            kept.setdefault("listener_filters", []).append(value)
    return told
