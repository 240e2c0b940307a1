"""Copies of requests.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteAction.request_mirror_policies`)
"""

from __future__ import annotations

from gal.exporters.envoy.build import RouteBuild, Shared
from gal.model import Mirror

_MILLION = 1_000_000


def mirror(policy: Mirror, build: RouteBuild, shared: Shared) -> None:
    """A copy of the request goes to another cluster, with the `Host` of the request itself."""
    copies = {
        "cluster": shared.upstream_cluster(policy.upstream),
        "disable_shadow_host_suffix_append": True,
    }
    if policy.percent < 100:
        share = {"numerator": round(policy.percent * _MILLION / 100), "denominator": "MILLION"}
        copies["runtime_fraction"] = {"default_value": share}
    build.action["request_mirror_policies"] = [copies]
