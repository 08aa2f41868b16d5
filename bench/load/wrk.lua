-- The token comes through the environment: arguments are for everybody to see in `ps`.
local prefix = os.getenv('BENCH_TOKEN_PREFIX')
local tokens = tonumber(os.getenv('BENCH_TOKENS'))
local agent = os.getenv('BENCH_AGENT_ID')
local count = 0
local made = {}

local function head(index)
  return wrk.format('GET', nil, {
    ['Host'] = wrk.host .. ':' .. wrk.port,
    ['Authorization'] = 'Bearer ' .. prefix .. string.format('%08d', index),
    ['X-ATH-Agent-ID'] = agent,
    ['Accept'] = '*/*',
    ['User-Agent'] = 'bench',
  })
end

-- Made ahead where there are few: the generator must cost less than what it measures.
function init()
  if tokens <= 1000 then
    for index = 0, tokens - 1 do made[index] = head(index) end
  end
end

function request()
  local index = count % tokens
  count = count + 1
  return made[index] or head(index)
end
