/**
 * One end of a connection, in a process of its own, that sends or receives one message as a stream. Its parent hands on
 * what it signals; in the end it reports a {@link StreamReport}.
 */
import { createHash, randomBytes } from 'node:crypto'

import { RTCPeerConnection } from '../../src/node/index.ts'
import type { StreamReport } from './streaming-pair.ts'

const [, , role, size] = process.argv
const connection = new RTCPeerConnection({ network: { addresses: ['127.0.0.1'] }, messageStreams: true })
connection.onicecandidate = ({ candidate }) => candidate && tell({ candidate: candidate.toJSON() })
/** Signals are taken in their order. */
let taken: Promise<unknown> = Promise.resolve()
process.on('message', (signal: object) => {
  taken = taken.then(() => take(signal))
})
process.on('disconnect', () => process.exit(0))
const report = role === 'sender' ? send() : receive()
void report.then((done) => process.send?.({ report: done }))

async function send(): Promise<StreamReport> {
  const channel = connection.createDataChannel('stream')
  await connection.setLocalDescription()
  tell({ description: connection.localDescription })
  const hash = createHash('sha256')
  const memory = new MemoryWatch()
  let left = Number(size)
  const piece = randomBytes(PIECE)
  await channel.sendStream(
    new ReadableStream(
      {
        pull: (controller) => {
          memory.look()
          if (left === 0) {
            controller.close()
            return
          }
          // No two pieces are alike.
          piece.writeDoubleBE(left, 0)
          const part = piece.subarray(0, Math.min(left, PIECE))
          left -= part.length
          hash.update(part)
          controller.enqueue(part)
        },
      },
      // The piece is made anew in the same memory, and only when the one before was taken.
      { highWaterMark: 0 },
    ),
  )
  return { bytes: Number(size), sha256: hash.digest('hex'), memoryGrowth: memory.growth }
}

async function receive(): Promise<StreamReport> {
  const stream = await new Promise<ReadableStream<Uint8Array>>(
    (resolve) =>
      (connection.ondatachannel = ({ channel }) =>
        (channel.onmessagestream = (event) => resolve(event.stream))),
  )
  const hash = createHash('sha256')
  const memory = new MemoryWatch()
  let bytes = 0
  for await (const part of stream) {
    memory.look()
    hash.update(part)
    bytes += part.length
  }
  return { bytes, sha256: hash.digest('hex'), memoryGrowth: memory.growth }
}

/** How far the memory of this process has grown since the beginning. */
class MemoryWatch {
  readonly #before = process.memoryUsage.rss()
  #most = 0
  #looks = 0

  look(): void {
    if (this.#looks++ % LOOKS === 0) this.#most = Math.max(this.#most, process.memoryUsage.rss())
  }

  get growth(): number {
    return this.#most - this.#before
  }
}

async function take(signal: object): Promise<void> {
  if ('candidate' in signal) {
    await connection.addIceCandidate(signal.candidate as object)
    return
  }
  const { description } = signal as { readonly description: { type: 'offer' | 'answer'; sdp: string } }
  await connection.setRemoteDescription(description)
  if (description.type === 'answer') return
  await connection.setLocalDescription()
  tell({ description: connection.localDescription })
}

function tell(signal: object): void {
  process.send?.({ signal: JSON.parse(JSON.stringify(signal)) as object })
}

/** Bytes. */
const PIECE = 262_144
/** To ask the system costs more than to receive a part. */
const LOOKS = 16
