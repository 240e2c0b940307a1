"""An external service that decides, as Envoy's `ext_authz` filter over HTTP.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_authz_filter
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.exporters.envoy.build import HTTP_FILTER, Json, Shared
from gal.exporters.envoy.checks import Check, ImpossibleError, as_it_is
from gal.exporters.envoy.external import server
from gal.exporters.envoy.jwt_keys import compact
from gal.exporters.envoy.values import duration
from gal.model import ForwardAuth
from gal.reading import is_placeholder

_TYPE = HTTP_FILTER + "ext_authz.v3.ExtAuthz"
_FORWARDED = {
    "X-Forwarded-Method": "%REQ(:method)%",
    "X-Forwarded-Proto": "%REQ(x-forwarded-proto)%",
    "X-Forwarded-Host": "%REQ(:authority)%",
    "X-Forwarded-Uri": "%REQ(:path)%",
    "X-Forwarded-For": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
}
_DEFAULT_TIMEOUT = "5s"


@dataclass(slots=True)
class _Filters:
    """The filters by their settings: most of these are the same wherever a filter acts."""

    labels: dict[str, str] = field(default_factory=dict)


def forward_auth(policy: ForwardAuth, shared: Shared) -> Check:
    """Ask another service, each time at the same address.

    Raises:
        ImpossibleError: the address is none that Envoy can ask.
    """
    if is_placeholder(policy.address):
        raise ImpossibleError(policy, "the service's address is a placeholder")
    try:
        asked = server(policy.address, policy, "authentication", shared)
    except ValueError as error:
        raise ImpossibleError(policy, str(error)) from error
    timeout = duration(policy.timeout) if policy.timeout is not None else _DEFAULT_TIMEOUT
    service: Json = {
        "server_uri": {"uri": policy.address, "cluster": asked.cluster, "timeout": timeout},
        "path_override": asked.target,
        "authorization_request": {"headers_to_add": _forwarded(policy)},
    }
    response: Json = {}
    if policy.upstream_headers:
        response["allowed_upstream_headers"] = _exactly(policy.upstream_headers)
    if policy.client_headers:
        response["allowed_client_headers"] = _exactly(policy.client_headers)
    if response:
        service["authorization_response"] = response
    base: Json = {
        "@type": _TYPE,
        "http_service": service,
        "allowed_headers": (
            _exactly(policy.request_headers)
            if policy.request_headers
            else {"patterns": [{"safe_regex": {"regex": ".*"}}]}
        ),
    }
    if policy.fail_open:
        base["failure_mode_allow"] = True
    labels = shared.state(_Filters).labels
    label = labels.setdefault(compact(base), str(len(labels) + 1) if labels else "")
    message = "the check keeps the request's own method, and its body is not sent along"
    shared.context.report.approximated(policy, "authentication", message, "address")
    return Check("forward", {shared.filters.ensure("forward", base, label): as_it_is()})


def _exactly(names: list[str]) -> Json:
    return {"patterns": [{"exact": name, "ignore_case": True} for name in names]}


def _forwarded(policy: ForwardAuth) -> list[Json]:
    """What the service is told of the request. With `trust_forwarded` the client's own words stay
    where it has any.
    """
    found = []
    for name, value in _FORWARDED.items():
        source = value.removeprefix("%REQ(").removesuffix(")%")
        if not policy.trust_forwarded:
            told = value
        elif source == value:
            told = f"%REQ({name})%"
        else:
            told = f"%REQ({name}?{source})%"
        found.append({"key": name, "value": told})
    return found
