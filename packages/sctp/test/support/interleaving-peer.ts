import type { SctpConfig } from '../../src/index.ts'
import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import type { IDataChunk } from '../../src/wire/i-data.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { pattern } from './association-pair.ts'
import { ScriptedPeer } from './scripted-peer.ts'

/** A peer that takes interleaved messages, and is taken up on it. */
export function interleavingPeer(config: Partial<SctpConfig> = {}): ScriptedPeer {
  const peer = new ScriptedPeer({ config: { interleaving: true, ...config } })
  const extensions = Uint8Array.of(
    ChunkType.reConfig,
    ChunkType.forwardTsn,
    ChunkType.iData,
    ChunkType.iForwardTsn,
  )
  const parameters = [
    { type: ParameterType.forwardTsnSupported, value: new Uint8Array(0) },
    { type: ParameterType.supportedExtensions, value: extensions },
  ]
  return peer.connect(peer.init({ parameters }))
}

export function iData(peer: ScriptedPeer, offset: number, fields: Partial<IDataChunk> = {}): IDataChunk {
  const flags = DataFlag.beginning | DataFlag.ending
  const tsn = Tsn.add(peer.tsn, offset)
  return {
    type: ChunkType.iData,
    flags,
    tsn,
    stream: 0,
    mid: offset,
    protocolOrFsn: 51,
    data: pattern(10),
    ...fields,
  }
}
