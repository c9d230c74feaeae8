import type { CryptoProvider } from '@purertc/crypto'

import type { Certificate } from './certificate/certificate.ts'
import { decisiveFingerprints } from './certificate/fingerprint.ts'
import { DtlsError } from './errors.ts'
import type { PeerVerification } from './proofs/peer-verified.ts'

export interface DtlsConfig {
  readonly role: 'client' | 'server'
  readonly crypto: CryptoProvider
  /** Our own identity: ECDSA P-256. */
  readonly certificate: Certificate
  /** How the peer is recognised. There is no association without. */
  readonly verify: PeerVerification
  /**
   * Server only. `required` (the default) answers a ClientHello with a cookie, and keeps no state until the client
   * has shown that it receives at its address (RFC 6347 §4.2.1). `verified-path` is for hosts that know so already,
   * as ICE does.
   */
  readonly cookie?: 'required' | 'verified-path'
  /** The client's address in any form, which the cookie is bound to. Needed where `cookie` is `required`. */
  readonly clientAddress?: string
  /** Bytes of the largest datagram of the handshake, 1200 by default, at least 100. */
  readonly mtu?: number
  /** Milliseconds until a flight is sent again for the first time, 1000 by default. */
  readonly retransmitTimeout?: number
  /** Milliseconds that the handshake may take, 60,000 by default. */
  readonly handshakeTimeout?: number
  /**
   * Bytes of the largest handshake message that is taken, 32,768 by default. A WebRTC certificate has about 400, a
   * chain of an enterprise some thousands. Twice as much may be held for an unfinished handshake.
   */
  readonly maxHandshakeMessage?: number
  /** SRTP protection profiles, best first (RFC 5764); none by default. */
  readonly srtpProfiles?: readonly number[]
}

/** A configuration with nothing left out. */
export type ResolvedConfig = Required<DtlsConfig>

/** Throws {@link DtlsError} `invalid-config`. */
export function resolveConfig(config: DtlsConfig): ResolvedConfig {
  const resolved: ResolvedConfig = {
    cookie: 'required',
    clientAddress: '',
    mtu: 1_200,
    retransmitTimeout: 1_000,
    handshakeTimeout: 60_000,
    maxHandshakeMessage: 32_768,
    srtpProfiles: [],
    ...config,
  }
  if (resolved.role === 'server' && resolved.cookie === 'required' && resolved.clientAddress === '')
    invalid('a server that requires a cookie needs clientAddress')
  // Without a fingerprint that counts, nobody could connect; an empty list must not look like "anybody".
  if ('fingerprints' in resolved.verify && decisiveFingerprints(resolved.verify.fingerprints).length === 0)
    invalid('no fingerprint of SHA-256, SHA-384 or SHA-512 to verify the peer with')
  if (!(resolved.mtu >= minMtu && resolved.mtu <= maxMtu)) invalid(`mtu must be ${minMtu} to ${maxMtu}`)
  if (!(resolved.maxHandshakeMessage >= 1_024)) invalid('maxHandshakeMessage must be at least 1024')
  if (!(resolved.retransmitTimeout > 0)) invalid('retransmitTimeout must be positive')
  if (!(resolved.handshakeTimeout > 0)) invalid('handshakeTimeout must be positive')
  return resolved
}

function invalid(message: string): never {
  throw new DtlsError('invalid-config', message)
}

/** Headers and tag of a fragment of Finished, and some bytes of progress. */
export const minMtu = 100
/** Bytes of UDP payload over IPv4. */
export const maxMtu = 65_507
