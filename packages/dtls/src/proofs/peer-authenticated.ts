import { copyBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../errors.ts'
import {
  type CertifiedIdentity,
  type PeerVerified,
  type Verifier,
  verifyPeer,
  verifyPublicKey,
} from './peer-verified.ts'
import type { PskMixed } from './psk-mixed.ts'
import type { SessionRemembered, TicketRemembered } from './session-remembered.ts'
import type { SignatureVerified } from './signature-verified.ts'

declare const proof: unique symbol

/** Who the peer is, by what it was recognised. `anonymous` can only be a client, of a server that allows it. */
export type PeerIdentity =
  CertifiedIdentity | { readonly kind: 'psk'; readonly identity: Uint8Array } | { readonly kind: 'anonymous' }

/**
 * Proof that the peer's identity is settled as the configuration wants it. Each function here is one way to that,
 * and these are the only ones.
 */
export interface PeerAuthenticated {
  readonly [proof]: 'authenticated'
  readonly identity: PeerIdentity
  /** Whether an earlier handshake has shown it. */
  readonly isResumed: boolean
}

/** The certificate or key is the right one, and the peer has signed with it. */
export const authenticateByCertificate = (
  { identity }: PeerVerified,
  _signature: SignatureVerified,
): PeerAuthenticated => ({ identity, isResumed: false }) as PeerAuthenticated

/** The peer's Finished, which is still to come, will show that it holds the shared key. */
export const authenticateByPsk = (psk: PskMixed): PeerAuthenticated =>
  ({
    identity: { kind: 'psk', identity: copyBytes(psk.identity) },
    isResumed: false,
  }) as PeerAuthenticated

/** A client that shows no certificate, RFC 5246 §7.4.6. Throws {@link PeerMisbehaved} where it must have one. */
export function admitAnonymous(config: {
  readonly role: 'client' | 'server'
  readonly clientCertificate: 'required' | 'optional' | 'none'
}): PeerAuthenticated {
  if (config.role === 'client' || config.clientCertificate === 'required')
    throw new PeerMisbehaved('no-certificate', 'a client without certificate')
  return { identity: { kind: 'anonymous' }, isResumed: false } as PeerAuthenticated
}

/**
 * The peer of an earlier handshake, whose Finished, which is still to come, will show that it holds the secret of that
 * handshake. It is judged again by today's configuration, as if it had shown its certificate now. Throws
 * {@link PeerMisbehaved} where the judgement is another one.
 */
export function authenticateByRecall(
  config: Verifier & { readonly clientCertificate: 'required' | 'optional' | 'none' },
  { identity }: SessionRemembered | TicketRemembered,
): PeerAuthenticated {
  if (identity.kind === 'certificate') verifyPeer(config, [identity.certificate, ...identity.chain])
  else if (identity.kind === 'public-key') verifyPublicKey(config, identity.subjectPublicKeyInfo)
  else if (identity.kind === 'anonymous') admitAnonymous(config)
  else throw new PeerMisbehaved('unknown-psk-identity', 'sessions by shared keys are not resumed')
  return { identity, isResumed: true } as PeerAuthenticated
}
