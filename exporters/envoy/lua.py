"""Lua filters, for what Envoy's own filters cannot do exactly.

A script stands in the file once, in the filter of the chain, and is the same in every file. What a
route wants of it is data beside the route (`filter_context`), so that nothing has to be escaped
into a script. A script that fails lets the request pass unchanged.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter
"""

from __future__ import annotations

from gal.exporters.envoy.build import HTTP_FILTER, Json, RouteBuild, Shared


def switch_on(
    build: RouteBuild, shared: Shared, stage: str, script: str, context: Json, label: str = ""
) -> None:
    """Have a script act on a route.

    Args:
        stage: one of `FILTER_ORDER`.
        script: with `envoy_on_request` or `envoy_on_response`; always the same for one stage and
            label.
        context: what the script finds in `handle:filterContext()`: strings, numbers, lists, maps.
        label: tells filters of one stage apart.
    """
    name, settings = filter_for(shared, stage, script, context, label)
    build.switch_on(name, settings)


def filter_for(
    shared: Shared, stage: str, script: str, context: Json, label: str = ""
) -> tuple[str, Json]:
    """Have a script in the chain; gives the filter's name, and a route's settings for it."""
    base = {
        "@type": HTTP_FILTER + "lua.v3.Lua",
        # The route was chosen from the request as the client sent it, and stays.
        "clear_route_cache": False,
        "default_source_code": {"inline_string": script},
    }
    name = shared.filters.ensure(stage, base, label)
    return name, {"@type": HTTP_FILTER + "lua.v3.LuaPerRoute", "filter_context": context}


def context_of(build: RouteBuild, stage: str) -> Json | None:
    """What a script of the chain has been told for a route, if it acts there."""
    settings = build.filters.get(f"gal.{stage}")
    return None if settings is None else dict(settings["filter_context"])


HEADERS = """\
-- Takes headers away, renames them, replaces those that are there, and gives defaults.
local function values(headers, name)
  local found = {}
  for index = 0, headers:getNumValues(name) - 1 do
    found[index + 1] = headers:getAtIndex(name, index)
  end
  return found
end

local function put(headers, name, list)
  headers:remove(name)
  for _, value in ipairs(list) do
    headers:add(name, value)
  end
end

local function change(headers, step)
  for _, name in ipairs(step.remove or {}) do
    headers:remove(name)
  end
  for _, pair in ipairs(step.rename or {}) do
    local found = values(headers, pair.from)
    if #found > 0 then
      headers:remove(pair.from)
      put(headers, pair.to, found)
    end
  end
  for _, item in ipairs(step.replace or {}) do
    if headers:get(item.name) ~= nil then
      put(headers, item.name, item.values)
    end
  end
  for _, item in ipairs(step.default or {}) do
    if headers:get(item.name) == nil then
      put(headers, item.name, item.values)
    end
  end
end

function envoy_on_SIDE(handle)
  for _, step in ipairs(handle:filterContext():get("steps") or {}) do
    change(handle:headers(), step)
  end
end
"""
"""Changes of headers; `SIDE` is `request` or `response`."""

QUERY = """\
-- Changes query parameters; those that nobody speaks of stay byte for byte.
local function decoded(text)
  text = text:gsub("+", " ")
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function raw_name(part)
  return part:match("^[^=]*")
end

local function parse(query)
  local parts = {}
  if query == "" then
    return parts
  end
  for part in (query .. "&"):gmatch("([^&]*)&") do
    parts[#parts + 1] = { name = decoded(raw_name(part)), text = part }
  end
  return parts
end

local function without(parts, name)
  local kept, place = {}, nil
  for _, part in ipairs(parts) do
    if part.text ~= "" and part.name == name then
      place = place or #kept + 1
    else
      kept[#kept + 1] = part
    end
  end
  return kept, place
end

local function put(parts, name, text, absent_too)
  local kept, place = without(parts, name)
  if place == nil and not absent_too then
    return parts
  end
  table.insert(kept, place or #kept + 1, { name = name, text = text })
  return kept
end

local function rename(parts, old, new, written)
  local _, place = without(parts, old)
  if place == nil or old == new then
    return parts
  end
  parts = without(parts, new)
  for _, part in ipairs(parts) do
    if part.text ~= "" and part.name == old then
      part.name, part.text = new, written .. part.text:sub(#raw_name(part.text) + 1)
    end
  end
  return parts
end

local function change(parts, list)
  for _, name in ipairs(list("remove")) do
    parts = without(parts, name)
  end
  for _, item in ipairs(list("rename")) do
    parts = rename(parts, item.from, item.to, item.text)
  end
  for _, item in ipairs(list("replace")) do
    parts = put(parts, item.name, item.text, false)
  end
  for _, item in ipairs(list("set")) do
    parts = put(parts, item.name, item.text, true)
  end
  for _, item in ipairs(list("default")) do
    local _, place = without(parts, item.name)
    if place == nil then
      parts[#parts + 1] = item
    end
  end
  for _, item in ipairs(list("add")) do
    parts[#parts + 1] = item
  end
  return parts
end

function envoy_on_request(handle)
  local whole = handle:headers():get(":path")
  local path, query = whole:match("^([^?]*)%??(.*)$")
  local context = handle:filterContext()
  local before = parse(query)
  local parts = change(before, function(kind) return context:get(kind) or {} end)
  if #before == 0 and #parts == 0 then
    return
  end
  local texts = {}
  for index, part in ipairs(parts) do
    texts[index] = part.text
  end
  local mark = #parts > 0 and "?" or ""
  handle:headers():replace(":path", path .. mark .. table.concat(texts, "&"))
end
"""
"""Changes of query parameters: lists `remove`, `rename`, `replace`, `set`, `default`, `add`."""

METHOD = """\
-- The upstream sees another method.
function envoy_on_request(handle)
  handle:headers():replace(":method", handle:filterContext():get("method"))
end
"""

LENGTH = """\
-- Refuses a request that neither says its length nor sends its body in chunks.
function envoy_on_request(handle)
  if handle:headers():get("content-length") == nil and handle:body() == nil then
    handle:respond(
      { [":status"] = "411", ["content-type"] = "application/json; charset=utf-8" },
      handle:filterContext():get("answer")
    )
  end
end
"""
