import { describe, expect, test } from '@jest/globals'
import { fromHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, Random, Simulation } from '@purertc/netsim'

import { type DataChannelOptions, ProtocolId, SctpAssociation } from '../../src/index.ts'
import { encodeOpen } from '../../src/channels/dcep.ts'
import { ChannelsPair, Side } from '../support/channels-pair.ts'
import { text } from '../support/association-pair.ts'

const open = (label: string): Uint8Array =>
  encodeOpen({
    type: 'open',
    priority: 256,
    ordered: true,
    maxRetransmits: undefined,
    maxPacketLifeTime: undefined,
    label,
    protocol: '',
  })

/** The server's data channels, and a bare association as the client: it says on streams what no client says. */
class Rogue {
  readonly sim: Simulation
  readonly server: Side
  /** Whoever the server's packets go to now. */
  #current: Rogue = this
  readonly #toRogue: Link
  readonly association: SctpAssociation
  readonly received: { stream: number; protocol: number; message: Uint8Array }[] = []
  readonly resets: number[] = []

  /** With `before` it takes the place of another, of which the server still has an association. */
  constructor(streams = 65_535, before?: Rogue) {
    this.sim = before?.sim ?? new Simulation({ seed: 1 })
    const toServer = new Link(this.sim, { latency: 5 }, (now, bytes) =>
      this.server.channels.handlePacket(now, bytes),
    )
    this.server =
      before?.server ?? new Side(this.sim, (packet) => this.#toRogue.send(packet), { dtlsRole: 'server' })
    this.#toRogue =
      before !== undefined
        ? before.#toRogue
        : new Link(this.sim, { latency: 5 }, (now, bytes) =>
            this.#current.association.handlePacket(now, bytes),
          )
    this.association = new SctpAssociation(
      { crypto: this.sim.seeded(nodeCrypto), streams },
      {
        transmit: (packet) => toServer.send(packet),
        connected() {},
        received: (_now, stream, protocol, message) =>
          this.received.push({ stream, protocol, message: message.slice() }),
        bufferedAmountLow() {},
        streamsReset: (ids) => this.resets.push(...ids),
        resetDone() {},
        restarted() {},
        closed() {},
      },
    )
    if (before) {
      this.sim.detach(before.association)
      before.#current = this
    }
    this.sim.attach(this.association)
    this.association.connect(this.sim.now)
    this.sim.advance(100)
  }

  say(stream: number, protocol: number, message: Uint8Array): void {
    this.association.send(this.sim.now, stream, protocol, message)
    this.sim.advance(300)
  }
}

describe('a peer that opens channels wrongly', () => {
  test('with an id of our parity gets the stream reset', () => {
    const rogue = new Rogue()
    rogue.say(1, ProtocolId.control, open('odd'))
    expect(rogue.server.incoming).toEqual([])
    expect(rogue.resets).toEqual([1])
    expect(rogue.server.channels.discarded['refused-channel']).toBe(1)
    expect(rogue.received).toEqual([])
  })

  test('on a stream that is taken gets that channel closed', () => {
    const rogue = new Rogue()
    rogue.say(2, ProtocolId.control, open('first'))
    rogue.say(2, ProtocolId.control, open('second'))
    expect(rogue.server.incoming.map(({ label }) => label)).toEqual(['first'])
    expect(rogue.server.incoming[0]?.readyState).toBe('closing')
    expect(rogue.resets).toEqual([2])
  })

  test('with anything but an OPEN gets the stream reset', () => {
    const rogue = new Rogue()
    rogue.say(2, ProtocolId.control, fromHex('03 03 0100'))
    rogue.say(4, ProtocolId.control, fromHex('02'))
    rogue.say(6, ProtocolId.control, fromHex('ff'))
    expect(rogue.server.channels.discarded['bad-dcep']).toBe(3)
    expect(rogue.resets).toEqual([2, 4, 6])
  })

  test('too often with long names is refused', () => {
    const rogue = new Rogue()
    for (let stream = 0; stream < 160; stream += 2)
      rogue.say(stream, ProtocolId.control, open('x'.repeat(65_000)))
    expect(rogue.server.incoming).toHaveLength(64)
    expect(rogue.server.channels.discarded['refused-channel']).toBe(16)
  })

  test('beyond the streams that it takes itself is not answered', () => {
    const rogue = new Rogue(10)
    rogue.say(8, ProtocolId.control, open('fits'))
    expect(rogue.server.incoming.map(({ id }) => id)).toEqual([8])
    expect(rogue.received.map(({ stream }) => stream)).toEqual([8])
  })
})

describe('a peer that sends', () => {
  test('on no channel is not heard', () => {
    const rogue = new Rogue()
    rogue.say(3, ProtocolId.text, text('hello?'))
    expect(rogue.server.messages).toEqual([])
    expect(rogue.server.channels.discarded['unknown-channel']).toBe(1)
  })

  test.each([0, 52, 54, 99, 0xffff_ffff])('with protocol %d has its channel closed, no other', (protocol) => {
    const rogue = new Rogue()
    rogue.say(0, ProtocolId.control, open('x'))
    rogue.say(2, ProtocolId.control, open('y'))
    rogue.say(0, protocol, text('hello?'))
    rogue.say(0, protocol, text('anybody?'))
    expect(rogue.server.messages).toEqual([])
    expect(rogue.server.channels.discarded['unknown-protocol']).toBe(2)
    expect(rogue.server.incoming.map(({ readyState }) => readyState)).toEqual(['closing', 'open'])
    expect(rogue.resets).toEqual([0])
  })

  test('with an unknown protocol while the channel is paused has it closed when that is read', () => {
    const rogue = new Rogue()
    rogue.say(0, ProtocolId.control, open('x'))
    const [channel] = rogue.server.incoming
    rogue.server.channels.pause(channel!)
    for (const protocol of [ProtocolId.text, 99, ProtocolId.text]) rogue.say(0, protocol, text(`${protocol}`))
    rogue.server.channels.resume(rogue.sim.now, channel!)
    expect(rogue.server.texts).toEqual(['51'])
    expect(channel!.readyState).toBe('closing')
    expect(rogue.server.channels.association.receiveBuffered).toBe(0)
  })

  test('bytes that are no UTF-8 as text hands them up all the same', () => {
    const rogue = new Rogue()
    rogue.say(0, ProtocolId.control, open('x'))
    rogue.say(0, ProtocolId.text, Uint8Array.of(0xff))
    expect(rogue.server.messages).toEqual([{ label: 'x', data: Uint8Array.of(0xff), isText: true }])
  })
})

test('DCEP of any bytes on any stream disturbs no other channel', () => {
  const rogue = new Rogue()
  const random = new Random(7)
  rogue.say(0, ProtocolId.control, open('good'))
  for (let i = 0; i < 2_000; i++) {
    const bytes = new Uint8Array(1 + random.int(40))
    random.fill(bytes)
    if (random.chance(0.7)) bytes[0] = 3
    if (random.chance(0.5)) bytes.fill(0, 8)
    const stream = 10 + random.int(200)
    if (!rogue.association.isResetting(stream))
      rogue.association.send(rogue.sim.now, stream, ProtocolId.control, bytes)
    if (i % 10 === 0) rogue.sim.advance(50)
  }
  rogue.say(0, ProtocolId.text, text('still here'))
  expect(rogue.server.texts).toEqual(['still here'])
  expect(rogue.server.channels.state).toBe('established')
  expect(rogue.server.channels.discarded['bad-dcep']).toBeGreaterThan(500)
})

describe('an application that asks for what cannot be', () => {
  test.each<[string, string, DataChannelOptions]>([
    ['two kinds of reliability', 'invalid-channel', { maxRetransmits: 1, maxPacketLifeTime: 1 }],
    ['a negotiated channel without id', 'invalid-channel', { negotiated: true }],
    ['id 65535', 'invalid-channel', { negotiated: true, id: 65_535 }],
    ['id -1', 'invalid-channel', { negotiated: true, id: -1 }],
    ['id 1.5', 'invalid-channel', { negotiated: true, id: 1.5 }],
    ['an id that is taken', 'invalid-channel', { negotiated: true, id: 0 }],
    ['a label of 65,536 bytes', 'invalid-channel', { label: 'é'.repeat(32_768) }],
    [
      'names that fit no message',
      'message-too-large',
      { label: 'x'.repeat(40_000), protocol: 'y'.repeat(40_000) },
    ],
  ])('%s', (_name, code, options) => {
    const pair = new ChannelsPair().connect()
    pair.client.channels.open(pair.now, { label: 'taken' })
    expect(() => pair.client.channels.open(pair.now, options)).toThrow(
      expect.objectContaining({ name: 'SctpError', code }),
    )
    expect([...pair.client.channels.channels]).toHaveLength(1)
  })

  test('more channels than the peer takes', () => {
    const pair = new ChannelsPair({ server: { streams: 7 } })
    const early = Array.from({ length: 6 }, (_, i) => pair.client.channels.open(pair.now, { label: `${i}` }))
    pair.connect()
    expect(early.map(({ readyState }) => readyState)).toEqual([
      'open',
      'open',
      'open',
      'open',
      'closed',
      'closed',
    ])
    expect(() => pair.client.channels.open(pair.now, {})).toThrow(
      expect.objectContaining({ code: 'invalid-channel' }),
    )
  })

  test('to send on a channel of another connection', () => {
    const pair = new ChannelsPair().connect()
    const channel = pair.client.channels.open(pair.now, { label: 'x' })
    expect(() => pair.server.channels.send(pair.now, channel, text('x'), true)).toThrow(
      expect.objectContaining({ code: 'invalid-channel' }),
    )
  })
})

test('an id may be used again although the answer to our reset was lost', () => {
  const pair = new ChannelsPair().connect()
  const first = pair.client.channels.open(pair.now, { label: 'first' })
  pair.runUntil(() => pair.server.incoming.length === 1)
  pair.client.channels.close(pair.now, first)
  // The client learns that its reset was performed; what it answers to the server's reset is lost for a while.
  let isLosing = true
  pair.toServer.intercept((_index, bytes) => (isLosing && bytes[12] === 130 ? 'drop' : 'pass'))
  pair.runUntil(() => first.readyState === 'closed')
  expect(pair.server.incoming[0]?.readyState).toBe('closing')
  const second = pair.client.channels.open(pair.now, { label: 'second' })
  expect(second.id).toBe(first.id)
  pair.client.channels.send(pair.now, second, text('hello'), true)
  pair.runUntil(() => pair.server.messages.length === 1)
  expect(pair.server.events).toEqual(['incoming first', 'closing first', 'closed first', 'incoming second'])
  isLosing = false
  pair.run(2_000)
  pair.server.channels.send(pair.now, pair.server.incoming[1]!, text('and back'), true)
  pair.runUntil(() => pair.client.messages.length === 1)
  expect([second.readyState, pair.server.incoming[1]?.readyState]).toEqual(['open', 'open'])
})

test('a peer that restarts closes all channels, and new ones can be opened', () => {
  const rogue = new Rogue()
  rogue.say(0, ProtocolId.control, open('before'))
  const again = new Rogue(65_535, rogue)
  expect(rogue.server.events).toEqual(['incoming before', 'closed before'])
  again.say(0, ProtocolId.control, open('after'))
  expect(rogue.server.events.at(-1)).toBe('incoming after')
  const ours = rogue.server.channels.open(rogue.sim.now, { label: 'ours' })
  expect(ours.readyState).toBe('open')
})

describe('an unordered channel', () => {
  test('sends in order until the peer is known to have it (RFC 8832 §6)', () => {
    const pair = new ChannelsPair().connect()
    const flags: number[] = []
    pair.toServer.intercept((_index, bytes) => {
      if (bytes[12] === 0 || bytes[12] === 64) flags.push(bytes[13]! & 4)
      return 'pass'
    })
    const channel = pair.client.channels.open(pair.now, { ordered: false })
    pair.client.channels.send(pair.now, channel, text('before'), true)
    pair.run(500)
    pair.client.channels.send(pair.now, channel, text('after'), true)
    pair.run(500)
    expect(flags).toEqual([0, 0, 4])
    expect(pair.server.texts).toEqual(['before', 'after'])
  })
})

test('the low threshold is told for the channel, and not for what DCEP sends', () => {
  const pair = new ChannelsPair().connect()
  const channel = pair.client.channels.open(pair.now, { label: 'x' })
  channel.bufferedAmountLowThreshold = 10_000
  expect([channel.bufferedAmount, channel.bufferedAmountLowThreshold]).toEqual([0, 10_000])
  pair.client.channels.send(pair.now, channel, new Uint8Array(65_000), false)
  expect(channel.bufferedAmount).toBeGreaterThan(50_000)
  pair.runUntil(() => pair.server.messages.length === 1)
  expect(pair.client.events).toEqual(['low x'])
  expect(pair.server.events).toEqual(['incoming x'])
})
