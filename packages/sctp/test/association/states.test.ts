import { describe, expect, test } from '@jest/globals'

import type { AssociationState } from '../../src/index.ts'
import { Tsn } from '../../src/tsn.ts'
import type { Chunk } from '../../src/wire/chunk.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

/** How an association gets into each state. */
const ways: Readonly<Record<AssociationState, (peer: ScriptedPeer) => void>> = {
  new: (peer) => void peer.fetchCookie(),
  'cookie-wait': begin,
  'cookie-echoed': (peer) => {
    begin(peer)
    peer.send(initAck(peer))
  },
  established: (peer) => void peer.connect(),
  'shutdown-pending': (peer) => {
    peer.connect().association.send(peer.now, 0, 51, text('unacknowledged'))
    peer.association.shutdown(peer.now)
  },
  'shutdown-sent': (peer) => peer.connect().association.shutdown(peer.now),
  'shutdown-received': (peer) => {
    peer.connect().association.send(peer.now, 0, 51, text('unacknowledged'))
    peer.send(shutdown(peer))
  },
  'shutdown-ack-sent': (peer) => peer.connect().send(shutdown(peer)),
  closed: (peer) => peer.connect().association.abort(peer.now),
}

const chunks: Readonly<Record<string, (peer: ScriptedPeer) => Chunk>> = {
  DATA: (peer) => peer.data(0),
  'I-DATA': (peer) => ({
    type: ChunkType.iData,
    flags: DataFlag.beginning | DataFlag.ending,
    tsn: peer.tsn,
    stream: 0,
    mid: 0,
    protocolOrFsn: 51,
    data: text('x'),
  }),
  INIT: (peer) => peer.init({ initiateTag: 0x2222_2222 }),
  'INIT ACK': initAck,
  SACK: (peer) => peer.sack(-1),
  HEARTBEAT: () => ({ type: ChunkType.heartbeat, info: Uint8Array.of(1) }),
  'HEARTBEAT ACK': () => ({ type: ChunkType.heartbeatAck, info: Uint8Array.of(1) }),
  ABORT: () => ({ type: ChunkType.abort, tagReflected: false, causes: [] }),
  SHUTDOWN: shutdown,
  'SHUTDOWN ACK': () => ({ type: ChunkType.shutdownAck }),
  ERROR: () => ({ type: ChunkType.error, causes: [{ type: 6, value: Uint8Array.of(1, 0, 0, 4) }] }),
  'COOKIE ECHO': () => ({ type: ChunkType.cookieEcho, cookie: new Uint8Array(75) }),
  'COOKIE ACK': () => ({ type: ChunkType.cookieAck }),
  'SHUTDOWN COMPLETE': () => ({ type: ChunkType.shutdownComplete, tagReflected: false }),
  'RE-CONFIG': (peer) => ({
    type: ChunkType.reConfig,
    parameters: [
      {
        type: ParameterType.outgoingReset,
        requestSequence: peer.tsn,
        responseSequence: Tsn.add(peer.peerTsn, -1),
        lastTsn: Tsn.add(peer.tsn, -1),
        streams: [1],
      },
    ],
  }),
  PAD: () => ({ type: ChunkType.pad, padding: 8 }),
  'FORWARD TSN': (peer) => ({
    type: ChunkType.forwardTsn,
    newCumulativeTsn: Tsn.add(peer.tsn, 1),
    skips: [],
  }),
  'I-FORWARD-TSN': (peer) => ({
    type: ChunkType.iForwardTsn,
    newCumulativeTsn: Tsn.add(peer.tsn, 1),
    skips: [],
  }),
}

/** Where no interleaving was agreed on, RFC 8260 §2.2.3 and §2.3.1. */
const violations = { 'I-DATA': 'closed', 'I-FORWARD-TSN': 'closed' } as const

/** All that leads to another state, RFC 9260 §4; everything else leaves the state as it is. */
const transitions: Readonly<Partial<Record<AssociationState, Record<string, AssociationState>>>> = {
  'cookie-wait': { 'INIT ACK': 'cookie-echoed', ABORT: 'closed' },
  'cookie-echoed': { 'COOKIE ACK': 'established', ABORT: 'closed' },
  established: { ...violations, SHUTDOWN: 'shutdown-ack-sent', ABORT: 'closed' },
  'shutdown-pending': { ...violations, SHUTDOWN: 'shutdown-received', ABORT: 'closed' },
  'shutdown-sent': {
    ...violations,
    SHUTDOWN: 'shutdown-ack-sent',
    'SHUTDOWN ACK': 'closed',
    ABORT: 'closed',
  },
  'shutdown-received': { 'I-FORWARD-TSN': 'closed', ABORT: 'closed' },
  'shutdown-ack-sent': {
    'I-FORWARD-TSN': 'closed',
    'SHUTDOWN ACK': 'closed',
    'SHUTDOWN COMPLETE': 'closed',
    ABORT: 'closed',
  },
}

describe.each(Object.keys(ways) as AssociationState[])('in %s', (state) => {
  test.each(Object.keys(chunks))('%s', (name) => {
    const peer = new ScriptedPeer()
    ways[state](peer)
    expect(peer.association.state).toBe(state)
    peer.packets()
    const chunk = chunks[name]!(peer)
    peer.sendWithTag(chunk.type === ChunkType.init ? 0 : peer.peerTag, chunk)
    expect(peer.association.state).toBe(transitions[state]?.[name] ?? state)
    expect(peer.association.receiveBuffered).toBe(0)
  })
})

function begin(peer: ScriptedPeer): void {
  peer.association.connect(peer.now)
  const [init] = peer.chunksOf(ChunkType.init)
  peer.peerTag = init!.initiateTag
  peer.peerTsn = init!.initialTsn
}

function initAck(peer: ScriptedPeer): Chunk {
  const cookie = { type: ParameterType.stateCookie, value: Uint8Array.of(1, 2, 3) }
  return { ...peer.init(), type: ChunkType.initAck, parameters: [cookie] }
}

/** That acknowledges nothing. */
function shutdown(peer: ScriptedPeer): Chunk {
  return { type: ChunkType.shutdown, cumulativeTsn: Tsn.add(peer.peerTsn, -1) }
}
