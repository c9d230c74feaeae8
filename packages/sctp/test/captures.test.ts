import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from '@jest/globals'
import { fromHex, Millis, Reader, toHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { createChannelsInit, DataChannels } from '../src/index.ts'
import { tryDecodeChunk } from '../src/wire/chunk.ts'
import { ChunkType } from '../src/wire/chunk-type.ts'
import {
  decodePacket,
  encodePacket,
  hasValidChecksum,
  packetChecksum,
  putChecksum,
} from '../src/wire/packet.ts'

interface Capture {
  readonly stack: string
  readonly version: string
  readonly packets: readonly string[]
}

const folder = join(import.meta.dirname, 'vectors')
const captures = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Capture)

describe.each(captures)('$stack $version', ({ packets }) => {
  const all = packets.map((packet) => fromHex(packet.replace('lost ', '')))

  test('every packet decodes, and encodes to the same bytes', () => {
    for (const bytes of all) {
      const whole = withChecksum(bytes)
      const packet = decodePacket(whole)
      expect(packet).not.toBeNull()
      expect(toHex(encodePacket(packet!))).toBe(toHex(whole))
    }
  })

  test('a checksum is left out only as RFC 9653 allows', () => {
    for (const bytes of all) {
      const isZero = bytes.subarray(8, 12).every((byte) => byte === 0)
      expect(hasValidChecksum(bytes) || isZero).toBe(true)
      if (isZero) expect([ChunkType.init, ChunkType.cookieEcho]).not.toContain(bytes[12])
    }
  })

  test('the conversation is understood when it is heard again', () => {
    const arrived = packets.flatMap((packet, i) => (packet.startsWith('lost') ? [] : [all[i]!]))
    const { events, channels } = replay(arrived)
    const opened = events.filter((event) => event.endsWith(' opened'))
    expect(opened.sort()).toEqual(['first opened', 'loose opened', 'talk opened'])
    // Whichever the peer told of first is the channel that was talked on; some close the other before they go.
    const [talk, other] = events.includes('first: "text"') ? ['first', 'talk'] : ['talk', 'first']
    expect(events.filter((event) => !opened.includes(event) && event !== `${other} closing`)).toEqual([
      `${talk}: "text"`,
      `${talk}: 2500 bytes of 7`,
      `${talk}: ""`,
      'loose: "before"',
      'loose: "after"',
      'loose closing',
      `${talk} closing`,
      'over: aborted-by-peer',
    ])
    const { discarded } = channels
    for (const fault of [
      'malformed-chunk',
      'unknown-chunk',
      'bad-checksum',
      'bad-dcep',
      'invalid-forward-tsn',
    ] as const)
      expect(discarded[fault]).toBeUndefined()
  })
})

test('between them they have every kind of chunk that data channels know', () => {
  const types = new Set(
    captures
      .flatMap(({ packets }) =>
        packets.flatMap((packet) => decodePacket(withChecksum(fromHex(packet.replace('lost ', ''))))!.chunks),
      )
      .map(({ type }) => type),
  )
  const { pad, error, shutdownAck, shutdownComplete, ...expected } = ChunkType
  expect([...types].sort()).toEqual(Object.values(expected).sort())
  // Nobody pads, finds a fault in us, or comes to the end of a shutdown: all of them close without one.
  for (const type of [pad, error, shutdownAck, shutdownComplete]) expect(types).not.toContain(type)
})

/** Hears the packets as the end that they were sent to: with its tag, and with what it had agreed on. */
function replay(packets: readonly Uint8Array[]): { events: string[]; channels: DataChannels } {
  const [first, ...rest] = packets
  const remote = first!.subarray(12)
  const init = tryDecodeChunk(ChunkType.init, 0, new Reader(remote, 4, remote.length))
  if (init?.type !== ChunkType.init) throw new Error('the first packet is not an INIT')
  const local = createChannelsInit({ crypto: nodeCrypto })
  local.set(rest[0]!.subarray(4, 8), 4)
  const events: string[] = []
  const channels = new DataChannels(
    { crypto: nodeCrypto, dtlsRole: 'client', exchangedInits: { local, remote } },
    {
      transmit() {},
      associationConnected() {},
      associationClosed: ({ code }) => events.push(`over: ${code}`),
      channelOpened: ({ label }) => events.push(`${label} opened`),
      opened() {},
      received: (_now, { label }, data, isText) =>
        events.push(`${label}: ${isText ? JSON.stringify(Buffer.from(data).toString()) : summary(data)}`),
      bufferedAmountLow() {},
      channelClosing: ({ label }) => events.push(`${label} closing`),
      channelClosed() {},
    },
  )
  channels.connect(Millis(0))
  rest.forEach((packet, i) => channels.handlePacket(Millis(i), packet))
  return { events, channels }
}

function summary(data: Uint8Array): string {
  return `${data.length} bytes of ${[...new Set(data)].join(' ')}`
}

/** The packet with the checksum that it would have without RFC 9653. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const whole = Uint8Array.from(bytes)
  const view = new DataView(whole.buffer)
  putChecksum(view, packetChecksum(view, 0, whole.length))
  return whole
}
