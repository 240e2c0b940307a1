r"""Conditions on the connection: addresses, ports, hosts and TLS server names.

Hosts and server names that are no plain names are read where the expression says no more than one
wildcard: `\.a\.test\z` is `*.a.test`, `^a\..` is `a.*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gal.importers.apisix.texts import plain_text, texts_of
from gal.model import AddressMatch, Route
from gal.reading import Node, Scalar, Sequence, is_placeholder

_PORT = re.compile(r"\d{1,5}")


def apply(route: Route, variable: str, operator: str, value: Node) -> bool:
    """Whether a condition became one of the route's own matches."""
    known = _KNOWN.get(variable)
    return known is not None and known(route, operator, value)


def apply_any(route: Route, items: list[Node]) -> bool:
    """Whether conditions, any of which has to hold, became one of the route's own matches."""
    rows = [_row(item) for item in items]
    if None in rows or not rows:
        return False
    found = [row for row in rows if row is not None]
    variables = {name for row in found for name in row}
    if variables <= {"remote_addr", "remote_port"}:
        return _put_any(route, "sources", found, "remote_addr", "remote_port")
    if variables <= {"server_addr", "server_port"}:
        return _put_any(route, "destinations", found, "server_addr", "server_port")
    if variables <= {"host", "server_port"} and all("host" in row for row in found):
        return _put_hosts(route, found)
    if variables == {"scheme", "ssl_server_name"}:
        return _put_server_names(route, found)
    return False


def apply_host(route: Route, node: Sequence) -> bool:
    """Whether a host with the port that a request names became a host of the route."""
    parts = [item for item in node.items[1:] if isinstance(item, Sequence)]
    if len(parts) != 2 or _named_port(parts[1]) is None:
        return False
    row = _row(node)
    return row is not None and row.keys() == {"host", "server_port"} and _put_hosts(route, [row])


def narrow_schemes(route: Route, schemes: list[str]) -> bool:
    """Take only some schemes, of those that are taken now. False where none is left."""
    left = [one for one in schemes if one in route.schemes or not route.schemes]
    route.schemes = left or route.schemes
    return bool(left)


Row = dict[str, tuple[str, Node]]
"""Operator and value, by variable."""


def _row(node: Node) -> Row | None:
    """One of several alternatives: a condition, or several that all have to hold."""
    if not isinstance(node, Sequence) or not node.items:
        return None
    first = node.items[0]
    parts = [node]
    if isinstance(first, Scalar) and first.text == "AND":
        parts = [item for item in node.items[1:] if isinstance(item, Sequence)]
        if len(parts) != len(node.items) - 1:
            return None
    row: Row = {}
    for part in parts:
        if (port := _named_port(part)) is not None:
            if "server_port" in row:
                return None
            row["server_port"] = ("==", port)
            continue
        items = part.items
        if len(items) != 3 or not isinstance(items[0], Scalar) or not isinstance(items[1], Scalar):
            return None
        if items[0].text in row:
            return None
        row[items[0].text] = (items[1].text, items[2])
    return row


def _named_port(node: Sequence) -> Node | None:
    """The port of a condition on the port that a request names, or where it names none, that it
    comes to, as GAL writes it.
    """
    try:
        port = node.items[2].items[2].items[2]  # type: ignore[attr-defined]
    except (AttributeError, IndexError):
        return None
    unnamed = ["AND", ["http_host", "!", "~~", r":\d+\z"], ["server_port", "==", port.plain()]]
    wanted = ["OR", ["http_host", "~~", rf":{port.plain()}\z"], unnamed]
    return port if node.plain() == wanted else None


def _put_any(route: Route, field: str, rows: list[Row], ip: str, port: str) -> bool:
    if getattr(route, field):
        return False
    made: list[AddressMatch] = []
    for row in rows:
        ips: list[str | None] = [None]
        ports: list[int | None] = [None]
        if ip in row:
            ips = [*(_addresses(*row[ip]) or ())]
        if port in row:
            ports = [*(_ports(*row[port]) or ())]
        made += [AddressMatch(one, other) for one in ips for other in ports]
        if not ips or not ports:
            return False
    setattr(route, field, made)
    return True


def _addresses(operator: str, value: Node) -> list[str] | None:
    if operator == "ipmatch" and isinstance(value, Sequence):
        return [item.as_str() for item in value.items]
    return texts_of(operator, value)


def _ports(operator: str, value: Node) -> list[int] | None:
    texts = texts_of(operator, value)
    if texts is None or not all(_PORT.fullmatch(text) for text in texts):
        return None
    return [int(text) for text in texts]


def _put_hosts(route: Route, rows: list[Row]) -> bool:
    """Hosts as conditions. The route's own hosts decide over its rank, so they are kept."""
    found: list[str] = []
    for row in rows:
        names = _names(*row["host"])
        ports = _ports(*row["server_port"]) if "server_port" in row else [None]
        if names is None or ports is None:
            return False
        found += [name if port is None else f"{name}:{port}" for name in names for port in ports]
    own = list(route.hosts)
    ported = [name for name in found if re.search(r":\d+$", name)]
    if own and {name.rpartition(":")[0] for name in ported} != {one.lower() for one in own}:
        return False
    route.hosts = found
    route.extensions.setdefault("apisix", {})["hosts"] = own
    return True


def _names(operator: str, value: Node) -> list[str] | None:
    """Hosts and server names, of which an expression may hold several."""
    if operator not in ("~~", "~*") or not isinstance(value, Scalar):
        return texts_of(operator, value)
    found = [_wildcard(one) for one in value.as_str().split("|")]
    return None if None in found else [one for one in found if one is not None]


def _wildcard(pattern: str) -> str | None:
    if pattern == ".":
        return "*"
    ends = pattern.endswith(r"\z")
    bare = pattern.removesuffix(r"\z").removeprefix("^")
    if pattern.startswith("^"):
        text = plain_text(bare if ends else bare[:-1])
        if text is None or not (ends or (bare.endswith(".") and text.endswith("."))):
            return None
        return text if ends else f"{text}*"
    text = plain_text(bare)
    return f"*{text}" if ends and text is not None and text.startswith(".") else None


def _address(route: Route, operator: str, value: Node) -> bool:
    return _narrow(route, "sources", _addresses(operator, value), None)


def _remote_port(route: Route, operator: str, value: Node) -> bool:
    return _narrow(route, "sources", None, _ports(operator, value))


def _server_address(route: Route, operator: str, value: Node) -> bool:
    return _narrow(route, "destinations", _addresses(operator, value), None)


def _server_port(route: Route, operator: str, value: Node) -> bool:
    return _narrow(route, "destinations", None, _ports(operator, value))


def _narrow(route: Route, field: str, ips: list[str] | None, ports: list[int] | None) -> bool:
    """Addresses or ports, together with the others that are asked for already."""
    if not ips and not ports:
        return False
    known: list[AddressMatch] = getattr(route, field) or [AddressMatch()]
    made: list[AddressMatch] = []
    for one in known:
        if (ips and one.ip is not None) or (ports and one.port is not None):
            return False
        own_ips: list[str | None] = [*ips] if ips else [one.ip]
        own_ports: list[int | None] = [*ports] if ports else [one.port]
        made += [AddressMatch(a, b, origin=one.origin) for a in own_ips for b in own_ports]
    setattr(route, field, made)
    return True


def _host(route: Route, operator: str, value: Node) -> bool:
    """A host, where the route itself takes every host."""
    if route.hosts:
        return False
    names = _names(operator, value)
    if not names or any(is_placeholder(name) for name in names):
        return False
    route.hosts = names
    route.extensions.setdefault("apisix", {})["hosts"] = []
    return True


def _server_name(route: Route, operator: str, value: Node) -> bool:
    """A server name alone: plain requests have none, and are not taken."""
    return _name(route, operator, value) and narrow_schemes(route, ["https"])


def _name(route: Route, operator: str, value: Node) -> bool:
    names = _names(operator, value)
    if not names or route.server_names:
        return False
    route.server_names = names
    return True


def _put_server_names(route: Route, rows: list[Row]) -> bool:
    """A plain request, or a server name: the model's server names only speak of TLS."""
    if len(rows) != 2 or any(len(row) != 1 for row in rows):
        return False
    either = rows[0] | rows[1]
    if texts_of(*either["scheme"]) != ["http"]:
        return False
    return _name(route, *either["ssl_server_name"])


_KNOWN: dict[str, Callable[[Route, str, Node], bool]] = {
    "host": _host,
    "remote_addr": _address,
    "remote_port": _remote_port,
    "server_addr": _server_address,
    "server_port": _server_port,
    "ssl_server_name": _server_name,
}
