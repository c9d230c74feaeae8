/**
 * How the demo's peers send a file over a data channel. One reliable ordered channel a file, with the protocol name
 * {@link transferProtocol}:
 *
 *     sender → receiver  text    {"type":"file","name":…,"size":…}
 *     sender → receiver  binary  the file, in messages of 16 KiB
 *     sender → receiver  text    {"type":"end","sha256":…}
 *     receiver → sender  text    {"type":"receipt","bytes":…,"sha256":…}
 *
 * The module knows only the W3C data channel, so the page and the command-line peer share it.
 */
export const transferProtocol = 'v1.file.purertc'

/** The part of an RTCDataChannel that a transfer uses. */
export interface TransferChannel {
  readonly readyState: string
  readonly bufferedAmount: number
  bufferedAmountLowThreshold: number
  binaryType: string
  send(data: string): void
  send(data: Uint8Array<ArrayBuffer>): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'open' | 'close' | 'bufferedamountlow', listener: () => void): void
}

/** A hash that is fed piece by piece. */
export interface RunningHash {
  update(piece: Uint8Array): void
  /** Lower-case hexadecimal SHA-256 of all pieces. */
  hex(): string | Promise<string>
}

export interface FileSource {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Reads `length` bytes from `offset` on; the result may be shorter at the end of the file only. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

export interface FileHeader {
  readonly name: string
  readonly size: number
}

/** Where a received file goes. */
export interface FileSink {
  write(piece: Uint8Array): void
}

export interface Receipt {
  readonly bytes: number
  readonly sha256: string
}

/** Called whenever bytes were handed over, with the sum so far. */
export type Progress = (bytes: number, total: number) => void

/**
 * - `closed`: the channel closed before the transfer was complete.
 * - `protocol`: the other side sent what the protocol does not allow.
 * - `mismatch`: the receiver's bytes or hash differ from the sender's.
 */
export type TransferFault = 'closed' | 'protocol' | 'mismatch'

export class TransferError extends Error {
  override readonly name = 'TransferError'
  readonly code: TransferFault

  constructor(code: TransferFault, message: string) {
    super(message)
    this.code = code
  }
}

/** Sends one file and resolves with the receiver's receipt once it matches what was sent. */
export async function sendFile(
  channel: TransferChannel,
  source: FileSource,
  hash: RunningHash,
  progress: Progress,
): Promise<Receipt> {
  const inbox = new Inbox(channel)
  channel.bufferedAmountLowThreshold = lowWater
  await inbox.open()
  channel.send(JSON.stringify({ type: 'file', name: source.name, size: source.size }))
  for (let offset = 0; offset < source.size;) {
    const block = await source.read(offset, Math.min(blockSize, source.size - offset))
    if (block.length === 0)
      throw new TransferError('mismatch', `${source.name} became shorter while it was sent`)
    hash.update(block)
    for (let at = 0; at < block.length; at += messageSize) {
      if (channel.bufferedAmount > highWater) await inbox.drained()
      channel.send(block.subarray(at, at + messageSize))
    }
    offset += block.length
    progress(offset, source.size)
  }
  const sha256 = await hash.hex()
  channel.send(JSON.stringify({ type: 'end', sha256 }))
  const receipt = parseText(await inbox.next())
  if (receipt.type !== 'receipt') throw new TransferError('protocol', 'expected a receipt')
  if (receipt.bytes !== source.size || receipt.sha256 !== sha256)
    throw new TransferError(
      'mismatch',
      `the receiver got ${receipt.bytes} bytes with SHA-256 ${receipt.sha256}`,
    )
  return { bytes: receipt.bytes, sha256 }
}

/**
 * Receives one file. `open` is called with the header and returns the sink; the promise resolves once size and hash
 * match what the sender announced.
 */
export async function receiveFile(
  channel: TransferChannel,
  open: (header: FileHeader) => FileSink | Promise<FileSink>,
  hash: RunningHash,
  progress: Progress,
): Promise<FileHeader & Receipt> {
  const inbox = new Inbox(channel)
  const header = parseText(await inbox.next())
  if (header.type !== 'file') throw new TransferError('protocol', 'expected a file header')
  const sink = await open(header)
  let bytes = 0
  for (;;) {
    const message = inbox.takeNow() ?? (await inbox.next())
    if (typeof message === 'string') {
      const end = parseText(message)
      if (end.type !== 'end') throw new TransferError('protocol', 'expected the end of the file')
      const sha256 = await hash.hex()
      channel.send(JSON.stringify({ type: 'receipt', bytes, sha256 }))
      if (bytes !== header.size || sha256 !== end.sha256)
        throw new TransferError(
          'mismatch',
          `${header.name}: ${bytes} of ${header.size} bytes, SHA-256 ${sha256}`,
        )
      return { name: header.name, size: header.size, bytes, sha256 }
    }
    bytes += message.length
    if (bytes > header.size) throw new TransferError('protocol', `${header.name} is longer than announced`)
    hash.update(message)
    sink.write(message)
    progress(bytes, header.size)
  }
}

type Message = string | Uint8Array

type Text =
  | { readonly type: 'file'; readonly name: string; readonly size: number }
  | { readonly type: 'end'; readonly sha256: string }
  | { readonly type: 'receipt'; readonly bytes: number; readonly sha256: string }

/** Messages of a channel in the order of their arrival, and what a sender waits for. */
class Inbox {
  readonly #channel: TransferChannel
  readonly #messages: Message[] = []
  #wake: (() => void) | null = null

  constructor(channel: TransferChannel) {
    this.#channel = channel
    channel.binaryType = 'arraybuffer'
    channel.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') this.#messages.push(data)
      else if (data instanceof ArrayBuffer) this.#messages.push(new Uint8Array(data))
      this.#notify()
    })
    for (const type of ['open', 'close', 'bufferedamountlow'] as const)
      channel.addEventListener(type, () => this.#notify())
  }

  async open(): Promise<void> {
    await this.#until(() => this.#channel.readyState === 'open')
  }

  async drained(): Promise<void> {
    await this.#until(() => this.#channel.bufferedAmount <= lowWater)
  }

  takeNow(): Message | undefined {
    return this.#messages.shift()
  }

  async next(): Promise<Message> {
    let message: Message | undefined
    await this.#until(() => (message = this.#messages.shift()) !== undefined)
    return message ?? ''
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#channel.readyState === 'closed' || this.#channel.readyState === 'closing')
        throw new TransferError('closed', 'the channel closed before the transfer was complete')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #notify(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}

function parseText(message: Message): Text {
  if (typeof message !== 'string') throw new TransferError('protocol', 'expected a text message')
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    throw new TransferError('protocol', 'a text message is not JSON')
  }
  if (typeof value === 'object' && value !== null && 'type' in value) {
    const fields = value as Record<string, unknown>
    const { type, name, size, bytes, sha256 } = fields
    if (type === 'file' && typeof name === 'string' && isByteCount(size)) return { type, name, size }
    if (type === 'end' && typeof sha256 === 'string') return { type, sha256 }
    if (type === 'receipt' && isByteCount(bytes) && typeof sha256 === 'string') return { type, bytes, sha256 }
  }
  throw new TransferError('protocol', 'a text message is not one of this protocol')
}

const isByteCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

/** Every browser takes messages of 16 KiB, and small ones keep other channels responsive. */
const messageSize = 16 * 1024
const blockSize = 16 * messageSize
/** The sender pauses above the high mark, and goes on below the low one. */
const highWater = 1024 * 1024
const lowWater = 256 * 1024
