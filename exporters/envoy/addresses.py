"""Addresses of clients as RE2: a route of Envoy compares texts only.

The text is the peer's address and port as Envoy writes them (`192.0.2.1:4711`, `[::1]:4711`). It
is kept per connection (`set_filter_state`), so that no header can pretend another one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from gal.exporters.envoy.regex import UntranslatableError, escaped
from gal.model import AddressMatch

SOURCE_KEY = "gal.source"
_OCTET = "[0-9]+"


def sources_regex(addresses: Sequence[AddressMatch]) -> str:
    """RE2 for any of the addresses.

    Raises:
        UntranslatableError: a range has no text form, or an address is none.
    """
    return "|".join(_one(address) for address in addresses)


def _one(address: AddressMatch) -> str:
    host = ".*" if address.ip is None else _host(address.ip)
    return f"{host}:{_OCTET if address.port is None else address.port}"


def _host(text: str) -> str:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise UntranslatableError(f'"{text}" is no address') from None
    if isinstance(network, ipaddress.IPv4Network):
        return _ipv4(network)
    if network.prefixlen == 0:
        return r"\[.*\]"
    if network.prefixlen == network.max_prefixlen:
        return escaped(f"[{network.network_address.compressed}]")
    raise UntranslatableError(
        f"Envoy's routes compare addresses as text, which the range {text} cannot be said in"
    )


def _ipv4(network: ipaddress.IPv4Network) -> str:
    """Whole octets as they are, the one that the mask cuts as its numbers, the rest as any."""
    octets = str(network.network_address).split(".")
    whole, bits = divmod(network.prefixlen, 8)
    parts = octets[:whole]
    if bits:
        first, count = int(octets[whole]), 2 ** (8 - bits)
        parts.append(f"(?:{'|'.join(str(number) for number in range(first, first + count))})")
    parts += [_OCTET] * (4 - len(parts))
    return r"\.".join(parts)
