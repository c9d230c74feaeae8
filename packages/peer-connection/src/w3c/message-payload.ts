import { toUtf8 } from '@purertc/bytes'

export type BinaryType = 'arraybuffer' | 'blob'

/** What `send` takes. */
export type Sendable = string | ArrayBuffer | ArrayBufferView | Blob

export interface Payload {
  /** Borrowed from the application where it gave bytes. */
  readonly bytes: Uint8Array
  readonly isText: boolean
}

/** The bytes of what the application sends; a Blob's must be read first. Throws a TypeError for anything else. */
export function payloadOf(data: Exclude<Sendable, Blob>): Payload {
  if (typeof data === 'string') return { bytes: toUtf8(data), isText: true }
  if (data instanceof Uint8Array) return { bytes: data, isText: false }
  if (ArrayBuffer.isView(data))
    return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), isText: false }
  if (data instanceof ArrayBuffer) return { bytes: new Uint8Array(data), isText: false }
  throw new TypeError('a message is a string, an ArrayBuffer, a view of one, or a Blob')
}

/** What a `message` event carries: a copy, for received bytes are borrowed. */
export function messageData(
  bytes: Uint8Array,
  isText: boolean,
  binaryType: BinaryType,
): string | ArrayBuffer | Blob {
  if (isText) return textOf(bytes)
  const copy = new Uint8Array(bytes)
  return binaryType === 'arraybuffer' ? copy.buffer : new Blob([copy])
}

/** UTF-8 decode of the Encoding standard: what is not well-formed becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
