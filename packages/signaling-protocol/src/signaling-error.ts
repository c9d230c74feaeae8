import type { ErrorCode } from './error-code.ts'

/** Why a frame could not be decoded. Decoders return it: a bad frame is no exceptional event on a public server. */
export class SignalingError extends Error {
  override readonly name = 'SignalingError'
  readonly code: ErrorCode
  /** The `id` of the frame, where one could be read: an answer that carries it finds the request. */
  readonly id: number | undefined

  constructor(code: ErrorCode, message: string, id?: number) {
    super(message)
    this.code = code
    this.id = id
  }
}
