"""Changes of headers and of the request line."""

from __future__ import annotations

from urllib.parse import quote, unquote_plus

from gal.model import Headers, Operations, Query, RequestId, RequestLine, Transformation
from gal.tracing.decision import Outcome
from gal.tracing.exchange import Exchange


def request_id(exchange: Exchange) -> None:
    """A request without an id gets one."""
    policy = exchange.policy(RequestId, "request_id")
    if policy is None:
        return
    name = policy.header_name
    own = exchange.header(name)
    value = own if own and policy.keep_existing else "{{uuid}}"
    exchange.set_header(name, value)
    if policy.echo:
        exchange.decision.response_headers.append(("set", name, value))
    message = f"{name} stays as it is" if value == own else f"{name} gets a new id"
    exchange.note("request_id", Outcome.PASSED if own else Outcome.CHANGED, message, policy)


def headers(exchange: Exchange) -> None:
    """Headers of the request and of the answer change: those of the service's transformation
    first, then those of the most specific scope that speaks of that side.
    """
    service = exchange.service
    if service is not None and service.transformation is not None:
        own = service.transformation
        if own.enabled and own.headers is not None:
            _change(exchange, own.headers, own.headers)
    request = _side(exchange, "request")
    response = _side(exchange, "response")
    if request is not None:
        _change(exchange, request, Headers(request=request.request))
    if response is not None:
        _change(exchange, response, Headers(response=response.response))


def _side(exchange: Exchange, side: str) -> Headers | None:
    for policies in exchange.levels:
        found = policies.headers
        if found is not None and (not found.enabled or getattr(found, side) is not None):
            return found if found.enabled else None
    return None


def _change(exchange: Exchange, said: Headers, change: Headers) -> None:
    if change.request is not None:
        told = _on_request(exchange, change.request)
        if told:
            message = f"request headers: {'; '.join(told)}"
            exchange.note("headers", Outcome.CHANGED, message, said, "request")
    if change.response is not None:
        done = list(_described(change.response))
        exchange.decision.response_headers += done
        if done:
            words = "; ".join(f"{how} {name}" for how, name, _ in done)
            exchange.note("headers", Outcome.CHANGED, f"headers of the answer: {words}", said)


def _on_request(exchange: Exchange, change: Operations) -> list[str]:
    """Apply the operations in their order; tells those that did something."""
    told = []
    there = [name for name in change.remove if exchange.header(name) is not None]
    exchange.remove_headers(change.remove)
    told += [f"{name} goes" for name in there]
    for old, new in change.rename.items():
        value = exchange.header(old)
        if value is not None:
            exchange.remove_headers([old])
            exchange.set_header(new, value)
            told.append(f"{old} becomes {new}")
    for name, values in change.replace.items():
        if exchange.header(name) is not None:
            exchange.set_header(name, *values)
            told.append(f"{name} is replaced")
    for name, values in change.set.items():
        exchange.set_header(name, *values)
        told.append(f"{name} is set")
    for name, values in change.default.items():
        if exchange.header(name) is None:
            exchange.set_header(name, *values)
            told.append(f"{name} is set, as it is absent")
    for name, values in change.add.items():
        exchange.headers += [(name, value) for value in values]
        told.append(f"{name} is added")
    return told


def _described(change: Operations) -> list[tuple[str, str, str]]:
    done = [("remove", name, "") for name in change.remove]
    done += [("rename", old, new) for old, new in change.rename.items()]
    for how in ("replace", "set", "default", "add"):
        for name, values in getattr(change, how).items():
            done += [(how, name, value) for value in values]
    return done


def request_line(exchange: Exchange) -> None:
    """The upstream sees another method."""
    policy = exchange.policy(RequestLine, "request_line")
    if policy is None or policy.method is None:
        return
    exchange.method = policy.method
    exchange.note("request_line", Outcome.CHANGED, f"the method becomes {policy.method}", policy)


def query(exchange: Exchange) -> None:
    """Query parameters change."""
    policy = exchange.policy(Query, "query")
    if policy is None:
        return
    pairs = [
        (unquote_plus(name), unquote_plus(value or ""))
        for name, equals, value in (
            part.partition("=") for part in (exchange.query or "").split("&") if part
        )
    ]
    change = policy.request
    names = {name for name, _ in pairs}
    pairs = [(change.rename.get(name, name), value) for name, value in pairs]
    pairs = [pair for pair in pairs if pair[0] not in change.remove]
    instead = {name: values for name, values in change.replace.items() if name in names}
    missing = {name: values for name, values in change.default.items() if name not in names}
    for name, values in [*instead.items(), *change.set.items(), *missing.items()]:
        pairs = [pair for pair in pairs if pair[0] != name]
        pairs += [(name, value) for value in values]
    pairs += [(name, value) for name, values in change.add.items() for value in values]
    exchange.query = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs) or None
    shown = exchange.decision.hiding.query(exchange.query or "empty")
    exchange.note("query", Outcome.CHANGED, f"the query becomes {shown}", policy)


def transformation(exchange: Exchange) -> None:
    """JSON bodies change; headers tell of it."""
    own = exchange.policy(Transformation, "transformation")
    service = exchange.service.transformation if exchange.service is not None else None
    for policy in (service, own):
        if policy is None or not policy.enabled:
            continue
        for name, value in policy.metadata.items():
            exchange.set_header(name, value)
        if any((policy.defaults, policy.computed_fields, policy.request, policy.metadata)):
            message = "a JSON body is changed on its way to the upstream"
            exchange.note("transformation", Outcome.CHANGED, message, policy)
        if policy.validation is not None and policy.validation.required_fields:
            fields = ", ".join(policy.validation.required_fields)
            message = f"a body without {fields} is refused with 400"
            exchange.note("transformation", Outcome.NOTED, message, policy.validation)
