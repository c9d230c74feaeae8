import { RTCError } from '../errors.ts'
import type { TransportError } from '../transport/transport-error.ts'

/** What a channel is told when the link under it ends; null where nothing went wrong. */
export function channelErrorOf(reason: TransportError | null): RTCError | null {
  return reason === null || isFarewell(reason) ? null : channelError(reason)
}

/** close_notify, or an orderly end of the association. An ABORT is an error, even the one of a peer's `close()`. */
function isFarewell({ dtls, sctp }: TransportError): boolean {
  return dtls?.kind === 'close-notify' || sctp?.code === 'shutdown'
}

/** RFC 9260 §3.3.10 has the cause codes, RFC 5246 §7.2 the alerts. */
function channelError({ code, message, sctp, dtls }: TransportError): RTCError {
  const alert = dtls?.kind === 'alert' ? dtls.description : undefined
  return new RTCError(
    {
      errorDetail:
        code === 'fingerprint-mismatch' ? 'fingerprint-failure' : dtls ? 'dtls-failure' : 'sctp-failure',
      ...(sctp?.cause !== undefined && { sctpCauseCode: sctp.cause }),
      ...(alert !== undefined && { receivedAlert: alert }),
    },
    message,
  )
}
