import { describe, expect, test } from '@jest/globals'

import type { RTCMessageStreamEvent } from '../src/index.ts'
import { collect, openChannel, type SimChannel } from './support/sim-channel.ts'

const piece = 65_536
/** The receive window, what a writer may leave waiting, and what is read ahead. */
const mostUnderWay = 4 * 1_048_576 + 2_097_152 + 262_144
const count = 128

/** Lets nobody read for five seconds, in the last two of which nothing moves any more. */
async function standStill({ world }: SimChannel, progress: () => number): Promise<void> {
  for (let turn = 0; turn < 300; turn++) await world.turn()
  const before = progress()
  for (let turn = 0; turn < 200; turn++) await world.turn()
  expect(progress()).toBe(before)
}

/** Resolves with the work, during which the simulation goes on. */
async function during<T>({ world }: SimChannel, work: Promise<T>): Promise<T> {
  let isDone = false
  const done = (): void => void (isDone = true)
  work.then(done, done)
  await world.until(() => isDone, 'the end of what goes on')
  return work
}

describe('a reader that stops', () => {
  test('stops the sender within the receive window, and nothing is lost when it goes on', async () => {
    const open = await openChannel()
    const { bob, channel, remote } = open
    const { readable } = remote
    const writer = channel.writable.getWriter()
    let written = 0
    const writing = (async () => {
      for (; written < count; written++) await writer.write(new Uint8Array(piece).fill(written))
      await writer.close()
    })()
    await standStill(open, () => written)
    // Messages have overhead, and the last one may be beyond.
    expect(written * piece).toBeGreaterThan(4 * 1_048_576)
    expect(written * piece).toBeLessThan(1.1 * mostUnderWay)
    const held = (): number => bob.transportStatistics?.sctp?.receiveBuffered ?? 0
    const before = held()
    expect(before).toBeGreaterThan(3.5 * 1_048_576)
    // Who reads a little lets a little more come: what is read ahead, and not all that is held.
    const reader = readable.getReader()
    const received: unknown[] = []
    for (let i = 0; i < 4; i++) received.push((await reader.read()).value?.[0])
    await open.world.turn()
    expect(before - held()).toBeGreaterThan(0)
    expect(before - held()).toBeLessThan(1_048_576)
    const reading = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read())
        received.push(next.value[0])
    })()
    await during(open, Promise.all([reading, writing]))
    expect(received).toEqual(Array.from({ length: count }, (_, i) => i & 0xff))
  })

  test('stops a streamed message, and what follows on the channel comes after it', async () => {
    const open = await openChannel({}, { messageStreams: true })
    const { channel, remote, world } = open
    const messages = collect(remote)
    const begun: RTCMessageStreamEvent[] = []
    remote.onmessagestream = (event) => begun.push(event)
    let pulled = 0
    const source = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (pulled++ < count) controller.enqueue(new Uint8Array(piece).fill(pulled))
          else controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const sending = channel.sendStream(source)
    await world.until(() => begun.length === 1)
    channel.send('after it')
    await standStill(open, () => pulled)
    expect(pulled * piece).toBeLessThan(1.1 * mostUnderWay)
    expect(messages).toEqual([])
    const held = (): number => open.bob.transportStatistics?.sctp?.receiveBuffered ?? 0
    const before = held()
    const reader = begun[0]!.stream.getReader()
    let bytes = 0
    while (bytes < 262_144) bytes += (await reader.read()).value?.length ?? 0
    await world.turn()
    expect(before - held()).toBeGreaterThan(0)
    expect(before - held()).toBeLessThan(1_048_576)
    let cameAt = 0
    remote.addEventListener('message', () => (cameAt = bytes))
    const reading = (async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.length
    })()
    await during(open, Promise.all([reading, sending]))
    await world.until(() => messages.length === 1)
    expect([bytes, messages]).toEqual([count * piece, ['after it']])
    // What the stream had ready to be read is all that came before.
    expect(cameAt).toBeGreaterThan(count * piece - 4 * 1_048_576 - 262_144)
  })
})

test.each([
  ['below', 100_000, 0],
  // What the writer waits for, a mebibyte, is no news to the application.
  ['above', 1_500_000, 1_048_576],
])(
  'a writer and an application with a threshold %s its own both hear in time',
  async (_name, threshold, above) => {
    const open = await openChannel()
    const { world, channel, remote } = open
    const messages = collect(remote)
    channel.bufferedAmountLowThreshold = threshold
    const amounts: number[] = []
    channel.onbufferedamountlow = () => amounts.push(channel.bufferedAmount)
    const writer = channel.writable.getWriter()
    // More than a writer leaves waiting, so that it has to wait itself.
    const writing = (async () => {
      for (let i = 0; i < 60; i++) await writer.write(new Uint8Array(60_000))
    })()
    await during(open, writing)
    await world.until(() => messages.length === 60)
    expect(amounts.length).toBeGreaterThan(0)
    expect(Math.max(...amounts)).toBeLessThanOrEqual(threshold)
    expect(Math.min(...amounts)).toBeGreaterThan(above)
  },
)
