import { Writer } from '@purertc/bytes'

/**
 * Puts packets that are to share a datagram into one, as DTLS does with its records. A lone packet is a datagram as it is;
 * before each of several stands its length.
 */
export class DatagramWriter {
  readonly #send: (datagram: Uint8Array) => void
  #waiting: Uint8Array[] = []

  constructor(send: (datagram: Uint8Array) => void) {
    this.#send = send
  }

  transmit(packet: Uint8Array, more: boolean): void {
    this.#waiting.push(packet.slice())
    if (more) return
    const packets = this.#waiting
    this.#waiting = []
    this.#send(packets.length === 1 ? packets[0]! : together(packets))
  }
}

/** The packets of a datagram; what is damaged is none. */
export function packetsOf(datagram: Uint8Array): Uint8Array[] {
  if (datagram[0] !== SHARED) return [datagram]
  const packets: Uint8Array[] = []
  for (let at = 1; at + 2 <= datagram.length;) {
    const length = (datagram[at]! << 8) | datagram[at + 1]!
    packets.push(datagram.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return packets
}

function together(packets: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer()
  writer.u8(SHARED)
  for (const packet of packets) {
    writer.u16(packet.length)
    writer.bytes(packet)
  }
  return writer.finish()
}

/** No packet begins so: its source port would be another. */
const SHARED = 0xff
