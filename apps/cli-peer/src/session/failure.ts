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
  signaling: 'Signaling',
  // A description or candidate that cannot be used is passed over: what else the peer says may do.
  negotiation: null,
  'ice-failed': 'Connecting',
  'link-failed': 'Securing',
  'not-connected': 'Communicating',
  'already-connecting': 'Signaling',
  closed: 'Communicating',
}
