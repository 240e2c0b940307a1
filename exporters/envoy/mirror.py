"""Copies of requests.

Source: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto
(`RouteAction.request_mirror_policies`)
"""

from __future__ import annotations

from gal.exporters.envoy.build import Json, RouteBuild, Shared
from gal.exporters.envoy.carried import own, unsound
from gal.model import Mirror

_COPY = ("host_rewrite_literal", "request_headers_mutations")
_MILLION = 1_000_000


def mirror(policy: Mirror, build: RouteBuild, shared: Shared) -> None:
    """A copy of the request goes to another cluster, with the `Host` of the request itself."""
    copies: Json = {
        "cluster": shared.upstream_cluster(policy.upstream),
        "disable_shadow_host_suffix_append": True,
    }
    if policy.percent < 100:
        share = {"numerator": round(policy.percent * _MILLION / 100), "denominator": "MILLION"}
        copies["runtime_fraction"] = {"default_value": share}
    for key, value in sorted(own(policy.extensions).items()):
        problem = unsound({key: value}, shared) if key in _COPY else "Envoy has no such setting"
        if problem is None:
            copies[key] = value
        else:
            shared.context.report.dropped(policy, "mirror", f'"{key}" is not put back: {problem}')
    build.action["request_mirror_policies"] = [copies]
