import { expect, test } from '@jest/globals'

import { defaultHubLimits } from '../src/index.ts'
import { MemoryChannel, type MemoryMember } from '../src/store/memory-channel.ts'

test('what all members have acknowledged is not kept', () => {
  const channel = new MemoryChannel('1', 'room', defaultHubLimits)
  channel.resumable = 2
  const [alice, bob] = ['alice', 'bob'].map((peer): MemoryMember => {
    const member = { session: peer, channel, peer, member: '{}', joinedAt: 0, received: 0 }
    return { ...member, isResumable: true, acknowledged: 0 }
  }) as [MemoryMember, MemoryMember]
  for (const member of [alice, bob]) channel.members.set(member.peer, member)
  for (let i = 0; i < 20; i++) channel.append({ kind: 'end', seq: channel.nextSeq() })
  alice.acknowledged = 20
  channel.trim()
  expect([channel.log.size, channel.log.reaches(0)]).toEqual([20, true])
  bob.acknowledged = 12
  channel.trim()
  expect([channel.log.size, channel.log.reaches(12), channel.log.reaches(11)]).toEqual([8, true, false])
})
