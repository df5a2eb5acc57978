-- wrk: granted POST /v1/auth/authorize for one user after the other.  Arguments: API key, number of users.
-- At the end one line of JSON, for read.py.
local sent, at = {}, 0

function init(args)
  local headers = { ["Authorization"] = "Bearer " .. args[1], ["Content-Type"] = "application/json", ["Accept"] = "application/json" }
  local users = tonumber(args[2])
  for i = 1, users do
    local body = '{"user_id":"user-' .. i .. '@example.com","auth_requirement":{"provider_id":"discord",' ..
      '"provider_type":"oauth2","oauth2":{"scopes":["identify"]}}}'
    sent[i] = wrk.format("POST", "/v1/auth/authorize", headers, body)
  end
end

function request()
  at = at % #sent + 1
  return sent[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
