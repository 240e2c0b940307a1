"""A configuration, and single changes of it with the ids that they are to give.

Each change is made in the model, written for a gateway, and read back, so that what is compared
are two files of that gateway.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from gal import registry
from gal.codec import decode, encode
from gal.convert import read_gateway, write_gateway
from gal.ledger import Ledger
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render

BASE = """\
version: "1.0"
services:
- name: orders
  upstream:
    name: orders
    targets:
    - {host: one.internal, port: 8080, weight: 1}
    - {host: two.internal, port: 8080, weight: 1}
    health_check: {active: {http_path: /health, interval: 10s}}
  routes:
  - name: orders
    path_prefix: /orders
    hosts: [api.example.com, www.example.com]
    methods: [GET, POST]
    authentication: {api_key: {header_name: apikey}}
    cors: {allowed_origins: ["https://shop.example.com"], max_age: 60}
    rate_limit: {limits: [100/1m], response: {status_code: 429, message: Too Many Requests}}
    headers: {request_set: {X-Team: orders}}
  - name: export
    path: /export
    hosts: [api.example.com]
    methods: [GET]
    ip_access: {allow: [10.0.0.0/8, 192.168.0.0/16]}
- name: billing
  protocol: https
  upstream:
    name: billing
    host: billing.internal
    port: 8443
    tls: {verify: true}
  routes:
  - name: billing
    path_prefix: /billing
    hosts: [api.example.com]
    authentication: {api_key: {header_name: apikey}}
    timeout: {connect: 5s, send: 30s, read: 30s}
    retry: {attempts: 2}
consumers:
- name: acme
  groups: [partners]
  credentials: {api_keys: [{key: key-of-acme-1}]}
- name: bolt
  groups: [staff]
  credentials: {api_keys: [{key: key-of-bolt-1}]}
"""


def placed(gateway: Gateway) -> Gateway:
    """The model as a file says it, so that everything has a place."""
    document = read_documents(render(encode(gateway)), "gal.yaml")[0]
    return decode(document.root, Gateway)


def base() -> Gateway:
    """The configuration."""
    return decode(read_documents(BASE, "gal.yaml")[0].root, Gateway)


def through(gateway: Gateway, provider: str) -> Gateway:
    """What a gateway's importer reads of what its exporter writes."""
    if provider == "gal":
        return placed(gateway)
    files = write_gateway(placed(gateway), provider, Ledger())
    documents = [
        document
        for file in files
        for document in read_documents(render(file.data), file.name)
        if registry.importer(provider).recognise(document)
    ]
    return read_gateway(documents, source=provider).gateway


@dataclass(frozen=True, slots=True)
class Mutation:
    """A single change.

    Attributes:
        name: in words.
        change: makes it.
        ids: what is to be told, each as often as it is told.
        providers: formats that can say it.
        before: what makes the configuration fit for it, on both sides.
        cosmetic: what is told besides that only those see who read the files.
        level: of what is told, where it is told once.
    """

    name: str
    change: Callable[[Gateway], object]
    ids: tuple[str, ...]
    providers: tuple[str, ...] = ("kong", "apisix")
    before: Callable[[Gateway], object] | None = None
    cosmetic: tuple[str, ...] = ()
    level: str = ""

    def unchanged(self) -> Gateway:
        """The configuration without the change."""
        gateway = base()
        if self.before is not None:
            self.before(gateway)
        return copy.deepcopy(gateway)  # tables share what they set

    def mutated(self) -> Gateway:
        """The configuration with the change."""
        gateway = self.unchanged()
        self.change(gateway)
        return gateway
