"""A Kong file of any size, with what real files use."""

from __future__ import annotations

import sys
from typing import Any

_PLUGINS: tuple[dict[str, Any], ...] = (
    {"name": "rate-limiting", "config": {"minute": 60, "policy": "local"}},
    {"name": "key-auth", "config": {"key_names": ["apikey"], "hide_credentials": True}},
    {"name": "cors", "config": {"origins": ["https://shop.example.com"], "credentials": True}},
    {"name": "request-transformer", "config": {"add": {"headers": ["X-Region:eu"]}}},
)


def kong_file(routes: int) -> dict[str, Any]:
    """The plain data of a file with so many routes, two a service, every fourth with a plugin."""
    services = []
    for number in range((routes + 1) // 2):
        pair = [_route(number, half) for half in range(min(2, routes - 2 * number))]
        services.append(
            {
                "name": f"service-{number}",
                "url": f"http://10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}:80",
                "connect_timeout": 5000,
                "read_timeout": 30000,
                "retries": 2,
                "routes": pair,
            }
        )
    consumers = [
        {"username": f"user-{number}", "keyauth_credentials": [{"key": f"key-{number}"}]}
        for number in range(10)
    ]
    return {"_format_version": "3.0", "services": services, "consumers": consumers}


def _route(number: int, half: int) -> dict[str, Any]:
    route: dict[str, Any] = {
        "name": f"route-{number}-{half}",
        "hosts": [f"host-{number % 100}.example.com"],
        "paths": [f"/service-{number}/{'orders' if half else 'items'}"],
        "methods": ["GET", "POST"],
        "strip_path": bool(half),
        "preserve_host": not half,
    }
    if half and number % 2:
        route["plugins"] = [_PLUGINS[number // 2 % len(_PLUGINS)]]
    return route


def main() -> None:
    """Write a file to standard output: `python -m benchmarks.kong_file 10000 > kong.yaml`."""
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    data = kong_file(int(sys.argv[1]) if len(sys.argv) > 1 else 10000)
    # Every plugin is written out where it stands, as people write them, not as an alias.
    dumper.ignore_aliases = lambda *_: True
    yaml.dump(data, sys.stdout, Dumper=dumper, sort_keys=False)


if __name__ == "__main__":
    main()
