/**
 * How much the protocol itself costs: two associations in one process, each packet copied once on its way, no DTLS
 * and no sockets. Every message is checked by length and the last byte of each by value before a figure is printed.
 *
 *     node --conditions=@purertc/source --import tsx packages/sctp/bench/throughput.ts [seconds]
 *
 * `us/packet` is processor time of both sides together for one DATA packet, its share of SACKs included.
 */
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { SctpAssociation, type SctpHost } from '../src/index.ts'
import { silentHost } from '../test/support/silent-host.ts'

/** Packets under way in one direction, in memory that is used again. */
class Wire {
  readonly #packets: Uint8Array[] = []
  readonly #lengths: number[] = []
  #head = 0
  #tail = 0
  carried = 0

  readonly send = (packet: Uint8Array): void => {
    const slot = (this.#packets[this.#tail] ??= new Uint8Array(2_048))
    slot.set(packet)
    this.#lengths[this.#tail++] = packet.length
    this.carried++
  }

  deliver(now: Millis, to: SctpAssociation): void {
    const end = this.#tail
    while (this.#head < end) {
      const packet = this.#packets[this.#head]!
      const length = this.#lengths[this.#head++]!
      to.handlePacket(now, packet.length === length ? packet : packet.subarray(0, length))
    }
    if (this.#head === this.#tail) this.#head = this.#tail = 0
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail
  }
}

interface Result {
  readonly messages: number
  readonly packets: number
  readonly seconds: number
  /** Processor time in microseconds. */
  readonly processor: number
}

function run(size: number, seconds: number, batch: number): Result {
  const toA = new Wire()
  const toB = new Wire()
  let messages = 0
  const failing = (transmit: SctpHost['transmit'], does: Partial<SctpHost> = {}): SctpHost =>
    silentHost({
      transmit,
      closed(reason) {
        throw new Error(reason.message)
      },
      ...does,
    })
  const a = new SctpAssociation({ crypto: nodeCrypto }, failing(toB.send))
  const b = new SctpAssociation(
    { crypto: nodeCrypto },
    failing(toA.send, {
      received: (_now, _stream, _protocol, message) => {
        if (message.length !== size || message[size - 1] !== 0x5a) throw new Error('a message came out wrong')
        messages++
      },
    }),
  )
  const clock = (): Millis => Millis(performance.now())
  const pump = (now: Millis): void => {
    toB.deliver(now, b)
    toA.deliver(now, a)
    if (a.nextTimeout <= now) a.handleTimeout(now)
    if (b.nextTimeout <= now) b.handleTimeout(now)
  }
  a.connect(clock())
  b.connect(clock())
  while (a.state !== 'established' || b.state !== 'established') pump(clock())

  const message = new Uint8Array(size).fill(0x5a)
  const sendSome = (now: Millis): void => {
    for (let i = 0; i < batch && a.bufferedAmount(0) < 1_048_576; i++) a.send(now, 0, 53, message)
  }
  const start = performance.now()
  const before = process.cpuUsage()
  const packetsBefore = toB.carried
  let now = clock()
  while (now - start < seconds * 1_000) {
    now = clock()
    a.batch(now, () => sendSome(now))
    pump(now)
  }
  const elapsed = (performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(before)
  return { messages, packets: toB.carried - packetsBefore, seconds: elapsed, processor: user + system }
}

const seconds = Number(process.argv[2] ?? 2)
console.log('message      MB/s   messages/s    packets/s   us/packet')
for (const [size, batch] of [
  [16_384, 16],
  [1_024, 64],
  [100, 256],
] as const) {
  run(size, 0.3, batch)
  const { messages, packets, seconds: elapsed, processor } = run(size, seconds, batch)
  const columns = [
    String(size).padStart(7),
    ((messages * size) / elapsed / 1e6).toFixed(1).padStart(9),
    Math.round(messages / elapsed)
      .toLocaleString('en')
      .padStart(12),
    Math.round(packets / elapsed)
      .toLocaleString('en')
      .padStart(12),
    (processor / packets).toFixed(2).padStart(11),
  ]
  console.log(columns.join(' '))
}
