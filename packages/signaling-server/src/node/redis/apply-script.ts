import { library } from './script-library.ts'

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

local function keep(id, topic, tail)
  local key = P .. 'k:' .. id
  local entry = topic .. FS .. tail
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
  log(id, seq, record, 1, maxEvents, maxLength)
  for node in pairs(nodesOf(id)) do tell(node, record) end
  for _, entry in ipairs(kept) do
    -- Its topic and its number for an answer are of no use any more.
    local content = string.match(entry, '^[^\\31]*\\31[^\\31]*\\31(.*)$')
    local at = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
    local said = table.concat({ 's', id, at, 1, peers[1], peer, '', '', '', content }, FS)
    log(id, at, said, 1, maxEvents, maxLength)
    tell(me, said)
  end
  return id .. FS .. seq
end

local function finish(id, name)
  local seq = call('HINCRBY', P .. 'c:' .. id, 'seq', 1)
  local record = table.concat({ 'e', id, seq }, FS)
  log(id, seq, record, 1, maxEvents, maxLength)
  for node in pairs(nodesOf(id)) do tell(node, record) end
  call('DEL', P .. 'a:' .. name, P .. 'd:' .. id, P .. 'p:' .. id, P .. 'r:' .. id, P .. 'k:' .. id)
  call('SREM', P .. 'channels', id)
  call('PEXPIRE', P .. 'c:' .. id, memory)
  call('PEXPIRE', P .. 'l:' .. id, memory)
end

-- What the batch has read of sessions and channels, and has yet to write.
local sessions, channels = {}, {}

local function sessionOf(token)
  local s = sessions[token]
  if s == nil then
    local at = call('HMGET', P .. 's:' .. token, 'id', 'peer', 'n', 'name')
    s = at[1] and { id = at[1], peer = at[2], n = tonumber(at[3]), name = at[4] } or false
    sessions[token] = s
  end
  return s
end

local function channelOf(id)
  local c = channels[id]
  if c == nil then
    local d = call('HGETALL', P .. 'd:' .. id)
    c = { nodes = {}, count = #d / 2, said = {}, seq = 0 }
    for i = 1, #d, 2 do c.nodes[d[i]] = d[i + 1] end
    if c.count > 0 then c.seq = tonumber(call('HGET', P .. 'c:' .. id, 'seq')) end
    channels[id] = c
  end
  return c
end

-- Writes it, before anything else than say looks at it.
local function settle()
  for token, s in pairs(sessions) do
    if s and s.heard then call('HSET', P .. 's:' .. token, 'n', s.heard) end
  end
  for id, c in pairs(channels) do
    if #c.said > 0 then
      call('HSET', P .. 'c:' .. id, 'seq', c.seq)
      local first, length = 1, 0
      for last = 1, #c.said do
        length = length + #c.said[last]
        -- An entry is forgotten as a whole: large events are not many in one.
        if last == #c.said or last - first == 31 or length > 65536 then
          local seq = c.seq - #c.said + last
          log(id, seq, table.concat(c.said, RS, first, last), last - first + 1, maxEvents, maxLength)
          first, length = last + 1, 0
        end
      end
    end
  end
  sessions, channels = {}, {}
end

local function say(token, topic, to, except, n, ends, tail)
  local s = sessionOf(token)
  if not s then return 'x' end
  if n ~= '' and tonumber(n) <= s.n then return 'r' end
  local c = channelOf(s.id)
  local self = s.peer
  if c.nodes[self] ~= me then return 'x' end
  local count, nodes = 0, {}
  if to ~= '' then
    local node = c.nodes[to]
    if node and to ~= self then count, nodes[node] = 1, true end
  else
    for peer, node in pairs(c.nodes) do
      if peer ~= self and peer ~= except then count, nodes[node] = count + 1, true end
    end
    if c.count == 1 and topic ~= 'bye' and not keep(s.id, topic, tail) then return 'f' end
  end
  if n ~= '' then s.n, s.heard = tonumber(n), n end
  c.seq = c.seq + 1
  local kind = topic == 'bye' and 'b' or 's'
  local record = table.concat({ kind, s.id, c.seq, count, self, to, except, n, tail }, FS)
  c.said[#c.said + 1] = record
  for node in pairs(nodes) do tell(node, record) end
  if ends == '1' then
    settle()
    finish(s.id, s.name)
  end
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
    -- Kind and channel come before the number of its first event.
    reaches = first and tonumber(string.match(first[2][2], '^[^\\31]*\\31[^\\31]*\\31(%d+)')) <= after + 1
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
  local events = #entries
  for _, entry in ipairs(entries) do events = events + select(2, string.gsub(entry[2][2], RS, '')) end
  tell(me, table.concat({ 'r', token, '', events, id, s[2], peer, s[5], after }, FS))
  for _, entry in ipairs(entries) do tell(me, entry[2][2]) end
  return ''
end

local results = {}
local i = 12
while i <= #ARGV do
  local op = ARGV[i]
  local result
  if op ~= 'S' then settle() end
  if op == 'S' then
    result = say(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6], ARGV[i + 7])
    i = i + 8
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
settle()
flush()
call('XTRIM', P .. 'i:' .. me, 'MINID', (tonumber(ARGV[4]) + 1) .. '-0')
local text = table.concat(results, RS)
call('HSET', P .. 'n:' .. me, 'batch', batch, 'result', text)
return text
`
