import type { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random } from '@purertc/netsim'
import type { DataChannel } from '@purertc/sctp'

import type { SimPair, SimPeer } from './sim-pair.ts'

/** A file on its way from one peer to the other, in messages, sent no faster than the channel takes them. */
export class Transfer {
  readonly file: Uint8Array
  readonly #from: SimPeer
  readonly #channel: DataChannel
  readonly #messageSize: number
  readonly #parts: Uint8Array[] = []
  #sent = 0
  #received = 0

  constructor(pair: SimPair, from: SimPeer, to: SimPeer, size: number, messageSize = 16_384) {
    this.file = new Uint8Array(size)
    new Random(size).fill(this.file)
    this.#from = from
    this.#messageSize = messageSize
    const { now } = pair.sim
    this.#channel = from.transport.openChannel(now, { label: 'file' })
    this.#channel.bufferedAmountLowThreshold = 32_768
    from.onBufferedAmountLow = () => this.#pump(pair.sim.now)
    to.onReceived = (_now, _channel, data) => {
      this.#parts.push(new Uint8Array(data))
      this.#received += data.length
    }
    pair.sim.schedule(now, (at) => this.#pump(at))
  }

  get isComplete(): boolean {
    return this.#received >= this.file.length
  }

  /** Of what arrived; equals that of `file` when all is well. */
  get digest(): string {
    return Buffer.from(nodeCrypto.hash('sha256', ...this.#parts)).toString('hex')
  }

  get expectedDigest(): string {
    return Buffer.from(nodeCrypto.hash('sha256', this.file)).toString('hex')
  }

  #pump(now: Millis): void {
    while (this.#sent < this.file.length && this.#channel.bufferedAmount <= 65_536) {
      const end = Math.min(this.#sent + this.#messageSize, this.file.length)
      this.#from.transport.send(now, this.#channel, this.file.subarray(this.#sent, end), false)
      this.#sent = end
    }
  }
}
