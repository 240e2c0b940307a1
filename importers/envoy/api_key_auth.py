"""Keys: `api_key_auth`.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/api_key_auth_filter
and https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/api_key_auth/v3/api_key_auth.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.importers.envoy import consumers
from gal.importers.envoy.use import Reading, guarded
from gal.importers.envoy.values import take_flag
from gal.ledger import Fate, Level
from gal.model import ApiKey, ApiKeyAuth, Authentication, Origin, Secret
from gal.reading import Mapping
from gal.redacted import is_redacted

if TYPE_CHECKING:
    from gal.importers.envoy.use import Use

KEY_NAMES = {
    "header_names": "key_sources",
    "query_params": "key_sources",
    "cookie_names": "key_sources",
    "keys": "credentials",
    "hide_credentials": "forwarding.hide_credentials",
}
_FEATURE = "authentication"


def read(use: Use) -> Reading:
    """A route's own keys and places take those of the chain's place, each where it has any; what
    the upstream is told is not inherited.
    """
    base, override = use.base, use.own
    narrow = override if override is not None else base
    credentials = _inherited("credentials", base, override)
    sources = _inherited("key_sources", base, override)
    section = ApiKeyAuth([], origin=Origin(narrow, KEY_NAMES))
    _sources(sources, section, use)
    allowed = set(narrow.take_strings("allowed_clients") or ())
    for one in credentials:
        secret, client = one.take_str("key", ""), one.take_str("client", "")
        if is_redacted(secret):
            message = "Envoy does not show this key, so it opens nothing until it is filled in"
            use.report.at(one, Fate.DROPPED, Level.ERROR, _FEATURE, message)
            continue
        if allowed and client not in allowed:
            continue
        origin = Origin(one, {"name": "client"})
        section.keys.append(ApiKey(Secret(secret), client or None, origin=origin))
    if allowed:
        message = "keys of other clients are refused with 401, not 403"
        node = narrow.peek("allowed_clients")
        use.report.at(node, Fate.APPROXIMATED, Level.INFO, _FEATURE, message)
    if override is not None:
        unused = base.take("forwarding")
        if unused is not None:
            unused.take_all()
    _forwarding(narrow, section, use)
    looked = section.header_names or section.query_params or section.cookie_names
    if not section.keys or not looked:
        return guarded(use, "without a key, or a place for it, it refuses everybody")
    if consumers.is_own(use) and not use.filter.name.endswith(".own"):
        consumers.note_keys(use, section.keys)
        section.keys = []
    found = Reading(use, groups={"access"})
    found.policies.authentication = Authentication(api_key=section, origin=Origin(use.node, {}))
    return found


def _inherited(key: str, base: Mapping, override: Mapping | None) -> list[Mapping]:
    own = override.take_mappings(key) if override is not None else []
    if not own:
        return base.take_mappings(key)
    wider = base.take(key)
    if wider is not None:
        wider.take_all()
    return own


def _sources(sources: list[Mapping], section: ApiKeyAuth, use: Use) -> None:
    order: list[int] = []
    for one in sources:
        lists = (section.header_names, section.query_params, section.cookie_names)
        for rank, (key, found) in enumerate(zip(("header", "query", "cookie"), lists, strict=True)):
            name = one.take_str(key)
            if name:
                found.append(name)
                order.append(rank)
                one.take_all()
                break
    if order != sorted(order):
        message = "headers are looked into first, then the query, then cookies"
        use.report.approximated(section, _FEATURE, message, "header_names")


def _forwarding(node: Mapping, section: ApiKeyAuth, use: Use) -> None:
    forwarding = node.take_mapping("forwarding")
    if forwarding is None:
        return
    section.hide_credentials = take_flag(forwarding, "hide_credentials") or False
    header = forwarding.take("header")
    if header is not None and header.as_str() not in ("", consumers.KEY_HEADER):
        message = "elsewhere the upstream is not told in this header whose key it was"
        use.report.at(header, Fate.DROPPED, Level.WARNING, _FEATURE, message)
