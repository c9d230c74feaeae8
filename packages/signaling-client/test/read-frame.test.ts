import { describe, expect, test } from '@jest/globals'
import { decodeServerFrame, SignalingError } from '@purertc/signaling-protocol'
import fc from 'fast-check'

import { readServerFrame } from '../src/read-frame.ts'

const id = fc.oneof(fc.nat(5), fc.constantFrom(undefined, -1, 1.5, '1', null))
const text = fc.oneof(
  fc.constantFrom('alice', 'room', 'v=0', 'offer', 'answer'),
  fc.constantFrom('', null, 7, undefined),
)
const count = fc.oneof(fc.nat(5), fc.constantFrom(-1, 0.5, '1', undefined))
const description = fc.oneof(
  fc.record({ type: fc.constantFrom('offer', 'answer', 'rollback'), sdp: text }, { requiredKeys: [] }),
  text,
)
const candidate = fc.oneof(
  fc.record(
    { candidate: text, sdpMid: text, sdpMLineIndex: count, usernameFragment: text },
    { requiredKeys: ['candidate'] },
  ),
  fc.constantFrom(null, undefined, [], 'candidate:1'),
)
const iceServer = fc.record(
  { urls: fc.oneof(text, fc.array(text, { maxLength: 2 })), username: text, credential: text },
  { requiredKeys: ['urls'] },
)
const frame = fc.record(
  {
    type: fc.constantFrom(
      'welcome',
      'joined',
      'left',
      'resumed',
      'ice-servers',
      'renegotiate',
      'ack',
      'drain',
      'peer-joined',
      'peer-left',
      'description',
      'candidate',
      'message',
      'remote-close',
      'delivered',
      'error',
      'pong',
      'join',
      'later',
    ),
    version: count,
    session: text,
    resumeWithin: count,
    lifetime: fc.oneof(fc.constantFrom(0.5, undefined), count),
    polite: fc.constantFrom(true, false, true, false, 0),
    restart: fc.constantFrom(true, undefined, 1),
    seq: fc.oneof(fc.integer({ min: 1, max: 9 }), count),
    received: count,
    n: count,
    within: count,
    iceServers: fc.oneof(fc.array(iceServer, { maxLength: 2 }), text),
    channel: text,
    peer: text,
    role: fc.constantFrom('offerer', 'answerer', 'both'),
    count,
    members: fc.oneof(fc.array(fc.record({ peer: text, metadata: fc.jsonValue() }), { maxLength: 2 }), text),
    reason: fc.constantFrom('leave', 'hangup', 'whim'),
    metadata: fc.jsonValue(),
    replayed: count,
    from: text,
    description,
    candidate,
    data: fc.oneof(fc.jsonValue(), fc.constant(undefined)),
    to: text,
    delivered: fc.constantFrom(true, false, 1),
    code: text,
    message: text,
    id,
  },
  { requiredKeys: ['type'] },
)

describe('the client’s own reader and the protocol’s decoder', () => {
  test('accept the same frames', () => {
    const accepted = new Set<string>()
    fc.assert(
      fc.property(frame, (value) => {
        const wire = JSON.stringify(value)
        const decoded = decodeServerFrame(wire)
        const read = readServerFrame(wire)
        if (decoded instanceof SignalingError) {
          expect(read).toBe(decoded.code === 'unknown-type' ? 'unknown' : null)
        } else {
          accepted.add(decoded.type)
          expect(read).toMatchObject(decoded)
        }
      }),
      { numRuns: 3_000, seed: 7 },
    )
    expect(accepted.size).toBeGreaterThan(11)
  })

  test('and no text makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (wire) => {
        const read = readServerFrame(wire)
        return read === null || read === 'unknown' || !(decodeServerFrame(wire) instanceof SignalingError)
      }),
    )
  })
})
