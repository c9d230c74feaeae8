import type { CipherSuite12 } from '../protocol/cipher-suite.ts'
import type { Negotiated } from '../session.ts'

/** What two hellos of DTLS 1.2 have agreed on. */
export interface Negotiated12 extends Negotiated {
  readonly suite: CipherSuite12
}
