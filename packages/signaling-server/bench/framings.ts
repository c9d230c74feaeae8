import { upgradeRequest } from '../test/raw-client.ts'

/** How what a client sends and hears is divided into frames. */
export interface Framing {
  /** What is sent first. */
  greeting(path: string, protocol?: string): Buffer
  /** Where the answer to it ends; -1 while it has not all come. */
  endOfAnswer(bytes: Buffer): number
  frameOf(text: string): Buffer
  /** Where the payload begins of the frame that begins at `at`, and how long it is: endless while that is not known. */
  payloadOf(bytes: Buffer, at: number): number
  lengthOf(bytes: Buffer, at: number): number
  isText(bytes: Buffer, at: number): boolean
}

/** RFC 6455 §4 and §5.2; frames of the server are not masked. */
export const webSocket: Framing = {
  greeting: (path, protocol) => Buffer.from(upgradeRequest(path, protocol === undefined ? [] : [protocol])),
  endOfAnswer: (bytes) => {
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return -1
    if (!bytes.toString('latin1', 0, 12).endsWith('101')) throw new Error(bytes.toString())
    return end + 4
  },
  frameOf: (text) => {
    const length = Buffer.byteLength(text)
    const head = length < 126 ? 6 : 8
    const frame = Buffer.alloc(head + length)
    frame[0] = 0x81
    if (length < 126) frame[1] = 0x80 | length
    else {
      frame[1] = 0x80 | 126
      frame.writeUInt16BE(length, 2)
    }
    frame.write(text, head)
    return frame
  },
  payloadOf: (bytes, at) => {
    const short = bytes[at + 1] ?? 0
    return at + (short < 126 ? 2 : short === 126 ? 4 : 10)
  },
  lengthOf: (bytes, at) => {
    const short = bytes[at + 1] ?? Infinity
    if (short < 126) return short
    if (short === 126) return at + 4 > bytes.length ? Infinity : bytes.readUInt16BE(at + 2)
    return at + 10 > bytes.length ? Infinity : Number(bytes.readBigUInt64BE(at + 2))
  },
  isText: (bytes, at) => ((bytes[at] ?? 0) & 0x0f) === 1,
}

/** No WebSocket: a length of four bytes and as many bytes of text. The first one, sent without an answer, is the path. */
export const prefixed: Framing = {
  greeting: (path) => prefixed.frameOf(path),
  endOfAnswer: () => 0,
  frameOf: (text) => {
    const length = Buffer.byteLength(text)
    const frame = Buffer.alloc(4 + length)
    frame.writeUInt32BE(length, 0)
    frame.write(text, 4)
    return frame
  },
  payloadOf: (_, at) => at + 4,
  lengthOf: (bytes, at) => (at + 4 > bytes.length ? Infinity : bytes.readUInt32BE(at)),
  isText: () => true,
}
