/**
 * - `invalid-credentials`: a username fragment or password that RFC 8839 §5.4 forbids.
 * - `restart-needed`: new remote credentials for a session that has some; `restart()` comes first.
 * - `closed`: the agent was closed.
 * - `unsupported-server`: a server that is to be reached over DTLS, or a STUN server over TCP or TLS.
 * - `invalid-url`: a server URI that RFC 7064 or RFC 7065 forbid.
 */
export type IceFault =
  'invalid-credentials' | 'restart-needed' | 'closed' | 'invalid-url' | 'unsupported-server'

/** Thrown for misuse of the API alone; what the network does is counted or reported. */
export class IceError extends Error {
  override readonly name = 'IceError'
  readonly code: IceFault

  constructor(code: IceFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
