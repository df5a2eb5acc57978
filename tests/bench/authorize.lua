-- wrk: granted POST /v1/auth/authorize.  Arguments: API key, number of users, and perhaps "any": at random instead of one
-- after the other, made as it is sent.  At the end one line of JSON, for world.py.
local sent, at, users, head = {}, 0, 0, {}

local function body(i)
  return '{"user_id":"user-' .. i .. '@example.com","auth_requirement":{"provider_id":"discord",' ..
    '"provider_type":"oauth2","oauth2":{"scopes":["identify"]}}}'
end

local function any()
  local b = body(math.random(users))
  local n = #b
  if not head[n] then
    local whole = wrk.format("POST", "/v1/auth/authorize", wrk.headers, b)
    head[n] = whole:sub(1, #whole - n)
  end
  return head[n] .. b
end

local function next_one()
  at = at % #sent + 1
  return sent[at]
end

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json"
  users = tonumber(args[2])
  if args[3] == "any" then
    math.randomseed(os.time())
    request = any
    return
  end
  for i = 1, users do
    sent[i] = wrk.format("POST", "/v1/auth/authorize", wrk.headers, body(i))
  end
  request = next_one
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"p999":%d,"refused":%d,"broken":%d}\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9), e.status,
    e.connect + e.read + e.write + e.timeout))
end
