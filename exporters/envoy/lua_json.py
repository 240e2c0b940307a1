"""The script that changes JSON bodies.

It takes a body's outermost object apart into its fields and leaves the values as the text that
they are: numbers keep their digits, strings their escapes, fields their order. What is no sound
JSON object stays untouched, unless fields are required.
"""

from __future__ import annotations

BODIES = r"""
-- Changes the fields of JSON bodies. Values are kept as text, and only looked at to find their end.
local DEEPEST = 500
local ESCAPED = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
local value_end

local function white_end(text, at)
  return text:match("^[ \t\r\n]*()", at)
end

local function string_end(text, at)
  if text:sub(at, at) ~= '"' then
    error("no string")
  end
  at = at + 1
  while true do
    local stop = text:find('[%z\1-\31"\\]', at)
    local mark = stop and text:sub(stop, stop)
    if mark == '"' then
      return stop + 1
    end
    at = mark == "\\"
      and (text:match('^["\\/bfnrt]()', stop + 1) or text:match("^u%x%x%x%x()", stop + 1))
    if not at then
      error("no end of a string")
    end
  end
end

local function container_end(text, at, depth, found)
  local close = text:sub(at, at) == "{" and "}" or "]"
  if depth > DEEPEST then
    error("nested too deeply")
  end
  at = white_end(text, at + 1)
  if text:sub(at, at) == close then
    return at + 1
  end
  while true do
    local key
    if close == "}" then
      local after = string_end(text, at)
      key = text:sub(at, after - 1)
      at = white_end(text, after)
      if text:sub(at, at) ~= ":" then
        error("no value")
      end
      at = white_end(text, at + 1)
    end
    local after = value_end(text, at, depth + 1)
    if found then
      found(key, text:sub(at, after - 1))
    end
    at = white_end(text, after)
    local mark = text:sub(at, at)
    if mark == close then
      return at + 1
    elseif mark ~= "," then
      error("no end of an object or array")
    end
    at = white_end(text, at + 1)
  end
end

local function number_end(text, at)
  local after = text:match("^-?0()", at) or text:match("^-?[1-9]%d*()", at)
  if not after then
    error("no value")
  end
  after = text:match("^%.%d+()", after) or after
  return text:match("^[eE][+-]?%d+()", after) or after
end

function value_end(text, at, depth)
  local mark = text:sub(at, at)
  if mark == '"' then
    return string_end(text, at)
  elseif mark == "{" or mark == "[" then
    return container_end(text, at, depth)
  end
  return text:match("^true()", at) or text:match("^false()", at) or text:match("^null()", at)
    or number_end(text, at)
end

local function utf8(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40)
  elseif code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 0x1000), 0x80 + math.floor(code / 0x40) % 0x40,
      0x80 + code % 0x40)
  end
  return string.char(0xF0 + math.floor(code / 0x40000), 0x80 + math.floor(code / 0x1000) % 0x40,
    0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

local function decoded(key)
  local text = key:sub(2, -2)
  if not text:find("\\", 1, true) then
    return text
  end
  text = text:gsub("\\\\", "\\u005c"):gsub('\\(["/bfnrt])', function(mark)
    return ESCAPED[mark] or mark
  end)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    local above = (tonumber(high, 16) - 0xD800) * 0x400
    return utf8(0x10000 + above + tonumber(low, 16) - 0xDC00)
  end)
  return (text:gsub("\\u(%x%x%x%x)", function(code)
    return utf8(tonumber(code, 16))
  end))
end

local Object = {}
Object.__index = Object

local function parse(text)
  local at = white_end(text, 1)
  if text:sub(at, at) ~= "{" then
    error("no object")
  end
  local object = setmetatable({ fields = {}, by_name = {} }, Object)
  at = container_end(text, at, 0, function(key, value)
    object:put(decoded(key), key, value)
  end)
  if white_end(text, at) <= #text then
    error("something after the object")
  end
  return object
end

function Object:get(name)
  return self.by_name[name]
end

-- Of a field that is there twice, the last value counts, as most readers see it.
function Object:put(name, key, value)
  local field = self.by_name[name]
  if field then
    field.value = value
    return
  end
  field = { key = key, value = value }
  self.by_name[name] = field
  self.fields[#self.fields + 1] = field
end

function Object:remove(name)
  local field = self.by_name[name]
  if field then
    field.value = nil
    self.by_name[name] = nil
  end
end

function Object:rename(old, new, key)
  local field = self.by_name[old]
  if field and old ~= new then
    self:remove(new)
    self.by_name[old] = nil
    self.by_name[new] = field
    field.key = key
  end
end

function Object:append(name, key, value)
  local field = self.by_name[name]
  if not field then
    self:put(name, key, "[" .. value .. "]")
  elseif field.value:sub(1, 1) ~= "[" then
    field.value = "[" .. field.value .. "," .. value .. "]"
  elseif field.value:find("^%[[ \t\r\n]*%]$") then
    field.value = "[" .. value .. "]"
  else
    field.value = field.value:sub(1, -2) .. "," .. value .. "]"
  end
end

function Object:text()
  local parts = {}
  for _, field in ipairs(self.fields) do
    if field.value then
      parts[#parts + 1] = field.key .. ":" .. field.value
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local random = io.open("/dev/urandom", "rb")

local function uuid()
  local bytes = random and random:read(16)
  if not bytes then
    bytes = ""
    for _ = 1, 16 do
      bytes = bytes .. string.char(math.random(0, 255))
    end
  end
  local b = { bytes:byte(1, 16) }
  b[7], b[9] = 0x40 + b[7] % 0x10, 0x80 + b[9] % 0x40
  return ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x"):format(unpack(b))
end

local function timestamp(handle)
  local all = handle:timestampString(EnvoyTimestampResolution.MILLISECOND)
  return os.date("!%Y-%m-%dT%H:%M:%S", tonumber(all:sub(1, -4))) .. "." .. all:sub(-3) .. "Z"
end

local function items(context, kind)
  return ipairs(context:get(kind) or {})
end

local function change(object, context, handle)
  for _, item in items(context, "defaults") do
    if not object:get(item.name) then
      object:put(item.name, item.key, item.value)
    end
  end
  for _, item in items(context, "computed") do
    local made = item.generator == "timestamp" and timestamp(handle) or uuid()
    object:put(item.name, item.key, '"' .. item.prefix .. made .. '"')
  end
  for _, name in items(context, "remove") do
    object:remove(name)
  end
  for _, item in items(context, "rename") do
    object:rename(item.from, item.to, item.key)
  end
  for _, item in items(context, "replace") do
    if object:get(item.name) then
      object:put(item.name, item.key, item.value)
    end
  end
  for _, item in items(context, "default") do
    if not object:get(item.name) then
      object:put(item.name, item.key, item.value)
    end
  end
  for _, item in items(context, "append") do
    object:append(item.name, item.key, item.value)
  end
  return object:text()
end

local function is_json(headers)
  local kind = (headers:get("content-type") or ""):lower()
  return kind:match("^%s*([^;]-)%s*;") == "application/json"
    or kind:match("^%s*(.-)%s*$") == "application/json"
end

local function refuse(handle, message)
  handle:respond(
    { [":status"] = "400", ["content-type"] = "application/json; charset=utf-8" },
    '{"message":"' .. message .. '"}'
  )
end

local function missing(object, context)
  local names = {}
  for _, item in items(context, "required") do
    if not object:get(item.name) then
      names[#names + 1] = item.key:sub(2, -2)
    end
  end
  return #names > 0 and "missing fields: " .. table.concat(names, ", ") or nil
end

-- Changes the body; returns why it is refused, if it is.
local function process(handle, body, json, required)
  local context = handle:filterContext()
  local size = body and body:length() or 0
  local read, object = pcall(parse, json and size > 0 and body:getBytes(0, size) or "")
  if required then
    local complaint = not read and "the body is no JSON object" or missing(object, context)
    if complaint then
      return complaint
    end
  end
  if read and context:get("changes") then
    local text = change(object, context, handle)
    body:setBytes(text)
    handle:headers():replace("content-length", tostring(#text))
  end
end

local function transform(handle, required)
  local json = is_json(handle:headers())
  if not json and not required then
    return
  end
  -- While the body is waited for, what was taken from the handle before loses its worth.
  local body = handle:body()
  if (not body or body:length() == 0) and not (json and required) then
    return
  end
  local done, complaint = pcall(process, handle, body, json, required)
  if required and not done then
    complaint = "the body cannot be checked"
  end
  if required and complaint then
    refuse(handle, complaint)
  end
end
"""

REQUEST = (
    BODIES
    + """
function envoy_on_request(handle)
  transform(handle, handle:filterContext():get("required") ~= nil)
end
"""
)

RESPONSE = (
    BODIES
    + """
function envoy_on_response(handle)
  transform(handle, false)
end
"""
)
