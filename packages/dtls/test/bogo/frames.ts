/**
 * The framing that gives BoringSSL's runner packet boundaries on a TCP stream:
 *
 *  | 'P' | length (32) | packet |     a datagram, in both directions
 *  | 'T' | nanoseconds (64) |         pretend that so much time passed; answered with 't'
 *  | 'M' | bytes (32) |               the path MTU from now on
 *  | 'E' | nanoseconds (64) |         assert when the next timeout is due, all ones for never
 *  | 'U' | milliseconds (32) |        the initial retransmission timeout from now on
 */
export type Frame =
  | { readonly kind: 'packet'; readonly packet: Uint8Array }
  | { readonly kind: 'elapse'; readonly milliseconds: number }
  | { readonly kind: 'mtu'; readonly bytes: number }
  /** `Infinity`: nothing is due. */
  | { readonly kind: 'expect-timeout'; readonly milliseconds: number }
  | { readonly kind: 'initial-timeout'; readonly milliseconds: number }

/** Cuts a stream into frames. */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk])
  }

  /** The next whole frame, null where more of the stream is needed. */
  next(): Frame | null {
    if (this.#buffer.length === 0) return null
    const opcode = String.fromCharCode(this.#buffer[0]!)
    switch (opcode) {
      case 'P': {
        if (this.#buffer.length < 5) return null
        const packet = this.#take(5 + this.#buffer.readUInt32BE(1))?.subarray(5)
        return packet === undefined ? null : { kind: 'packet', packet: new Uint8Array(packet) }
      }
      case 'T': {
        const body = this.#take(9)
        return body === undefined ? null : { kind: 'elapse', milliseconds: toMilliseconds(body) }
      }
      case 'E': {
        const body = this.#take(9)
        return body === undefined ? null : { kind: 'expect-timeout', milliseconds: toMilliseconds(body) }
      }
      case 'M': {
        const body = this.#take(5)
        return body === undefined ? null : { kind: 'mtu', bytes: body.readUInt32BE(1) }
      }
      case 'U': {
        const body = this.#take(5)
        return body === undefined ? null : { kind: 'initial-timeout', milliseconds: body.readUInt32BE(1) }
      }
      default:
        throw new Error(`the runner sent an unknown opcode ${opcode}`)
    }
  }

  #take(length: number): Buffer | undefined {
    if (this.#buffer.length < length) return undefined
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    return taken
  }
}

export function packetFrame(packet: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + packet.length)
  frame.write('P')
  frame.writeUInt32BE(packet.length, 1)
  frame.set(packet, 5)
  return frame
}

export const elapsedFrame: Buffer = Buffer.from('t')

function toMilliseconds(frame: Buffer): number {
  const nanoseconds = frame.readBigUInt64BE(1)
  return nanoseconds === 0xffff_ffff_ffff_ffffn ? Infinity : Number(nanoseconds) / 1e6
}
