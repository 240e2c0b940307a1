"""Builds the model from what the files hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gal.importers.envoy.bootstrap import read_bootstraps
from gal.importers.envoy.chain import Shared
from gal.importers.envoy.clusters import Directory
from gal.importers.envoy.externals import settle_externals
from gal.importers.envoy.filters import finish_filters
from gal.importers.envoy.listeners import ListenerReader
from gal.importers.envoy.sources import gather
from gal.importers.envoy.tls import Certificates
from gal.importers.envoy.virtual_hosts import TableReader
from gal.model import Gateway, Global, Origin, RouteOrder

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.reading import Document


def build(documents: Sequence[Document], context: ImportContext) -> Gateway:
    """The model of one or several files.

    Raises:
        InputError: they are not what Envoy reads.
    """
    report = context.report
    sources = gather(documents, report)
    gateway = Gateway(settings=Global(route_order=RouteOrder.ENVOY))
    if documents:
        gateway.origin = Origin(documents[0].root, {})
    certificates = Certificates(sources)
    directory = Directory(sources, gateway, certificates)
    directory.read()
    shared = Shared(context, gateway, directory.upstream_of, certificates.models)
    reader = ListenerReader(sources, shared, certificates, TableReader(shared, directory))
    reader.read()
    finish_filters(gateway, shared)
    certificates.secrets_left()
    gateway.certificates = certificates.models
    read_bootstraps(sources, gateway)
    settle_externals(gateway)
    if gateway.listeners:
        gateway.settings.host = gateway.listeners[0].host
        gateway.settings.port = gateway.listeners[0].port
    return gateway
