import { nodeCrypto } from '@purertc/crypto/node'

import { type ResumableSession, SessionVault } from '../../src/index.ts'
import type { Options } from './flags.ts'

/** What one connection leaves to the next. */
export class Sessions {
  /** Of the shim as a client. */
  latest: ResumableSession | null = null
  /** Certificates that were found good, in hexadecimal: BoringSSL does not ask again where it resumes a session. */
  readonly judged = new Set<string>()
  /** Of the shim as a server. */
  readonly vault: SessionVault

  constructor(options: Options) {
    this.vault = new SessionVault({ crypto: nodeCrypto, tickets: !options.has('no-ticket') })
  }
}
