"""The part of a bootstrap that a case is about, and the whole bootstrap again.

`cut` and `whole` undo each other: what a piece does not say is as in the frame, exactly.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Json = dict[str, Any]
_MANAGER_NAME = "envoy.filters.network.http_connection_manager"
_CHAINS = ("filter_chains", "default_filter_chain")


def less(frame: Json, data: Json) -> Json:
    """What `data` says otherwise than the frame; None stands for what it lacks."""
    found: Json = {}
    for key, value in data.items():
        if key not in frame:
            found[key] = value
        elif value != frame[key]:
            both = isinstance(value, dict) and isinstance(frame[key], dict)
            found[key] = less(frame[key], value) if both else value
    return found | {key: None for key in frame if key not in data}


def more(frame: Json, piece: Json) -> Json:
    """The frame with what the piece says."""
    found = dict(frame)
    for key, value in piece.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict) and isinstance(frame.get(key), dict):
            found[key] = more(frame[key], value)
        else:
            found[key] = value
    return found


class EnvoyFrame:
    """A bootstrap with one listener, one route and one cluster, to cut others by."""

    def __init__(self, bootstrap: Json) -> None:
        static = bootstrap["static_resources"]
        self.listener = static["listeners"][0]
        self.manager = self.listener["filter_chains"][0]["filters"][-1]["typed_config"]
        self.routing = self.manager["route_config"]
        self.host = self.routing["virtual_hosts"][0]
        self.router = self.manager["http_filters"][-1]
        self.reply = self.manager["local_reply_config"]["mappers"][-1]
        self.cluster = static["clusters"][0]
        self.bootstrap = {key: bootstrap[key] for key in bootstrap if key != "static_resources"}
        self.static = {key: static[key] for key in static if key not in ("listeners", "clusters")}

    def cut(self, bootstrap: Json) -> Json:
        """The piece of a bootstrap.

        Raises:
            ValueError: it is built otherwise than the frame, so that no piece can say it.
        """
        static = bootstrap["static_resources"]
        rest = {key: bootstrap[key] for key in bootstrap if key != "static_resources"}
        piece = self._listeners(static.get("listeners", []))
        clusters = [self._cluster(one) for one in static.get("clusters", [])]
        if clusters != [self._cluster(self.cluster)]:
            piece["clusters"] = clusters
        others = {key: static[key] for key in static if key not in ("listeners", "clusters")}
        piece |= {"static_resources": others} if others != self.static else {}
        more_keys = less(self.bootstrap, rest)
        piece |= {"bootstrap": more_keys} if more_keys else {}
        if self.whole(piece) != bootstrap:
            raise ValueError("the frame cannot say this bootstrap")
        return piece

    def whole(self, piece: Json) -> Json:
        """The bootstrap of a piece."""
        listeners = piece.get("listeners", [{"name": self.listener["name"]}])
        static: Json = dict(piece.get("static_resources", self.static))
        static["listeners"] = [self._whole_listener(one, piece) for one in listeners]
        clusters = piece.get("clusters", [self._cluster(self.cluster)])
        static["clusters"] = [self._whole_cluster(one) for one in clusters]
        if not static["clusters"]:
            del static["clusters"]
        bootstrap = more(self.bootstrap, piece.get("bootstrap", {}))
        return deepcopy(bootstrap | {"static_resources": static})

    def _listeners(self, listeners: list[Json]) -> Json:
        """Every listener, and what their managers have in common."""
        cut = [self._listener(one) for one in listeners]
        managers = [manager for _, of_chains in cut for manager in of_chains]
        common = managers[0] if managers and all(one == managers[0] for one in managers) else None
        found = [listener for listener, _ in cut]
        if common is None:
            for listener, of_chains in cut:
                chains = listener.setdefault("filter_chains", [{}])
                default = listener.get("default_filter_chain")
                every = [*chains, *([default] if default is not None else [])]
                for chain, manager in zip(every, of_chains, strict=True):
                    chain["manager"] = manager
        piece: Json = dict(common or {})
        if found != [{"name": self.listener["name"]}]:
            piece["listeners"] = found
        return piece

    def _listener(self, listener: Json) -> tuple[Json, list[Json]]:
        """A listener without what the frame's says, and the managers of its chains."""
        rest = {key: listener[key] for key in listener if key not in _CHAINS}
        frame = {key: self.listener[key] for key in self.listener if key not in _CHAINS}
        piece = {"name": listener["name"], **less(frame, rest)}
        chains = listener.get("filter_chains", [])
        default = listener.get("default_filter_chain")
        every = [*chains, *([default] if default else [])]
        cut = [self._chain(chain, listener["name"]) for chain in every]
        if default:
            piece["default_filter_chain"] = cut[-1][0]
        own = [chain for chain, _ in cut[: len(chains)]]
        if own != [{}]:
            piece["filter_chains"] = own
        return piece, [manager for _, manager in cut]

    def _chain(self, chain: Json, name: str) -> tuple[Json, Json]:
        *others, last = chain["filters"]
        if last["name"] != _MANAGER_NAME:
            raise ValueError("a filter chain without a connection manager")
        piece = {key: chain[key] for key in chain if key != "filters"}
        if others:
            piece["network_filters"] = others
        return piece, self._manager(last["typed_config"], name)

    def _whole_listener(self, piece: Json, common: Json) -> Json:
        frame = {key: self.listener[key] for key in self.listener if key not in _CHAINS}
        whole = more(frame, {key: piece[key] for key in piece if key not in _CHAINS})
        chains = piece.get("filter_chains", [{}])
        if chains:
            whole["filter_chains"] = [self._whole_chain(one, common, piece) for one in chains]
        if "default_filter_chain" in piece:
            chain = self._whole_chain(piece["default_filter_chain"], common, piece)
            whole["default_filter_chain"] = chain
        return whole

    def _whole_chain(self, chain: Json, common: Json, listener: Json) -> Json:
        config = self._whole_manager(chain.get("manager", common), listener["name"])
        manager = {"name": _MANAGER_NAME, "typed_config": config}
        rest = {k: v for k, v in chain.items() if k not in ("manager", "network_filters")}
        return {**rest, "filters": [*chain.get("network_filters", []), manager]}

    def _framed_manager(self, name: str) -> Json:
        apart = ("http_filters", "route_config", "local_reply_config")
        frame = {key: self.manager[key] for key in self.manager if key not in apart}
        return frame | {"stat_prefix": name}

    def _manager(self, manager: Json, name: str) -> Json:
        apart = ("http_filters", "route_config", "local_reply_config")
        piece: Json = {}
        routing = manager["route_config"]
        hosts = routing["virtual_hosts"]
        framed_routing = {k: v for k, v in self.routing.items() if k != "virtual_hosts"}
        other = {key: routing[key] for key in routing if key != "virtual_hosts"}
        said = less(framed_routing, other)
        piece |= {"route_config": said} if said else {}
        same_host = len(hosts) == 1 and {**hosts[0], "routes": []} == {**self.host, "routes": []}
        if not same_host:
            piece["virtual_hosts"] = hosts
        elif hosts[0]["routes"] != self.host["routes"]:
            piece["routes"] = hosts[0]["routes"]
        filters = manager["http_filters"]
        if filters[-1] != self.router:
            raise ValueError("another router")
        piece |= {"http_filters": filters[:-1]} if filters[:-1] else {}
        replies = manager.get("local_reply_config", {})
        mappers = replies.get("mappers", [])
        if mappers[-1:] != [self.reply] or set(replies) != {"mappers"}:
            piece["local_reply_config"] = replies
        elif mappers[:-1]:
            piece["local_replies"] = mappers[:-1]
        rest = {key: manager[key] for key in manager if key not in apart}
        said = less(self._framed_manager(name), rest)
        return {**piece, **({"manager": said} if said else {})}

    def _whole_manager(self, piece: Json, name: str) -> Json:
        manager = more(self._framed_manager(name), piece.get("manager", {}))
        hosts = piece.get("virtual_hosts")
        if hosts is None:
            hosts = [{**self.host, "routes": piece.get("routes", self.host["routes"])}]
        routing = {key: self.routing[key] for key in self.routing if key != "virtual_hosts"}
        routing = more(routing, piece.get("route_config", {})) | {"virtual_hosts": hosts}
        replies = piece.get("local_reply_config")
        if replies is None:
            replies = {"mappers": [*piece.get("local_replies", []), self.reply]}
        if replies:
            manager["local_reply_config"] = replies
        manager["route_config"] = routing
        manager["http_filters"] = [*piece.get("http_filters", []), self.router]
        return manager

    def _framed_cluster(self, name: str) -> Json:
        apart = ("name", "load_assignment")
        frame = {key: self.cluster[key] for key in self.cluster if key not in apart}
        return {"name": name, **frame}

    def _cluster(self, cluster: Json) -> Json:
        """A cluster without what the frame's says; its only endpoint as `address`."""
        said = less(self._framed_cluster(cluster["name"]), cluster)
        bare = sum(value is None for value in said.values()) > 2
        if bare:  # one that has little in common with the frame's
            said = {key: value for key, value in cluster.items() if key != "name"}
        found: Json = {"name": cluster["name"], **({"bare": True} if bare else {})}
        load = said.pop("load_assignment", None)
        address = _only_address(load, cluster["name"])
        if address is not None:
            found["address"] = address
        elif load is not None:
            found["load_assignment"] = load
        return {**found, **said}

    def _whole_cluster(self, piece: Json) -> Json:
        said = {key: piece[key] for key in piece if key not in ("address", "bare")}
        if "address" in piece:
            said["load_assignment"] = _load(piece["address"], piece["name"])
        return said if "bare" in piece else more(self._framed_cluster(piece["name"]), said)


def _load(address: str, name: str) -> Json:
    host, _, port = address.rpartition(":")
    socket = {"address": host, "port_value": int(port)}
    endpoint = {"endpoint": {"address": {"socket_address": socket}}}
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}


def _only_address(load: Any, name: str) -> str | None:
    try:
        endpoint = load["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        socket = endpoint["address"]["socket_address"]
        text = f"{socket['address']}:{socket['port_value']}"
    except (KeyError, IndexError, TypeError):
        return None
    return text if load == _load(text, name) else None
