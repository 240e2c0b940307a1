"""Which probes tell two gateways apart: derived from their models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from gal.model import Gateway, RouteOrder
from gal.verify.derive import matching, policies
from gal.verify.derive.base import ANYBODY, Ground, grounds
from gal.verify.probe import Probe

_WAYS: tuple[Callable[[Ground], Iterator[Probe]], ...] = (
    matching.matches,
    policies.credentials,
    matching.near_misses,
    matching.overlaps,
    policies.cors,
    policies.addresses,
    policies.rate_limits,
    matching.rewrites,
    policies.headers,
    policies.size_limits,
    policies.failures,
    policies.timeouts,
)


def derive(gateways: Sequence[Gateway], most: int) -> tuple[list[Probe], int]:
    """The probes for some gateways, each once, and how many more there would be.

    Kinds and routes take turns, so that a small `most` still looks at everything once.
    """
    streams = [_of_way(way, gateway) for way in _WAYS for gateway in gateways]
    for further in (policies.backends, policies.refills):
        streams += [further(grounds(gateway)) for gateway in gateways]
    chosen: dict[tuple[object, ...], Probe] = {}
    over = 0
    folds = all(one.settings.route_order is not RouteOrder.KONG for one in gateways)
    for probe in _in_turn(streams):
        if not (folds or probe.request.host == probe.request.host.lower()):
            continue  # Kong tells them apart, no other gateway does, and no browser sends them
        key = (probe.request, probe.repeat, probe.counted, probe.pause, probe.steering)
        if key in chosen:
            continue
        if len(chosen) < most:
            chosen[key] = _from_an_address(probe, len(chosen))
        else:
            over += 1
    return list(chosen.values()), over


def _from_an_address(probe: Probe, number: int) -> Probe:
    """The probe with a loopback address of its own, so that no other uses up its limits."""
    if probe.request.client_ip != ANYBODY:
        return probe
    address = f"127.{1 + number // 62500 % 250}.{number // 250 % 250}.{1 + number % 250}"
    return replace(probe, request=replace(probe.request, client_ip=address))


def _of_way(way: Callable[[Ground], Iterator[Probe]], gateway: Gateway) -> Iterator[Probe]:
    for ground in grounds(gateway):
        yield from way(ground)


def _in_turn(streams: list[Iterator[Probe]]) -> Iterator[Probe]:
    while streams:
        left = []
        for stream in streams:
            probe = next(stream, None)
            if probe is not None:
                yield probe
                left.append(stream)
        streams = left
