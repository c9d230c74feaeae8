import { library } from './script-library.ts'

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
