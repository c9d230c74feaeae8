import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import type { IDataChunk } from '../../src/wire/i-data.ts'
import { pattern } from '../support/association-pair.ts'
import { iData, interleavingPeer } from '../support/interleaving-peer.ts'
import type { ScriptedPeer } from '../support/scripted-peer.ts'

/*
 * A sender that interleaves and does not look how much its peer can hold: of every message a piece, in turn. Ours does not,
 * see send/mixing-room.ts; others do.
 */

const pieceSize = 1_000

/** One message on each of `streams`, cut into pieces that leave stream by stream. */
function* pieces(peer: ScriptedPeer, streams: number, size: number): Generator<IDataChunk> {
  const last = size / pieceSize - 1
  let offset = 0
  for (let fsn = 0; fsn <= last; fsn++)
    for (let stream = 0; stream < streams; stream++)
      yield iData(peer, offset++, {
        flags: (fsn === 0 ? DataFlag.beginning : 0) | (fsn === last ? DataFlag.ending : 0),
        stream,
        mid: 0,
        protocolOrFsn: fsn === 0 ? 51 : fsn,
        data: pattern(size, stream).subarray(fsn * pieceSize, (fsn + 1) * pieceSize),
      })
}

/** Sends as an honest sender does: within the window that the last SACK told, and one chunk beyond it as a probe. */
function sendAll(
  peer: ScriptedPeer,
  chunks: Iterable<IDataChunk>,
  window: number,
): { probes: number; most: number } {
  let room = window
  let probes = 0
  let most = 0
  for (const chunk of chunks) {
    if (room < chunk.data.length) probes++
    peer.send(chunk)
    most = Math.max(most, peer.association.receiveBuffered)
    if (peer.association.state === 'closed') break
    room -= chunk.data.length
    if (room < chunk.data.length) peer.wait(200)
    for (const sack of peer.chunksOf(ChunkType.sack))
      room = sack.receiverWindow - Tsn.distance(sack.cumulativeTsn, chunk.tsn) * pieceSize
  }
  return { probes, most }
}

describe('beginnings of interleaved messages that fill the window', () => {
  const receiveWindow = 100_000
  const config = { receiveWindow, maxMessageSize: 10_000 }

  test('are given the room that they need to come to their ends', () => {
    const peer = interleavingPeer(config)
    const { probes, most } = sendAll(peer, pieces(peer, 30, 10_000), receiveWindow)
    expect(peer.end.received).toHaveLength(30)
    for (let stream = 0; stream < 30; stream++)
      expect(equalBytes(peer.end.message(stream), pattern(10_000, stream))).toBe(true)
    // More than the window, and yet never so slow that a probe had to find it out.
    expect(most).toBeGreaterThan(receiveWindow)
    expect(probes).toBe(0)
    expect(peer.association.receiveBuffered).toBe(0)
  })

  test('are an ABORT for want of resources where four windows do not hold them', () => {
    const peer = interleavingPeer(config)
    const { most } = sendAll(peer, pieces(peer, 60, 10_000), receiveWindow)
    expect(most).toBeLessThanOrEqual(4 * receiveWindow + pieceSize)
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved', cause: 4 }])
    expect(peer.chunksOf(ChunkType.abort)).toMatchObject([{ causes: [{ type: 4 }] }])
  })

  test('get no room beyond it while it is the user who does not read', () => {
    const peer = interleavingPeer(config)
    peer.association.holdReceived(peer.now, receiveWindow / 2)
    const half = [...pieces(peer, 30, 10_000)].slice(0, 60)
    sendAll(peer, half, receiveWindow / 2)
    expect(peer.association.receiveBuffered).toBeLessThan(1.1 * receiveWindow)
    peer.send(iData(peer, 60, { mid: 9 }))
    expect(peer.association.state).toBe('established')
    // It reads: the window is told at once.
    peer.association.holdReceived(peer.now, -receiveWindow / 2)
    expect(peer.chunksOf(ChunkType.sack).at(-1)?.receiverWindow).toBeGreaterThan(receiveWindow / 16)
  })

  test('that never end cost four windows, and then the association', () => {
    const peer = interleavingPeer()
    let most = 0
    for (let i = 0; i < 20_000 && peer.association.state !== 'closed'; i++) {
      const flags = DataFlag.unordered
      peer.send(iData(peer, i, { flags, mid: i, protocolOrFsn: 1, data: pattern(pieceSize) }))
      most = Math.max(most, peer.association.receiveBuffered)
    }
    expect(most).toBeLessThan(4 * 4_194_304 + 2_000)
    expect(peer.chunksOf(ChunkType.abort)).toMatchObject([{ causes: [{ type: 4 }] }])
  })

  test('given up by I-FORWARD-TSN give their room back', () => {
    const peer = interleavingPeer(config)
    sendAll(peer, [...pieces(peer, 30, 10_000)].slice(0, 150), receiveWindow)
    expect(peer.association.receiveBuffered).toBeGreaterThan(receiveWindow)
    const skips = Array.from({ length: 30 }, (_, stream) => ({ stream, unordered: false, mid: 0 }))
    peer.send({ type: ChunkType.iForwardTsn, newCumulativeTsn: Tsn.add(peer.tsn, 150), skips })
    expect(peer.association.receiveBuffered).toBe(0)
    peer.send(iData(peer, 151, { mid: 1 }))
    expect(peer.end.received).toHaveLength(1)
  })
})
