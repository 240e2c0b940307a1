"""What holds for the gateway as a whole: ports, administration, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from gal.drift.compare.finding import Finding, of_field
from gal.drift.compare.opaque import extensions
from gal.drift.effective import SideView
from gal.drift.normalise import host_key
from gal.drift.shown import NONE, fingerprint, joined
from gal.model import Certificate, Global, Listener, Secret

Listeners = dict[tuple[str, int], Listener]
Sides = tuple[SideView, SideView]

EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})
"""Every address of the machine."""


def listeners(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """Ports that are listened on, where both sides say any; each with what it is about."""
    before, after = _listeners(old), _listeners(new)
    if not before or not after:
        yield from _default_port(old, new)
        return
    for key in sorted(before.keys() | after.keys(), key=str):
        left, right = before.get(key), after.get(key)
        text = f"{key[0]} {key[1]}"
        if left is None:
            finding = Finding("D066", "listeners", NONE, text, new_at=(right, ""))
        elif right is None:
            finding = Finding("D067", "listeners", text, NONE, (left, ""))
        else:
            yield from ((f"listener {text}", one) for one in _listener(left, right, (old, new)))
            continue
        yield f"listener {text}", finding


def _listeners(side: SideView) -> Listeners:
    return {(one.protocol, one.port): one for one in side.gateway.listeners}


def _default_port(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """The port of a file without listeners, which only GAL's own format has."""
    if _listeners(old) or _listeners(new) or old.provider != new.provider:
        return
    before, after = old.gateway.settings, new.gateway.settings
    if before.port != after.port:
        yield "gateway", of_field("D067", before, after, "port", "global")
    if before.host != after.host:
        yield "gateway", _rehosted(before, after, "global")


def _listener(old: Listener, new: Listener, sides: Sides) -> Iterator[Finding]:
    """The address of a port, and which certificates are shown there, whatever they are called."""
    if old.host != new.host:
        yield _rehosted(old, new, "listeners")
    if old.certificates == new.certificates or sides[0].provider != sides[1].provider:
        return  # what is in one of the same name is compared with the certificates
    shown = [
        {"".join(side.certificate_text(name).split()) for name in one.certificates}
        for one, side in zip((old, new), sides, strict=True)
    ]
    if shown[0] != shown[1]:
        yield of_field("D044", old, new, "certificates", "listeners")


def _rehosted(old: Listener | Global, new: Listener | Global, prefix: str) -> Finding:
    """Another address: every address of the machine, or one of them."""
    if new.host in EVERYWHERE:
        return of_field("D066", old, new, "host", prefix)
    return of_field("D067", old, new, "host", prefix)


def timeout(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """The time for whole requests that holds where no route says another one."""
    before, after = old.gateway.settings, new.gateway.settings
    if before.timeout != after.timeout and old.provider == new.provider:
        yield "gateway", of_field("D080", before, after, "timeout", "global")


def certificates(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """Certificates by the names that they are shown for, else by their own name."""
    same = old.provider == new.provider
    before, after = _certificates(old), _certificates(new)
    gone: list[Certificate] = []
    come: list[Certificate] = []
    for key in dict.fromkeys([*before, *after]):
        for left, right in _by_bytes(before.get(key, []), after.get(key, [])):
            if left is None or right is None:
                gone += [left] if left is not None else []
                come += [right] if right is not None else []
                continue
            yield from ((_name(left), one) for one in _certificate(left, right, old.provider, same))
    named = same or all(_says_names(one) for one in (*gone, *come))
    for left, right in _same_bytes(gone, come):
        if named:  # else they are those that stand in the certificate itself
            yield _name(left), of_field("D044", left, right, "server_names", "certificates")
    for left in gone:
        yield _name(left), Finding("D047", "certificates", _text(left), NONE, (left, ""))
    for right in come:
        yield _name(right), Finding("D049", "certificates", NONE, _text(right), new_at=(right, ""))


def _says_names(one: Certificate) -> bool:
    return bool(one.server_names) and "*" not in one.server_names


def _by_bytes(
    old: list[Certificate], new: list[Certificate]
) -> Iterator[tuple[Certificate | None, Certificate | None]]:
    """Certificates for the same names: those that are equal, the others in their order."""
    left, right = list(old), list(new)
    yield from _same_bytes(left, right)
    yield from zip_longest(left, right)


def _same_bytes(
    gone: list[Certificate], come: list[Certificate]
) -> list[tuple[Certificate, Certificate]]:
    """The same certificates of both, taken out of both."""
    by_bytes: dict[str, list[Certificate]] = {}
    for one in come:
        by_bytes.setdefault(_bytes(one), []).append(one)
    found = []
    for left in list(gone):
        others = by_bytes.get(_bytes(left))
        if others:
            found.append((left, others.pop(0)))
    paired = {id(one) for pair in found for one in pair}
    for side in (gone, come):
        side[:] = [one for one in side if id(one) not in paired]
    return found


def _certificates(side: SideView) -> dict[str, list[Certificate]]:
    found: dict[str, list[Certificate]] = {}
    whole = [one for own in side.gateway.certificates for one in (own, *own.alternatives)]
    for one in whole:
        names = sorted(host_key(name) for name in one.server_names)
        found.setdefault(",".join(names) or f"name {_bytes(one)}", []).append(one)
    return found


def _certificate(
    old: Certificate, new: Certificate, provider: str, same: bool
) -> Iterator[Finding]:
    if _bytes(old) != _bytes(new):
        at = (old, "certificate"), (new, "certificate")
        yield Finding("D044", "certificates.certificate", _shown(old), _shown(new), *at)
    if old.key != new.key or old.key_file != new.key_file:
        marks = (_key(one) for one in (old, new))
        left, right = marks
        yield Finding("D044", "certificates.key", left, right, (old, "key"), (new, "key"))
    if same:
        yield from extensions(old.extensions, new.extensions, provider, (old, new))


def _bytes(one: Certificate) -> str:
    return "".join((one.certificate or one.certificate_file or one.name).split())


def _shown(one: Certificate) -> str:
    if one.certificate is None:
        return one.certificate_file or NONE
    return fingerprint(_bytes(one))


def _key(one: Certificate) -> str:
    if one.key is None:
        return one.key_file or NONE
    return str(Secret(one.key.reveal().strip()))


def _text(one: Certificate) -> str:
    return joined(sorted(one.server_names)) if one.server_names else _shown(one)


def _name(one: Certificate) -> str:
    return f"certificate {joined(sorted(one.server_names)) if one.server_names else one.name}"
