import { expect } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { type Pair, pattern } from './association-pair.ts'

/** Messages of 64 KiB from A to B, each with its number in it. */
export function sendMegabyte(pair: Pair, count = 16): void {
  for (let i = 0; i < count; i++) pair.a.association.send(pair.now, 0, 53, pattern(65_536, i))
}

/** Waits until B has them all, as they were. */
export function expectMegabyte(pair: Pair, count = 16): void {
  pair.runUntil(() => pair.b.received.length === count)
  pair.b.received.forEach(({ message }, i) => expect(equalBytes(message, pattern(65_536, i))).toBe(true))
}
