"""Keys as Envoy's `api_key_auth` filter.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/api_key_auth_filter
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gal.exporters.envoy import lua
from gal.exporters.envoy.build import HTTP_FILTER, Json, Shared
from gal.exporters.envoy.checks import (
    Check,
    ImpossibleError,
    Presented,
    header_presented,
    query_presented,
)
from gal.exporters.envoy.consumers import KEY_HEADER, mark
from gal.exporters.envoy.regex_text import escaped
from gal.ledger import Fate, Level
from gal.model import ApiKey, ApiKeyAuth, ModelNode, Secret

_TYPE = HTTP_FILTER + "api_key_auth.v3.ApiKeyAuth"


def api_key_auth(policy: ApiKeyAuth, shared: Shared) -> Check:
    """Ask for a key. The consumers' keys stand in the chain's filter, once.

    Raises:
        ImpossibleError: there is no key, or no place that Envoy looks into.
    """
    sources = _sources(policy)
    if not sources:
        raise ImpossibleError(policy, "Envoy takes keys from headers, queries and cookies only")
    own = bool(policy.keys)
    name = "gal.api_key.own" if own else "gal.api_key"
    if shared.filters.config(name) is None:
        base: Json = {"@type": _TYPE}
        if not own:
            base["credentials"] = list(_credentials(_consumer_keys(shared), shared))
        shared.filters.ensure("api_key", base, "own" if own else "")
    override: Json = {"@type": _TYPE + "PerRoute", "key_sources": sources}
    if own:
        override["credentials"] = list(_credentials(_own_keys(policy.keys), shared))
    settled = override if own else shared.filters.config(name) or {}
    if not settled.get("credentials"):
        raise ImpossibleError(policy, "there is no key that Envoy knows")
    forwarding: Json = {} if own else {"header": KEY_HEADER}
    in_queries = bool(policy.query_params)
    if policy.hide_credentials and not in_queries:
        forwarding["hide_credentials"] = True
    if forwarding:
        override["forwarding"] = forwarding
    _report(policy, shared)
    hidden = policy.hide_credentials and in_queries
    return Check(
        feature="api_key",
        filters={name: override, **(_hidden_queries(policy, shared) if hidden else {})},
        removed_headers=list(policy.header_names) if hidden else [],
        presented=[
            *map(header_presented, policy.header_names),
            *map(query_presented, policy.query_params),
            *(_cookie(cookie) for cookie in policy.cookie_names),
        ],
        consumers=None if own else "key",
        skips_preflight=not policy.run_on_preflight,
    )


def _hidden_queries(policy: ApiKeyAuth, shared: Shared) -> Json:
    """A script that takes keys out of the query. Envoy's own way decodes the other parameters and
    does not encode them again, so that `a%26b` would become two of them.
    """
    if policy.cookie_names:
        message = "a key in a cookie reaches the upstream"
        shared.context.report.approximated(policy, "authentication", message, "hide_credentials")
    context: Json = {"remove": list(policy.query_params)}
    name, settings = lua.filter_for(shared, "query", lua.QUERY, context, "credentials")
    return {name: settings}


def _sources(policy: ApiKeyAuth) -> list[Json]:
    """Kong looks for each name in the header, then in the query, before the next name."""
    queries = list(policy.query_params)
    sources: list[Json] = []
    for name in policy.header_names:
        sources.append({"header": name})
        if name in queries:
            queries.remove(name)
            sources.append({"query": name})
    sources += [{"query": name} for name in queries]
    return sources + [{"cookie": name} for name in policy.cookie_names]


def _cookie(name: str) -> Presented:
    pattern = f"(?:.*;\\s*)?{escaped(name)}=.*"
    return Presented([{"name": "cookie", "string_match": {"safe_regex": {"regex": pattern}}}])


def _own_keys(keys: Iterable[ApiKey]) -> Iterator[tuple[ModelNode, Secret | None, str]]:
    for number, key in enumerate(keys, 1):
        yield key, key.key, mark(key.name) if key.name else str(number)


def _consumer_keys(shared: Shared) -> Iterator[tuple[ModelNode, Secret | None, str]]:
    for consumer in shared.gateway.consumers:
        for number, key in enumerate(consumer.credentials.api_keys, 1):
            if key.lifetime is not None:
                message = "Envoy's keys have no end: this one is left away"
                shared.context.report.refused(key, "credentials", message, "lifetime")
                continue
            yield key, key.key, mark(consumer.name, number)


def _credentials(
    keys: Iterable[tuple[ModelNode, Secret | None, str]], shared: Shared
) -> Iterator[Json]:
    """The keys, each once: Envoy refuses a file with the same key twice."""
    seen: set[str] = set()
    for node, secret, client in keys:
        key = secret.reveal() if secret is not None else ""
        reason = ""
        if not key:
            reason = "the source makes this key up: it is not known, and opens nothing here"
        elif key in seen:
            reason = "another credential has the same key, and that one counts"
        if reason:
            shared.context.report.refused(node, "credentials", reason)
            continue
        seen.add(key)
        yield {"key": key, "client": client}


def _report(policy: ApiKeyAuth, shared: Shared) -> None:
    report = shared.context.report
    if policy.body_fields:
        message = "Envoy looks for keys in headers, queries and cookies: one in a body is refused"
        report.approximated(policy, "authentication", message, "body_fields")
    if policy.realm is not None:
        message = "Envoy sends no WWW-Authenticate to those who have no key"
        report.dropped(policy, "authentication", message, "realm", Level.INFO)
    message = "of a key that is sent twice the first one counts, and an empty one is passed over"
    report.about(policy, Fate.APPROXIMATED, Level.INFO, "authentication", message)
