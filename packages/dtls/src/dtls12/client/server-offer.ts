import type { Randoms } from '../keys/key-schedule.ts'
import type { NamedGroup } from '../../protocol/named-group.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import type { SignatureVerified } from '../../proofs/signature-verified.ts'
import type { Negotiated } from '../../session.ts'

/** What the server's flight has told a client, with the proofs that it is the right server's. */
export interface ServerOffer {
  readonly negotiated: Negotiated
  readonly randoms: Randoms
  readonly peer: PeerVerified
  readonly signature: SignatureVerified
  readonly group: NamedGroup
  /** The server's ephemeral key. */
  readonly publicKey: Uint8Array
}
