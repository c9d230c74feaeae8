import { type Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Link, type LinkConditions, Simulation } from '@purertc/netsim'

import { SctpAssociation, type SctpCloseReason, type SctpConfig } from '../../src/index.ts'
import { DatagramWriter, packetsOf } from './datagrams.ts'
import { Simulated } from './simulated.ts'

export interface Received {
  readonly at: Millis
  readonly stream: number
  readonly protocol: number
  readonly message: Uint8Array
}

export interface EndOptions {
  readonly config?: Partial<SctpConfig>
  /** Runs inside the host's `received`. */
  readonly onReceived?: (end: End, now: Millis, stream: number, message: Uint8Array) => void
}

/** One association and all that it told its host. */
export class End {
  readonly association: SctpAssociation
  readonly received: Received[] = []
  readonly low: number[] = []
  readonly streamsReset: (readonly number[])[] = []
  readonly resetDone: { streams: readonly number[]; performed: boolean }[] = []
  readonly closed: SctpCloseReason[] = []
  connected = 0
  restarted = 0
  receivedBytes = 0

  constructor(
    sim: Simulation,
    transmit: (packet: Uint8Array, more: boolean) => void,
    options: EndOptions = {},
  ) {
    this.association = new SctpAssociation(
      { crypto: sim.seeded(nodeCrypto), ...options.config },
      {
        transmit,
        connected: () => this.connected++,
        received: (now, stream, protocol, message) => {
          this.received.push({ at: now, stream, protocol, message: message.slice() })
          this.receivedBytes += message.length
          options.onReceived?.(this, now, stream, message)
        },
        bufferedAmountLow: (stream) => this.low.push(stream),
        streamsReset: (streams) => this.streamsReset.push([...streams]),
        resetDone: (streams, performed) => this.resetDone.push({ streams: [...streams], performed }),
        restarted: () => this.restarted++,
        closed: (reason) => this.closed.push(reason),
      },
    )
    sim.attach(this.association)
  }

  /** The first message of a stream. */
  message(stream: number): Uint8Array {
    const received = this.received.find((candidate) => candidate.stream === stream)
    if (!received) throw new Error(`nothing came on stream ${stream}`)
    return received.message
  }

  /** Messages of one stream as text. */
  texts(stream: number): string[] {
    return this.received
      .filter((received) => received.stream === stream)
      .map(({ message }) => new TextDecoder().decode(message))
  }
}

export interface PairOptions extends LinkConditions {
  readonly seed?: number
  readonly a?: EndOptions
  readonly b?: EndOptions
}

/** Two associations, a virtual clock and a seeded network between them. */
export class Pair extends Simulated {
  readonly a: End
  #b: End
  readonly toA: Link
  readonly toB: Link

  constructor(options: PairOptions = {}) {
    const { seed = 1, a, b, ...conditions } = options
    super(new Simulation({ seed }))
    this.toA = new Link(this.sim, { latency: 10, ...conditions }, (now, bytes) => {
      for (const packet of packetsOf(bytes)) this.a.association.handlePacket(now, packet)
    })
    this.toB = new Link(this.sim, { latency: 10, ...conditions }, (now, bytes) => {
      for (const packet of packetsOf(bytes)) this.b.association.handlePacket(now, packet)
    })
    this.a = this.#newEnd(this.toB, a)
    this.#b = this.#newEnd(this.toA, b)
  }

  get b(): End {
    return this.#b
  }

  /** B loses all that it knew: another association takes its place, and nobody hears of the old one. */
  restartB(options: EndOptions = {}): void {
    this.sim.detach(this.#b.association)
    this.#b = this.#newEnd(this.toA, options)
  }

  #newEnd(link: Link, options: EndOptions | undefined): End {
    const datagrams = new DatagramWriter((datagram) => link.send(datagram))
    return new End(this.sim, (packet, more) => datagrams.transmit(packet, more), options)
  }

  /** Both ends begin at once, as in WebRTC, and the clock runs until both stand. */
  connect(): this {
    this.a.association.connect(this.now)
    this.b.association.connect(this.now)
    this.runUntil(() => this.a.connected > 0 && this.b.connected > 0)
    return this
  }

  protected override describe(): string {
    return (
      `a ${this.a.association.state}, b ${this.b.association.state}, ` +
      `b received ${this.b.received.length}, a received ${this.a.received.length}`
    )
  }
}

/** Bytes that tell their own position, so that a wrong piece anywhere shows. */
export function pattern(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  let x = (seed * 2_654_435_761 + 12_345) >>> 0
  for (let i = 0; i < length; i++) {
    x = (imul(x, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = x >>> 24
  }
  return bytes
}

/** Under jest every look-up of a global is slow. */
const { imul } = Math

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
