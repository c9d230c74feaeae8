import type { ChannelOptions, Command, Report } from './interop-protocol.ts'

export interface ForeignChannel {
  send(data: string | Uint8Array): void
  bufferedAmount(): number
  close(): void
}

/** What is asked of a stack. */
export interface ForeignConnection {
  open(label: string, options: ChannelOptions): ForeignChannel
  offer(): Promise<void> | void
  setDescription(type: 'offer' | 'answer', sdp: string): Promise<void> | void
  addCandidate(candidate: string, sdpMid: string): Promise<void> | void
  close(): Promise<void> | void
}

/** What a stack tells. */
export interface ForeignHost {
  report(report: Report): void
  incoming(label: string, channel: ForeignChannel): void
  received(label: string, data: string | Uint8Array): void
  bufferedAmountLow(label: string): void
}

/** What Node and a page each have in their own way. */
export interface Surroundings {
  report(report: Report): void
  /** In hexadecimal digits, of all that was added. */
  sha256(): { add(bytes: Uint8Array): void; digest(): string }
  random(size: number): Uint8Array
}

/** One connection of a JavaScript API, commanded and reporting as interop-protocol.ts says: in a process or in a page. */
export class InteropPeer implements ForeignHost {
  readonly #connection: ForeignConnection
  readonly #surroundings: Surroundings
  readonly #channels: Map<string, ForeignChannel> = new Map()
  readonly #files: Map<string, FileDigest> = new Map()
  readonly #transfers: Map<string, () => void> = new Map()
  /** In order: a candidate must not overtake its description. */
  #obeyed: Promise<void> = Promise.resolve()

  constructor(surroundings: Surroundings, connect: (host: ForeignHost) => ForeignConnection) {
    this.#surroundings = surroundings
    this.#connection = connect(this)
  }

  report(report: Report): void {
    this.#surroundings.report(report)
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

  /** Resolves when this and what came before it was done. */
  obey(command: Command): Promise<void> {
    return (this.#obeyed = this.#obeyed.then(() => this.#do(command)))
  }

  async #do(command: Command): Promise<void> {
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
        return
      case 'end':
        return this.#connection.close()
    }
  }

  #transfer(label: string, size: number, messageSize: number): void {
    const channel = this.#channel(label)
    const message = this.#surroundings.random(messageSize)
    const hash = this.#surroundings.sha256()
    let sent = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const pump = (): void => {
      clearTimeout(timer)
      while (sent < size && channel.bufferedAmount() <= HIGH_WATER) {
        // No two messages are alike.
        new DataView(message.buffer, message.byteOffset).setFloat64(0, sent)
        const part = message.subarray(0, Math.min(messageSize, size - sent))
        hash.add(part)
        channel.send(Uint8Array.from(part))
        sent += part.length
      }
      if (sent < size) {
        timer = setTimeout(pump, 5)
        return
      }
      this.#transfers.delete(label)
      this.report({ event: 'transferred', label, sha256: hash.digest() })
    }
    this.#transfers.set(label, pump)
    pump()
  }

  #reportFile(label: string): void {
    const { messages, bytes, hash } = this.#file(label)
    this.report({ event: 'file', label, messages, bytes, sha256: hash.digest() })
  }

  #file(label: string): FileDigest {
    const file = this.#files.get(label) ?? new FileDigest(this.#surroundings.sha256())
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
  readonly hash: ReturnType<Surroundings['sha256']>
  messages = 0
  bytes = 0

  constructor(hash: ReturnType<Surroundings['sha256']>) {
    this.hash = hash
  }

  add(part: Uint8Array): void {
    this.hash.add(part)
    this.messages++
    this.bytes += part.length
  }
}

const HIGH_WATER = 262_144
