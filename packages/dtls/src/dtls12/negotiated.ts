import type { CipherSuite12 } from '../protocol/cipher-suite.ts'
import type { Negotiated } from '../session.ts'

/** What two hellos of DTLS 1.2 have agreed on. */
export interface Negotiated12 extends Negotiated {
  readonly suite: CipherSuite12
  readonly memory: SessionMemory
}

/** How a server will know the session again: by a ticket, by an id, or not at all. */
export interface SessionMemory {
  readonly kind: 'ticket' | 'id' | 'none'
  /** What ServerHello says. */
  readonly sessionId: Uint8Array
}
