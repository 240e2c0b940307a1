"""Who a request's consumer is, once a credential has let it in.

Envoy's filters say which credential opened: a key by a header, a user by a header, a token by
metadata. One script turns that into the consumer: for the upstream as headers (`X-Consumer-*`),
for the filters behind it (groups, limits) as metadata that nobody else can set.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from gal.exporters.envoy.build import HTTP_FILTER, Json, RouteBuild, Shared
from gal.model import Consumer, Gateway

STAGE = "consumer"
NAMESPACE = "gal.consumer"
"""Where the script leaves the consumer in a request's metadata: `name`, `groups`, `credential`,
`limited` (the name, where the consumer has a limit of its own) or else `unlimited`."""

KEY_HEADER = "x-gal-key"
USER_HEADER = "x-gal-basic"

_IN_HEADER = "!#$&'()*+,:;=?@[]{} "
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;@/+=#*()\[\]{}|<>~!?$&-]")


def mark(name: str, number: int = 1) -> str:
    """A name for a consumer's key (its first, second, ...) that stands in a header whatever the
    consumer is called.
    """
    text = quote(name, safe=_IN_HEADER)
    return text if number == 1 else f"{text}/{number}"


def plain(value: str) -> str:
    """A name as the script knows it: without the line ends that separate its records."""
    return value.replace("\n", " ")


def payload_key(key: str) -> str:
    """Under which name the payload of a token stands in the metadata."""
    return f"payload:{key}"


def header_key(key: str) -> str:
    """Under which name the header of a token stands in the metadata."""
    return f"header:{key}"


def find_consumer(gateway: Gateway, name: str) -> Consumer | None:
    """The consumer of a name or, as Kong takes it too, of an id."""
    for consumer in gateway.consumers:
        if consumer.name == name:
            return consumer
    for consumer in gateway.consumers:
        if consumer.id == name:
            return consumer
    return None


def identify(shared: Shared, kinds: Iterable[str], anonymous: str | None = None) -> dict[str, Json]:
    """The filter that finds the consumer, with its settings for an entry of a route.

    Args:
        shared: what all routes share.
        kinds: `jwt`, `key` and `basic`: what may have let in; of several the last one counts.
        anonymous: the consumer that nobody else is.
    """
    base = {
        "@type": HTTP_FILTER + "lua.v3.Lua",
        "clear_route_cache": False,
        "default_source_code": {"inline_string": _script(shared)},
    }
    name = shared.filters.ensure(STAGE, base)
    context: Json = {"kinds": list(kinds)}
    if anonymous is not None:
        context["anonymous"] = anonymous
    return {name: {"@type": HTTP_FILTER + "lua.v3.LuaPerRoute", "filter_context": context}}


def contexts(build: RouteBuild) -> Iterator[Json]:
    """What the script is told for a route and for each of its alternatives."""
    name = f"gal.{STAGE}"
    for filters in (build.filters, *(entry.changes or {} for entry in build.alternatives)):
        settings = filters.get(name)
        if settings is not None:
            yield settings["filter_context"]


def is_identified(build: RouteBuild) -> bool:
    """Whether a consumer is known on some entry of a route."""
    return next(contexts(build), None) is not None


def consumer_value(field_name: str, value: Json) -> Json:
    """An RBAC principal on what the script has left in the metadata."""
    path = [{"key": field_name}]
    matcher = {"filter": NAMESPACE, "path": path, "value": value}
    return {"sourced_metadata": {"metadata_matcher": matcher}}


@dataclass(slots=True)
class _Script:
    text: str | None = field(default=None)


def _script(shared: Shared) -> str:
    kept = shared.state(_Script)
    if kept.text is None:
        kept.text = _tables(shared.gateway) + _FUNCTIONS
    return kept.text


def _tables(gateway: Gateway) -> str:
    consumers, keys, users, tokens = {}, {}, {}, {}
    for consumer in gateway.consumers:
        name = consumer.name
        groups = list(consumer.groups)
        values = [name, consumer.id, consumer.custom_id, ", ".join(groups)]
        consumers[name] = _record([*map(_header_value, values), *groups])
        credentials = consumer.credentials
        for number, key in enumerate(credentials.api_keys, 1):
            label = mark(name, number)
            keys[label] = _record([name, _header_value(key.id), f"key:{label}"])
        for user in credentials.basic:
            shown = _header_value(user.username)
            users[user.username] = _record([name, shown, f"basic:{user.username}"])
        for token in credentials.jwt:
            if token.key is not None:
                shown = _header_value(token.key)
                tokens[token.key] = _record([name, shown, f"jwt:{token.key}"])
    tables = {"consumers": consumers, "keys": keys, "users": users, "tokens": tokens}
    return "".join(map(_table, tables, tables.values()))


def _header_value(value: str | None) -> str:
    """Empty for what cannot stand in a header."""
    return "" if value is None or _CONTROL.search(value) else value


def _record(values: list[str]) -> str:
    """Several values in one text, which the script takes apart at the lines' ends. One constant a
    consumer keeps the table within what Lua takes in one function.
    """
    return "".join(plain(value) + "\n" for value in values)


def _table(name: str, values: dict[str, str]) -> str:
    lines = (f"  [{quoted(key)}] = {quoted(value)},\n" for key, value in values.items())
    return f"local {name} = {{\n{''.join(lines)}}}\n"


def quoted(text: str) -> str:
    """A text as Lua reads it. Whatever is not plain is written as the number of its byte, so that
    no name can end the text.
    """
    shown = (
        character
        if _PLAIN.fullmatch(character)
        else "".join(f"\\{byte:03d}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in text
    )
    return f'"{"".join(shown)}"'


_FUNCTIONS = """
local function split(record)
  local values = {}
  for value in record:gmatch("([^\\n]*)\\n") do
    values[#values + 1] = value
  end
  return values
end

local function by_token(handle)
  local found = handle:streamInfo():dynamicMetadata():get("envoy.filters.http.jwt_authn")
  for name in pairs(found or {}) do
    local key = name:match("^payload:(.*)$")
    if key ~= nil and tokens[key] ~= nil then
      return tokens[key]
    end
  end
  return nil
end

local function credential(handle, kinds)
  local headers, found = handle:headers(), nil
  for _, kind in ipairs(kinds) do
    local record
    if kind == "jwt" then
      record = by_token(handle)
    elseif kind == "key" then
      record = keys[headers:get("x-gal-key") or ""]
    else
      record = users[headers:get("x-gal-basic") or ""]
    end
    found = record or found
  end
  return found and split(found)
end

local function set(headers, name, value)
  headers:remove(name)
  if value ~= nil and value ~= "" then
    headers:add(name, value)
  end
end

local function tell(handle, context, consumer, identifier, anonymous)
  local headers = handle:headers()
  set(headers, "x-consumer-username", consumer[1])
  set(headers, "x-consumer-id", consumer[2])
  set(headers, "x-consumer-custom-id", consumer[3])
  set(headers, "x-consumer-groups", context:get("groups") and consumer[4])
  set(headers, "x-credential-identifier", identifier)
  set(headers, "x-anonymous-consumer", anonymous and "true")
  headers:remove("x-gal-key")
  headers:remove("x-gal-basic")
end

local function contains(list, value)
  for _, one in ipairs(list or {}) do
    if one == value then
      return true
    end
  end
  return false
end

function envoy_on_request(handle)
  local context = handle:filterContext()
  local metadata = handle:streamInfo():dynamicMetadata()
  local found = credential(handle, context:get("kinds") or {})
  local anonymous = found == nil and context:get("anonymous") or nil
  local name = found and found[1] or anonymous
  local consumer = name and consumers[name] and split(consumers[name]) or {}
  tell(handle, context, consumer, found and found[2], anonymous)
  if name ~= nil then
    metadata:set("gal.consumer", "name", name)
    if #consumer > 4 then
      metadata:set("gal.consumer", "groups", { unpack(consumer, 5) })
    end
  end
  if found ~= nil then
    metadata:set("gal.consumer", "credential", found[3])
  end
  if name ~= nil and contains(context:get("limited"), name) then
    metadata:set("gal.consumer", "limited", name)
  else
    metadata:set("gal.consumer", "unlimited", "yes")
  end
end
"""
