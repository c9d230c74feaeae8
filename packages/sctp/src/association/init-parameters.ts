import { Writer } from '@purertc/bytes'

import { ChunkType, unknownTypeAction } from '../wire/chunk-type.ts'
import type { InitChunk } from '../wire/init.ts'
import { ParameterType } from '../wire/parameter-type.ts'
import { type Parameter, writeParameter } from '../wire/tlv.ts'

/** What a peer says of itself in INIT or INIT ACK. */
export interface InitParameters {
  /** RFC 3758 §3.3.1. */
  readonly forwardsTsn: boolean
  /** RFC 6525 §5.1: RE-CONFIG among the supported extensions. */
  readonly resetsStreams: boolean
  /** Encoded parameters that their type's high bits ask us to report, RFC 9260 §3.2.1. */
  readonly unrecognized: readonly Uint8Array[]
}

/** What we say of ourselves. */
export function initParameters(): Parameter[] {
  return [
    { type: ParameterType.forwardTsnSupported, value: new Uint8Array(0) },
    {
      type: ParameterType.supportedExtensions,
      value: Uint8Array.of(ChunkType.reConfig, ChunkType.forwardTsn),
    },
  ]
}

export function readInitParameters(init: InitChunk): InitParameters {
  let forwardsTsn = false
  let resetsStreams = false
  const unrecognized: Uint8Array[] = []
  for (const parameter of init.parameters) {
    if (parameter.type === ParameterType.forwardTsnSupported) {
      forwardsTsn = true
    } else if (parameter.type === ParameterType.supportedExtensions) {
      resetsStreams = parameter.value.includes(ChunkType.reConfig)
      if (parameter.value.includes(ChunkType.forwardTsn)) forwardsTsn = true
    } else if (!withoutMeaning.has(parameter.type)) {
      const { stop, report } = unknownTypeAction(parameter.type >>> 14)
      if (report) unrecognized.push(encode(parameter))
      if (stop) break
    }
  }
  return { forwardsTsn, resetsStreams, unrecognized }
}

function encode(parameter: Parameter): Uint8Array {
  const writer = new Writer()
  writeParameter(writer, parameter)
  return writer.finish()
}

/** Known, and void over DTLS, where there is one address on each side (RFC 8261 §6.1). */
const withoutMeaning: ReadonlySet<number> = new Set([
  ParameterType.stateCookie,
  ParameterType.unrecognizedParameter,
  ParameterType.cookiePreservative,
  /** IPv4 and IPv6 addresses, host name, supported address types. */
  5,
  6,
  11,
  12,
])
