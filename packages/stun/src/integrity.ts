import { type CryptoProvider, equalConstantTime } from '@purertc/crypto'

import type { StunMessage } from './message.ts'

/** The HMAC of MESSAGE-INTEGRITY and of MESSAGE-INTEGRITY-SHA256, RFC 8489 §14.5 and §14.6. */
export type IntegrityAlgorithm = 'sha1' | 'sha256'

/** Bytes of the HMAC: the attribute's value. */
export const integrityLengths: Readonly<Record<IntegrityAlgorithm, number>> = { sha1: 20, sha256: 32 }

declare const proof: unique symbol

/**
 * A message whose integrity was checked with a key: the only one that an upper layer may act on. {@link authenticate}
 * is the only origin of the type.
 */
export type AuthenticatedMessage = StunMessage & { readonly [proof]: 'integrity' }

/**
 * The message, if its integrity attribute was made with `key`; else `null`: no integrity, a wrong one, or a length that
 * no HMAC has. Where both kinds are present the SHA-256 one decides, which covers the other (RFC 8489 §9.1.3). The
 * comparison takes the same time for every wrong value.
 *
 * @example
 * const check = authenticate(crypto, message, shortTermKey(localPassword))
 * if (check === null) return this.#refuse(message, 401)
 */
export function authenticate(
  crypto: CryptoProvider,
  message: StunMessage,
  key: Uint8Array,
): AuthenticatedMessage | null {
  const algorithm = integrityOf(message)
  if (algorithm === null) return null
  const at = algorithm === 'sha256' ? message.integritySha256At : message.integrityAt
  const length = integrityLengths[algorithm]
  const { wire } = message
  if (((wire[at + 2]! << 8) | wire[at + 3]!) !== length) return null
  const expected = computeIntegrity(crypto, algorithm, key, wire, at)
  if (!equalConstantTime(expected, wire.subarray(at + 4, at + 4 + length))) return null
  return message as AuthenticatedMessage
}

/** Which HMAC {@link authenticate} would check; `null` for a message without integrity. */
export function integrityOf(message: StunMessage): IntegrityAlgorithm | null {
  if (message.integritySha256At >= 0) return 'sha256'
  return message.integrityAt >= 0 ? 'sha1' : null
}

/**
 * The HMAC of the message up to the integrity attribute at `at`. Whatever follows that attribute, the length field is
 * taken as if the message ended with it (RFC 8489 §14.5).
 */
export function computeIntegrity(
  crypto: CryptoProvider,
  algorithm: IntegrityAlgorithm,
  key: Uint8Array,
  wire: Uint8Array,
  at: number,
): Uint8Array {
  const length = at + 4 + integrityLengths[algorithm] - 20
  const start = new Uint8Array(4)
  start[0] = wire[0]!
  start[1] = wire[1]!
  start[2] = length >>> 8
  start[3] = length
  return crypto.hmac(algorithm, key, start, wire.subarray(4, at))
}
