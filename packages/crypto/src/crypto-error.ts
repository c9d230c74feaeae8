/**
 * - `invalid-key`: key bytes of a wrong length or form.
 * - `invalid-nonce`: a nonce of a wrong length.
 * - `invalid-public-key`: a peer's key share that is no point on the curve, or yields an all-zero secret.
 * - `unsupported`: an algorithm or key kind that the provider does not have.
 */
export type CryptoFault = 'invalid-key' | 'invalid-nonce' | 'invalid-public-key' | 'unsupported'

/** Thrown by a provider for keys and algorithms; a failed verification is a `false`, a failed open a `-1`. */
export class CryptoError extends Error {
  override readonly name = 'CryptoError'
  readonly code: CryptoFault

  constructor(code: CryptoFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
