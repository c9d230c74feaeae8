import { createHash, randomBytes } from 'node:crypto'

import { describe, expect, test } from '@jest/globals'

import {
  type FileSource,
  receiveFile,
  type RunningHash,
  sendFile,
  type TransferChannel,
} from '../page/transfer.ts'

describe('a file transfer', () => {
  test.each([0, 1, 16_383, 16_384, 16_385, 3_000_000])('carries %d bytes', async (length) => {
    const { sender, receiver } = channelPair()
    const content = randomBytes(length)
    const received: Uint8Array[] = []
    const progress: number[] = []
    const [sent, got] = await Promise.all([
      sendFile(sender, sourceOf(content), sha256(), (bytes) => progress.push(bytes)),
      receiveFile(
        receiver,
        () => ({ write: (piece) => void received.push(piece.slice()) }),
        sha256(),
        () => {},
      ),
    ])
    expect(Buffer.concat(received).equals(content)).toBe(true)
    expect(got).toEqual({ name: 'a.bin', size: length, bytes: length, sha256: sent.sha256 })
    expect(progress.at(-1) ?? 0).toBe(length)
  })

  test('a slow link holds the sender back', async () => {
    const { sender, receiver } = channelPair({ perTurn: 4 })
    const [sent] = await Promise.all([
      sendFile(sender, sourceOf(randomBytes(4_000_000)), sha256(), () => {}),
      receiveFile(
        receiver,
        () => ({ write: () => {} }),
        sha256(),
        () => {},
      ),
    ])
    expect(sent.bytes).toBe(4_000_000)
    expect(sender.peak).toBeLessThan(1024 * 1024 + 2 * 16 * 1024)
  })

  test('a byte changed on the way fails both sides', async () => {
    const { sender, receiver } = channelPair({
      alter: (data) => {
        if (typeof data !== 'string') data[5] = (data[5] ?? 0) ^ 1
      },
    })
    const outcome = await Promise.allSettled([
      sendFile(sender, sourceOf(randomBytes(100)), sha256(), () => {}),
      receiveFile(
        receiver,
        () => ({ write: () => {} }),
        sha256(),
        () => {},
      ),
    ])
    expect(outcome.map(codeOf)).toEqual(['mismatch', 'mismatch'])
  })

  test('a channel that closes fails both sides', async () => {
    const { sender, receiver } = channelPair({ closeAfter: 3 })
    const outcome = await Promise.allSettled([
      sendFile(sender, sourceOf(randomBytes(1_000_000)), sha256(), () => {}),
      receiveFile(
        receiver,
        () => ({ write: () => {} }),
        sha256(),
        () => {},
      ),
    ])
    expect(outcome.map(codeOf)).toEqual(['closed', 'closed'])
  })

  test.each<[string, readonly (string | Uint8Array<ArrayBuffer>)[]]>([
    ['bytes before the header', [Uint8Array.of(1)]],
    ['a header that is no JSON', ['{']],
    ['a header of null', ['null']],
    ['a header without a size', ['{"type":"file","name":"a"}']],
    ['a negative size', ['{"type":"file","name":"a","size":-1}']],
    ['a size beyond integers', ['{"type":"file","name":"a","size":1e300}']],
    ['a receipt for a header', ['{"type":"receipt","bytes":1,"sha256":""}']],
    ['more bytes than announced', ['{"type":"file","name":"a","size":1}', Uint8Array.of(1, 2)]],
    ['a second header', ['{"type":"file","name":"a","size":1}', '{"type":"file","name":"a","size":1}']],
  ])('a receiver refuses %s', async (_, messages) => {
    const { sender, receiver } = channelPair()
    const receiving = receiveFile(
      receiver,
      () => ({ write: () => {} }),
      sha256(),
      () => {},
    )
    for (const message of messages) sender.send(message)
    await expect(receiving).rejects.toMatchObject({ code: 'protocol' })
  })

  test('a sender refuses a receipt for something else', async () => {
    const { sender, receiver } = channelPair()
    const sending = sendFile(sender, sourceOf(randomBytes(10)), sha256(), () => {})
    receiver.send('{"type":"receipt","bytes":9,"sha256":"00"}')
    await expect(sending).rejects.toMatchObject({ code: 'mismatch' })
  })
})

type Data = string | Uint8Array<ArrayBuffer>

/** Two ends of a data channel in memory: messages move in batches, as a link would let them through. */
function channelPair({
  perTurn = 1_000,
  closeAfter = Infinity,
  alter = () => {},
}: { perTurn?: number; closeAfter?: number; alter?: (data: Data) => void } = {}): {
  sender: End
  receiver: End
} {
  const sender = new End(perTurn, closeAfter, alter)
  const receiver = new End(perTurn, Infinity, () => {})
  sender.connect(receiver)
  receiver.connect(sender)
  return { sender, receiver }
}

class End implements TransferChannel {
  readonly #events = new EventTarget()
  readyState = 'open'
  bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  binaryType = 'blob'
  peak = 0
  readonly #queue: Data[] = []
  readonly #perTurn: number
  #left: number
  readonly #alter: (data: Data) => void
  #other: End | null = null
  #scheduled = false

  constructor(perTurn: number, closeAfter: number, alter: (data: Data) => void) {
    this.#perTurn = perTurn
    this.#left = closeAfter
    this.#alter = alter
  }

  connect(other: End): void {
    this.#other = other
  }

  send(data: Data): void {
    const copy = typeof data === 'string' ? data : data.slice()
    this.#alter(copy)
    this.#queue.push(copy)
    this.bufferedAmount += data.length
    this.peak = Math.max(this.peak, this.bufferedAmount)
    this.#schedule()
  }

  addEventListener(type: string, listener: (event: { readonly data: unknown }) => void): void {
    this.#events.addEventListener(type, (event) => listener(event as MessageEvent))
  }

  close(): void {
    this.readyState = 'closed'
    this.#events.dispatchEvent(new Event('close'))
  }

  receive(event: Event): void {
    this.#events.dispatchEvent(event)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#turn()
    })
  }

  #turn(): void {
    for (let i = 0; i < this.#perTurn && this.#queue.length > 0; i++) {
      if (this.#left-- <= 0) {
        this.close()
        this.#other?.close()
        return
      }
      const data = this.#queue.shift() ?? ''
      this.bufferedAmount -= data.length
      const event = new MessageEvent('message', { data: typeof data === 'string' ? data : data.buffer })
      this.#other?.receive(event)
    }
    if (this.bufferedAmount <= this.bufferedAmountLowThreshold)
      this.#events.dispatchEvent(new Event('bufferedamountlow'))
    if (this.#queue.length > 0) this.#schedule()
  }
}

function sourceOf(content: Buffer): FileSource {
  return {
    name: 'a.bin',
    size: content.length,
    read: async (offset, length) => new Uint8Array(content.subarray(offset, offset + length)),
  }
}

function sha256(): RunningHash {
  const hash = createHash('sha256')
  return { update: (piece) => void hash.update(piece), hex: () => hash.digest('hex') }
}

const codeOf = (outcome: PromiseSettledResult<unknown>): unknown =>
  outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : 'fulfilled'
