"""Settings of the server itself, `config.yaml`: its ports, and which router chooses between routes
(https://apisix.apache.org/docs/apisix/router-radixtree/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.apisix.fields import take_choice
from gal.ledger import Fate, Level
from gal.model import Gateway, Listener, Origin
from gal.reading import Mapping, Node, Sequence

if TYPE_CHECKING:
    from gal.importers.apisix.file import File

BY_HOST = "radixtree_host_uri"
_WITH_PARAMETER = "radixtree_uri_with_parameter"
_ROUTERS = (BY_HOST, "radixtree_uri", _WITH_PARAMETER)
_HTTP_PORT, _HTTPS_PORT = 9080, 9443
_EVERYWHERE = "0.0.0.0"


def read_server(file: File, gateway: Gateway) -> None:
    """The listeners, and the router where it is not the usual one."""
    for root in file.servers:
        settings = root.take_mapping("apisix")
        if settings is not None:
            _router(file, settings, gateway)
            _ports(settings, gateway)
        _skip_rest(file, root, settings)


def _router(file: File, settings: Mapping, gateway: Gateway) -> None:
    node = settings.take_mapping("router")
    if node is None:
        return
    name = take_choice(node, "http", _ROUTERS, BY_HOST)
    if name == BY_HOST:
        return
    gateway.extensions.setdefault("apisix", {})["router"] = name
    if name == _WITH_PARAMETER:
        message = "uris with a :parameter are taken literally; this router has it for any segment"
        file.report.at(
            node.entries["http"], Fate.APPROXIMATED, Level.WARNING, "route_order", message
        )


def _ports(settings: Mapping, gateway: Gateway) -> None:
    listen = settings.take("node_listen")
    plain = _entries(listen, _HTTP_PORT, "http")
    ssl = settings.take_mapping("ssl")
    secure: list[Listener] = []
    if ssl is not None and ssl.take_bool("enable", True):
        secure = _entries(ssl.take("listen"), _HTTPS_PORT, "https")
    if len(plain) == 1 and not secure and ssl is not None:
        gateway.settings.host, gateway.settings.port = plain[0].host, plain[0].port
        gateway.listeners = []
        return
    if not secure:
        secure = [one for one in gateway.listeners if one.protocol == "https"]
    if listen is None:
        plain = [Listener("http", port=_HTTP_PORT)]
    gateway.listeners = [*_named(plain, "http"), *_named(secure, "https")]


def _entries(node: Node | None, port: int, protocol: str) -> list[Listener]:
    """A port, or a list of ports or of mappings with `ip` and `port`."""
    if node is None:
        return []
    found = []
    for item in node.items if isinstance(node, Sequence) else [node]:
        origin = Origin(item, {"host": "ip"})
        if isinstance(item, Mapping):
            for key in ("enable_http2", "enable_http3"):
                item.mark(key)
            host, number = item.take_str("ip", _EVERYWHERE), item.take_int("port", port)
            found.append(Listener("", host, number, protocol, origin=origin))
        else:
            found.append(Listener("", port=item.as_int(), protocol=protocol, origin=origin))
    return found


def _named(listeners: list[Listener], name: str) -> list[Listener]:
    for number, one in enumerate(listeners, 1):
        one.name = name if number == 1 else f"{name}-{number}"
    return listeners


def _skip_rest(file: File, root: Mapping, settings: Mapping | None) -> None:
    message = "settings of the server itself, which are no part of a gateway's routes"
    for mapping in (root, settings):
        if mapping is None:
            continue
        for key, below in mapping.entries.items():
            if below is settings or key in ("router", "node_listen", "ssl"):
                continue
            mapping.mark(key)
            below.take_all()
            level = Level.INFO
            file.report.at(below, Fate.DROPPED, level, key, message)
    ssl = None if settings is None else settings.peek("ssl")
    if isinstance(ssl, Mapping):
        for key, below in ssl.entries.items():
            if key not in ("enable", "listen"):
                ssl.mark(key)
                below.take_all()
                file.report.at(below, Fate.DROPPED, Level.INFO, key, message)
