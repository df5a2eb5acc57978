-- wrk: one and the same request.  Arguments: API key, method, path; body and a text that every answer has to hold, or neither.
-- At the end one line of JSON, for world.py.
local text, wanted
local threads = {}
wrong = 0

function setup(thread)
  table.insert(threads, thread)
end

local function look(_, _, answer)
  if not answer:find(wanted, 1, true) then wrong = wrong + 1 end
end

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  if args[4] then
    wrk.headers["Content-Type"] = "application/json"
    wanted, response = args[5], look
  end
  text = wrk.format(args[2], args[3], wrk.headers, args[4])
end

function request() return text end

function done(summary, latency)
  local e, other = summary.errors, 0
  for _, thread in ipairs(threads) do other = other + thread:get("wrong") end
  io.write(string.format('{"requests":%d,"us":%d,"p50":%d,"p99":%d,"p999":%d,"refused":%d,"broken":%d}\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), e.status + other, e.connect + e.read + e.write + e.timeout))
end
