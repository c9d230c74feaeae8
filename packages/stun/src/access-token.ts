/**
 * Third-party authorization, RFC 7635: an authorization server gives a client a key for the STUN server, and an
 * ACCESS-TOKEN in which only the STUN server can find that key.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |     Nonce Length              |     Nonce (variable)
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  /   sealed: Key Length (16), Key, Timestamp (64), Lifetime (32)
 */
import { DecodeError, Reader, toUtf8, Writer } from '@purertc/bytes'
import type { Aead, CryptoProvider } from '@purertc/crypto'

import { StunError } from './stun-error.ts'

/** What a token says. */
export interface TokenGrant {
  /** Of MESSAGE-INTEGRITY: 20 bytes for SHA-1, 32 for SHA-256. */
  readonly macKey: Uint8Array
  /** Seconds since 1970, fractions included, when the authorization server made it. */
  readonly issuedAt: number
  /** Seconds that it is good for. */
  readonly lifetime: number
}

/** What an authorization server hands to a client. */
export interface AccessCredentials {
  /** The name of the key that seals the token: the client's USERNAME. */
  readonly keyId: string
  readonly macKey: Uint8Array
  readonly token: Uint8Array
}

/**
 * Makes a token, as an authorization server does. `key` has 16 or 32 bytes, for AES-GCM, and is shared with the STUN
 * server of that name. Throws {@link StunError} `invalid-value` for a grant that the token cannot say.
 *
 * @example
 * const token = sealAccessToken(nodeCrypto, key, 'turn.example.org', { macKey, issuedAt: Date.now() / 1000, lifetime:
 * 600 })
 */
export function sealAccessToken(
  crypto: CryptoProvider,
  key: Uint8Array,
  serverName: string,
  { macKey, issuedAt, lifetime }: TokenGrant,
): Uint8Array {
  const aead = aeadFor(crypto, key)
  const isSayable =
    macKey.length <= 0xffff && issuedAt >= 0 && issuedAt < 2 ** 48 && lifetime >= 0 && lifetime < 2 ** 32
  if (!isSayable) throw new StunError('invalid-value', `a token of ${lifetime} s from ${issuedAt} on`)
  const nonce = new Uint8Array(NONCE_LENGTH)
  crypto.randomFill(nonce)
  const plain = new Writer(64)
  plain.u16(macKey.length)
  plain.bytes(macKey)
  plain.u48(Math.floor(issuedAt))
  plain.u16(Math.floor((issuedAt % 1) * TICKS))
  plain.u32(lifetime)
  const text = plain.finish()
  const token = new Uint8Array(2 + NONCE_LENGTH + text.length + aead.tagLength)
  token[1] = NONCE_LENGTH
  token.set(nonce, 2)
  aead.seal(nonce, toUtf8(serverName), text, token, 2 + NONCE_LENGTH)
  return token
}

/**
 * What an authentic token says; `null` for one that is none, was made for another server, or is not good at `now`, in
 * seconds since 1970.
 */
export function openAccessToken(
  crypto: CryptoProvider,
  key: Uint8Array,
  serverName: string,
  token: Uint8Array,
  now: number,
): TokenGrant | null {
  const aead = aeadFor(crypto, key)
  const nonceLength = token.length < 2 ? 0 : (token[0]! << 8) | token[1]!
  const sealed = token.subarray(2 + nonceLength)
  if (nonceLength !== NONCE_LENGTH || sealed.length <= aead.tagLength) return null
  const plain = new Uint8Array(sealed.length)
  const length = aead.open(token.subarray(2, 2 + NONCE_LENGTH), toUtf8(serverName), sealed, plain, 0)
  const grant = length < 0 ? null : readGrant(plain.subarray(0, length))
  if (grant === null) return null
  // RFC 7635 §7: the clocks of two servers differ by some seconds.
  const isGood = now < grant.issuedAt + grant.lifetime + SKEW && now > grant.issuedAt - SKEW
  return isGood ? grant : null
}

function readGrant(plain: Uint8Array): TokenGrant | null {
  try {
    const reader = new Reader(plain)
    const macKey = new Uint8Array(reader.bytes(reader.u16()))
    const issuedAt = reader.u48() + reader.u16() / TICKS
    const lifetime = reader.u32()
    reader.done()
    return { macKey, issuedAt, lifetime }
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

function aeadFor(crypto: CryptoProvider, key: Uint8Array): Aead {
  if (key.length !== 16 && key.length !== 32)
    throw new StunError('invalid-value', `a key of ${key.length} bytes seals no tokens`)
  return crypto.createAead(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key)
}

const NONCE_LENGTH = 12
/** RFC 7635 §6.2: behind 48 bits of seconds there are 16 of 64,000ths of a second. */
const TICKS = 64_000
/** Seconds. */
const SKEW = 5
