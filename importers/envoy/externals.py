"""Clusters that GAL itself writes for addresses in policies: where token keys are, and servers that
check requests. The policies say the address themselves, so no upstream stands for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gal.codec import encode
from gal.model import Duration, Retry, Target, Timeout, Upstream, UpstreamTls

if TYPE_CHECKING:
    from gal.model import Gateway


def settle_externals(gateway: Gateway) -> None:
    """Leave out the upstreams of such clusters, but those that anything refers to by name."""
    found = [one for one in gateway.upstreams if _is_own(one)]
    if not found:
        return
    every = gateway.upstreams
    gateway.upstreams = [one for one in every if one not in found]
    text = json.dumps(encode(gateway))
    gateway.upstreams = [one for one in every if one not in found or f'"{one.name}"' in text]


def _is_own(upstream: Upstream) -> bool:
    """Whether it says nothing but what its name says."""
    name = upstream.name or ""
    kind, _, rest = name.partition(".")
    scheme, _, place = rest.partition(".")
    host, _, port = place.rpartition(".")
    if kind != "external" or scheme not in ("http", "https") or not port.isdigit():
        return False
    plain = Upstream(name, timeout=Timeout(connect=Duration.seconds(5)), retry=Retry(attempts=0))
    plain.targets = [Target(host, int(port))]
    if scheme == "https":
        sni = upstream.tls.sni if upstream.tls is not None else None
        plain.tls = UpstreamTls(sni=sni if sni == host else None, verify=True)
    return upstream == plain
