"""What holds for the gateway as a whole: ports, administration, certificates."""

from __future__ import annotations

from collections.abc import Iterator

from gal.drift.compare.finding import Finding, of_field
from gal.drift.effective import SideView
from gal.drift.normalise import host_key
from gal.drift.shown import NONE, fingerprint, joined
from gal.model import Certificate, Listener, Secret

Listeners = dict[tuple[str, int], Listener]


def listeners(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """Ports that are listened on, where both sides say any; each with what it is about."""
    before, after = _listeners(old), _listeners(new)
    if not before or not after:
        return
    for key in sorted(before.keys() | after.keys(), key=str):
        left, right = before.get(key), after.get(key)
        text = f"{key[0]} {key[1]}"
        if left is None:
            finding = Finding("D066", "listeners", NONE, text, new_at=(right, ""))
        elif right is None:
            finding = Finding("D067", "listeners", text, NONE, (left, ""))
        elif left.host == right.host:
            continue
        else:
            finding = of_field("D066", left, right, "host", "listeners")
        yield f"listener {text}", finding


def _listeners(side: SideView) -> Listeners:
    return {(one.protocol, one.port): one for one in side.gateway.listeners}


def administration(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """The port of its administration."""
    before, after = old.gateway.settings, new.gateway.settings
    if before.admin_port is None and after.admin_port is not None:
        yield "gateway", of_field("D061", before, after, "admin_port", "global")


def certificates(old: SideView, new: SideView) -> Iterator[tuple[str, Finding]]:
    """Certificates by the names that they are shown for, else by their own name."""
    before, after = _certificates(old), _certificates(new)
    gone = {key: one for key, one in before.items() if key not in after}
    come = {key: one for key, one in after.items() if key not in before}
    named = all(_says_names(one) for one in (*gone.values(), *come.values()))
    for key, left in before.items():
        if key in after:
            yield from ((_name(left), one) for one in _certificate(left, after[key]))
    for left, right in _same_bytes(gone, come):
        if named:  # else they are those that stand in the certificate itself
            yield _name(left), of_field("D044", left, right, "server_names", "certificates")
    for left in gone.values():
        yield _name(left), Finding("D047", "certificates", _text(left), NONE, (left, ""))
    for right in come.values():
        yield _name(right), Finding("D049", "certificates", NONE, _text(right), new_at=(right, ""))


def _says_names(one: Certificate) -> bool:
    return bool(one.server_names) and "*" not in one.server_names


def _same_bytes(
    gone: dict[str, Certificate], come: dict[str, Certificate]
) -> list[tuple[Certificate, Certificate]]:
    """The same certificates under other names, taken out of both."""
    by_bytes = {_bytes(one): key for key, one in come.items()}
    found = []
    for key, left in list(gone.items()):
        other = by_bytes.pop(_bytes(left), None)
        if other is not None:
            found.append((gone.pop(key), come.pop(other)))
    return found


def _certificates(side: SideView) -> dict[str, Certificate]:
    found: dict[str, Certificate] = {}
    for one in side.gateway.certificates:
        names = sorted(host_key(name) for name in one.server_names)
        found.setdefault(",".join(names) or f"name {_bytes(one)}", one)
    return found


def _certificate(old: Certificate, new: Certificate) -> Iterator[Finding]:
    if _bytes(old) != _bytes(new):
        at = (old, "certificate"), (new, "certificate")
        yield Finding("D044", "certificates.certificate", _shown(old), _shown(new), *at)
    if old.key != new.key or old.key_file != new.key_file:
        marks = (_key(one) for one in (old, new))
        left, right = marks
        yield Finding("D044", "certificates.key", left, right, (old, "key"), (new, "key"))


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
