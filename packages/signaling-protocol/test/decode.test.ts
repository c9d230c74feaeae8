import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import {
  decodeClientFrame,
  decodeServerFrame,
  encodeFrame,
  ErrorCode,
  frameLimits,
  SignalingError,
} from '../src/index.ts'
import { clientFrames, serverFrames } from './frames.ts'

const fault = (text: string): { code: string; id: number | undefined } | null => {
  const frame = decodeClientFrame(text)
  return frame instanceof SignalingError ? { code: frame.code, id: frame.id } : null
}

describe('every frame survives its text', () => {
  test.each(clientFrames)('client %j', (frame) => {
    expect(decodeClientFrame(encodeFrame(frame))).toEqual(frame)
  })

  test.each(serverFrames)('server %j', (frame) => {
    expect(decodeServerFrame(encodeFrame(frame))).toEqual(frame)
  })
})

describe('what is refused', () => {
  test.each([
    ['', ErrorCode.invalidJson],
    ['{', ErrorCode.invalidJson],
    ['undefined', ErrorCode.invalidJson],
    ['{"type":"ping",}', ErrorCode.invalidJson],
    ['null', ErrorCode.invalidFrame],
    ['[]', ErrorCode.invalidFrame],
    ['"join"', ErrorCode.invalidFrame],
    ['{"type":1}', ErrorCode.invalidFrame],
    ['{"type":"welcome","version":1,"iceServers":[]}', ErrorCode.unknownType],
    ['{"type":"__proto__"}', ErrorCode.unknownType],
    ['{"type":"constructor"}', ErrorCode.unknownType],
    ['{"type":"join"}', ErrorCode.invalidFrame],
    ['{"type":"join","channel":""}', ErrorCode.invalidFrame],
    ['{"type":"join","channel":7}', ErrorCode.invalidFrame],
    ['{"type":"join","channel":"a\\nb"}', ErrorCode.invalidFrame],
    ['{"type":"join","channel":"a\\u202eb"}', ErrorCode.invalidFrame],
    ['{"type":"join","channel":"\\ud800"}', ErrorCode.invalidFrame],
    [`{"type":"join","channel":"${'x'.repeat(129)}"}`, ErrorCode.invalidFrame],
    ['{"type":"join","channel":"a","peer":null}', ErrorCode.invalidFrame],
    [`{"type":"join","channel":"a","token":"${'x'.repeat(4_097)}"}`, ErrorCode.invalidFrame],
    [`{"type":"join","channel":"a","metadata":"${'x'.repeat(4_095)}"}`, ErrorCode.invalidFrame],
    ['{"type":"description"}', ErrorCode.invalidFrame],
    ['{"type":"description","description":{"type":"rollback","sdp":""}}', ErrorCode.invalidFrame],
    ['{"type":"description","description":{"type":"offer"}}', ErrorCode.invalidFrame],
    ['{"type":"candidate"}', ErrorCode.invalidFrame],
    ['{"type":"candidate","candidate":"candidate:1"}', ErrorCode.invalidFrame],
    ['{"type":"candidate","candidate":{"candidate":"","sdpMLineIndex":-1}}', ErrorCode.invalidFrame],
    [`{"type":"candidate","candidate":{"candidate":"${'x'.repeat(4_097)}"}}`, ErrorCode.invalidFrame],
    [
      `{"type":"candidate","candidate":{"candidate":"","sdpMid":"${'x'.repeat(257)}"}}`,
      ErrorCode.invalidFrame,
    ],
    [
      `{"type":"candidate","candidate":{"candidate":"","usernameFragment":"${'x'.repeat(257)}"}}`,
      ErrorCode.invalidFrame,
    ],
    [`{"type":"resume","session":"${'x'.repeat(129)}"}`, ErrorCode.invalidFrame],
    ['{"type":"message"}', ErrorCode.invalidFrame],
    ['{"type":"message","data":1,"to":["bob"]}', ErrorCode.invalidFrame],
    ['{"type":"ping","id":"7"}', ErrorCode.invalidFrame],
    ['{"type":"ping","id":-1}', ErrorCode.invalidFrame],
    ['{"type":"ping","id":1e300}', ErrorCode.invalidFrame],
  ])('%.60s is %s', (text, code) => {
    expect(fault(text)?.code).toBe(code)
  })

  test('names and metadata at their limit are taken', () => {
    expect(fault(encodeFrame({ type: 'join', channel: 'x'.repeat(128) }))).toBeNull()
    expect(fault(encodeFrame({ type: 'join', channel: '😀'.repeat(128) }))).toBeNull()
    expect(fault(encodeFrame({ type: 'join', channel: 'x', metadata: 'x'.repeat(4_094) }))).toBeNull()
  })

  test('an error carries the id of the request', () => {
    expect(fault('{"type":"join","id":7}')).toEqual({ code: ErrorCode.invalidFrame, id: 7 })
    expect(fault('{"type":"what","id":8}')).toEqual({ code: ErrorCode.unknownType, id: 8 })
    expect(fault('{"type":"join","id":"x"}')).toEqual({ code: ErrorCode.invalidFrame, id: undefined })
  })

  test('a message says what is wrong, not what was sent', () => {
    const error = decodeClientFrame(`{"type":"join","channel":"a","peer":"${'\\n'.repeat(2_000)}"}`)
    expect(error).toMatchObject({ message: expect.stringMatching(/^peer: expected .{1,60}$/) })
    expect(decodeClientFrame('{"type":"join"}')).toMatchObject({ message: 'channel: missing' })
  })

  test('a frame past 256 KiB is not even parsed', () => {
    const of = (length: number): string => `{"type":"message","data":"${'x'.repeat(length - 28)}"}`
    expect(of(frameLimits.bytes)).toHaveLength(frameLimits.bytes)
    expect(fault(of(frameLimits.bytes))).toBeNull()
    expect(fault(of(frameLimits.bytes + 1))?.code).toBe(ErrorCode.frameTooLarge)
    // What the server adds to a frame at its limit must not make it unreadable.
    const relayed = encodeFrame({
      type: 'message',
      from: 'alice',
      data: 'x'.repeat(frameLimits.bytes),
      seq: 1,
    })
    expect(decodeServerFrame(relayed)).not.toBeInstanceOf(SignalingError)
  })

  test('nesting stops at 64', () => {
    const nested = (depth: number): string =>
      `{"type":"message","data":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(fault(nested(63))).toBeNull()
    expect(fault(nested(64))?.code).toBe(ErrorCode.invalidJson)
    expect(fault(nested(100_000))?.code).toBe(ErrorCode.invalidJson)
    expect(fault(`{"type":"message","data":"${'[{'.repeat(1_000)}\\"[["}`)).toBeNull()
    expect(fault(`{"type":"message","data":"\\"${'[{'.repeat(1_000)}"}`)).toBeNull()
    const behind = (depth: number): string =>
      `{"type":"message","data":["\\\\",${'['.repeat(depth)}${']'.repeat(depth)}]}`
    expect(fault(behind(62))).toBeNull()
    expect(fault(behind(63))?.code).toBe(ErrorCode.invalidJson)
  })

  test('what is counted is counted from 1, and exactly', () => {
    for (const number of [0, -1, 1.5, 2 ** 53, '1'])
      for (const frame of [
        { type: 'ack', seq: number },
        { type: 'bye', n: number },
        { type: 'resume', session: 's', seq: number },
        { type: 'resume', session: 's', unanswered: number },
      ])
        expect(fault(JSON.stringify(frame))?.code).toBe(ErrorCode.invalidFrame)
    expect(fault('{"type":"ack","seq":1}')).toBeNull()
    expect(fault(`{"type":"bye","n":${2 ** 53 - 1}}`)).toBeNull()
    const left = (seq: number): string => `{"type":"peer-left","peer":"bob","count":0,"seq":${seq}}`
    expect(decodeServerFrame(left(0))).toMatchObject({ code: ErrorCode.invalidFrame })
    expect(decodeServerFrame(left(1))).not.toBeInstanceOf(SignalingError)
  })

  test('what this version does not know is left out', () => {
    expect(decodeClientFrame('{"type":"bye","from":"mallory","__proto__":{"id":1}}')).toEqual({ type: 'bye' })
    expect(decodeClientFrame('{"type":"leave","channel":"x"}')).toEqual({ type: 'leave' })
  })
})

describe('fuzz', () => {
  const survives = (text: string): void => {
    for (const decode of [decodeClientFrame, decodeServerFrame]) {
      const frame = decode(text)
      if (frame instanceof SignalingError) expect(Object.values(ErrorCode)).toContain(frame.code)
      else expect(decode(encodeFrame(frame))).toEqual(frame)
    }
  }

  test('any text is a frame that survives, or a typed error', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.json())
    fc.assert(fc.property(text, survives), { numRuns: 1_000 })
  })

  test('so is any object with a known type', () => {
    const any = fc.jsonValue()
    const frame = fc.record(
      {
        type: fc.constantFrom(...[...clientFrames, ...serverFrames].map((known) => known.type)),
        channel: any,
        peer: any,
        to: any,
        from: any,
        data: any,
        description: any,
        candidate: any,
        count: any,
        id: fc.oneof(fc.nat(), any),
      },
      { requiredKeys: ['type'] },
    )
    fc.assert(
      fc.property(frame, (value) => survives(JSON.stringify(value))),
      { numRuns: 1_000 },
    )
  })

  test('so is a frame with a few characters changed', () => {
    const original = fc.constantFrom(...clientFrames.map(encodeFrame), ...serverFrames.map(encodeFrame))
    fc.assert(
      fc.property(original, fc.nat(), fc.string({ maxLength: 2 }), fc.nat(2), (frame, at, insert, remove) => {
        const where = at % frame.length
        survives(frame.slice(0, where) + insert + frame.slice(where + remove))
      }),
      { numRuns: 1_000 },
    )
  })
})
