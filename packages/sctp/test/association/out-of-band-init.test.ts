import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'

import { decodeOutOfBandInit } from '../../src/association/out-of-band-init.ts'
import { createInit, type ExchangedInits, type SctpConfig } from '../../src/index.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket } from '../../src/wire/packet.ts'
import { Pair, pattern } from '../support/association-pair.ts'

const settings: Partial<SctpConfig> = { interleaving: true, zeroChecksum: true, streams: 1_000 }
const make = (): Uint8Array => createInit({ crypto: nodeCrypto, ...settings })

function pairOf(a: ExchangedInits | null, b: ExchangedInits | null): { pair: Pair; first: number[] } {
  const pair = new Pair({
    latency: 50,
    a: { config: { ...settings, exchangedInits: a } },
    b: { config: { ...settings, exchangedInits: b } },
  })
  const first: number[] = []
  for (const link of [pair.toA, pair.toB])
    link.intercept((_index, bytes) => {
      first.push(bytes[12]!)
      return 'pass'
    })
  return { pair, first }
}

describe('INITs exchanged by other means, draft-hancke-tsvwg-snap', () => {
  test('make both ends stand at once; data is there after half a round trip', () => {
    const [local, remote] = [make(), make()]
    const { pair, first } = pairOf({ local, remote }, { local: remote, remote: local })
    const start = pair.now
    pair.a.association.connect(start)
    pair.b.association.connect(start)
    expect([pair.a.connected, pair.b.connected]).toEqual([1, 1])
    expect(pair.a.association.isInterleaving).toBe(true)
    for (const from of [pair.a, pair.b]) from.association.send(pair.now, 7, 53, pattern(4_000))
    pair.runUntil(() => pair.a.received.length + pair.b.received.length === 2)
    expect(pair.now - start).toBe(50)
    for (const end of [pair.a, pair.b]) expect(equalBytes(end.message(7), pattern(4_000))).toBe(true)
    expect(first.every((type) => type === ChunkType.iData || type === ChunkType.sack)).toBe(true)
    expect(pair.a.association.outboundStreams).toBe(1_000)
  })

  test('survive the loss of the first flight, and resets and a shutdown work as ever', () => {
    const [local, remote] = [make(), make()]
    const { pair } = pairOf({ local, remote }, { local: remote, remote: local })
    pair.toB.intercept((index) => (index < 2 ? 'drop' : 'pass'))
    pair.a.association.connect(pair.now)
    pair.b.association.connect(pair.now)
    pair.a.association.send(pair.now, 7, 53, pattern(1_000))
    pair.runUntil(() => pair.b.received.length === 1)
    pair.a.association.resetStreams(pair.now, [7])
    pair.runUntil(() => pair.a.resetDone.length === 1)
    pair.a.association.shutdown(pair.now)
    pair.runUntil(() => pair.b.closed.length === 1)
    expect(pair.a.closed).toMatchObject([{ code: 'shutdown' }])
  })

  test('are not believed where the peer only returns ours: there is a handshake', () => {
    const local = make()
    const { pair, first } = pairOf({ local, remote: local }, null)
    pair.connect()
    expect(first).toContain(ChunkType.init)
    pair.a.association.send(pair.now, 0, 53, pattern(10))
    pair.runUntil(() => pair.b.received.length === 1)
  })

  test('are not needed: without them there is a handshake', () => {
    const { pair, first } = pairOf(null, null)
    pair.connect()
    expect(first).toContain(ChunkType.cookieEcho)
  })
})

describe('bytes that are no INIT', () => {
  const init = make()
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const copy = Uint8Array.from(init)
    copy.set(values, at)
    return copy
  }

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['an INIT that is cut off', init.subarray(0, 19)],
    ['a parameter that is cut off', init.subarray(0, init.length - 2)],
    ['another chunk', changed(0, 2)],
    ['a length beyond the end', changed(2, 0xff, 0xff)],
    ['bytes behind the chunk', Uint8Array.from([...init, 0, 0, 0, 0])],
    ['a tag of 0', changed(4, 0, 0, 0, 0)],
    ['no outbound streams', changed(12, 0, 0)],
    ['no inbound streams', changed(14, 0, 0)],
  ])('%s leads to a handshake', (_name, remote) => {
    expect(decodeOutOfBandInit(remote)).toBeNull()
    const { pair, first } = pairOf({ local: make(), remote }, null)
    pair.connect()
    expect(first).toContain(ChunkType.init)
  })

  test('of any kind never throw', () => {
    const random = new Random(9)
    for (let i = 0; i < 5_000; i++) {
      const bytes = Uint8Array.from(init)
      for (let flips = 1 + random.int(4); flips > 0; flips--)
        bytes[random.int(bytes.length)] = random.int(256)
      const decoded = decodeOutOfBandInit(bytes)
      expect(decoded === null || decoded.type === ChunkType.init).toBe(true)
    }
  })

  test('Chromium’s is one', () => {
    const chromium = 'AQAAHGVPFd8AEAAA/////9tAK2qACAAIgsBAwg=='
    const bytes = Uint8Array.from(atob(chromium), (character) => character.charCodeAt(0))
    expect(decodeOutOfBandInit(bytes)).toMatchObject({ receiverWindow: 1_048_576, outboundStreams: 0xffff })
    expect(decodePacket(bytes)).toBeNull()
  })
})
