import { copyBytes } from '@purertc/bytes'
import { DataChannels } from '@purertc/sctp'

/** Sees every SCTP packet that comes out of DTLS, and may lose some. One at a time: it takes the place of a method. */
export class SctpTap {
  readonly packets: { readonly bytes: Uint8Array; readonly isLost: boolean }[] = []
  /** Packets with a chunk of one of these types are lost. */
  loses: readonly number[] = []
  readonly #original = Object.getOwnPropertyDescriptor(DataChannels.prototype, 'handlePacket')
  #wake: () => void = () => undefined

  constructor() {
    const take = (bytes: Uint8Array): boolean => this.#take(bytes)
    const original = this.#original?.value as DataChannels['handlePacket']
    DataChannels.prototype.handlePacket = function (now, packet) {
      if (take(packet)) original.call(this, now, packet)
    }
  }

  /** Resolves when a packet with a chunk of this type has come. */
  async until(...chunkTypes: number[]): Promise<void> {
    const isThere = ({ bytes }: { bytes: Uint8Array }): boolean =>
      chunkTypesOf(bytes).some((type) => chunkTypes.includes(type))
    while (!this.packets.some(isThere)) await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  close(): void {
    if (this.#original) Object.defineProperty(DataChannels.prototype, 'handlePacket', this.#original)
  }

  #take(packet: Uint8Array): boolean {
    const isLost = this.loses.length > 0 && chunkTypesOf(packet).some((type) => this.loses.includes(type))
    this.packets.push({ bytes: copyBytes(packet), isLost })
    this.#wake()
    return !isLost
  }
}

/** Of a packet that is well formed. */
export function chunkTypesOf(packet: Uint8Array): number[] {
  const types: number[] = []
  for (let at = 12; at + 4 <= packet.length;) {
    types.push(packet[at]!)
    at += (((packet[at + 2]! << 8) | packet[at + 3]!) + 3) & ~3
  }
  return types
}
