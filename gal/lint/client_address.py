"""Who may say which address a client has: settings that believe everybody.

- Kong: `trusted_ips` of `kong.conf` (https://developer.konghq.com/gateway/configuration/#trusted_ips).
- APISIX: `nginx_config.http.real_ip_from` and `apisix.trusted_addresses` of `config.yaml`, and the
  plugin `real-ip` (https://apisix.apache.org/docs/apisix/plugins/real-ip/).
- Traefik: `forwardedHeaders.insecure` and `proxyProtocol.insecure` of entry points
  (https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/).
- Envoy: connection managers without `use_remote_address`
  (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-for).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.lint import envoy_files, traefik_files
from gal.lint.addresses import every_network
from gal.lint.own_files import own_file
from gal.lint.owners import owner_of
from gal.lint.peeking import at, flag, items, number, text, texts
from gal.lint.plugin_nodes import plugin_nodes
from gal.reading import Mapping, Node

if TYPE_CHECKING:
    from gal.lint.subject import RouteView, Subject
    from gal.model import ModelNode

_TRAEFIK = {"forwardedHeaders": "X-Forwarded-*", "proxyProtocol": "the PROXY protocol"}


@dataclass(frozen=True, slots=True, eq=False)
class Believed:
    """A setting by which anybody may say which address a client has.

    Attributes:
        node: what holds it, or lacks what would end it.
        key: the setting in it.
        what: the setting in words.
        how: what is believed: `X-Forwarded-For`, or the PROXY protocol.
        given: it stands in the file; what Envoy does by default does not.
        views: the routes that it is about.
        owner: what it belongs to.
        connection: it changes the address that the gateway itself counts by and compares.
    """

    node: Mapping
    key: str
    what: str
    how: str
    given: bool
    views: list[RouteView]
    owner: ModelNode
    connection: bool = True


def believed(subject: Subject) -> list[Believed]:
    """All such settings, in the order of the files."""
    return subject.once(_believed)


def setups(subject: Subject, provider: str) -> Iterator[Mapping]:
    """The files that set up a gateway itself: `kong.conf`, APISIX's `config.yaml`."""
    if subject.provider != provider:
        return
    for document in subject.documents:
        if own_file(document) == provider and isinstance(document.root, Mapping):
            yield document.root


def _believed(subject: Subject) -> list[Believed]:
    readers = {"kong": _kong, "apisix": _apisix, "traefik": _traefik, "envoy": _envoy}
    reader = readers.get(subject.provider)
    return list(reader(subject)) if reader is not None else []


def _kong(subject: Subject) -> Iterator[Believed]:
    for root in setups(subject, "kong"):
        found = every_network((text(root, "trusted_ips") or "").split(","))
        header = text(root, "real_ip_header") or "X-Real-IP"
        if found is not None:
            what = f"trusted_ips holds {found}"
            yield _everywhere(subject, root, "trusted_ips", what, header)


def _apisix(subject: Subject) -> Iterator[Believed]:
    for root in setups(subject, "apisix"):
        for path, how in (
            ("nginx_config.http.real_ip_from", "X-Real-IP"),
            ("apisix.trusted_addresses", "X-Forwarded-*"),
        ):
            above, _, key = path.rpartition(".")
            found = every_network(texts(root, path))
            parent = at(root, above)
            if found is not None and isinstance(parent, Mapping):
                header = text(parent, "real_ip_header") or how
                yield _everywhere(subject, parent, key, f"{key} holds {found}", header)
    for plugin in plugin_nodes(subject, "real-ip"):
        trusted = texts(plugin.config, "trusted_addresses")
        found = every_network(trusted)
        if trusted and found is None:
            continue
        what = f"trusted_addresses holds {found}" if found else "real-ip without trusted_addresses"
        owner = owner_of(subject, plugin.node)
        how = _header(text(plugin.config, "source") or "")
        key = "trusted_addresses" if found else ""
        views = views_at(subject, plugin.node)
        yield Believed(plugin.config, key, what, how, True, views, owner)


def _traefik(subject: Subject) -> Iterator[Believed]:
    for name, point in traefik_files.entry_points(subject):
        own = [one for one in traefik_files.routers(subject) if name in one.points]
        views = traefik_files.views_of(subject, own)
        for section, how in _TRAEFIK.items():
            node = at(point, section)
            if not isinstance(node, Mapping):
                continue
            found = every_network(texts(node, "trustedIPs"))
            insecure = flag(node, "insecure")
            if not insecure and found is None:
                continue
            key = "insecure" if insecure else "trustedIPs"
            what = f"{section}.{key} " + ("is set" if insecure else f"holds {found}")
            yield Believed(
                node, key, what, how, True, views, subject.gateway, section == "proxyProtocol"
            )


def _envoy(subject: Subject) -> Iterator[Believed]:
    for manager in envoy_files.managers(subject):
        node = manager.node
        if flag(node, "use_remote_address") or not envoy_files.is_outside(manager.listener):
            continue
        if number(node, "xff_num_trusted_hops") or items(node, "original_ip_detection_extensions"):
            continue
        given = node.has("use_remote_address")
        what = "use_remote_address is false" + ("" if given else " by default")
        views = envoy_files.views_of(subject, manager)
        key = "use_remote_address" if given else ""
        yield Believed(node, key, what, "X-Forwarded-For", given, views, subject.gateway)


def _everywhere(subject: Subject, node: Mapping, key: str, what: str, how: str) -> Believed:
    return Believed(node, key, what, how, True, list(subject.routes), subject.gateway)


def views_of(subject: Subject, owner: ModelNode) -> list[RouteView]:
    """The routes that something acts on which belongs to a part of the model."""
    if owner is subject.gateway:
        return list(subject.routes)
    found = subject.once(_views_by_owner)
    return found.get(id(owner), [])


def views_at(subject: Subject, node: Node) -> list[RouteView]:
    """The routes that a plugin acts on which stands somewhere in a file. Those of APISIX's
    `plugin_configs` act on the routes that name them.
    """
    above: Node | None = node
    while above is not None:
        parent = above.parent
        if subject.provider == "apisix" and parent is not None and parent.key == "plugin_configs":
            return subject.once(_views_by_plugin_config).get(text(above, "id") or "", [])
        above = parent
    return views_of(subject, owner_of(subject, node))


def _views_by_plugin_config(subject: Subject) -> dict[str, list[RouteView]]:
    found: dict[str, list[RouteView]] = {}
    for view in subject.routes:
        origin = view.route.origin
        name = text(origin.node, "plugin_config_id") if origin is not None else None
        if name:
            found.setdefault(name, []).append(view)
    return found


def _views_by_owner(subject: Subject) -> dict[int, list[RouteView]]:
    found: dict[int, list[RouteView]] = {}
    for view in subject.routes:
        for one in (view.route, view.service):
            if one is not None:
                found.setdefault(id(one), []).append(view)
    return found


def _header(variable: str) -> str:
    """What a variable of nginx is called by others."""
    if variable.startswith("http_"):
        return variable.removeprefix("http_").replace("_", "-").title()
    return f"${variable}"
