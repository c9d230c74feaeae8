import { Writer } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import type { CipherSuite13 } from '../dtls13/cipher-suite.ts'
import { HandshakeKeys } from '../dtls13/keys/key-schedule.ts'
import type { Transcript } from '../dtls13/transcript.ts'

declare const proof: unique symbol

/**
 * Proof that the secret of this handshake cannot be had without the shared key: whoever then shows a good Finished
 * holds that key.
 */
export interface PskMixed {
  readonly [proof]: 'psk'
  /** The name that the key goes by. */
  readonly identity: Uint8Array
}

/** In DTLS 1.2 the secret that everything is made of. */
export interface PskPremaster extends PskMixed {
  readonly preMasterSecret: Uint8Array
}

/** In DTLS 1.3 the secrets of the handshake, which all later ones are made of. */
export interface PskScheduled extends PskMixed {
  readonly keys: HandshakeKeys
}

/**
 * The premaster secret of RFC 4279 §2 and RFC 5489 §2: | other_secret <0..2^16-1> | psk <0..2^16-1> |, where the other
 * secret is that of ECDHE, or as many zeros as the key has bytes. With {@link schedulePsk} the only origin of
 * {@link PskMixed}: review these functions, not their callers.
 */
export function mixPsk(identity: Uint8Array, key: Uint8Array, sharedSecret: Uint8Array | null): PskPremaster {
  const other = sharedSecret ?? new Uint8Array(key.length)
  const writer = new Writer(4 + other.length + key.length)
  writer.u16(other.length)
  writer.bytes(other)
  writer.u16(key.length)
  writer.bytes(key)
  return { identity, preMasterSecret: writer.finish() } as unknown as PskPremaster
}

/** The key schedule of RFC 8446 §7.1 that begins with the key; `transcript` ends with ServerHello. */
export function schedulePsk(
  crypto: CryptoProvider,
  suite: CipherSuite13,
  { identity, key }: { readonly identity: Uint8Array; readonly key: Uint8Array },
  sharedSecret: Uint8Array,
  transcript: Transcript,
): PskScheduled {
  const keys = new HandshakeKeys(crypto, suite, key, sharedSecret, transcript)
  return { identity, keys } as unknown as PskScheduled
}
