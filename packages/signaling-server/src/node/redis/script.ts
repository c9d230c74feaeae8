/**
 * What happens inside Redis, in one piece each: Lua scripts, which nothing can come between. Keys, below one prefix:
 *
 * - `a:NAME` the id of a channel's present life, `c:ID` {name, seq, bytes, over}, `channels` all ids
 * - `d:ID` peer → node that serves it, `p:ID` peers by the event they came with, `r:ID` peer → as others see it
 * - `l:ID` the log, `k:ID` what is kept for a peer to come
 * - `s:TOKEN` a session {id, name, peer, node, n, joined, resumable}
 * - `nodes` all processes, `n:NODE` {beat, batch, result, in}, `m:NODE` its sessions, `i:NODE` its inbox
 *
 * An inbox entry has the number after the one before it, so that its reader would notice if one were missing. Fields of
 * a record are separated by the character 31, records by 30: neither occurs in names or in JSON.
 */
const library = `#!lua
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

local function log(id, seq, record, maxEvents, maxLength)
  call('XADD', P .. 'l:' .. id, 'MAXLEN', '~', maxEvents, seq .. '-0', 'e', record)
  if #record < 2048 then return end
  local length = call('HINCRBY', P .. 'c:' .. id, 'bytes', #record)
  if length > tonumber(maxLength) then
    local kept = math.floor(call('XLEN', P .. 'l:' .. id) / 2)
    call('XTRIM', P .. 'l:' .. id, 'MAXLEN', kept)
    call('HSET', P .. 'c:' .. id, 'bytes', math.floor(length / 2))
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
  log(id, seq, record, maxEvents, maxLength)
  for other in pairs(nodesOf(id)) do tell(other, record) end
  return count
end
`

/**
 * ARGV: prefix, node, number of the batch, last inbox entry read, the six limits, milliseconds that an ended channel is
 * remembered; then operations, each a letter and its fields. A batch that comes again is answered as before.
 */
export const applyScript: string = `${library}
local batch = tonumber(ARGV[3])
local maxMembers, maxChannels = tonumber(ARGV[5]), tonumber(ARGV[6])
local keptFrames, keptLength = tonumber(ARGV[7]), tonumber(ARGV[8])
local maxEvents, maxLength, memory = ARGV[9], ARGV[10], ARGV[11]

local self = call('HMGET', P .. 'n:' .. me, 'batch', 'result')
if not self[1] then return redis.error_reply('DEAD') end
if tonumber(self[1]) == batch then return self[2] end
if tonumber(self[1]) ~= batch - 1 then return redis.error_reply('DEAD') end

local function keep(id, topic, body, bytes)
  local key = P .. 'k:' .. id
  local entry = topic .. FS .. body .. FS .. bytes
  local frames, length = 0, 0
  local kept = {}
  for _, other in ipairs(call('LRANGE', key, 0, -1)) do
    if topic ~= 'description' or string.sub(other, 1, 8) == 'message' .. FS then
      kept[#kept + 1] = other
      frames, length = frames + 1, length + #other
    end
  end
  if frames >= keptFrames or length + #entry > keptLength then return false end
  if topic == 'description' then
    call('DEL', key)
    for _, other in ipairs(kept) do call('RPUSH', key, other) end
  end
  call('RPUSH', key, entry)
  return true
end

local function join(token, name, peer, member, resumable, nid)
  local id = call('GET', P .. 'a:' .. name)
  if not id then
    if call('SCARD', P .. 'channels') >= maxChannels then return 'too-many-channels' end
    id = call('INCR', P .. 'lives')
    call('SET', P .. 'a:' .. name, id)
    call('HSET', P .. 'c:' .. id, 'name', name)
    call('SADD', P .. 'channels', id)
  else
    if call('HLEN', P .. 'd:' .. id) >= maxMembers then return 'channel-full' end
    if call('HEXISTS', P .. 'd:' .. id, peer) == 1 then return 'peer-taken' end
  end
  local peers = call('ZRANGE', P .. 'p:' .. id, 0, -1)
  local members = ''
  if #peers > 0 then members = table.concat(call('HMGET', P .. 'r:' .. id, unpack(peers)), ',') end
  local kept = call('LRANGE', P .. 'k:' .. id, 0, -1)
  call('DEL', P .. 'k:' .. id)
  local seq = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
  call('HSET', P .. 'd:' .. id, peer, me)
  call('ZADD', P .. 'p:' .. id, seq, peer)
  call('HSET', P .. 'r:' .. id, peer, member)
  call('HSET', P .. 's:' .. token, 'id', id, 'name', name, 'peer', peer, 'node', me, 'n', 0, 'joined', seq, 'resumable', resumable)
  call('SADD', P .. 'm:' .. me, token)
  local record = table.concat({ 'j', id, seq, token, peer, member, '[' .. members .. ']', #peers + 1, #kept, nid }, FS)
  log(id, seq, record, maxEvents, maxLength)
  for node in pairs(nodesOf(id)) do tell(node, record) end
  for _, entry in ipairs(kept) do
    local topic, body, bytes = string.match(entry, '^([^\\31]*)\\31([^\\31]*)\\31(.*)$')
    local at = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
    local said = table.concat({ 's', id, at, peers[1], peer, '', '', '', 1, bytes, body }, FS)
    log(id, at, said, maxEvents, maxLength)
    tell(me, said)
  end
  return id .. FS .. seq
end

local function finish(id, name)
  local seq = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
  local record = table.concat({ 'e', id, seq }, FS)
  log(id, seq, record, maxEvents, maxLength)
  for node in pairs(nodesOf(id)) do tell(node, record) end
  call('DEL', P .. 'a:' .. name, P .. 'd:' .. id, P .. 'p:' .. id, P .. 'r:' .. id, P .. 'k:' .. id)
  call('SREM', P .. 'channels', id)
  call('PEXPIRE', P .. 'c:' .. id, memory)
  call('PEXPIRE', P .. 'l:' .. id, memory)
end

local function say(token, topic, to, except, n, nid, ends, body, bytes)
  local s = call('HMGET', P .. 's:' .. token, 'id', 'peer', 'n', 'name')
  local id, self = s[1], s[2]
  if not id then return 'x' end
  if n ~= '' and tonumber(n) <= tonumber(s[3]) then return 'r' end
  local count, nodes = 0, {}
  if to ~= '' then
    local d = call('HMGET', P .. 'd:' .. id, self, to)
    if d[1] ~= me then return 'x' end
    if d[2] and to ~= self then count, nodes[d[2]] = 1, true end
  else
    local d = call('HGETALL', P .. 'd:' .. id)
    local isHere = false
    for i = 1, #d, 2 do
      if d[i] == self then isHere = d[i + 1] == me
      elseif d[i] ~= except then count, nodes[d[i + 1]] = count + 1, true end
    end
    if not isHere then return 'x' end
    if #d == 2 and topic ~= 'bye' and not keep(id, topic, body, bytes) then return 'f' end
  end
  if n ~= '' then call('HSET', P .. 's:' .. token, 'n', n) end
  local seq = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
  local record
  if topic == 'bye' then record = table.concat({ 'b', id, seq, self, n, nid, count }, FS)
  else record = table.concat({ 's', id, seq, self, to, except, n, nid, count, bytes, body }, FS) end
  log(id, seq, record, maxEvents, maxLength)
  for node in pairs(nodes) do tell(node, record) end
  if ends == '1' then finish(id, s[4]) end
  return count
end

local function resume(token, seq, unanswered)
  local s = call('HMGET', P .. 's:' .. token, 'id', 'name', 'peer', 'node', 'n', 'joined')
  local id, peer, node = s[1], s[3], s[4]
  local c = id and call('HMGET', P .. 'c:' .. id, 'seq', 'over')
  local after = id and (tonumber(seq) or tonumber(s[6]) - 1)
  local reaches = id and c[1] and true
  if reaches and after < tonumber(c[1]) then
    local first = call('XRANGE', P .. 'l:' .. id, '-', '+', 'COUNT', 1)[1]
    reaches = first and tonumber(string.match(first[1], '^%d+')) <= after + 1
  end
  if not reaches then
    if id then leave(token, node, maxEvents, maxLength) end
    if node and node ~= me then tell(node, 'v' .. FS .. token) end
    tell(me, table.concat({ 'r', token, 'resume-failed', 0 }, FS))
    return ''
  end
  if node ~= me then
    tell(node, 'v' .. FS .. token)
    call('SREM', P .. 'm:' .. node, token)
    call('SADD', P .. 'm:' .. me, token)
    call('HSET', P .. 's:' .. token, 'node', me)
    if call('HEXISTS', P .. 'd:' .. id, peer) == 1 then call('HSET', P .. 'd:' .. id, peer, me) end
  end
  local from = unanswered == '' and '(' .. after .. '-0' or '-'
  local entries = call('XRANGE', P .. 'l:' .. id, from, '+')
  tell(me, table.concat({ 'r', token, '', #entries, id, s[2], peer, s[5], after }, FS))
  for _, entry in ipairs(entries) do tell(me, entry[2][2]) end
  return ''
end

local results = {}
local i = 12
while i <= #ARGV do
  local op = ARGV[i]
  local result
  if op == 'S' then
    result = say(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7], ARGV[i + 8], ARGV[i + 9])
    i = i + 10
  elseif op == 'J' then
    result = join(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6])
    i = i + 7
  elseif op == 'L' then
    result = leave(ARGV[i + 1], me, maxEvents, maxLength)
    i = i + 2
  else
    result = resume(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    i = i + 4
  end
  results[#results + 1] = result
end
flush()
call('XTRIM', P .. 'i:' .. me, 'MINID', (tonumber(ARGV[4]) + 1) .. '-0')
local text = table.concat(results, RS)
call('HSET', P .. 'n:' .. me, 'batch', batch, 'result', text)
return text
`

/** ARGV: prefix, node. This process exists. */
export const greetScript: string = `${library}
call('SADD', P .. 'nodes', me)
call('HSET', P .. 'n:' .. me, 'beat', 0, 'batch', 0, 'in', 0)
return 1
`

/** ARGV: prefix, node. A sign of life of this process; answered with those of all: names and counts. */
export const beatScript: string = `${library}
if call('HEXISTS', P .. 'n:' .. me, 'beat') == 0 then return redis.error_reply('DEAD') end
call('HINCRBY', P .. 'n:' .. me, 'beat', 1)
local beats = {}
for _, node in ipairs(call('SMEMBERS', P .. 'nodes')) do
  beats[#beats + 1] = node
  beats[#beats + 1] = call('HGET', P .. 'n:' .. node, 'beat') or '0'
end
return beats
`

/**
 * ARGV: prefix, heir, process that is dead or goes, its count of signs of life (empty: whatever it is), limits of the
 * log. The heir serves its sessions from now on; those that cannot be resumed are out.
 */
export const inheritScript: string = `${library}
local gone, beat, maxEvents, maxLength = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if beat ~= '' and call('HGET', P .. 'n:' .. gone, 'beat') ~= beat then return 0 end
call('SREM', P .. 'nodes', gone)
call('DEL', P .. 'n:' .. gone, P .. 'i:' .. gone)
local tokens = call('SMEMBERS', P .. 'm:' .. gone)
local lost = {}
for _, token in ipairs(tokens) do
  local s = call('HMGET', P .. 's:' .. token, 'id', 'name', 'peer', 'n', 'resumable', 'node')
  local id, peer = s[1], s[3]
  if id and s[6] == gone then
    if s[5] == '1' and me ~= '' and call('HEXISTS', P .. 'd:' .. id, peer) == 1 then
      call('HSET', P .. 's:' .. token, 'node', me)
      call('HSET', P .. 'd:' .. id, peer, me)
      call('SADD', P .. 'm:' .. me, token)
      tell(me, table.concat({ 'a', token, id, s[2], peer, s[4] }, FS))
    else
      lost[#lost + 1] = token
    end
  end
end
for _, token in ipairs(lost) do leave(token, gone, maxEvents, maxLength) end
call('DEL', P .. 'm:' .. gone)
flush()
return #tokens
`
