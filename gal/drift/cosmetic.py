"""What only those see who read the files: names, order, tags, structure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from gal.drift.atoms import in_words
from gal.drift.change import Change
from gal.drift.compare.finding import Finding
from gal.drift.effective import Place, SideView
from gal.drift.explicit import explicit
from gal.drift.grouping import about, link_atoms, with_objects
from gal.drift.matching import Link, Matching
from gal.drift.normalise import given_name
from gal.model import Consumer

_ON_KONG: Final = "; on Kong a name may decide between routes of equal rank"

Consumers = Iterable[tuple[Consumer | None, Consumer | None]]


def cosmetic(
    matching: Matching, consumers: Consumers, old: SideView, new: SideView
) -> Iterator[Change]:
    """Grouped changes, one for each kind."""
    same = old.provider == new.provider
    yield from _of_names(matching.links, old, new)
    if same:
        yield from _of_spelling(matching.links)
    split = [one for one in matching.links if _split(one)]
    if split:
        message = f"{len(split)} routes are split or joined"
        yield _about_routes("D114", "routes", split, message)
    numbers = [one.new.number for one in matching.links]
    if same and numbers != sorted(numbers):
        yield _about_routes("D111", "routes", matching.links, "the routes stand in another order")
    for before, after in consumers:
        if before is None or after is None:
            continue
        if sorted(before.tags) != sorted(after.tags) and same:
            texts = ", ".join(sorted(before.tags)), ", ".join(sorted(after.tags))
            yield about(
                Finding("D113", "tags", *texts, (before, "tags"), (after, "tags")),
                f"consumer {before.name}",
            )


def _of_names(links: list[Link], old: SideView, new: SideView) -> Iterator[Change]:
    renamed = [one for one in links if _renamed(one)]
    if renamed:
        note = _ON_KONG if "kong" in (old.provider, new.provider) else ""
        yield _about_routes("D110", "name", renamed, f"{len(renamed)} routes are renamed{note}")


def _of_spelling(links: list[Link]) -> Iterator[Change]:
    """Tags, and defaults that are said."""
    tagged = [one for one in links if _tags(one.old) != _tags(one.new)]
    if tagged:
        yield _about_routes("D113", "tags", tagged, f"{len(tagged)} routes have other tags")
    for said in explicit(links).values():
        yield _about_links(said[0][0], [link for _, link in said])


def _tags(place: Place) -> list[list[str]]:
    """The tags of a route and of what it leads to."""
    upstream = place.upstream
    found = [place.route.tags, [] if place.service is None else place.service.tags]
    if upstream is not None:
        found += [upstream.tags, *(one.tags for one in upstream.targets)]
    return [sorted(one) for one in found]


def _renamed(link: Link) -> bool:
    names = given_name(link.old.route.name), given_name(link.new.route.name)
    return None not in names and names[0] != names[1]


def _split(link: Link) -> bool:
    return len(link.atoms) < max(len(link.old.atoms), len(link.new.atoms)) and not (
        link.gone or link.come
    )


def _about_routes(id_: str, field: str, links: list[Link], message: str) -> Change:
    first = links[0]
    old, new = (getattr(one.route, field, None) for one in (first.old, first.new))
    finding = Finding(
        id_,
        field,
        _shown(old),
        _shown(new),
        (first.old.route, field if old else ""),
        (first.new.route, field if new else ""),
        message,
    )
    return _about_links(finding, links)


def _about_links(finding: Finding, links: list[Link]) -> Change:
    texts = [in_words(link_atoms(one))[0] for one in links]
    label = texts[0] if len(links) == 1 else "routes"
    return with_objects(about(finding, label), label, texts)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, sorted(value))) or "none"
    return str(value) if value else "none"
