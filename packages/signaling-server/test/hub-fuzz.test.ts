import { expect, test } from '@jest/globals'
import { type ClientFrame, ErrorCode } from '@purertc/signaling-protocol'
import fc from 'fast-check'

import { TestHub } from './test-hub.ts'

const names = fc.constantFrom('a', 'b', 'c')
const id = fc.option(fc.nat(9), { nil: undefined })
const frame: fc.Arbitrary<ClientFrame> = fc.oneof(
  fc.record({
    type: fc.constant('join' as const),
    channel: names,
    peer: fc.option(names, { nil: undefined }),
    id,
  }),
  fc.record({ type: fc.constant('leave' as const), id }),
  fc.record({
    type: fc.constant('description' as const),
    to: fc.option(names, { nil: undefined }),
    description: fc.record({ type: fc.constantFrom('offer' as const, 'answer' as const), sdp: fc.string() }),
    id,
  }),
  fc.record({ type: fc.constant('candidate' as const), candidate: fc.constant(null), id }),
  fc.record({ type: fc.constant('message' as const), except: names, data: fc.nat(), id }),
  fc.record({ type: fc.constant('bye' as const), id }),
  fc.record({ type: fc.constant('ping' as const), id }),
)
const step = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('connect' as const), who: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disconnect' as const), who: fc.nat(5) }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('frame' as const), who: fc.nat(5), frame }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), ticket: fc.nat(40), accept: fc.boolean() }),
  },
)

test('whatever connections do, names stay unique, counts true, and nothing is left when all are gone', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), fc.boolean(), (steps, ends, waits) => {
      const config = { closeSessionOnHangup: ends, limits: { members: 2, channels: 2, keptFrames: 3 } }
      const lab = new TestHub(config, waits)
      if (waits) lab.accept = undefined
      const here = new Set<number>()
      for (const change of steps) {
        if (change.kind === 'connect' && !here.has(change.who)) {
          here.add(change.who)
          lab.hub.connect(0, change.who)
        } else if (change.kind === 'disconnect') {
          here.delete(change.who)
          lab.end(change.who)
        } else if (change.kind === 'frame') lab.say(change.who, change.frame)
        else if (change.kind === 'settle') lab.hub.settleJoin(change.ticket, change.accept)

        if (lab.hub.connections !== here.size || lab.hub.channels > 2) throw new Error('a count is wrong')
        for (const channel of ['a', 'b', 'c']) {
          const members = lab.membersOf(channel)
          if (members.length > 2 || new Set(members).size < members.length)
            throw new Error(`members: ${members.join()}`)
        }
      }
      for (const who of here) lab.end(who)
      expect([lab.hub.connections, lab.hub.channels, lab.hub.nextTimeout]).toEqual([0, 0, Infinity])
      const entered = lab.log.filter((line) => line.includes(' +')).length
      expect(lab.log.filter((line) => line.includes(' -'))).toHaveLength(entered)
    }),
    { numRuns: 200 },
  )
})

test('every request with an id is answered with it, once', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), fc.boolean(), (frames, isWatched) => {
      const lab = new TestHub({}, isWatched)
      lab.room('x', 'a')
      for (const said of frames) {
        lab.say(1, { ...said, id: 77 } as ClientFrame)
        const answers = lab.take(1).filter((answer) => 'id' in answer && answer.id === 77)
        expect(answers).toHaveLength(1)
      }
    }),
    { numRuns: 100 },
  )
})

test('noise is answered with an error each, and other members hear nothing', () => {
  const lab = new TestHub({ limits: { burst: 10_000, heartbeat: Infinity } })
  lab.room('alice', 'bob')
  const codes: readonly string[] = Object.values(ErrorCode)
  const noise = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .record({ type: fc.constantFrom('join', 'message', 'candidate', 'x'), channel: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
  )
  for (const text of fc.sample(noise, { numRuns: 2_000, seed: 1 })) {
    lab.hub.handleFrame(0, 1, text)
    const [answer, ...more] = lab.takeNumbered(1)
    expect(more).toEqual([])
    expect(answer).toMatchObject({ type: 'error' })
    expect(codes).toContain(answer?.type === 'error' ? answer.code : null)
  }
  expect(lab.take(2)).toEqual([])
  lab.say(2, { type: 'message', data: 'still here' })
  expect(lab.take(1)).toEqual([{ type: 'message', from: 'bob', data: 'still here' }])
})
