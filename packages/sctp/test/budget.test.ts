import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { SctpAssociation } from '../src/index.ts'
import { silentHost } from './support/silent-host.ts'

interface Queue {
  readonly packets: Uint8Array[]
  readonly lengths: number[]
  used: number
}

/** Two associations that hand each other their packets in memory that is used again. */
function wired(): { send: (message: Uint8Array) => void; delivered: () => number } {
  const now = Millis(1)
  const queues: Queue[] = []
  let delivered = 0
  const make = (): SctpAssociation => {
    const queue: Queue = { packets: [], lengths: [], used: 0 }
    queues.push(queue)
    return new SctpAssociation(
      { crypto: nodeCrypto },
      silentHost({
        transmit: (packet) => {
          const slot = (queue.packets[queue.used] ??= new Uint8Array(1_200))
          slot.set(packet)
          queue.lengths[queue.used++] = packet.length
        },
        received: () => {
          delivered++
        },
      }),
    )
  }
  const a = make()
  const b = make()
  const pump = (): void => {
    while (queues[0]!.used + queues[1]!.used > 0) {
      for (const [queue, to] of [
        [queues[0]!, b],
        [queues[1]!, a],
      ] as const) {
        const count = queue.used
        for (let i = 0; i < count; i++) to.handlePacket(now, queue.packets[i]!.subarray(0, queue.lengths[i]))
        queue.used = 0
      }
    }
  }
  a.connect(now)
  b.connect(now)
  pump()
  return {
    send: (message) => {
      a.send(now, 0, 53, message)
      pump()
    },
    delivered: () => delivered,
  }
}

/**
 * The least that many rounds show: anything that happens beside the code only adds. The compiler works beside it, too, so
 * that on a busy machine many go by before the code is what it will be.
 */
async function heapBytesPer(count: number, limit: number, action: () => void): Promise<number> {
  let least = Infinity
  for (let round = 0; round < 400 && least >= limit; round++) {
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < count; i++) action()
    const grown = process.memoryUsage().heapUsed - before
    // A collection in between shows as less than nothing.
    if (grown > 0) least = Math.min(least, grown / count)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return least
}

describe('the heap budget', () => {
  test('one message in one packet costs under 1,500 bytes, both sides and the test’s wire included', async () => {
    const { send, delivered } = wired()
    const message = new Uint8Array(1_000)
    let sent = 0
    const sendOne = (): void => {
      sent++
      send(message)
    }
    expect(await heapBytesPer(500, 1_500, sendOne)).toBeLessThan(1_500)
    expect(delivered()).toBe(sent)
  })
})
