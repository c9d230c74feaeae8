import type { CloseReason } from '../host.ts'

/** An association that failed; `reason` tells how, `code` in one word. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code: CloseReason['kind']
  readonly reason: CloseReason

  constructor(reason: CloseReason) {
    super(describe(reason), reason.kind === 'peer-misbehaved' ? { cause: reason.error } : undefined)
    this.code = reason.kind
    this.reason = reason
  }
}

function describe(reason: CloseReason): string {
  switch (reason.kind) {
    case 'local':
      return 'closed'
    case 'close-notify':
      return 'closed by the peer'
    case 'alert':
      return `the peer reported ${reason.name}`
    case 'peer-misbehaved':
      return `the peer broke the protocol: ${reason.error.message}`
    case 'handshake-timeout':
      return 'the handshake timed out'
    case 'record-limit':
      return 'the keys are worn out'
  }
}
