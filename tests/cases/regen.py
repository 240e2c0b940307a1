"""Rewrites what the cases say of the providers: their blocks, the ledgers, the frames."""

from __future__ import annotations

import sys
from typing import Any

import yaml

from gal import registry
from gal.convert import write_gateway
from gal.errors import GalError
from gal.ledger import Entry, Fate, Ledger, Level
from gal.model import Gateway
from tests.cases import frames
from tests.cases.casefile import README, Block, Case, Section, case_files, read_case
from tests.cases.compact import compact
from tests.cases.directions import (
    PROVIDERS,
    Outcome,
    blocks_of,
    gateway_of,
    lines,
    model_of,
    plain,
    providers,
    read_whole,
    reads,
    writes,
)

Json = dict[str, Any]


def regenerate() -> None:
    """Rewrite every case, and the frames first."""
    from tests.cases import features

    _frames()
    for path in case_files():
        case = read_case(path)
        for provider in providers():
            try:
                _provider(case, provider)
            except GalError as error:  # the case's own test fails and says so
                sys.stderr.write(f"{case.name}, {provider}: {error.render()}\n")
        order = [heading(provider) for provider in providers()]
        case.sections.sort(key=lambda one: order.index(one.heading))
        path.write_text(case.render(), encoding="utf-8")
    features.PAGE.write_text(features.page(), encoding="utf-8")


def heading(provider: str) -> str:
    """A provider's section."""
    return provider


def _frames() -> None:
    """Write down what comes of the frame's model."""
    case = read_case(README)
    gateway = gateway_of(case.find("yaml model frame") or "")
    for provider in registry.exporters():
        files = {one.name: one.data for one in write_gateway(gateway, provider, Ledger())}
        known = frames.files_of(provider)
        parts = {f"{provider} {part} frame": name for part, name in known.parts.items()}
        if provider == "envoy":
            parts["envoy frame"] = known.main
        for info, name in parts.items():
            if name in files:
                _put(case, f"yaml {info}", files[name])
    _keep_frames(case)
    for provider in registry.exporters():
        if provider in registry.importers() and provider in PROVIDERS:
            _defaults(case, gateway, provider)
    _keep_frames(case)


def _keep_frames(case: Case) -> None:
    README.write_text(case.render(), encoding="utf-8")
    frames.forget()


def _put(case: Case, info: str, data: Json) -> None:
    for section in case.sections:
        for block in section.blocks:
            if block.info == info and yaml.safe_load(block.text) != data:
                block.text = compact(data)


def _defaults(case: Case, gateway: Gateway, provider: str) -> None:
    """Write down what reading the frame says more than its model, where nobody has yet, and what
    the ledger says of it.
    """
    blocks = frames.pieces(provider, write_gateway(gateway, provider, Ledger()))
    read = read_whole(provider, blocks)
    section = case.sections[-1]
    if case.find(f"yaml {provider} unsaid") is None:
        unsaid = _more(plain(gateway), plain(read.gateway))
        if unsaid:
            section.blocks.append(Block(f"yaml {provider} unsaid", compact(unsaid)))
    info = f"text {provider} frame -> model"
    section.blocks = [block for block in section.blocks if block.info != info]
    section.blocks += _ledger(info, lines(read.ledger)).values()


def _more(said: Any, read: Any) -> Any:
    """What a model that was read says more than another one; None where nothing."""
    if isinstance(said, dict) and isinstance(read, dict):
        found = {key: _any_id(key, _more(said.get(key), value)) for key, value in read.items()}
        return {key: value for key, value in found.items() if value is not None} or None
    if isinstance(said, list) and isinstance(read, list) and len(said) == len(read) == 1:
        inner = _more(said[0], read[0])
        return None if inner is None else [inner]
    return None if said == read else read


def _any_id(key: str, more: Any) -> Any:
    """Ids are made of names, so that they differ from case to case."""
    return frames.ANYTHING if key == "id" and more is not None else more


def _provider(case: Case, provider: str) -> None:
    """Rewrite a provider's section."""
    title = heading(provider)
    section = next((one for one in case.sections if one.heading == title), None)
    if section is None:
        section = Section(title)
    old = {block.info: block for block in section.blocks}
    blocks = _written(case, provider, old) if provider in registry.exporters() else dict(old)
    section.blocks = list(blocks.values())
    if section not in case.sections:
        case.sections.append(section)
    own = blocks_of(case, provider)
    if provider in registry.importers() and provider in own:
        _read(case, provider, own, blocks)
        section.blocks = list(blocks.values())
    if not section.blocks:
        case.sections.remove(section)


def _written(case: Case, provider: str, old: dict[str, Block]) -> dict[str, Block]:
    """The blocks of the direction model -> provider, with those that people keep."""
    outcome = writes(case, provider, keep=True)
    kept = {info: old[info] for info in old if info.endswith("-> model")}
    found: dict[str, Block] = {}
    if cannot(case, provider, outcome):
        if closed(outcome):
            for info, data in outcome.data.items():
                _block(found, old, f"yaml model -> {info}", data)
        found |= _ledger(f"text {provider} cannot", outcome.ledger)
        return found
    own_way = f"yaml model -> {provider}" in old
    if own_way:
        found |= {
            info: block
            for info, block in old.items()
            if info.split("->")[0] == info and info.startswith(f"yaml {provider}")
        }
    for info, data in outcome.data.items():
        _block(found, old, f"yaml model -> {info}" if own_way else f"yaml {info}", data)
    found |= _ledger(f"text model -> {provider}", outcome.ledger)
    return found | kept


def _read(case: Case, provider: str, own: dict[str, Any], blocks: dict[str, Block]) -> None:
    outcome = reads(case, provider, own)
    variant, told = f"yaml {provider} -> model", f"text {provider} -> model"
    old = dict(blocks)
    blocks.pop(variant, None)
    blocks.pop(told, None)
    if outcome.data != model_of(case):
        known = old.get(variant)
        if known is None or plain(gateway_of(known.text)) != outcome.data:
            known = Block(variant, compact(outcome.data))
        blocks[variant] = known
    blocks |= _ledger(told, outcome.ledger)


def _block(found: dict[str, Block], old: dict[str, Block], info: str, data: Any) -> None:
    """A block, left as it is where it says the same."""
    known = old.get(info)
    same = known is not None and yaml.safe_load(known.text) == data
    found[info] = known if known is not None and same else Block(info, compact(data))


def _ledger(info: str, lines: list[str]) -> dict[str, Block]:
    return {info: Block(info, "".join(f"{line}\n" for line in lines))} if lines else {}


def closed(outcome: Outcome) -> bool:
    """Whether an access control could not be kept, so that everybody is refused."""
    return any(entry.level is Level.ERROR for entry in outcome.entries)


def cannot(case: Case, provider: str, outcome: Outcome) -> bool:
    """Whether the provider cannot say what the case is about. Where something else is lost, a
    person decides that by naming the block so.
    """
    lost = [one for one in outcome.entries if _is_lost(one)]
    named = case.find(f"text {provider} cannot") is not None
    whole = any(one.path.rsplit(".", 1)[-1] == case.policy for one in lost)
    return closed(outcome) or bool(lost and (named or whole))


def _is_lost(entry: Entry) -> bool:
    return entry.fate is Fate.DROPPED and entry.level is not Level.INFO
