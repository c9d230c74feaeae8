import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { MessageStore } from '../../src/send/message-store.ts'
import { pattern } from '../support/association-pair.ts'

describe('the message store', () => {
  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['arrays', (bytes) => bytes],
    ['Buffers', (bytes) => Buffer.from(bytes)],
  ])('keeps copies of %s, which may be used again at once', (_, make) => {
    const store = new MessageStore()
    const kept = Array.from({ length: 500 }, (_, i) => {
      const message = make(pattern(1 + ((i * 373) % 20_000), i))
      const buffer = store.keep(message)
      const { start } = store
      message.fill(0)
      return { buffer, start }
    })
    kept.forEach(({ buffer, start }, i) => {
      const expected = pattern(1 + ((i * 373) % 20_000), i)
      expect(equalBytes(buffer.subarray(start, start + expected.length), expected)).toBe(true)
    })
  })

  test('lets small messages share memory, and uses it again when they are gone', () => {
    const store = new MessageStore()
    const first = store.keep(pattern(100))
    expect([store.keep(pattern(100)) === first, store.start]).toEqual([true, 100])
    store.rewind()
    expect([store.keep(pattern(100)) === first, store.start]).toEqual([true, 0])
  })
})
