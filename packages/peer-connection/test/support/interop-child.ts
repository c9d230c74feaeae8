/** One connection of the stack named by the first argument, commanded and reporting in lines of JSON. */
import { createHash, type Hash, randomBytes } from 'node:crypto'
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
  readonly #files: Map<string, FileDigest> = new Map()
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
    else this.#file(label).add(data)
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
    const message = Uint8Array.from(randomBytes(messageSize))
    const hash = createHash('sha256')
    let sent = 0
    let timer: NodeJS.Timeout | undefined
    const pump = (): void => {
      clearTimeout(timer)
      while (sent < size && channel.bufferedAmount() <= HIGH_WATER) {
        // No two messages are alike.
        new DataView(message.buffer).setFloat64(0, sent)
        const part = message.subarray(0, Math.min(messageSize, size - sent))
        hash.update(part)
        channel.send(Uint8Array.from(part))
        sent += part.length
      }
      if (sent < size) {
        timer = setTimeout(pump, 5)
        return
      }
      this.#transfers.delete(label)
      this.report({ event: 'transferred', label, sha256: hash.digest('hex') })
    }
    this.#transfers.set(label, pump)
    pump()
  }

  #reportFile(label: string): void {
    const { messages, bytes, hash } = this.#file(label)
    this.report({ event: 'file', label, messages, bytes, sha256: hash.digest('hex') })
  }

  #file(label: string): FileDigest {
    const file = this.#files.get(label) ?? new FileDigest()
    this.#files.set(label, file)
    return file
  }

  #channel(label: string): ForeignChannel {
    const channel = this.#channels.get(label)
    if (channel === undefined) throw new Error(`there is no channel ${label}`)
    return channel
  }
}

/** A file as it arrives: it may be larger than memory. */
class FileDigest {
  readonly hash: Hash = createHash('sha256')
  messages = 0
  bytes = 0

  add(part: Uint8Array): void {
    this.hash.update(part)
    this.messages++
    this.bytes += part.length
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
