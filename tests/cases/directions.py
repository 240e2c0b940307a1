"""The two directions of a case: what a block is read as, what the model is written as."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from gal import registry
from gal.codec import encode
from gal.convert import Conversion, read_gateway, write_gateway
from gal.ledger import Entry, Ledger
from gal.model import Gateway
from gal.reading import read_documents
from gal.writing import render
from tests.cases.casefile import README, Case, read_case
from tests.cases.frames import pieces, whole, without_unsaid

Json = dict[str, Any]
PROVIDERS = ("kong", "apisix", "traefik", "envoy")
"""The order of a case's sections."""

_HEAD = 'version: "1.0"\n'
_PREFIX = re.compile(
    r"^(?:static_resources\.(?:listeners\[0\]\.filter_chains\[0\]\.filters\[0\]\.typed_config\."
    r"(?:route_config\.(?:virtual_hosts\[0\]\.)?)?)?"
    r"|http\.(?=\w)|(?:services\[0\]\.)?(?:routes\[0\]\.)?)"
)


@dataclass(slots=True)
class Outcome:
    """What came of one direction.

    Attributes:
        data: the model, as plain data; or the blocks by info string.
        ledger: the entries, a line each.
        levels: the levels and fates of the entries.
    """

    data: Json
    ledger: list[str]
    entries: list[Entry] = field(default_factory=list)


def providers() -> tuple[str, ...]:
    """The providers that have a half at least, in the order of a case's sections."""
    known = {*registry.importers(), *registry.exporters()} - {"gal"}
    others = sorted(known - set(PROVIDERS))
    return (*(name for name in PROVIDERS if name in known), *others)


def gateway_of(text: str) -> Gateway:
    """The model of a block in GAL's YAML, which may lack its version."""
    documents = read_documents(_HEAD + text, "model.yaml", "yaml")
    return read_gateway(documents, source="gal").gateway


def model_of(case: Case, info: str = "yaml model") -> Json:
    """A block in GAL's YAML, as GAL writes it."""
    text = case.find(info)
    if text is None:
        raise ValueError(f"{case.name} has no block ```{info}```")
    return plain(gateway_of(text))


def plain(gateway: Gateway) -> Json:
    """A model as GAL's YAML has it, without the version."""
    data = encode(gateway)
    data.pop("version", None)
    return data


def blocks_of(case: Case, provider: str, prefix: str = "yaml ") -> dict[str, Any]:
    """A provider's own blocks by info string, such as `kong` or `traefik static`."""
    found = {}
    for section in case.sections:
        for block in section.blocks:
            words = block.info.removeprefix(prefix)
            own = "->" not in words and words.split()[0] == provider
            if own and block.info.startswith(prefix):
                found[words] = yaml.safe_load(block.text)
    return found


def reads(case: Case, provider: str, blocks: dict[str, Any]) -> Outcome:
    """What the provider's blocks are read as, without what its every file says."""
    read = read_whole(provider, blocks)
    data = without_unsaid(provider, plain(read.gateway), model_of(case))
    data = plain(gateway_of(render(data)))  # what is empty now goes, too
    always = ledger_of(read_case(README), f"{provider} frame -> model")
    told = [line for line in lines(read.ledger) if line not in always]
    return Outcome(data, told, read.ledger.sorted())


def read_whole(provider: str, blocks: dict[str, Any]) -> Conversion:
    """What a provider's importer makes of the files that the blocks stand for."""
    importer = registry.importer(provider)
    documents = [
        document
        for file in whole(provider, blocks)
        for document in read_documents(render(file.data), file.name, "yaml")
    ]
    known = [document for document in documents if importer.recognise(document)]
    return read_gateway(known, source=provider)


def writes(case: Case, provider: str, *, keep: bool = False) -> Outcome:
    """What the case's model is written as. With `keep`, new scripts get a file."""
    ledger = Ledger()
    gateway = gateway_of(case.find("yaml model") or "")
    files = write_gateway(gateway, provider, ledger)
    return Outcome(pieces(provider, files, keep=keep), lines(ledger), ledger.sorted())


def lines(ledger: Ledger) -> list[str]:
    """The entries as `LEVEL fate field: message`, worst first, each once."""
    found = {
        f"{entry.level.value.upper()} {entry.fate.value} {_place(entry)}: {entry.message}": None
        for entry in ledger.sorted()
    }
    return list(found)


def _place(entry: Entry) -> str:
    """The path without what is the same in most cases; of the first route, only its field."""
    return _PREFIX.sub("", entry.path, count=1) or entry.path


def ledger_of(case: Case, info: str) -> list[str]:
    """A ledger block's lines; a block that is not there has none."""
    return (case.find(f"text {info}") or "").splitlines()
