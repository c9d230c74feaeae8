import { basename } from 'node:path'

import { type FileHeader, receiveFile, sendFile, transferProtocol } from '@purertc/demo-server/transfer'
import type { Peer, RTCDataChannel } from '@purertc/peer-connection'

import { createSink, openSource, sha256, type Sink } from '../files.ts'
import type { Direction, Report } from '../report.ts'

/** The connection under a `Peer`. */
export type Connection = NonNullable<Peer['connection']>

/** Sends a file over a channel of its own; resolves when the receiver has confirmed its hash. */
export async function sendPath(
  connection: Connection,
  path: string,
  tell: (report: Report) => void,
  signal: AbortSignal,
): Promise<void> {
  const source = await openSource(path)
  try {
    const channel = connection.createDataChannel(source.name, { protocol: transferProtocol })
    const timing = new Timing('sent', source.name, tell)
    const receipt = await unlessAborted(signal, sendFile(channel, source, sha256(), timing.progress))
    timing.done(receipt)
    channel.close()
  } finally {
    await source.close()
  }
}

/**
 * Receives a file into `folder`; resolves when its hash is right and the sender has the receipt. Nothing of it is left
 * in the folder otherwise. A connection that is closed tells its channels nothing: `signal` does.
 */
export async function receiveInto(
  channel: RTCDataChannel,
  folder: string,
  tell: (report: Report) => void,
  signal: AbortSignal,
): Promise<void> {
  // Listening starts at once: the sender closes the channel as soon as it has the receipt.
  const closed = new Promise<void>((resolve) =>
    channel.addEventListener('close', () => resolve(), { once: true }),
  )
  const timing = new Timing('received', channel.label, tell)
  let unverified: Sink[] = []
  const open = ({ name }: FileHeader): Sink => {
    const sink = createSink(folder, name)
    unverified.push(sink)
    timing.name = basename(sink.path)
    return sink
  }
  try {
    const file = await unlessAborted(signal, receiveFile(channel, open, sha256(), timing.progress))
    for (const sink of unverified) sink.close()
    unverified = []
    timing.done(file)
    await unlessAborted(signal, closed)
  } finally {
    for (const sink of unverified) sink.discard()
  }
}

export const isTransfer = (channel: RTCDataChannel): boolean => channel.protocol === transferProtocol

function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
  return Promise.race([promise, aborted])
}

/** Turns progress into reports: ten a second at most. */
class Timing {
  name: string
  readonly #direction: Direction
  readonly #tell: (report: Report) => void
  readonly #startedAt = performance.now()
  #toldAt = 0

  constructor(direction: Direction, name: string, tell: (report: Report) => void) {
    this.#direction = direction
    this.name = name
    this.#tell = tell
  }

  readonly progress = (bytes: number, total: number): void => {
    const now = performance.now()
    if (now - this.#toldAt < 100 && bytes < total) return
    this.#toldAt = now
    this.#tell({
      step: 'Communicating',
      event: 'progress',
      direction: this.#direction,
      name: this.name,
      bytes,
      total,
    })
  }

  done({ bytes, sha256 }: { readonly bytes: number; readonly sha256: string }): void {
    const seconds = (performance.now() - this.#startedAt) / 1000
    this.#tell({
      step: 'Communicating',
      event: 'file',
      direction: this.#direction,
      name: this.name,
      bytes,
      seconds,
      sha256,
    })
  }
}
