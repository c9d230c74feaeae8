/**
 * Why bytes could not be decoded.
 *
 * - `truncated`: a field reaches past the end.
 * - `trailing-data`: bytes are left where a structure must end.
 * - `invalid`: a value that the format forbids.
 */
export type DecodeFault = 'truncated' | 'trailing-data' | 'invalid'

/** Thrown by readers and decoders; a machine's entry point turns it into a counter or an alert. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly code: DecodeFault

  constructor(code: DecodeFault, message: string = code) {
    super(message)
    this.code = code
  }
}
