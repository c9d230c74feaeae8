/**
 * What happens inside Redis, in one piece each: Lua scripts, which nothing can come between. Keys, below one prefix:
 *
 * - `a:NAME` the id of a channel's present life, `c:ID` {name, seq, bytes, over}, `channels` all ids
 * - `d:ID` peer → node that serves it, `p:ID` peers by the event they came with, `r:ID` peer → as others see it
 * - `l:ID` the log, up to 32 events or 64 KiB an entry, which has the number of the last of them
 * - `k:ID` what is kept for a peer to come
 * - `s:TOKEN` a session {id, name, peer, node, n, joined, resumable}
 * - `nodes` all processes, `n:NODE` {beat, batch, result, in}, `m:NODE` its sessions, `i:NODE` its inbox
 *
 * An inbox entry has the number after the one before it, so that its reader would notice if one were missing. Fields of
 * a record are separated by the character 31, records by 30: neither occurs in names or in JSON.
 */
export const library: string = `#!lua
local P, me = ARGV[1], ARGV[2]
local FS, RS = '\\31', '\\30'
local call = redis.call
local out = {}

local function tell(node, record)
  local list = out[node]
  if list then list[#list + 1] = record else out[node] = { record } end
end

local function flush()
  for node, list in pairs(out) do
    -- Nobody reads the inbox of a process that is gone.
    if call('HEXISTS', P .. 'n:' .. node, 'beat') == 1 then
      local at = call('HINCRBY', P .. 'n:' .. node, 'in', 1)
      call('XADD', P .. 'i:' .. node, 'MAXLEN', '~', '20000', at .. '-0', 'd', table.concat(list, RS))
    end
  end
end

-- Writes so many events of a channel, the last of which has this number, in one entry.
local function log(id, seq, text, events, maxEvents, maxLength)
  local c = P .. 'c:' .. id
  call('XADD', P .. 'l:' .. id, 'MINID', '~', math.max(0, seq - tonumber(maxEvents)), seq .. '-0', 'e', text)
  -- Small ones are limited by their number.
  local large = #text - 2048 * events
  if large <= 0 then return end
  local length = call('HINCRBY', c, 'bytes', large)
  if length > tonumber(maxLength) then
    local kept = math.floor(call('XLEN', P .. 'l:' .. id) / 2)
    call('XTRIM', P .. 'l:' .. id, 'MAXLEN', kept)
    call('HSET', c, 'bytes', math.floor(length / 2))
  end
end

local function nodesOf(id)
  local nodes = {}
  for _, node in ipairs(call('HVALS', P .. 'd:' .. id)) do nodes[node] = true end
  return nodes
end

-- Takes a session that node serves out of its channel; returns how many stay.
local function leave(token, node, maxEvents, maxLength)
  local s = call('HMGET', P .. 's:' .. token, 'id', 'name', 'peer', 'node')
  local id, name, peer = s[1], s[2], s[3]
  if not id or s[4] ~= node then return 0 end
  call('DEL', P .. 's:' .. token)
  call('SREM', P .. 'm:' .. node, token)
  if call('HDEL', P .. 'd:' .. id, peer) == 0 then return 0 end
  call('ZREM', P .. 'p:' .. id, peer)
  call('HDEL', P .. 'r:' .. id, peer)
  local count = call('HLEN', P .. 'd:' .. id)
  if count == 0 then
    call('DEL', P .. 'a:' .. name, P .. 'c:' .. id, P .. 'p:' .. id, P .. 'r:' .. id, P .. 'l:' .. id, P .. 'k:' .. id)
    call('SREM', P .. 'channels', id)
    return 0
  end
  local seq = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
  local record = table.concat({ 'l', id, seq, peer, count }, FS)
  log(id, seq, record, 1, maxEvents, maxLength)
  for other in pairs(nodesOf(id)) do tell(other, record) end
  return count
end
`
