import { Reader } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import { ChunkType, unknownTypeAction } from '../wire/chunk-type.ts'
import type { InitChunk } from '../wire/init.ts'
import { ParameterType } from '../wire/parameter-type.ts'
import { encodeParameter, type Parameter } from '../wire/tlv.ts'

/** What a peer says of itself in INIT or INIT ACK. */
export interface InitParameters {
  /** RFC 3758 §3.3.1. */
  readonly forwardsTsn: boolean
  /** RFC 6525 §5.1: RE-CONFIG among the supported extensions. */
  readonly resetsStreams: boolean
  /** RFC 9653 §4: takes packets without a checksum, since DTLS protects them. */
  readonly takesZeroChecksum: boolean
  /** RFC 8260 §2.2.1: takes interleaved messages. */
  readonly interleaves: boolean
  /** RFC 8260 §2.3.1: and can be told to go on without some of them. */
  readonly forwardsInterleaved: boolean
  /** The largest packet that the peer is known to take; 0 where it does not say. */
  readonly largestPacket: number
  /** Encoded parameters that their type's high bits ask us to report, RFC 9260 §3.2.1, as far as a packet has room. */
  readonly unrecognized: readonly Uint8Array[]
}

/** What we say of ourselves. */
export function initParameters(settings: Settings): Parameter[] {
  return [
    { type: ParameterType.forwardTsnSupported, value: new Uint8Array(0) },
    {
      type: ParameterType.supportedExtensions,
      value: Uint8Array.of(
        ChunkType.reConfig,
        ChunkType.forwardTsn,
        ...(settings.interleaving ? [ChunkType.iData, ChunkType.iForwardTsn] : []),
      ),
    },
    {
      type: ParameterType.largestPacket,
      value: Uint8Array.of(0, 0, largestPacket >>> 8, largestPacket & 0xff),
    },
    ...(settings.zeroChecksum
      ? [{ type: ParameterType.zeroChecksumAcceptable, value: Uint8Array.of(0, 0, 0, errorDetectionByDtls) }]
      : []),
  ]
}

export function readInitParameters(init: InitChunk): InitParameters {
  let forwardsTsn = false
  let resetsStreams = false
  let interleaves = false
  let forwardsInterleaved = false
  let takesZeroChecksum = false
  let peerLargest = 0
  let room = mostReported
  const unrecognized: Uint8Array[] = []
  for (const parameter of init.parameters) {
    if (parameter.type === ParameterType.forwardTsnSupported) {
      forwardsTsn = true
    } else if (parameter.type === ParameterType.supportedExtensions) {
      resetsStreams = parameter.value.includes(ChunkType.reConfig)
      if (parameter.value.includes(ChunkType.forwardTsn)) forwardsTsn = true
      interleaves = parameter.value.includes(ChunkType.iData)
      forwardsInterleaved = parameter.value.includes(ChunkType.iForwardTsn)
    } else if (parameter.type === ParameterType.zeroChecksumAcceptable) {
      takesZeroChecksum = isByDtls(parameter.value)
    } else if (parameter.type === ParameterType.largestPacket) {
      if (parameter.value.length === 4) peerLargest = new Reader(parameter.value).u32()
    } else if (!withoutMeaning.has(parameter.type)) {
      const { stop, report } = unknownTypeAction(parameter.type >>> 14)
      room -= 8 + parameter.value.length
      if (report && room >= 0) unrecognized.push(encodeParameter(parameter))
      if (stop) break
    }
  }
  return {
    forwardsTsn,
    resetsStreams,
    interleaves,
    forwardsInterleaved,
    takesZeroChecksum,
    largestPacket: peerLargest,
    unrecognized,
  }
}

/** Another method of error detection is not ours: its peer gets checksums. */
function isByDtls(value: Uint8Array): boolean {
  return value.length === 4 && new Reader(value).u32() === errorDetectionByDtls
}

/** Bytes of unknown parameters that are told of: the answer to an INIT must not grow with it. */
const mostReported = 256

/** We take whatever a datagram holds. */
const largestPacket = 0xffff

/** RFC 9653 §6: the Error Detection Method Identifier of SCTP over DTLS. */
const errorDetectionByDtls = 1

/** Known, and void over DTLS, where there is one address on each side (RFC 8261 §6.1). */
const withoutMeaning: ReadonlySet<number> = new Set([
  ParameterType.stateCookie,
  ParameterType.unrecognizedParameter,
  ParameterType.cookiePreservative,
  ParameterType.padding,
  ParameterType.ipv4Address,
  ParameterType.ipv6Address,
  ParameterType.supportedAddressTypes,
])
