"""The pipeline: documents to a model to documents, with a fate for every field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal import registry
from gal.claims import Claims
from gal.context import (
    ExportContext,
    ExportOptions,
    ImportContext,
    ImportOptions,
    OutputFile,
)
from gal.errors import InputError
from gal.garbage import without_collection
from gal.ledger import Fate, Ledger, Level, Reporter, Stage
from gal.model import (
    ApiKey,
    BasicCredential,
    Credentials,
    Gateway,
    Global,
    HmacCredential,
    JwtCredential,
    KeyCredential,
    ModelNode,
    OAuth2Credential,
    Service,
    Upstream,
)
from gal.recognition import marked, named_document

if TYPE_CHECKING:
    from gal.reading import Document

NOT_UNDERSTOOD = "not understood"
"""What the ledger says of fields that an importer never looked at."""

_ACCESS_CONTROLS = frozenset({"authentication", "acl", "ip_access", "user_agent", "guards"})
_CREDENTIALS = (
    *(ApiKey, BasicCredential, Credentials, HmacCredential, JwtCredential, KeyCredential),
    OAuth2Credential,
)
_BEHIND = frozenset({"upstream", "targets"})
_CARRIED = frozenset({"extensions", "plugins"})
_NO_TRAFFIC = frozenset({"tags", "id", "name", "custom_id", "version", "provider", "concurrency"})


@dataclass(slots=True)
class Conversion:
    """What a conversion gives.

    Attributes:
        gateway: the model between the two formats.
        files: what the target needs; empty when only reading was asked for.
        ledger: the fate of every field.
        documents: the input, to count what was kept exactly.
        source: name of the provider that was read.
    """

    gateway: Gateway
    files: list[OutputFile]
    ledger: Ledger
    documents: list[Document]
    source: str


def convert(
    documents: Sequence[Document],
    target: str,
    *,
    source: str | None = None,
    import_options: ImportOptions | None = None,
    export_options: ExportOptions | None = None,
) -> Conversion:
    """Read documents of one provider and write the files of another.

    Raises:
        GalError: the input is of no known provider, or not sound.
    """
    with without_collection():
        read = read_gateway(documents, source=source, options=import_options)
        read.files = write_gateway(read.gateway, target, read.ledger, options=export_options)
    return read


def read_gateway(
    documents: Sequence[Document],
    *,
    source: str | None = None,
    options: ImportOptions | None = None,
) -> Conversion:
    """Read documents of one provider. What the importer never looked at is reported as dropped.

    Raises:
        InputError: the provider would refuse them, or they are plainly another one's.
    """
    provider = registry.importer(source or detect(documents))
    if source:
        _refuse_others(documents, source)
    ledger = Ledger()
    reporter = Reporter(ledger, provider.NAME, Stage.IMPORT)
    gateway = provider.read(documents, ImportContext(reporter, options or ImportOptions()))
    for document in documents:
        for path, key, node in document.walk_untaken():
            field = path.rsplit(".", 1)[-1]
            reporter.at(node, Fate.DROPPED, Level.WARNING, field, NOT_UNDERSTOOD, position=key)
    return Conversion(gateway, [], ledger, list(documents), provider.NAME)


def write_gateway(
    gateway: Gateway,
    target: str,
    ledger: Ledger,
    *,
    options: ExportOptions | None = None,
) -> list[OutputFile]:
    """Write the files of one provider. What the exporter never looked at is reported as dropped."""
    provider = registry.exporter(target)
    reporter = Reporter(ledger, provider.NAME, Stage.EXPORT)
    claims = Claims()
    context = ExportContext(reporter, claims, options or ExportOptions())
    files = provider.write(claims.view(gateway), context)
    overruled = frozenset(_overruled(gateway))
    for node, field in claims.unclaimed(gateway):
        if field in _CARRIED:
            continue  # the importer has said that they are carried
        if not overruled.isdisjoint((id(node), id(getattr(node, field)))):
            reporter.dropped(node, field, "every route says its own", field, Level.INFO)
            continue
        level, message = _unread(node, field, provider.NAME, listens=bool(gateway.listeners))
        reporter.dropped(node, field, message, field, level)
    return files


def _overruled(gateway: Gateway) -> Iterator[int]:
    """Identities of what upstreams say of times and tries, where no route is without its own."""
    routes = [*gateway.routes, *(route for one in gateway.services for route in one.routes)]
    own = [one.upstream for one in gateway.services if isinstance(one.upstream, Upstream)]
    for kind in ("timeout", "retry"):
        if routes and all(getattr(route.policies, kind) is not None for route in routes):
            said = (getattr(one, kind) for one in (*gateway.upstreams, *own))
            yield from (id(one) for one in said if one is not None)


def _unread(node: ModelNode, field: str, target: str, *, listens: bool) -> tuple[Level, str]:
    """What it means that an exporter never looked at a field. `listens` is for a gateway that has
    listeners.
    """
    if field in _ACCESS_CONTROLS:
        return Level.ERROR, f"{target} has nothing for this"
    if field == "consumers" or isinstance(node, _CREDENTIALS):
        # Where a route asks for it and the target cannot, that route is what was reported.
        return Level.INFO, "no route asks for it in a way that the target has"
    if field in _BEHIND and isinstance(node, (Service, Upstream)):
        return Level.INFO, "no route leads there"
    if listens and isinstance(node, Global) and field in ("host", "port"):
        return Level.INFO, "the listeners say where the gateway is reached"
    if field in _NO_TRAFFIC:
        return Level.INFO, f"no effect on traffic, and {target} has nothing for it"
    return Level.WARNING, f"{target} has nothing for this"


def detect(documents: Sequence[Document]) -> str:
    """The provider whose format the documents have, by their content.

    Raises:
        InputError: none recognises them, or they are of several.
    """
    found: dict[str, Document] = {}
    for document in documents:
        name = recognised(document)
        if name:
            found.setdefault(name, document)
        else:
            known = ", ".join(registry.importer(name).FORMATS for name in registry.importers())
            what = named_document(document)
            raise InputError(
                f"this is {what}, and no gateway configuration that GAL knows"
                if what
                else "this is no gateway configuration that GAL knows",
                document.root.position,
                f"it reads {known}; --from says which one a file is meant to be",
            )
    if len(found) > 1:
        names = " and ".join(f"{name} ({document.source.name})" for name, document in found.items())
        raise InputError(f"the input mixes configurations of {names}", None, None)
    return next(iter(found))


def _refuse_others(documents: Sequence[Document], source: str) -> None:
    """Stop where a file that was said to be one provider's has the mark of another. One without a
    mark (consumers alone, say) may be anybody's.
    """
    provider = registry.importer(source)
    for document in documents:
        other = marked(document)
        if other in (None, source) or provider.recognise(document):
            continue
        message = f"this is no configuration of {source}, but one of {other}"
        raise InputError(message, document.root.position, "leave --from away")


def recognised(document: Document) -> str | None:
    """The provider whose format a document has, if it is one that GAL reads."""
    for name in registry.importers():
        if registry.importer(name).recognise(document):
            return name
    return None
