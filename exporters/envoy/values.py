"""How Envoy writes durations and headers."""

from __future__ import annotations

from gal.exporters.envoy.build import Json
from gal.model import Duration


def duration(value: Duration) -> str:
    """A duration in seconds, as protobuf's JSON has it: `1.5s`."""
    whole, part = divmod(value.nanoseconds, 10**9)
    return f"{whole}.{part:09d}".rstrip("0").rstrip(".") + "s"


def header_option(name: str, value: str, action: str = "") -> Json:
    """A header that is added, its value as it stands: Envoy's own variables start with `%`."""
    found: Json = {"header": {"key": name, "value": value.replace("%", "%%")}}
    if action:
        found["append_action"] = action
    return found
