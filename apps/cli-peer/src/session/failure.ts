import type { PeerFault } from '@purertc/peer-connection'

import type { Step } from '../report.ts'

/** A session ended before everything was done: in which step, and why. */
export class SessionFailure extends Error {
  override readonly name = 'SessionFailure'
  readonly step: Step

  constructor(step: Step, message: string, options?: ErrorOptions) {
    super(message, options)
    this.step = step
  }
}

/** The step that a fault of a `Peer` belongs to; `null` for one that the session survives. */
export const stepOf: Readonly<Record<PeerFault, Step | null>> = {
  'invalid-options': 'Signaling',
  signaling: 'Signaling',
  // A description or candidate that cannot be used is passed over: what else the peer says may do.
  negotiation: null,
  'ice-failed': 'Connecting',
  'link-failed': 'Securing',
  'not-connected': 'Communicating',
  'already-connecting': 'Signaling',
  closed: 'Communicating',
}

/** The message, and those of the causes below it. */
export function explain(error: unknown): string {
  const messages: string[] = []
  for (let at = error; at instanceof Error && messages.length < 4; at = at.cause)
    if (at.message !== '' && !messages.includes(at.message)) messages.push(at.message)
  return messages.length > 0 ? messages.join(': ') : String(error)
}
