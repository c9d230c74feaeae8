import { describe, expect, test } from '@jest/globals'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket } from '../../src/wire/packet.ts'
import { ChannelsPair } from '../support/channels-pair.ts'
import { text } from '../support/association-pair.ts'

const holdsReConfig = (packet: Uint8Array): boolean =>
  decodePacket(packet)?.chunks.some(({ type }) => type === ChunkType.reConfig) ?? false

describe('closing a channel', () => {
  test('from both sides at once', () => {
    const pair = new ChannelsPair().connect()
    const ours = pair.client.channels.open(pair.now, { label: 'x' })
    pair.runUntil(() => pair.server.incoming.length === 1)
    const theirs = pair.server.incoming[0]!
    pair.client.channels.close(pair.now, ours)
    pair.server.channels.close(pair.now, theirs)
    pair.runUntil(() => ours.readyState === 'closed' && theirs.readyState === 'closed')
    expect(pair.client.events).toEqual(['closed x'])
    expect(pair.server.events).toEqual(['incoming x', 'closed x'])
  })

  test('with much to send, or never answered, delays no other channel', () => {
    // Packets with a checksum, which the test can read.
    const client = { zeroChecksum: false }
    const pair = new ChannelsPair({ rate: 1_000_000, queue: 200_000, client, server: client }).connect()
    const { channels } = pair.client
    const [closing, other] = ['closing', 'other'].map((label) => channels.open(pair.now, { label }))
    pair.runUntil(() => pair.server.incoming.length === 2)
    for (let i = 0; i < 40; i++) channels.send(pair.now, closing!, new Uint8Array(60_000), false)
    channels.close(pair.now, closing!)
    const delays: number[] = []
    for (let i = 0; i < 10; i++) {
      pair.run(50)
      const sentAt = pair.now
      channels.send(pair.now, other!, text(`word ${i}`), true)
      pair.runUntil(() => pair.server.texts.includes(`word ${i}`))
      delays.push(pair.now - sentAt)
    }
    // The queue of the path holds 200 ms; the 2.4 MB that are to be sent before the close would take 2.4 s.
    expect(Math.max(...delays)).toBeLessThan(350)
    expect(closing!.readyState).toBe('closing')
    pair.runUntil(() => closing!.readyState === 'closed')

    const silent = channels.open(pair.now, { label: 'silent' })
    pair.run(1_000)
    // Every RE-CONFIG is lost: the close stays open, and the other channel does not mind.
    pair.toServer.intercept((_index, bytes) => (holdsReConfig(bytes) ? 'drop' : 'pass'))
    channels.close(pair.now, silent)
    pair.run(2_000)
    const sentAt = pair.now
    channels.send(pair.now, other!, text('meanwhile'), true)
    pair.runUntil(() => pair.server.texts.includes('meanwhile'))
    expect(pair.now - sentAt).toBeLessThan(50)
    expect(silent.readyState).toBe('closing')
  })

  test.each([2, 3, 40])('%d at a time takes no longer than one', (count) => {
    const pair = new ChannelsPair({ latency: 50 }).connect()
    const { channels } = pair.client
    const all = Array.from({ length: count }, (_, i) => channels.open(pair.now, { label: String(i) }))
    pair.runUntil(() => pair.server.incoming.length === count)
    const start = pair.now
    channels.batch(pair.now, () => all.forEach((channel) => channels.close(pair.now, channel)))
    pair.runUntil(() => [...channels.channels, ...pair.server.channels.channels].length === 0)
    // A round trip for ours and their answer, half of one for theirs, and what a delayed SACK takes.
    expect(pair.now - start).toBeLessThan(600)
  })

  test('while another is being closed waits for its turn, and gets it', () => {
    const pair = new ChannelsPair({ latency: 50 }).connect()
    const { channels } = pair.client
    const all = ['a', 'b', 'c'].map((label) => channels.open(pair.now, { label }))
    pair.runUntil(() => pair.server.incoming.length === 3)
    for (const channel of all) {
      channels.close(pair.now, channel)
      pair.run(10)
    }
    pair.runUntil(() => [...channels.channels, ...pair.server.channels.channels].length === 0, 5_000)
    expect(pair.client.events).toEqual(['closed a', 'closed b', 'closed c'])
  })

  test('twice, or when it is closed, does nothing', () => {
    const pair = new ChannelsPair().connect()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    pair.client.channels.close(pair.now, channel)
    pair.client.channels.close(pair.now, channel)
    pair.runUntil(() => channel.readyState === 'closed')
    pair.client.channels.close(pair.now, channel)
    expect(pair.client.events).toEqual(['closed x'])
    expect(() => pair.client.channels.send(pair.now, channel, text('x'), true)).toThrow(
      expect.objectContaining({ code: 'invalid-channel' }),
    )
  })

  test('before the association stands says nothing to anybody', () => {
    const pair = new ChannelsPair()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    pair.client.channels.close(pair.now, channel)
    expect(pair.client.events).toEqual(['closed x'])
    pair.connect()
    pair.run(1_000)
    expect(pair.server.events).toEqual([])
  })

  test('lets the other side finish what it has queued', () => {
    const pair = new ChannelsPair().connect()
    const ours = pair.client.channels.open(pair.now, { label: 'x' })
    pair.runUntil(() => pair.server.incoming.length === 1)
    const theirs = pair.server.incoming[0]!
    for (let i = 0; i < 10; i++) pair.server.channels.send(pair.now, theirs, new Uint8Array(60_000), false)
    pair.client.channels.close(pair.now, ours)
    pair.runUntil(() => theirs.readyState === 'closing')
    expect(() => pair.server.channels.send(pair.now, theirs, text('x'), true)).toThrow()
    pair.runUntil(() => ours.readyState === 'closed')
    expect(pair.client.messages).toHaveLength(10)
  })

  test('of a peer that cannot reset streams ends on this side alone', () => {
    const pair = new ChannelsPair()
    // Without the Supported Extensions parameter the peer seems to know nothing of RE-CONFIG.
    pair.toClient.intercept((_index, bytes) => {
      const type = bytes[12]
      return type === 1 || type === 2 ? hide(bytes) : 'pass'
    })
    pair.connect()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    pair.client.channels.close(pair.now, channel)
    expect(pair.client.events).toEqual(['closed x'])
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'frees its id for the next even over a bad network, seed %d',
    (seed) => {
      const pair = new ChannelsPair({ seed, loss: 0.25, duplicate: 0.1, reorder: 0.2 }).connect()
      const rounds = 25
      for (let round = 0; round < rounds; round++) {
        const channel = pair.client.channels.open(pair.now, { label: `${round}` })
        expect(channel.id).toBe(0)
        for (let i = 0; i < 3; i++) pair.client.channels.send(pair.now, channel, text(`${round}.${i}`), true)
        pair.client.channels.close(pair.now, channel)
        pair.runUntil(() => channel.readyState === 'closed')
      }
      pair.runUntil(() => pair.server.events.filter((event) => event.startsWith('closed')).length === rounds)
      const expected = Array.from({ length: 3 * rounds }, (_, i) => `${Math.floor(i / 3)}.${i % 3}`)
      expect(pair.server.texts).toEqual(expected)
      expect(pair.server.channels.discarded['refused-channel']).toBeUndefined()
    },
  )
})

describe('the end of the association', () => {
  test('closes every channel, then tells so', () => {
    const pair = new ChannelsPair().connect()
    pair.client.channels.open(pair.now, { label: 'x' })
    pair.client.channels.open(pair.now, { label: 'y' })
    pair.runUntil(() => pair.server.incoming.length === 2)
    pair.client.channels.abort(pair.now, 'enough')
    pair.runUntil(() => pair.server.closed.length === 1)
    expect(pair.client.events).toEqual(['closed x', 'closed y'])
    expect(pair.server.events.slice(2)).toEqual(['closed x', 'closed y'])
    expect(pair.client.closed).toMatchObject([{ code: 'aborted' }])
    expect(() => pair.client.channels.open(pair.now, {})).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  test('by shutdown lets everything arrive', () => {
    const pair = new ChannelsPair({ loss: 0.1 }).connect()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    for (let i = 0; i < 5; i++) pair.client.channels.send(pair.now, channel, new Uint8Array(50_000), false)
    pair.client.channels.shutdown(pair.now)
    pair.client.channels.close(pair.now, channel)
    pair.runUntil(() => pair.server.closed.length === 1 && pair.client.closed.length === 1)
    expect(pair.server.messages).toHaveLength(5)
    expect(pair.client.closed).toMatchObject([{ code: 'shutdown' }])
  })
})

/** The packet of an INIT or INIT ACK with its Supported Extensions parameter turned into one that is skipped. */
function hide(bytes: Uint8Array): Uint8Array {
  const packet = Uint8Array.from(bytes)
  for (let at = 32; at + 4 <= packet.length;) {
    const length = (packet[at + 2]! << 8) | packet[at + 3]!
    if (packet[at] === 0x80 && packet[at + 1] === 0x08) packet[at + 1] = 0x77
    at += (length + 3) & ~3
  }
  return reseal(packet)
}

function reseal(packet: Uint8Array): Uint8Array {
  packet.fill(0, 8, 12)
  let crc = 0xffff_ffff
  for (const byte of packet) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  new DataView(packet.buffer).setUint32(8, ~crc >>> 0, true)
  return packet
}
