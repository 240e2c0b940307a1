"""What a case's blocks leave out: the frame of each provider, from `fixtures/README.md`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import yaml

from gal.context import OutputFile
from tests.cases.casefile import FOLDER, README, read_case
from tests.cases.envoy_frame import EnvoyFrame
from tests.cases.envoy_words import long, short

Json = dict[str, Any]
ANYTHING = "*"
_WHOLE = frozenset({"listeners"})
"""Goes as a whole, or not at all."""

_FILES = {"traefik": ("dynamic.yaml", {"static": "traefik.yaml"})}
_OTHERS = {"apisix": {"config": "config.yaml"}}


@dataclass(frozen=True, slots=True)
class Files:
    """Which block holds which file.

    Attributes:
        main: the file of the block `yaml PROVIDER`.
        parts: the files of the blocks `yaml PROVIDER PART`, by part; their block is left out
            where they are as in the frame.
    """

    main: str
    parts: dict[str, str]


def files_of(provider: str) -> Files:
    """The files of a provider."""
    main, parts = _FILES.get(provider, (f"{provider}.yaml", _OTHERS.get(provider, {})))
    return Files(main, parts)


@cache
def frame(info: str) -> Any:
    """The data of a block of `fixtures/README.md`, None where there is none."""
    text = read_case(README).find(f"yaml {info}")
    return None if text is None else yaml.safe_load(text)


@cache
def _envoy() -> EnvoyFrame:
    return EnvoyFrame(frame("envoy frame"))


def forget() -> None:
    """Read the frames again when they are asked for: they were rewritten."""
    frame.cache_clear()
    _envoy.cache_clear()


def _envoy_piece(bootstrap: Json, *, keep: bool) -> Json:
    piece = _envoy().cut(bootstrap)
    said = short(piece, partial(_script, keep=keep))
    if keep and long(said) != piece:
        raise ValueError("the short words do not say the same")
    return dict(said)


def _script(text: str, name: str, *, keep: bool) -> str:
    """The file name of a script; a new one gets a file if it is to be kept."""
    known = sorted((FOLDER / "scripts").glob("*.lua"))
    for path in known:
        if path.read_text(encoding="utf-8") == text:
            return path.name
    stem = name.removeprefix("gal.").replace(".", "_")
    names = {path.name for path in known}
    found = next(one for number in range(1, 99) if (one := _numbered(stem, number)) not in names)
    if not keep:
        return f"{found}, which --regen would write"
    (FOLDER / "scripts").mkdir(exist_ok=True)
    (FOLDER / "scripts" / found).write_text(text, encoding="utf-8")
    return found


def _numbered(stem: str, number: int) -> str:
    return f"{stem}.lua" if number == 1 else f"{stem}_{number}.lua"


def pieces(provider: str, files: list[OutputFile], *, keep: bool = False) -> dict[str, Any]:
    """The data of a provider's blocks by info string, such as `kong` or `traefik static`.

    With `keep`, scripts that no case had before get a file of their own.

    Raises:
        ValueError: the frame cannot say the files.
    """
    known = files_of(provider)
    by_name = {file.name: file.data for file in files}
    main = by_name.pop(known.main, {})
    found = {provider: _envoy_piece(main, keep=keep) if provider == "envoy" else main}
    for part, name in known.parts.items():
        data = by_name.pop(name, None)
        if data is not None and data != frame(f"{provider} {part} frame"):
            found[f"{provider} {part}"] = data
    if by_name:
        raise ValueError(f"no block for {', '.join(by_name)} of {provider}")
    return found


def whole(provider: str, blocks: dict[str, Any]) -> list[OutputFile]:
    """The files that the blocks stand for, the main one last."""
    known = files_of(provider)
    found = []
    for part, name in known.parts.items():
        data = blocks.get(f"{provider} {part}", frame(f"{provider} {part} frame"))
        if data is not None:
            found.append(OutputFile(name, data))
    main = blocks[provider]
    found.append(
        OutputFile(known.main, _envoy().whole(long(main)) if provider == "envoy" else main)
    )
    return found


def without_unsaid(provider: str, read: Json, model: Json) -> Json:
    """A model that was read, without what every file of the provider says by its defaults.

    Routes that name a service stand in it, where those of the case's model do.
    """
    owners = [
        one["name"] for one in model.get("services", []) if one.get("routes") and "name" in one
    ]
    if owners:
        read = _nested(_with_services(read, owners))
    unsaid = frame(f"{provider} unsaid")
    if not unsaid:
        return read
    if not all("host_header" in route for route in _routes(read)):
        unsaid = {key: value for key, value in unsaid.items() if key != "upstreams"}
    else:
        for service in read.get("services", []):
            upstream = service.get("upstream")
            if isinstance(upstream, dict) and upstream.get("host_header") == {"mode": "target"}:
                del upstream["host_header"]
    return dict(_strip(unsaid, read, model))


def _with_services(read: Json, names: list[str]) -> Json:
    """The model with a service for each upstream that is one in the case's model."""
    known = {one.get("name") for one in read.get("services", [])}
    wanted = [name for name in names if name not in known]
    found = [one for one in read.get("upstreams", []) if one.get("name") in wanted]
    if not found:
        return read
    rest = [one for one in read["upstreams"] if one not in found]
    made = [
        {
            "name": one["name"],
            "upstream": {key: below for key, below in one.items() if key != "name"},
        }
        for one in found
    ]
    changed = {**read, "services": [*made, *read.get("services", [])], "upstreams": rest}
    return {key: value for key, value in changed.items() if value}


def _nested(read: Json) -> Json:
    """The model with its routes in the services that they name."""
    services = {one["name"]: dict(one) for one in read.get("services", []) if "name" in one}
    others = []
    for route in read.get("routes", []):
        owner = services.get(route.get("upstream"))
        if owner is None:
            others.append(route)
            continue
        own = {key: value for key, value in route.items() if key != "upstream"}
        owner["routes"] = [*owner.get("routes", []), own]
    for service in services.values():
        upstream = service.get("upstream")
        if isinstance(upstream, dict) and upstream.get("name") == service["name"]:
            service["upstream"] = {key: one for key, one in upstream.items() if key != "name"}
    unnamed = [one for one in read.get("services", []) if "name" not in one]
    found = {**read, "services": [*services.values(), *unnamed], "routes": others}
    return {
        key: value for key, value in found.items() if value or (key in read and key != "routes")
    }


def _routes(model: Json) -> list[Json]:
    nested = [route for service in model.get("services", []) for route in service.get("routes", [])]
    return [*nested, *model.get("routes", [])]


def _strip(unsaid: Any, data: Any, said: Any) -> Any:
    if isinstance(unsaid, list) and isinstance(data, list):
        others = said if isinstance(said, list) else []
        return [
            _strip(unsaid[0], item, others[index] if index < len(others) else {})
            for index, item in enumerate(data)
        ]
    if not isinstance(unsaid, dict) or not isinstance(data, dict):
        return data
    known = said if isinstance(said, dict) else {}
    found: Json = {}
    for key, value in data.items():
        if key in unsaid and key not in known and unsaid[key] in (ANYTHING, value):
            continue
        if key in _WHOLE:
            found[key] = value
            continue
        rest = _strip(unsaid[key], value, known.get(key)) if key in unsaid else value
        gone = key in unsaid and key not in known and rest in ({}, [], [{}])
        if not gone or not value:
            found[key] = rest
    return found
