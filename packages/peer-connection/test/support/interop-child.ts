/** One connection of the stack named by the first argument, commanded and reporting in lines of JSON. */
import { createHash, randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'

import { Libdatachannel } from './interop-libdatachannel.ts'
import type { ChannelOptions, Command, Report } from './interop-protocol.ts'
import { W3cStack } from './interop-w3c.ts'

export interface ForeignChannel {
  send(data: string | Uint8Array): void
  bufferedAmount(): number
  close(): void
}

/** What the child asks of a stack. */
export interface ForeignConnection {
  open(label: string, options: ChannelOptions): ForeignChannel
  offer(): Promise<void> | void
  setDescription(type: 'offer' | 'answer', sdp: string): Promise<void> | void
  addCandidate(candidate: string, sdpMid: string): Promise<void> | void
}

/** What a stack tells the child. */
export interface ForeignHost {
  report(report: Report): void
  incoming(label: string, channel: ForeignChannel): void
  received(label: string, data: string | Uint8Array): void
  bufferedAmountLow(label: string): void
}

class Child implements ForeignHost {
  readonly #connection: ForeignConnection
  readonly #channels: Map<string, ForeignChannel> = new Map()
  readonly #files: Map<string, Uint8Array[]> = new Map()
  readonly #transfers: Map<string, () => void> = new Map()

  constructor(name: string) {
    this.#connection = name === 'node-datachannel' ? new Libdatachannel(this) : new W3cStack(name, this)
  }

  report(report: Report): void {
    process.stdout.write(`${JSON.stringify(report)}\n`)
  }

  incoming(label: string, channel: ForeignChannel): void {
    this.#channels.set(label, channel)
  }

  /** Everything is echoed, but what belongs to a file. */
  received(label: string, data: string | Uint8Array): void {
    if (!label.startsWith('file')) this.#channel(label).send(data)
    else if (typeof data === 'string') this.#reportFile(label)
    else this.#parts(label).push(Uint8Array.from(data))
  }

  bufferedAmountLow(label: string): void {
    this.#transfers.get(label)?.()
  }

  async obey(command: Command): Promise<void> {
    switch (command.do) {
      case 'open':
        this.#channels.set(command.label, this.#connection.open(command.label, command.options))
        return
      case 'offer':
        return this.#connection.offer()
      case 'description':
        return this.#connection.setDescription(command.type, command.sdp)
      case 'candidate':
        return this.#connection.addCandidate(command.candidate, command.sdpMid)
      case 'transfer':
        this.#transfer(command.label, command.size, command.messageSize)
        return
      case 'close':
        this.#channel(command.label).close()
    }
  }

  #transfer(label: string, size: number, messageSize: number): void {
    const channel = this.#channel(label)
    const file = randomBytes(size)
    let sent = 0
    const pump = (): void => {
      while (sent < size && channel.bufferedAmount() <= HIGH_WATER) {
        channel.send(Uint8Array.from(file.subarray(sent, sent + messageSize)))
        sent += messageSize
      }
      if (sent < size) return
      this.#transfers.delete(label)
      this.report({ event: 'transferred', label, sha256: createHash('sha256').update(file).digest('hex') })
    }
    this.#transfers.set(label, pump)
    pump()
  }

  #reportFile(label: string): void {
    const parts = this.#parts(label)
    const file = Buffer.concat(parts)
    const sha256 = createHash('sha256').update(file).digest('hex')
    this.report({ event: 'file', label, messages: parts.length, bytes: file.length, sha256 })
  }

  #parts(label: string): Uint8Array[] {
    const parts = this.#files.get(label) ?? []
    this.#files.set(label, parts)
    return parts
  }

  #channel(label: string): ForeignChannel {
    const channel = this.#channels.get(label)
    if (channel === undefined) throw new Error(`there is no channel ${label}`)
    return channel
  }
}

const HIGH_WATER = 262_144

const child = new Child(process.argv[2] ?? '')
// In order: a candidate must not overtake its description.
let obeyed = Promise.resolve()
const commands = createInterface({ input: process.stdin })
commands.on('line', (line) => {
  obeyed = obeyed.then(() => child.obey(JSON.parse(line) as Command))
})
// Native handles would keep the process alive when the test has gone.
commands.on('close', () => process.exit(0))
