"""Where requests go besides or instead of the route's own upstream: `proxy-mirror` and
`traffic-split` (https://apisix.apache.org/docs/apisix/plugins/proxy-mirror/,
https://apisix.apache.org/docs/apisix/plugins/traffic-split/).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.apisix.authentication import take_meta
from gal.importers.apisix.fields import Kept, carry, extensions, take_integer
from gal.importers.apisix.upstreams import Backing
from gal.ledger import Fate, Level
from gal.model import Backend, HostHeader, Mirror, Origin, Protocol, Service, Target, Upstream
from gal.reading import Mapping, Sequence

if TYPE_CHECKING:
    from gal.importers.apisix.assembly import Assembly
    from gal.importers.apisix.plugin import Plugin
    from gal.ledger import Reporter

MIRROR_NAMES = {"upstream": "host", "percent": "sample_ratio"}
_ADDRESS = re.compile(r"(https?|grpcs?)://(\[[^\]]+\]|[^/:]+)(?::(\d+))?/?")
_PORTS = {"http": 80, "https": 443, "grpc": 80, "grpcs": 443}


@dataclass(slots=True)
class Mirrors:
    """Makes the upstreams that plugins name by their address.

    Attributes:
        assembly: gets them.
        made: their names, by address.
        inline: names of the upstreams of `traffic-split`, by node.
    """

    assembly: Assembly
    made: dict[str, str] = field(default_factory=dict)
    inline: dict[int, str | None] = field(default_factory=dict)

    def mirror(self, plugin: Plugin, report: Reporter) -> Mirror:
        """A `proxy-mirror` plugin.

        Raises:
            InputError: its host is no address.
        """
        config = plugin.node
        address = config.require_str("host")
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise config.entries["host"].error(
                f'"{address}" is no address', "write it as http://HOST:PORT"
            )
        ratio = config.take_float("sample_ratio", 1)
        kept = carry(
            config,
            report,
            "mirror",
            Kept("path", message="other gateways send the copy to the request's own path"),
            Kept("path_concat_mode", "replace", Level.INFO),
        )
        return Mirror(
            self._upstream(address, match, plugin),
            percent=ratio * 100,
            extensions=extensions(kept),
            origin=plugin.origin(MIRROR_NAMES),
        )

    def _upstream(self, address: str, match: re.Match[str], plugin: Plugin) -> str:
        name = self.made.get(address)
        if name is not None:
            return name
        scheme, host, port = match.groups()
        origin = plugin.origin({"host": "host", "port": "host", "targets": "host"})
        label = f"mirror-{host.strip('[]')}-{port or _PORTS[scheme]}"
        name = self.assembly.names.unique(label, "upstream")
        target = Target(host.strip("[]"), int(port) if port else _PORTS[scheme], origin=origin)
        upstream = Upstream(name, [target], host_header=HostHeader(), origin=origin)
        backing = Backing(upstream, Protocol(scheme))
        self.made[address] = self.assembly.refer(backing) or name
        return self.made[address]

    def backends(
        self, plugin: Plugin, service: Service | None, report: Reporter
    ) -> tuple[list[Backend], dict[str, Any]]:
        """A `traffic-split` plugin: its backends, or what has to be kept of it for APISIX.

        Raises:
            InputError: it names an upstream that is not there.
        """
        config = plugin.node
        meta = take_meta(plugin, report, "backends")
        rules = config.take_mappings("rules")
        if not rules:
            return [], meta
        if len(rules) > 1 or _has_match(rules[0]):
            config.take_all()
            message = "other gateways do not split by conditions: all goes to the route's upstream"
            report.at(config, Fate.CARRIED, Level.WARNING, "backends", message)
            return [], {"traffic-split": config.plain()}
        rules[0].mark("match")
        found = []
        for item in rules[0].take_mappings("weighted_upstreams"):
            name = self._name(item, service)
            weight = take_integer(item, "weight", 1)
            if name is None:
                message = "this part of the requests has no upstream of HTTP here"
                report.at(item, Fate.DROPPED, Level.WARNING, "backends", message)
                continue
            found.append(Backend(name, weight, origin=Origin(item, {})))
        return found, meta

    def _name(self, item: Mapping, service: Service | None) -> str | None:
        assembly = self.assembly
        entity = assembly.file.find("upstreams", item, "upstream_id")
        inline = item.take_mapping("upstream")
        if entity is not None:
            return assembly.named_upstream(entity)
        if inline is None:
            return None if service is None else assembly.name_of(service)
        if id(inline) not in self.inline:
            given = inline.peek("name")
            label = given.as_str() if given is not None else f"split-{len(self.inline) + 1}"
            self.inline[id(inline)] = assembly.add_upstream(inline, label)
        return self.inline[id(inline)]


def _has_match(rule: Mapping) -> bool:
    node = rule.peek("match")
    return isinstance(node, Sequence) and bool(node.items)
