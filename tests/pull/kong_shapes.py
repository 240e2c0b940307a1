"""What Kong 3.10 answers, and the file that it comes to."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SERVICE = "580c8aca-d632-5804-b307-a24326e1e2d5"
CONSUMER = "5fd13671-c5c4-56df-9b22-e5e826685754"
UPSTREAM = "152df2f3-4eb2-505d-ba48-f128b77c4e89"
GROUP = "0c7cbb4d-0b24-4d0a-8b0e-5b0a0a2cf0a1"
TIMES = {"created_at": 1795520243, "updated_at": 1795520243}
IDLE = {"tags": None, **TIMES}


def listed(*items: Json) -> Json:
    return {"data": list(items), "next": None}


def route(number: int, name: str, **more: Any) -> Json:
    return {
        **IDLE,
        "id": f"67bda616-23fe-5ede-b333-{number:012}",
        "name": name,
        "service": {"id": SERVICE},
        "hosts": None,
        "methods": None,
        "headers": None,
        "snis": None,
        "sources": None,
        "destinations": None,
        "protocols": ["http", "https"],
        "strip_path": True,
        "preserve_host": False,
        "path_handling": "v0",
        "regex_priority": 0,
        "https_redirect_status_code": 426,
        "request_buffering": True,
        "response_buffering": True,
        **more,
    }


ENTITIES: dict[str, Json] = {
    "/services": listed(
        {
            **IDLE,
            "id": SERVICE,
            "name": "orders",
            "host": "orders",
            "port": 8080,
            "path": "/v2",
            "protocol": "http",
            "retries": None,
            "connect_timeout": 60000,
            "read_timeout": 60000,
            "write_timeout": 60000,
            "enabled": True,
            "client_certificate": None,
            "ca_certificates": None,
            "tls_verify": None,
            "tls_verify_depth": None,
        }
    ),
    "/routes": listed(
        route(1, "orders", paths=["/orders"], methods=["GET"]),
        route(2, "export", paths=["/orders/export"], headers={"x-b": ["1"], "x-a": ["2"]}),
    ),
    "/plugins": listed(
        {
            **IDLE,
            "id": "d8d613bc-ec5c-5e9c-b85f-db1f8eda086d",
            "name": "key-auth",
            "service": {"id": SERVICE},
            "route": None,
            "consumer": None,
            "instance_name": None,
            "enabled": True,
            "protocols": ["http", "https"],
            "config": {"key_names": ["apikey"], "anonymous": None, "hide_credentials": False},
        }
    ),
    "/consumers": listed({**IDLE, "id": CONSUMER, "username": "acme", "custom_id": None}),
    "/upstreams": listed(
        {**IDLE, "id": UPSTREAM, "name": "orders", "algorithm": "round-robin", "slots": 10000}
    ),
    f"/upstreams/{UPSTREAM}/targets": listed(
        {
            "tags": None,
            "created_at": 1795520243.149,
            "updated_at": 1795520243.149,
            "id": "7cf0d912-31dc-5631-8d48-59fd3fefc8ca",
            "target": "127.0.0.1:9",
            "weight": 3,
            "upstream": {"id": UPSTREAM},
        }
    ),
    "/certificates": listed(),
    "/snis": {"data": {}, "next": None},
    "/ca_certificates": listed(),
    "/key-auths": listed(
        {
            **IDLE,
            "id": "65771c51-d04a-4149-b287-9daf33f88964",
            "key": "0123",
            "consumer": {"id": CONSUMER},
        }
    ),
    "/basic-auths": listed(
        {
            **IDLE,
            "id": "b8b13216-f8d0-5482-8264-f38e673a5811",
            "username": "u",
            "password": "ea7443aa61f1370df77ef817238302f2ddb34823",
            "consumer": {"id": CONSUMER},
        }
    ),
    "/acls": listed(
        {
            **IDLE,
            "id": "51614851-73cb-5cf7-ac9f-b763a1b2b4e0",
            "group": "g",
            "consumer": {"id": CONSUMER},
        }
    ),
}

FILE = """\
_format_version: '3.0'
_transform: false
services:
- id: 580c8aca-d632-5804-b307-a24326e1e2d5
  name: orders
  connect_timeout: 60000
  enabled: true
  host: orders
  path: /v2
  port: 8080
  protocol: http
  read_timeout: 60000
  retries: null
  write_timeout: 60000
routes:
- id: 67bda616-23fe-5ede-b333-000000000002
  name: export
  headers:
    x-a:
    - '2'
    x-b:
    - '1'
  https_redirect_status_code: 426
  path_handling: v0
  paths:
  - /orders/export
  preserve_host: false
  protocols:
  - http
  - https
  regex_priority: 0
  request_buffering: true
  response_buffering: true
  service:
    id: 580c8aca-d632-5804-b307-a24326e1e2d5
  strip_path: true
- id: 67bda616-23fe-5ede-b333-000000000001
  name: orders
  https_redirect_status_code: 426
  methods:
  - GET
  path_handling: v0
  paths:
  - /orders
  preserve_host: false
  protocols:
  - http
  - https
  regex_priority: 0
  request_buffering: true
  response_buffering: true
  service:
    id: 580c8aca-d632-5804-b307-a24326e1e2d5
  strip_path: true
plugins:
- id: d8d613bc-ec5c-5e9c-b85f-db1f8eda086d
  name: key-auth
  config:
    anonymous: null
    hide_credentials: false
    key_names:
    - apikey
  enabled: true
  protocols:
  - http
  - https
  service:
    id: 580c8aca-d632-5804-b307-a24326e1e2d5
consumers:
- id: 5fd13671-c5c4-56df-9b22-e5e826685754
  username: acme
upstreams:
- id: 152df2f3-4eb2-505d-ba48-f128b77c4e89
  name: orders
  algorithm: round-robin
  slots: 10000
targets:
- id: 7cf0d912-31dc-5631-8d48-59fd3fefc8ca
  target: 127.0.0.1:9
  upstream:
    id: 152df2f3-4eb2-505d-ba48-f128b77c4e89
  weight: 3
keyauth_credentials:
- id: 65771c51-d04a-4149-b287-9daf33f88964
  consumer:
    id: 5fd13671-c5c4-56df-9b22-e5e826685754
  key: '0123'
basicauth_credentials:
- id: b8b13216-f8d0-5482-8264-f38e673a5811
  username: u
  consumer:
    id: 5fd13671-c5c4-56df-9b22-e5e826685754
  password: ea7443aa61f1370df77ef817238302f2ddb34823
acls:
- id: 51614851-73cb-5cf7-ac9f-b763a1b2b4e0
  consumer:
    id: 5fd13671-c5c4-56df-9b22-e5e826685754
  group: g
"""

WRITTEN: Json = {
    "_format_version": "3.0",
    "services": [
        {
            "name": "orders",
            "url": "http://orders:8080/v2",
            "retries": 0,
            "routes": [
                {"name": "orders", "paths": ["/orders"], "methods": ["GET"]},
                {
                    "name": "export",
                    "paths": ["/orders/export"],
                    "headers": {"x-a": ["2"], "x-b": ["1"]},
                },
            ],
            "plugins": [{"name": "key-auth", "config": {"key_names": ["apikey"]}}],
        }
    ],
    "upstreams": [{"name": "orders", "targets": [{"target": "127.0.0.1:9", "weight": 3}]}],
    "consumers": [
        {
            "username": "acme",
            "keyauth_credentials": [{"key": "0123"}],
            "acls": [{"group": "g"}],
        }
    ],
}
"""What somebody would have written of it."""
