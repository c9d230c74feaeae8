import { describe, expect, test } from '@jest/globals'

import type { SctpConfig } from '../../src/index.ts'
import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import { pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const connected = (): ScriptedPeer => new ScriptedPeer().connect()

/** Whose first DATA, chunk 0, has been acknowledged. */
function begun(config: Partial<SctpConfig> = {}): ScriptedPeer {
  const peer = new ScriptedPeer({ config }).connect()
  peer.send(peer.data(0))
  expect(peer.types()).toEqual([ChunkType.sack])
  return peer
}

describe('a SACK, RFC 9260 §6.2', () => {
  test('goes out at once for the first DATA of all (§5.1), also for what came with the cookie', () => {
    begun()
    const peer = new ScriptedPeer()
    peer.send({ type: ChunkType.cookieEcho, cookie: peer.fetchCookie() }, peer.data(0))
    expect(peer.packets()).toMatchObject([
      { chunks: [{ type: ChunkType.cookieAck }, { type: ChunkType.sack, cumulativeTsn: peer.tsn }] },
    ])
  })

  test('waits 200 ms for a single packet', () => {
    const peer = begun()
    peer.send(peer.data(1))
    peer.wait(199)
    expect(peer.packets()).toEqual([])
    peer.wait(1)
    expect(peer.chunks()).toEqual([
      {
        type: ChunkType.sack,
        cumulativeTsn: Tsn.add(peer.tsn, 1),
        receiverWindow: 4 * 1_048_576,
        gaps: [],
        duplicates: [],
      },
    ])
    peer.wait(1_000)
    expect(peer.packets()).toEqual([])
  })

  test('goes out at once for every second packet, however many chunks each has', () => {
    const peer = begun()
    peer.send(peer.data(1), peer.data(2))
    expect(peer.packets()).toEqual([])
    peer.send(peer.data(3))
    expect(peer.chunks()).toMatchObject([{ type: ChunkType.sack, cumulativeTsn: Tsn.add(peer.tsn, 3) }])
  })

  test('goes out at once while there is a gap, and when it is filled', () => {
    const peer = connected()
    peer.send(peer.data(2))
    expect(peer.chunks()).toMatchObject([{ gaps: [{ start: 3, end: 3 }] }])
    peer.send(peer.data(0))
    expect(peer.chunks()).toMatchObject([{ cumulativeTsn: peer.tsn, gaps: [{ start: 2, end: 2 }] }])
    peer.send(peer.data(1))
    expect(peer.chunks()).toMatchObject([{ cumulativeTsn: Tsn.add(peer.tsn, 2), gaps: [] }])
  })

  test('goes out at once for a duplicate, and names it', () => {
    const peer = begun()
    const tsn = Tsn.add(peer.tsn, 1)
    peer.send(peer.data(1), peer.data(1))
    expect(peer.chunks()).toMatchObject([{ cumulativeTsn: tsn, duplicates: [tsn] }])
    expect(peer.end.texts(0)).toEqual(['message 0', 'message 1'])
    expect(peer.association.discarded.get('duplicate')).toBe(1)
  })

  test('goes out at once when the sender asks for it (RFC 7053)', () => {
    const peer = begun()
    const flags = DataFlag.beginning | DataFlag.ending | DataFlag.immediate
    peer.send(peer.data(1, { flags }))
    expect(peer.types()).toEqual([ChunkType.sack])
  })

  test('can be told to wait for more packets', () => {
    const peer = begun({ sackFrequency: 5, sackDelay: 50 })
    for (let i = 1; i < 5; i++) peer.send(peer.data(i))
    expect(peer.packets()).toEqual([])
    peer.wait(50)
    expect(peer.types()).toEqual([ChunkType.sack])
  })

  test('advertises what room is left', () => {
    const config = { receiveWindow: 10_000, maxMessageSize: 10_000 }
    const peer = new ScriptedPeer({ config }).connect()
    peer.send(peer.data(0, { flags: DataFlag.beginning, data: pattern(1_000) }))
    expect(peer.chunks()).toMatchObject([{ receiverWindow: 9_000 }])
    peer.send(peer.data(1, { flags: 0, ssn: 0, data: pattern(1_000) }))
    peer.wait(200)
    expect(peer.chunks()).toMatchObject([{ receiverWindow: 8_000 }])
    peer.send(peer.data(2, { flags: DataFlag.ending, ssn: 0, data: pattern(1_000) }))
    peer.wait(200)
    expect(peer.chunks()).toMatchObject([{ receiverWindow: 10_000 }])
  })
})

describe('a sender beyond the window', () => {
  const config = { receiveWindow: 10_000, maxMessageSize: 10_000, streams: 100 }

  test('is not listened to, and memory stays bounded', () => {
    const peer = new ScriptedPeer({ config }).connect()
    // The first message never comes: everything behind it has to wait.
    for (let i = 1; i < 1_000; i++) peer.send(peer.data(i, { data: pattern(1_000) }))
    expect(peer.association.receiveBuffered).toBeLessThan(12_000)
    expect(peer.association.discarded.get('beyond-window')).toBeGreaterThan(900)
    const [sack] = peer.chunksOf(ChunkType.sack).slice(-1)
    expect(sack?.receiverWindow).toBe(0)
    peer.send(peer.data(0))
    expect(peer.end.received.length).toBeGreaterThan(8)
    expect(peer.association.receiveBuffered).toBe(0)
  })

  test('cannot fill memory with small messages either', () => {
    const peer = new ScriptedPeer({ config }).connect()
    for (let i = 1; i < 5_000; i++) peer.send(peer.data(i, { data: pattern(1) }))
    expect(peer.association.receiveBuffered).toBeLessThan(12_000)
  })

  test('cannot fill memory with the gaps that it left', () => {
    const peer = new ScriptedPeer({ config }).connect()
    const fragment = { flags: DataFlag.ending, data: pattern(9_000) }
    for (let i = 60_000; i > 57_000; i -= 2) peer.send(peer.data(i, fragment))
    expect(peer.association.receiveBuffered).toBeLessThan(9 * 1_048_576)
    expect(peer.association.state).toBe('established')
  })

  test('cannot name a TSN out of reach', () => {
    const peer = connected()
    for (const offset of [0x1_0000, 0x100_0000, 0x7fff_0000]) peer.send(peer.data(offset))
    expect(peer.end.received).toEqual([])
    expect(peer.association.discarded.get('beyond-window')).toBe(3)
  })
})

describe('faults of the sender end the association', () => {
  test.each<[string, number, (peer: ScriptedPeer) => void]>([
    ['DATA without user data', 9, (peer) => peer.sendBytes(emptyData(peer))],
    [
      'a message of more bytes than we said we take',
      13,
      (peer) => {
        for (let i = 0; i < 300; i++)
          peer.send(peer.data(i, { ssn: 0, flags: i === 0 ? DataFlag.beginning : 0, data: pattern(1_000) }))
      },
    ],
    [
      'a message that begins inside another',
      13,
      (peer) => {
        peer.send(peer.data(0, { flags: DataFlag.beginning }))
        peer.send(peer.data(1, { flags: DataFlag.beginning }))
      },
    ],
    ['a fragment of nothing', 13, (peer) => peer.send(peer.data(0, { flags: DataFlag.ending }))],
  ])('%s', (_name, cause, send) => {
    const peer = connected()
    send(peer)
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved', cause }])
    expect(peer.chunksOf(ChunkType.abort)[0]).toMatchObject({
      tagReflected: false,
      causes: [{ type: cause }],
    })
  })
})

test('DATA without user data is named by its TSN in the ABORT, RFC 9260 §3.3.10.9', () => {
  const peer = connected()
  peer.sendBytes(emptyData(peer))
  expect(peer.chunksOf(ChunkType.abort)[0]?.causes).toEqual([
    { type: 9, value: Uint8Array.from(u32(peer.tsn)) },
  ])
})

test('a stream out of range is acknowledged, reported and thrown away', () => {
  const peer = new ScriptedPeer({ config: { streams: 10 } }).connect()
  peer.send(peer.data(0, { stream: 10 }))
  expect(peer.chunks()).toMatchObject([
    { type: ChunkType.error, causes: [{ type: 1, value: Uint8Array.of(0, 10, 0, 0) }] },
    { type: ChunkType.sack, cumulativeTsn: peer.tsn },
  ])
  expect(peer.end.received).toEqual([])
})

/** A DATA chunk of 16 bytes, which no codec of ours writes. */
function emptyData(peer: ScriptedPeer): Uint8Array {
  return peer.seal(Uint8Array.of(0, 3, 0, 16, ...u32(peer.tsn), 0, 0, 0, 0, 0, 0, 0, 51))
}

const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
]
