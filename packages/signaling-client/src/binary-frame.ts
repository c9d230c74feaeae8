import { isName, isSequence } from './read-frame.ts'

/** A binary message as the protocol has it: the header's length in two bytes, the header in JSON, the bytes. */
export function writeBinaryFrame(header: object, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const frame = new Uint8Array(2 + text.length + data.length)
  frame.set([text.length >> 8, text.length & 0xff])
  frame.set(text, 2)
  frame.set(data, 2 + text.length)
  return frame
}

/** `null` for what is none. */
export function readBinaryFrame(frame: Uint8Array): BinaryMessage | null {
  if (frame.length < 2) return null
  const end = 2 + ((frame[0]! << 8) | frame[1]!)
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(frame.subarray(2, end)))
    const { type, from, seq } = header as Readonly<Record<string, unknown>>
    const isSound = type === 'message' && isName(from) && isSequence(seq) && end <= frame.length
    // Not slice(): that of a Node Buffer is a view.
    return isSound
      ? { from: from as string, seq: seq as number, data: new Uint8Array(frame.subarray(end)) }
      : null
  } catch {
    return null
  }
}

/** Bytes that another peer sent. */
export interface BinaryMessage {
  readonly from: string
  readonly seq: number
  readonly data: Uint8Array
}
