import { copyBytes, DecodeError, Reader, Writer } from '@purertc/bytes'

/**
 * What a server without state says to itself by way of the client, RFC 8446 §4.2.2: what it asked for, and what it must
 * know of the first ClientHello. A MAC goes with it, see `CookieJar`.
 */
export interface RetryCookie {
  readonly cipherSuite: number
  /** The group that a share was asked of, null where those that were sent will do. */
  readonly group: number | null
  /** See `invariantsOf`. */
  readonly invariants: Uint8Array
  /** See `namePsks`. */
  readonly psks: Uint8Array
  readonly clientHelloHash: Uint8Array
}

/** Null for what cannot be one. */
export function decodeRetryCookie(bytes: Uint8Array): RetryCookie | null {
  try {
    const reader = new Reader(bytes)
    const cipherSuite = reader.u16()
    const group = reader.u16()
    const invariants = copyBytes(reader.bytes(32))
    const psks = copyBytes(reader.bytes(reader.u8()))
    const clientHelloHash = copyBytes(reader.rest())
    return { cipherSuite, group: group === noGroup ? null : group, invariants, psks, clientHelloHash }
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

export function encodeRetryCookie(cookie: RetryCookie): Uint8Array {
  const writer = new Writer(128)
  writer.u16(cookie.cipherSuite)
  writer.u16(cookie.group ?? noGroup)
  writer.bytes(cookie.invariants)
  writer.u8(cookie.psks.length)
  writer.bytes(cookie.psks)
  writer.bytes(cookie.clientHelloHash)
  return writer.finish()
}

/** Reserved in the registry "TLS Supported Groups". */
const noGroup = 0
