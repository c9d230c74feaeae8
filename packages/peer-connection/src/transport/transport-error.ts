import type { CloseReason } from '@purertc/dtls'
import type { SctpCloseReason } from '@purertc/sctp'

/**
 * - `remote-closed`: the peer said goodbye, by close_notify or by ending the SCTP association.
 * - `fingerprint-mismatch`: the peer's certificate is not the one that its description announced.
 * - `dtls`: the handshake failed or timed out, or an alert ended the session.
 * - `sctp`: the association timed out, or the peer broke its protocol.
 * - `not-started`: misuse: data was sent before the peer was known.
 */
export type TransportFault = 'remote-closed' | 'fingerprint-mismatch' | 'dtls' | 'sctp' | 'not-started'

/** Why a transport ended, with the reason of the layer that ended first. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: TransportFault
  readonly dtls: CloseReason | undefined
  readonly sctp: SctpCloseReason | undefined

  constructor(
    code: TransportFault,
    message: string,
    layers: { readonly dtls?: CloseReason; readonly sctp?: SctpCloseReason } = {},
  ) {
    super(message)
    this.code = code
    this.dtls = layers.dtls
    this.sctp = layers.sctp
  }
}

export function dtlsFailure(reason: CloseReason): TransportError {
  switch (reason.kind) {
    case 'close-notify':
      return new TransportError('remote-closed', 'the peer closed the connection', { dtls: reason })
    case 'peer-misbehaved':
      return new TransportError(
        reason.error.code === 'certificate-refused' ? 'fingerprint-mismatch' : 'dtls',
        reason.error.message,
        { dtls: reason },
      )
    case 'alert':
      return new TransportError('dtls', `the peer sent the alert ${reason.name}`, { dtls: reason })
    case 'handshake-timeout':
    case 'record-limit':
    case 'local':
      return new TransportError('dtls', `DTLS ended: ${reason.kind}`, { dtls: reason })
  }
}

export function sctpFailure(reason: SctpCloseReason): TransportError {
  const isFarewell = reason.code === 'shutdown' || reason.code === 'aborted-by-peer'
  return new TransportError(isFarewell ? 'remote-closed' : 'sctp', reason.message, { sctp: reason })
}
