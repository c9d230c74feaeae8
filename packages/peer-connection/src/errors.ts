/** Misuse of the W3C API: DOMExceptions with the names that the specification gives, and TypeErrors. */

export const invalidState = (message: string): DOMException => new DOMException(message, 'InvalidStateError')
export const operationError = (message: string): DOMException => new DOMException(message, 'OperationError')
export const invalidAccess = (message: string): DOMException =>
  new DOMException(message, 'InvalidAccessError')
export const invalidModification = (message: string): DOMException =>
  new DOMException(message, 'InvalidModificationError')
export const syntaxError = (message: string): DOMException => new DOMException(message, 'SyntaxError')
export const notSupported = (message: string): DOMException => new DOMException(message, 'NotSupportedError')

/** A remote description that cannot be parsed or used. `line` counts from 1 where the parser knows it. */
export const sdpError = (message: string, line?: number): RTCError =>
  new RTCError(
    { errorDetail: 'sdp-syntax-error', ...(line !== undefined && { sdpLineNumber: line }) },
    message,
  )

export type RTCErrorDetailType =
  'data-channel-failure' | 'dtls-failure' | 'fingerprint-failure' | 'sctp-failure' | 'sdp-syntax-error'

export interface RTCErrorInit {
  readonly errorDetail: RTCErrorDetailType
  readonly sdpLineNumber?: number
  readonly sctpCauseCode?: number
  readonly receivedAlert?: number
  readonly sentAlert?: number
}

/** WebRTC §10.1: an OperationError that says which part failed. */
export class RTCError extends DOMException {
  readonly errorDetail: RTCErrorDetailType
  readonly sdpLineNumber: number | null
  readonly sctpCauseCode: number | null
  readonly receivedAlert: number | null
  readonly sentAlert: number | null

  constructor(init: RTCErrorInit, message = '') {
    super(message, 'OperationError')
    this.errorDetail = init.errorDetail
    this.sdpLineNumber = init.sdpLineNumber ?? null
    this.sctpCauseCode = init.sctpCauseCode ?? null
    this.receivedAlert = init.receivedAlert ?? null
    this.sentAlert = init.sentAlert ?? null
  }
}
