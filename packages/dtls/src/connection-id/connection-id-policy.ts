import type { CryptoProvider } from '@purertc/crypto'

import { DtlsError } from '../errors.ts'

/**
 * The connection IDs that we ask our peer to use: random ones of so many bytes, or those of a function, which must all
 * have one length, at most 255 bytes. 0 (or empty ones): none, though we use the peer's.
 */
export type ConnectionIdSource = number | (() => Uint8Array)

/**
 * What moves a peer to another address, when an authentic record with our connection ID comes from there that is newer
 * than all before (RFC 9146 §6).
 *
 * - `enhanced`: a return routability check which asks the former address first, so that nobody who merely forwards
 *   datagrams gets between (RFC 9853 §5.2).
 * - `basic`: one that asks the new address at once (RFC 9853 §5.1).
 * - `application`: the record alone; the application has a check of its own, such as CoAP's Echo, and sends little until
 *   it succeeded.
 *
 * A peer that does not know the check stays where it was, but for `application`.
 */
export type ReturnRoutabilityCheck = 'enhanced' | 'basic' | 'application'

/** A configuration, checked. */
export interface ConnectionIdPolicy {
  readonly check: ReturnRoutabilityCheck
  /** Throws {@link DtlsError} `invalid-config` where the host's function gives another length than before. */
  generate(): Uint8Array
}

/** Null where there are to be none. Throws {@link DtlsError} `invalid-config`. */
export function connectionIdPolicy(
  crypto: CryptoProvider,
  source: ConnectionIdSource | undefined,
  check: ReturnRoutabilityCheck = 'enhanced',
): ConnectionIdPolicy | null {
  if (source === undefined) return null
  if (typeof source === 'function') return { check, generate: ofOneLength(source) }
  if (!Number.isInteger(source) || source < 0 || source > maxLength)
    throw new DtlsError('invalid-config', `a connection ID has 0 to ${maxLength} bytes`)
  return {
    check,
    generate: () => {
      const id = new Uint8Array(source)
      crypto.randomFill(id)
      return id
    },
  }
}

function ofOneLength(source: () => Uint8Array): () => Uint8Array {
  let length: number | null = null
  return () => {
    const id = source()
    length ??= id.length
    if (id.length !== length || length > maxLength)
      throw new DtlsError('invalid-config', `connection IDs must have one length, at most ${maxLength} bytes`)
    return id
  }
}

const maxLength = 255
