"""What holds for the gateway as a whole: ports, administration, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from gal.drift.compare.finding import Finding, of_field
from gal.drift.compare.opaque import extensions, plugins
from gal.drift.effective import SideView
from gal.drift.normalise import host_key
from gal.drift.shown import NONE, fingerprint, joined
from gal.model import Certificate, Extensions, Global, Listener, Secret, Upstream

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


def settings(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """What only one gateway can say of itself, and its plugins for all requests. Settings of a
    listener that is on one side only come with it.
    """
    at = old.gateway, new.gateway
    before, after = _own(old, new), _own(new, old)
    for finding in extensions(before, after, old.own, at):
        yield "gateway", finding
    for finding in plugins(at[0].policies, at[1].policies, old.own):
        yield "gateway", finding


def _own(side: SideView, other: SideView) -> Extensions:
    """The settings, those of listeners by what these listen on, since names are nothing."""
    found = dict(side.gateway.extensions)
    envoy = found.get("envoy")
    if envoy is None or not other.gateway.listeners:
        return found
    keys = {one.name: f"{one.protocol} {one.port}" for one in side.gateway.listeners}
    there = {f"{one.protocol} {one.port}" for one in other.gateway.listeners}
    made = dict(envoy)
    for part in ("listeners", "connection_managers"):
        if isinstance(made.get(part), dict):
            made[part] = {
                keys.get(name, name): value
                for name, value in made[part].items()
                if keys.get(name, name) in there or name not in keys
            }
    return {**found, "envoy": made}


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
            yield from ((_name(left), one) for one in _certificate(left, right, old.own))
    named = same or all(_says_names(one) for one in (*gone, *come))
    for left, right in _same_bytes(gone, come):
        if named:  # else they are those that stand in the certificate itself
            yield _name(left), of_field("D044", left, right, "server_names", "certificates")
    used = _for_targets(old), _for_targets(new)  # what these are is compared with the upstreams
    for left in gone:
        id_ = "D114" if left.name in used[0] else "D047"
        yield _name(left), Finding(id_, "certificates", _text(left), NONE, (left, ""))
    for right in come:
        id_ = "D114" if right.name in used[1] else "D049"
        yield _name(right), Finding(id_, "certificates", NONE, _text(right), new_at=(right, ""))


def _for_targets(side: SideView) -> set[str]:
    """Names of certificates that are of use with targets only."""
    upstreams = [*side.gateway.upstreams]
    upstreams += [
        one.upstream for one in side.gateway.services if isinstance(one.upstream, Upstream)
    ]
    used: set[str] = set()
    for one in upstreams:
        if one.tls is not None:
            used |= {*one.tls.ca_certificates, one.tls.client_certificate or ""}
    shown = {name for one in side.gateway.listeners for name in one.certificates}
    return used - shown - {one.name for one in side.gateway.certificates if one.server_names}


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


def _certificate(old: Certificate, new: Certificate, own: tuple[str, ...]) -> Iterator[Finding]:
    if _bytes(old) != _bytes(new):
        at = (old, "certificate"), (new, "certificate")
        yield Finding("D044", "certificates.certificate", _shown(old), _shown(new), *at)
    if old.key != new.key or old.key_file != new.key_file:
        marks = (_key(one) for one in (old, new))
        left, right = marks
        yield Finding("D044", "certificates.key", left, right, (old, "key"), (new, "key"))
    yield from extensions(old.extensions, new.extensions, own, (old, new))


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
