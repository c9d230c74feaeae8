import { DecodeError, Reader, Writer } from '@purertc/bytes'

import type { KeyExchangeMethod } from '../../protocol/cipher-suite.ts'

/**
 * ClientKeyExchange: of an ephemeral key | public <1..255> |, RFC 8422 §5.7; of a shared key
 * | psk_identity <0..2^16-1> |, RFC 4279 §2; of both, the one behind the other, RFC 5489 §2.
 */
export interface ClientKeyExchange {
  /** Null where the suite has no shared key. */
  readonly identity: Uint8Array | null
  /** Null where the suite has no ephemeral key. */
  readonly publicKey: Uint8Array | null
}

/** What is decoded is borrowed. */
export function decodeClientKeyExchange(body: Uint8Array, method: KeyExchangeMethod): ClientKeyExchange {
  const reader = new Reader(body)
  const identity = method === 'psk' || method === 'ecdhe_psk' ? reader.bytes(reader.u16()) : null
  const publicKey = method === 'psk' ? null : reader.bytes(reader.u8())
  reader.done()
  if (publicKey?.length === 0) throw new DecodeError('invalid', 'empty public key')
  return { identity, publicKey }
}

export function encodeClientKeyExchange({ identity, publicKey }: ClientKeyExchange): Uint8Array {
  const writer = new Writer(128)
  if (identity !== null) {
    writer.u16(identity.length)
    writer.bytes(identity)
  }
  if (publicKey !== null) {
    writer.u8(publicKey.length)
    writer.bytes(publicKey)
  }
  return writer.finish()
}
