import { type Millis } from '@purertc/bytes'
import { type CryptoProvider, hashSizes } from '@purertc/crypto'

import { PeerMisbehaved } from '../../errors.ts'
import { bindersLength, type OfferedPsks, PreSharedKeys } from '../../extensions/pre-shared-key.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type ClientHello, encodeClientHello } from '../../messages/client-hello.ts'
import { type BinderVerified, verifyBinder } from '../../proofs/binder-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { makeBinder } from '../keys/key-schedule.ts'
import type { Transcript } from '../transcript.ts'
import type { BindingKey, PreSharedKey } from './pre-shared-key.ts'

/**
 * Completes a ClientHello: the keys that it offers, and behind everything else the proofs that we have them. It must not
 * change afterwards. `transcript` is what comes before it.
 */
export function bindPsks(
  crypto: CryptoProvider,
  now: Millis,
  transcript: Transcript,
  hello: ClientHello,
  psks: readonly PreSharedKey[],
): void {
  if (psks.length === 0) return
  const identities = psks.map((psk) => ({ identity: psk.identity, obfuscatedTicketAge: ageOf(psk, now) }))
  const unbound = { identities, binders: psks.map(({ hash }) => new Uint8Array(hashSizes[hash])) }
  hello.extensions.set(PreSharedKeys, unbound)
  const body = encodeClientHello(hello)
  const binders = psks.map((psk) => binderOf(crypto, transcript, body, unbound, psk))
  hello.extensions.set(PreSharedKeys, { identities, binders })
}

/**
 * Whether the client has the key that it names at `index`. `transcript` is what comes before its ClientHello. Throws
 * `PeerMisbehaved` where it has not.
 */
export function checkBinder(
  crypto: CryptoProvider,
  transcript: Transcript,
  { body }: HandshakeMessage,
  offered: OfferedPsks,
  index: number,
  key: BindingKey,
): BinderVerified {
  const binder = offered.binders[index]
  if (binder === undefined) throw new PeerMisbehaved('illegal-parameter', 'a key without binder')
  return verifyBinder(binderOf(crypto, transcript, body, offered, key), binder)
}

function binderOf(
  crypto: CryptoProvider,
  transcript: Transcript,
  body: Uint8Array,
  offered: OfferedPsks,
  { origin, hash, key }: BindingKey,
): Uint8Array {
  const start = body.subarray(0, body.length - bindersLength(offered))
  const transcriptHash = transcript.digestWith(crypto, hash, HandshakeType.clientHello, body.length, start)
  return makeBinder(crypto, hash, origin, key, transcriptHash)
}

/** RFC 8446 §4.2.11.1. */
const ageOf = (psk: PreSharedKey, now: Millis): number =>
  psk.origin === 'ticket' ? (Math.floor(now - psk.remembered.issued) + psk.remembered.ageAdd) >>> 0 : 0
