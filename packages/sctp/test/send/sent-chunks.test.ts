import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { OutgoingMessage } from '../../src/send/outgoing-message.ts'
import { ChunkState, SentChunks } from '../../src/send/sent-chunks.ts'
import { Tsn } from '../../src/tsn.ts'

const message = new OutgoingMessage(0, 51, false, new Uint8Array(10_000), 0, 10_000)

/** The same, with objects. */
interface ModelChunk {
  readonly tsn: Tsn
  readonly length: number
  state: ChunkState
  /** The number of the path that it was sent over last. */
  path: number
}

type Step =
  | { readonly kind: 'push'; readonly length: number }
  | { readonly kind: 'shift' }
  | { readonly kind: 'state'; readonly at: number; readonly state: ChunkState }
  | { readonly kind: 'resend' | 'path' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('push' as const), length: fc.integer({ min: 1, max: 1_200 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('shift' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('state' as const),
      at: fc.nat(500),
      state: fc.constantFrom(...Object.values(ChunkState)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('resend' as const, 'path' as const) }) },
)

describe('sent chunks', () => {
  test('are what a list of objects would be, across the wrap and as the ring grows', () => {
    const initial = Tsn.of(0xffff_ffc0)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 250 }), (steps) => {
        const chunks = new SentChunks(initial)
        const model: ModelChunk[] = []
        let path = 0
        for (const action of steps) {
          if (action.kind === 'push') {
            const tsn = chunks.push(1, message, message.buffer, 0, action.length, 3)
            model.push({ tsn, length: action.length, state: ChunkState.inFlight, path })
          } else if (action.kind === 'shift' && model.length > 0) {
            model.shift()
            chunks.shift()
          } else if (action.kind === 'state' && model.length > 0) {
            const chunk = model[action.at % model.length]!
            chunk.state = action.state
            chunks.setState(chunk.tsn, action.state)
          } else if (action.kind === 'resend') {
            const lost = model.find(({ state }) => state === ChunkState.lost)
            if (lost) {
              expect(chunks.firstLost()).toBe(lost.tsn)
              chunks.resent(2, lost.tsn)
              lost.state = ChunkState.inFlight
              lost.path = path
            }
          } else if (action.kind === 'path') {
            path++
            chunks.pathChanged()
          }
          const inState = (state: ChunkState): ModelChunk[] => model.filter((chunk) => chunk.state === state)
          expect(chunks.size).toBe(model.length)
          expect(chunks.lostCount).toBe(inState(ChunkState.lost).length)
          expect(chunks.abandonedCount).toBe(inState(ChunkState.abandoned).length)
          expect(chunks.inFlight).toBe(
            inState(ChunkState.inFlight).reduce((sum, { length }) => sum + length, 0),
          )
        }
        for (const { tsn, length, state, path: sentOver } of model) {
          expect([chunks.length(tsn), chunks.state(tsn)]).toEqual([length, state])
          expect(chunks.isOfPath(tsn)).toBe(sentOver === path)
          expect(chunks.message(tsn)).toBe(message)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('are full when no gap block could reach the next', () => {
    const chunks = new SentChunks(Tsn.of(1))
    for (let i = 0; i < 0x7ffe; i++) chunks.push(0, message, message.buffer, 0, 1, 3)
    expect(chunks.isFull).toBe(false)
    chunks.push(0, message, message.buffer, 0, 1, 3)
    expect(chunks.isFull).toBe(true)
  })

  test('that are released give up their message', () => {
    const chunks = new SentChunks(Tsn.of(1))
    const tsn = chunks.push(0, message, message.buffer, 0, 1, 3)
    chunks.shift()
    expect(() => chunks.message(tsn)).toThrow(RangeError)
  })
})
