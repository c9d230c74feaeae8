import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import type { OutgoingResetRequest, ReConfigParameter } from '../../src/wire/re-config.ts'
import { ScriptedPeer } from './scripted-peer.ts'

export const connected = (): ScriptedPeer => new ScriptedPeer().connect()

/** What the association has asked and answered since the last call. */
export function reConfig(peer: ScriptedPeer): ReConfigParameter[] {
  return peer.chunksOf(ChunkType.reConfig).flatMap(({ parameters }) => [...parameters])
}

/** A request of the peer; `sequence` and `last` count from its first TSN. */
export function request(
  peer: ScriptedPeer,
  sequence: number,
  last: number,
  streams: number[],
): OutgoingResetRequest {
  return {
    type: ParameterType.outgoingReset,
    requestSequence: Tsn.add(peer.tsn, sequence),
    responseSequence: 0,
    lastTsn: Tsn.add(peer.tsn, last),
    streams,
  }
}

export const send = (peer: ScriptedPeer, ...parameters: ReConfigParameter[]): void =>
  peer.send({ type: ChunkType.reConfig, parameters })

export const respond = (peer: ScriptedPeer, sequence: number, result: number): void =>
  send(peer, {
    type: ParameterType.reconfigResponse,
    responseSequence: Tsn.add(peer.peerTsn, sequence),
    result,
  })
