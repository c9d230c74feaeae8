import type { NamedGroup } from '../../protocol/named-group.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import type { SignatureVerified } from '../../proofs/signature-verified.ts'
import type { Negotiated12 } from '../negotiated.ts'
import type { Randoms } from '../keys/key-schedule.ts'

/** What the server's flight has told a client: by what the server is recognised, and how the secret is made. */
export interface ServerOffer {
  readonly negotiated: Negotiated12
  readonly randoms: Randoms
  readonly key: SignedKey | SharedKey
}

/** An ephemeral key, with the proofs that it is the right server's. */
export interface SignedKey extends EphemeralKey {
  readonly kind: 'signed'
  readonly peer: PeerVerified
  readonly signature: SignatureVerified
}

/** A shared key is to be used, and with it an ephemeral one or none. */
export interface SharedKey {
  readonly kind: 'shared'
  /** Null where the server gave none. */
  readonly hint: Uint8Array | null
  readonly ephemeral: EphemeralKey | null
}

export interface EphemeralKey {
  readonly group: NamedGroup
  readonly publicKey: Uint8Array
}
