import { describe, expect, test } from '@jest/globals'

import { HandshakeType } from '../../src/protocol/handshake-type.ts'
import { append, corruptEnd, cutEnd, double, instead, omit, say } from './lies.ts'
import type { Lie } from './trial.ts'

/** What became of a handshake with a peer that tells this lie. */
export type Judge = (lie: Lie) => string

const { finished } = HandshakeType

/** Lies about any message of a flight: each of them is to come once, and to its last byte. */
export function flightLies(judge: Judge, messages: readonly (readonly [string, HandshakeType])[]): void {
  test.each(messages)('with %s twice', (_name, type) => {
    expect(judge(double(type))).toBe('unexpected-message: unexpected_message')
  })

  test.each(messages)('with a byte too many or too few in %s', (_name, type) => {
    expect(judge(append(type))).toBe('decode: decode_error')
    expect(judge(cutEnd(type))).toBe('decode: decode_error')
  })
}

/** Lies about Finished, which either side ends the handshake with. */
export function finishedLies(judge: Judge, more: () => void): void {
  describe('Finished', () => {
    test('with wrong verify_data', () => {
      expect(judge(corruptEnd(finished))).toBe('bad-finished: decrypt_error')
    })

    test('of another length', () => {
      expect(judge(append(finished))).toBe('bad-finished: decrypt_error')
      expect(judge(cutEnd(finished))).toBe('bad-finished: decrypt_error')
      expect(judge(say(finished, new Uint8Array(0)))).toBe('bad-finished: decrypt_error')
    })

    test('twice', () => {
      expect(judge(double(finished))).toBe('connected, then unexpected-message: unexpected_message')
    })

    test('with another message in its place, under the new keys', () => {
      expect(judge(instead(finished, (body) => [[HandshakeType.helloRequest, body]]))).toBe(
        'unexpected-message: unexpected_message',
      )
    })

    test('that is missing leaves the other side waiting', () => {
      expect(judge(omit(finished))).toBe('waiting')
    })

    more()
  })
}
