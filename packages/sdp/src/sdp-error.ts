/**
 * - `syntax`: a line that is no `type=value`, or whose value breaks the grammar of its type.
 * - `structure`: a line missing, doubled or out of place, such as no `v=0` at the start or two sections of one mid.
 * - `invalid-attribute`: an attribute this package knows, with a value that its specification forbids.
 * - `too-large`: more text, lines or media sections than the limits allow.
 */
export type SdpFault = 'syntax' | 'structure' | 'invalid-attribute' | 'too-large'

/** Why a session description was refused. */
export class SdpError extends Error {
  override readonly name = 'SdpError'
  readonly code: SdpFault
  /** The line at fault, counted from 1; `null` for a value given to a setter or builder. */
  readonly line: number | null

  constructor(code: SdpFault, message: string, line: number | null = null) {
    super(line === null ? message : `line ${line}: ${message}`)
    this.code = code
    this.line = line
  }
}
