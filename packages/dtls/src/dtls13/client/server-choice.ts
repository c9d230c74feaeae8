import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import type { NamedGroup } from '../../protocol/named-group.ts'
import type { Negotiated } from '../../session.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import type { HandshakeKeys } from '../keys/key-schedule.ts'
import type { PreSharedKey } from '../psk/pre-shared-key.ts'
import type { ClientOffer } from './client-offer.ts'

/** What ServerHello has settled. */
export interface ServerChoice {
  readonly offer: ClientOffer
  readonly suite: CipherSuite13
  readonly group: NamedGroup
  readonly keys: HandshakeKeys
  /** The shared key that the server took up, null where certificates are to tell who it is. */
  readonly psk: PreSharedKey | null
  /** Who it is by that key. */
  readonly peer: PeerAuthenticated | null
}

/** And EncryptedExtensions after it. */
export interface ServerAnswer extends ServerChoice {
  readonly negotiated: Negotiated
}

/** The server is the right one. */
export interface ServerProven extends ServerAnswer {
  readonly peer: PeerAuthenticated
}
