import { DecodeError, Reader, Writer } from '@purertc/bytes'
import { type CryptoProvider, equalConstantTime } from '@purertc/crypto'

import { Tsn } from '../tsn.ts'

/**
 * What the State Cookie carries: all that is needed to build the association when it comes back, so that an INIT
 * costs its receiver no memory (RFC 9260 §5.1.3).
 */
export interface StateCookie {
  /** Milliseconds on this side's clock. */
  readonly createdAt: number
  readonly localTag: number
  readonly peerTag: number
  readonly localTsn: Tsn
  readonly peerTsn: Tsn
  readonly peerWindow: number
  readonly peerOutboundStreams: number
  readonly peerInboundStreams: number
  readonly peerForwardsTsn: boolean
  readonly peerResetsStreams: boolean
  readonly peerTakesZeroChecksum: boolean
  readonly peerLargestPacket: number
  readonly peerInterleaves: boolean
  readonly peerForwardsInterleaved: boolean
  /** The tags of the association that existed when the cookie was made, else 0 (RFC 9260 §5.2.2). */
  readonly localTieTag: number
  readonly peerTieTag: number
}

/** Signs and verifies cookies with a key that never leaves this object. */
export class CookieJar {
  readonly #crypto: CryptoProvider
  readonly #key = new Uint8Array(32)

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
    crypto.randomFill(this.#key)
  }

  seal(cookie: StateCookie): Uint8Array {
    const writer = new Writer(bodyLength + macLength)
    writer.u48(Math.floor(cookie.createdAt * 1_000))
    writer.u32(cookie.localTag)
    writer.u32(cookie.peerTag)
    writer.u32(cookie.localTsn)
    writer.u32(cookie.peerTsn)
    writer.u32(cookie.peerWindow)
    writer.u16(cookie.peerOutboundStreams)
    writer.u16(cookie.peerInboundStreams)
    writer.u8(
      (cookie.peerForwardsTsn ? 1 : 0) |
        (cookie.peerResetsStreams ? 2 : 0) |
        (cookie.peerTakesZeroChecksum ? 4 : 0) |
        (cookie.peerInterleaves ? 8 : 0) |
        (cookie.peerForwardsInterleaved ? 16 : 0),
    )
    writer.u32(cookie.peerLargestPacket)
    writer.u32(cookie.localTieTag)
    writer.u32(cookie.peerTieTag)
    writer.bytes(this.#crypto.hmac('sha256', this.#key, writer.view()))
    return writer.finish()
  }

  /** `null` for anything that this object did not seal. */
  open(sealed: Uint8Array): StateCookie | null {
    if (sealed.length !== bodyLength + macLength) return null
    const body = sealed.subarray(0, bodyLength)
    const mac = this.#crypto.hmac('sha256', this.#key, body)
    if (!equalConstantTime(mac, sealed.subarray(bodyLength))) return null
    return readBody(new Reader(body))
  }
}

function readBody(reader: Reader): StateCookie {
  const createdAt = reader.u48() / 1_000
  const localTag = reader.u32()
  const peerTag = reader.u32()
  const localTsn = Tsn.of(reader.u32())
  const peerTsn = Tsn.of(reader.u32())
  const peerWindow = reader.u32()
  const peerOutboundStreams = reader.u16()
  const peerInboundStreams = reader.u16()
  const features = reader.u8()
  const peerLargestPacket = reader.u32()
  const localTieTag = reader.u32()
  const peerTieTag = reader.u32()
  if (!reader.isEmpty) throw new DecodeError('trailing-data')
  return {
    createdAt,
    localTag,
    peerTag,
    localTsn,
    peerTsn,
    peerWindow,
    peerOutboundStreams,
    peerInboundStreams,
    peerForwardsTsn: (features & 1) !== 0,
    peerResetsStreams: (features & 2) !== 0,
    peerTakesZeroChecksum: (features & 4) !== 0,
    peerLargestPacket,
    peerInterleaves: (features & 8) !== 0,
    peerForwardsInterleaved: (features & 16) !== 0,
    localTieTag,
    peerTieTag,
  }
}

const bodyLength = 6 + 5 * 4 + 2 * 2 + 1 + 3 * 4
/** HMAC-SHA-256. */
const macLength = 32
