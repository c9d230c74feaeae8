import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { ErrorCode, frameLimits, type ServerFrame } from '@purertc/signaling-protocol'
import fc from 'fast-check'

import { createSignalingServer, type SignalingServer } from '../src/index.ts'
import { TestClient } from './test-client.ts'

/*
 * Frames of somebody who means no good, over a real socket. Each comes with what docs/signaling-protocol.md says of it:
 * the code that answers it. Two members of a channel talk meanwhile, and hear nothing of it.
 */
let server: SignalingServer
let alice: TestClient
let bob: TestClient

beforeEach(async () => {
  const limits = { framesPerSecond: 1_000_000, burst: 1_000_000 }
  server = await createSignalingServer({
    port: 0,
    host: '127.0.0.1',
    limits,
    beforeSubscription: ({ channel, token }) =>
      channel === 'room' || token === 'ticket' || { accepted: false, code: ErrorCode.unauthenticated },
  })
  alice = await TestClient.join(server, 'alice')
  bob = await TestClient.join(server, 'bob')
  await alice.next()
})
afterEach(() => server.close())

interface Attack {
  readonly text: string
  readonly code: ErrorCode
}

const TYPES = [
  'join',
  'resume',
  'leave',
  'description',
  'candidate',
  'renegotiate',
  'message',
  'bye',
  'ack',
  'ping',
]
const as = (code: ErrorCode, values: fc.Arbitrary<object>): fc.Arbitrary<Attack> =>
  values.map((value) => ({ text: JSON.stringify(value), code }))
const id = fc.option(fc.nat(), { nil: undefined })
const badName = fc.oneof(
  fc.constantFrom('', '\u0000', 'a\u200bb', 'x'.repeat(frameLimits.name + 1), null, [], {}, 1),
  fc.jsonValue().filter((value) => typeof value !== 'string'),
)
const noDescription = fc.jsonValue().filter((value) => typeof value !== 'object' || value === null)

const attacks: fc.Arbitrary<Attack> = fc.oneof(
  // No JSON: cut off, trailing, or nested too deeply.
  fc.jsonValue().map((data) => {
    const text = JSON.stringify({ type: 'message', data })
    return { text: text.slice(0, -1), code: ErrorCode.invalidJson }
  }),
  fc.constantFrom('', '{', '{"type":"ping"}}', "{'type':'ping'}", '\u001e', 'NaN').map((text) => ({
    text,
    code: ErrorCode.invalidJson,
  })),
  fc.integer({ min: frameLimits.depth, max: 5_000 }).map((depth) => ({
    text: `{"type":"message","data":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    code: ErrorCode.invalidJson,
  })),
  // JSON, but no frame.
  fc
    .jsonValue()
    .filter((value) => typeof value !== 'object' || value === null || Array.isArray(value))
    .map((value) => ({ text: JSON.stringify(value), code: ErrorCode.invalidFrame })),
  as(ErrorCode.invalidFrame, fc.record({ type: fc.constantFrom(1, null, [], {}), id })),
  // Types of the server, of objects, and of nobody.
  as(
    ErrorCode.unknownType,
    fc.record({
      type: fc.oneof(
        fc.constantFrom('welcome', 'joined', 'peer-joined', '__proto__', 'constructor', 'toString', ''),
        fc.string({ maxLength: 300 }).filter((type) => !TYPES.includes(type)),
      ),
      id,
    }),
  ),
  // Fields of the wrong form.
  as(ErrorCode.invalidFrame, fc.record({ type: fc.constant('join'), channel: badName, id })),
  as(
    ErrorCode.invalidFrame,
    fc.record({
      type: fc.constant('join'),
      channel: fc.constant('room'),
      metadata: fc.constant('m'.repeat(5_000)),
    }),
  ),
  as(ErrorCode.invalidFrame, fc.record({ type: fc.constant('message'), data: fc.nat(), to: badName })),
  as(ErrorCode.invalidFrame, fc.record({ type: fc.constant('message'), to: fc.constant('alice'), id })),
  as(
    ErrorCode.invalidFrame,
    fc.record({ type: fc.constant('message'), data: fc.nat(), n: fc.constantFrom(0, -1, 0.5, '1', 2 ** 53) }),
  ),
  as(ErrorCode.invalidFrame, fc.record({ type: fc.constant('description'), description: noDescription, id })),
  as(
    ErrorCode.invalidFrame,
    fc.record({
      type: fc.constant('candidate'),
      candidate: fc.record({
        candidate: fc.constant('c'),
        sdpMLineIndex: fc.constantFrom(-1, 65_536, 0.5, '0'),
      }),
    }),
  ),
  // Speaking without having joined, with somebody else's name on it.
  as(
    ErrorCode.notJoined,
    fc.record({ type: fc.constant('message'), data: fc.jsonValue(), from: fc.constant('alice'), id }),
  ),
  as(
    ErrorCode.notJoined,
    fc.record({ type: fc.constant('candidate'), candidate: fc.constant(null), to: fc.constant('bob') }),
  ),
  as(ErrorCode.notJoined, fc.record({ type: fc.constantFrom('leave', 'bye'), from: fc.constant('bob'), id })),
  // Another's name, no ticket, no such session.
  as(
    ErrorCode.peerTaken,
    fc.record({
      type: fc.constant('join'),
      channel: fc.constant('room'),
      peer: fc.constantFrom('alice', 'bob'),
      token: fc.string(),
      id,
    }),
  ),
  as(
    ErrorCode.unauthenticated,
    fc.record(
      {
        type: fc.constant('join'),
        channel: fc.constantFrom('vault', 'Room', 'room '),
        token: fc.string().filter((token) => token !== 'ticket'),
        peer: fc.constantFrom('alice', 'mallory'),
      },
      { requiredKeys: ['type', 'channel'] },
    ),
  ),
  as(
    ErrorCode.resumeFailed,
    fc.record({ type: fc.constant('resume'), session: fc.string({ minLength: 1, maxLength: 40 }), id }),
  ),
)

test('5,000 frames are each answered by their documented code, and the others hear nothing', async () => {
  const mallory = await TestClient.open(server)
  const sample = fc.sample(attacks, { numRuns: 5_000, seed: 7 })
  const counts = new Map<string, number>()
  for (const [at, { text, code }] of sample.entries()) {
    mallory.socket.send(text)
    const answer: ServerFrame = await mallory.next()
    if (answer.type !== 'error' || answer.code !== code)
      throw new Error(`frame ${at}, ${text.slice(0, 200)}: ${JSON.stringify(answer)} instead of ${code}`)
    counts.set(code, (counts.get(code) ?? 0) + 1)
    if (at % 100 === 0) {
      alice.say({ type: 'message', data: at, to: 'bob' })
      expect(await bob.next()).toEqual({ type: 'message', from: 'alice', data: at })
    }
  }
  expect([...counts.keys()].toSorted()).toEqual(
    [
      ErrorCode.invalidFrame,
      ErrorCode.invalidJson,
      ErrorCode.notJoined,
      ErrorCode.peerTaken,
      ErrorCode.resumeFailed,
      ErrorCode.unauthenticated,
      ErrorCode.unknownType,
    ].toSorted(),
  )
  expect(await server.membersOf('room')).toEqual(['alice', 'bob'])
  expect(await alice.untilPong()).toEqual([])
  expect(await bob.untilPong()).toEqual([])
}, 30_000)

test('what a member says carries its own name, whatever it claims', async () => {
  for (const claim of ['bob', '__proto__', 'carol'])
    alice.socket.send(JSON.stringify({ from: claim, peer: claim, type: 'message', data: claim, seq: 1 }))
  const heard = await bob.untilPong()
  expect(heard.map((frame) => ('from' in frame ? frame.from : ''))).toEqual(['alice', 'alice', 'alice'])
})
