"""What the gateway answers itself: redirects and whole responses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from gal.drift.change import Level, Security, Traffic
from gal.drift.compare.finding import Finding, fields_of, whole
from gal.drift.effective import Place
from gal.drift.shown import NONE, cut, shown, shown_value, without_userinfo
from gal.model import DirectResponse, Redirect

_DIRECT: Final = dict.fromkeys(("status_code", "trigger", "echo"), "D122")
_PORTS: Final = {"http": 80, "https": 443}


def https_redirect(old: Place, new: Place) -> Iterator[Finding]:
    """What plain HTTP gets where a route only takes HTTPS; nothing means that it is not taken."""
    before, after = (one.route.https_redirect for one in (old, new))
    if before == after or not (_only_https(old) and _only_https(new)):
        return
    at = (before or old.route, "status_code"), (after or new.route, "status_code")
    left, right = (shown("", None if one is None else one.status_code) for one in (before, after))
    yield Finding("D143", "https_redirect", left, right, *at)


def _only_https(place: Place) -> bool:
    schemes = place.route.schemes
    return bool(schemes) and all(one.endswith("s") for one in schemes)


def redirect(old: Redirect | None, new: Redirect | None) -> Iterator[Finding]:
    """Sent elsewhere, or elsewhere than before; a location and its parts say the same."""
    if old is None or new is None:
        yield whole("D122", old, new, "redirect", (_where(old), _where(new)))
        return
    if _parts(old) != _parts(new):
        yield whole("D122", old, new, "redirect.location", (_where(old), _where(new)))
    yield from fields_of(old, new, {"status_code": "D122"}, "redirect")


Parts = tuple[str, str, int | None, str, bool]
"""Scheme, host, port, path, and whether the query is left away; empty is as the client asked."""


def _parts(policy: Redirect) -> Parts:
    if policy.location is None:
        scheme, host, port = policy.scheme or "", policy.host or "", policy.port
        path, stripped = policy.path or "", policy.strip_query
    else:
        given = urlsplit(policy.location)
        scheme, host, port = given.scheme, given.hostname or "", given.port
        path = policy.location.partition(given.netloc)[2] if given.netloc else policy.location
        if policy.keep_path:
            path, stripped = path.rstrip("/"), policy.strip_query
        else:
            path, stripped = path or "/", True
    if port == _PORTS.get(scheme):
        port = None
    return scheme, host.lower(), port, path, stripped


def _where(policy: Redirect | None) -> str:
    if policy is None:
        return NONE
    if policy.location is not None:
        return cut(without_userinfo(policy.location)) + ("..." if policy.keep_path else "")
    scheme, host, port, path, _ = _parts(policy)
    port_text = "" if port is None else f":{port}"
    return cut(f"{scheme or '*'}://{host or '*'}{port_text}{path or '/*'}")


def direct_response(old: DirectResponse | None, new: DirectResponse | None) -> Iterator[Finding]:
    """Answered by the gateway, or with something else than before."""
    if old is None or new is None:
        refused = [one is not None and _refuses(one) for one in (old, new)]
        security = Security.STRENGTHENED if refused[1] else None
        yield whole(
            "D122",
            old,
            new,
            "direct_response",
            (_answer(old), _answer(new)),
            security=Security.WEAKENED if refused[0] else security,
            traffic=Traffic.OPENING if refused[0] else None,
        )
        return
    if _body(old) != _body(new):
        texts = _body_text(old), _body_text(new)
        yield whole("D122", old, new, "direct_response.body", texts)
    yield from fields_of(old, new, _DIRECT, "direct_response")
    for found in fields_of(old, new, {"content_type": "D122"}, "direct_response"):
        yield replace(found, traffic=Traffic.NONE, level=Level.LOW)


def _refuses(policy: DirectResponse) -> bool:
    return policy.status_code >= 400 and policy.trigger is None


def _answer(policy: DirectResponse | None) -> str:
    if policy is None:
        return NONE
    body = _body_text(policy)
    return f"{policy.status_code}" if body == NONE else f"{policy.status_code} {body}"


def _body(policy: DirectResponse) -> str:
    """What the client reads; a message is the same in JSON, as gateways wrap it."""
    if policy.message is not None:
        return policy.message.strip()
    text = (policy.body or "").strip()
    if not text.startswith("{"):
        return text
    try:
        data = json.loads(text)
    except ValueError:
        return text
    wrapped = isinstance(data, dict) and len(data) == 1 and isinstance(data.get("message"), str)
    return str(data["message"]) if wrapped else text


def _body_text(policy: DirectResponse) -> str:
    return shown_value("body", _body(policy)) or NONE
