import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import {
  decodeClientBinary,
  decodeServerBinary,
  encodeBinaryFrame,
  ErrorCode,
  frameLimits,
  SignalingError,
} from '../src/index.ts'

const frame = (header: string, ...data: readonly number[]): Uint8Array => {
  const text = new TextEncoder().encode(header)
  return Uint8Array.of(text.length >> 8, text.length & 0xff, ...text, ...data)
}

const codeOf = (bytes: Uint8Array): ErrorCode | null => {
  const message = decodeClientBinary(bytes)
  return message instanceof SignalingError ? message.code : null
}

describe('a message of bytes', () => {
  test('is its header and what follows it', () => {
    const data = Uint8Array.of(0, 255, 7)
    const header = { type: 'message', to: 'bøb', n: 3, id: 0 } as const
    const bytes = encodeBinaryFrame(header, data)
    expect(bytes).toEqual(frame(JSON.stringify(header), ...data))
    expect(decodeClientBinary(bytes)).toEqual({ header, data })
    const relayed = { type: 'message', from: 'alice', seq: 9 } as const
    expect(decodeServerBinary(encodeBinaryFrame(relayed, data))).toEqual({ header: relayed, data })
  })

  test.each([
    ['nothing', Uint8Array.of()],
    ['half a length', Uint8Array.of(0)],
    ['less than its length says', Uint8Array.of(0, 9, 1)],
    ['no JSON', frame('{')],
    ['another type', frame('{"type":"bye"}')],
    ['a bad name', frame('{"type":"message","to":""}')],
    ['no UTF-8', Uint8Array.of(0, 2, 0xc3, 0x28)],
    ['a header that is too long', frame(`{"type":"message"}${' '.repeat(frameLimits.binaryHeader)}`)],
  ])('of %s is refused', (_, bytes) => {
    expect(codeOf(bytes)).toBe(ErrorCode.invalidFrame)
  })

  test('has as long a header as it may, and as many bytes', () => {
    const text = '{"type":"message"}'.padEnd(frameLimits.binaryHeader)
    expect(codeOf(frame(text))).toBeNull()
    const longest = new Uint8Array(frameLimits.bytes)
    longest.set(frame('{"type":"message"}'))
    expect(codeOf(longest)).toBeNull()
    expect(codeOf(new Uint8Array(frameLimits.bytes + 1))).toBe(ErrorCode.frameTooLarge)
  })

  test('whose header has an id is refused with it', () => {
    expect(decodeClientBinary(frame('{"type":"message","to":7,"id":4}'))).toMatchObject({ id: 4 })
  })

  test('of whatever bytes decodes to what encodes to the same, or to an error', () => {
    const header = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc
        .record(
          { type: fc.constant('message'), to: fc.string(), n: fc.integer() },
          { requiredKeys: ['type'] },
        )
        .map((value) => JSON.stringify(value)),
    )
    fc.assert(
      fc.property(header, fc.uint8Array(), fc.nat(3), (text, data, cut) => {
        const bytes = frame(text, ...data)
        const message = decodeClientBinary(bytes.subarray(0, bytes.length - cut))
        if (message instanceof SignalingError) return
        const again = decodeClientBinary(encodeBinaryFrame(message.header, message.data))
        expect(again).toEqual(message)
      }),
      { numRuns: 1_000 },
    )
  })
})
