import { expect, test } from '@jest/globals'
import fc from 'fast-check'

import { ReplayWindow } from '../../src/record/replay-window.ts'

/** What the window does, with all memory in the world. */
class Model {
  readonly #seen = new Set<number>()
  #highest = -1

  judge(sequence: number): 'fresh' | 'seen' | 'either' {
    if (this.#seen.has(sequence)) return 'seen'
    if (sequence > this.#highest - ReplayWindow.size) return 'fresh'
    // The window ends at a word's border, so it may reach back 31 numbers further than it promises.
    return sequence > this.#highest - ReplayWindow.size - 32 ? 'either' : 'seen'
  }

  accept(sequence: number): void {
    this.#seen.add(sequence)
    this.#highest = Math.max(this.#highest, sequence)
  }
}

test('agrees with a model on any sequence of numbers', () => {
  const steps = fc.array(
    fc.oneof(fc.integer({ min: -600, max: 40 }), fc.integer({ min: -40, max: 5 }), fc.nat(100_000)),
    { maxLength: 300 },
  )
  fc.assert(
    fc.property(fc.constantFrom(0, 1_000, 2 ** 31 - 50, 2 ** 32 - 50, 2 ** 47), steps, (start, deltas) => {
      const window = new ReplayWindow()
      const model = new Model()
      let highest = start
      for (const delta of deltas) {
        const sequence = Math.max(0, highest + delta)
        const expected = model.judge(sequence)
        const isFresh = window.isFresh(sequence)
        if (expected !== 'either') expect(isFresh).toBe(expected === 'fresh')
        if (!isFresh) continue
        window.accept(sequence)
        model.accept(sequence)
        highest = Math.max(highest, sequence)
      }
    }),
  )
})

test('knows every number of its width, and none older', () => {
  const window = new ReplayWindow()
  const highest = 10_000
  window.accept(highest)
  for (let back = 1; back < ReplayWindow.size; back++) expect(window.isFresh(highest - back)).toBe(true)
  expect(window.isFresh(highest - ReplayWindow.size - 32)).toBe(false)
  expect(window.isFresh(highest)).toBe(false)
  expect(window.isFresh(0)).toBe(false)
})

test('is at least as wide as RFC 6347 §4.1.2.6 prefers', () => {
  expect(ReplayWindow.size).toBeGreaterThanOrEqual(64)
})
