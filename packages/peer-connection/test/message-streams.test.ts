import { createHash, randomBytes } from 'node:crypto'

import { afterEach, describe, expect, test } from '@jest/globals'

import { type RTCDataChannel, type RTCMessageStreamEvent, RTCPeerConnection } from '../src/index.ts'
import { connectPair } from './support/loopback-pair.ts'

const connections: RTCPeerConnection[] = []
afterEach(() => {
  for (const connection of connections.splice(0)) connection.close()
})

/** Both ends of a channel on loopback. */
async function openChannels(
  theirs: { messageStreams?: boolean } = { messageStreams: true },
  init = {},
): Promise<[RTCDataChannel, RTCDataChannel]> {
  const network = { addresses: ['127.0.0.1'] }
  const [alice, bob] = [
    new RTCPeerConnection({ network, messageStreams: true }),
    new RTCPeerConnection({ network, ...theirs }),
  ]
  connections.push(alice, bob)
  const channel = alice.createDataChannel('stream', init)
  const remote = new Promise<RTCDataChannel>(
    (resolve) => (bob.ondatachannel = (event) => resolve(event.channel)),
  )
  await connectPair(alice, bob)
  return [channel, await remote]
}

/** `count` pieces of 256 KiB, made as they are asked for. */
function source(count: number, hash = createHash('sha256')): ReadableStream<Uint8Array> {
  const piece = randomBytes(262_144)
  let made = 0
  return new ReadableStream(
    {
      pull: (controller) => {
        if (made++ === count) {
          controller.close()
          return
        }
        piece.writeUInt32BE(made, 0)
        hash.update(piece)
        controller.enqueue(piece)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Runs `action` for each piece that passes. */
const each = (action: (piece: Uint8Array) => void): TransformStream<Uint8Array, Uint8Array> =>
  new TransformStream({
    transform: (piece, controller) => {
      action(piece)
      controller.enqueue(piece)
    },
  })

const nextStream = (channel: RTCDataChannel): Promise<RTCMessageStreamEvent> =>
  new Promise((resolve) => (channel.onmessagestream = resolve))

const nextMessage = (channel: RTCDataChannel): Promise<unknown> =>
  new Promise((resolve) => (channel.onmessage = ({ data }) => resolve(data)))

/** Megabytes; PURERTC_STREAMED_MIB says more. */
const mebibytes = Number(process.env['PURERTC_STREAMED_MIB'] ?? 64)

describe('a message sent as a stream', () => {
  test(`of ${mebibytes} MiB comes as a stream, and is held by nobody`, async () => {
    const [ours, theirs] = await openChannels()
    const coming = nextStream(theirs)
    const [sent, received] = [createHash('sha256'), createHash('sha256')]
    let pulled = 0
    const sending = ours.sendStream(
      source(mebibytes * 4, sent).pipeThrough(each((piece) => (pulled += piece.length))),
    )
    const { stream, isText } = await coming
    let bytes = 0
    let mostBetween = 0
    for await (const part of stream) {
      received.update(part)
      bytes += part.length
      mostBetween = Math.max(mostBetween, pulled - bytes)
    }
    await sending
    expect([bytes, isText]).toEqual([mebibytes * 1_048_576, false])
    expect(received.digest('hex')).toBe(sent.digest('hex'))
    // What the source has given and the reader has not: the sender's queue, the receive window, and what is read ahead.
    expect(mostBetween).toBeLessThan(10 * 1_048_576)
  }, 600_000)

  test('breaks off where its source fails, and the channel goes on', async () => {
    const [ours, theirs] = await openChannels()
    const inner = source(8).getReader()
    const failing = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await inner.read()
        if (!done) {
          controller.enqueue(value)
          return
        }
        await coming
        controller.error(new Error('disk on fire'))
      },
    })
    const coming = nextStream(theirs)
    const sending = ours.sendStream(failing)
    const rejection = expect(sending).rejects.toThrow('disk on fire')
    const { stream } = await coming
    let bytes = 0
    const reading = (async () => {
      for await (const part of stream) bytes += part.length
    })()
    await expect(reading).rejects.toMatchObject({ name: 'OperationError' })
    await rejection
    expect(bytes).toBeGreaterThan(0)
    const message = nextMessage(theirs)
    ours.send('still here')
    expect(await message).toBe('still here')
  })

  test('that its receiver cancels is thrown away, and the channel goes on', async () => {
    const [ours, theirs] = await openChannels()
    const coming = nextStream(theirs)
    const sending = ours.sendStream(source(60))
    await (await coming).stream.cancel()
    await sending
    const message = nextMessage(theirs)
    ours.send('still here')
    expect(await message).toBe('still here')
  })

  test('errors at both ends when the connection goes', async () => {
    const [ours, theirs] = await openChannels()
    const coming = nextStream(theirs)
    const sending = ours.sendStream(source(10_000))
    const rejection = expect(sending).rejects.toThrow()
    const { stream } = await coming
    connections[1]!.close()
    await expect(new Response(stream).arrayBuffer()).rejects.toThrow()
    await rejection
  })

  test('small or of text comes whole, in a message event', async () => {
    const [ours, theirs] = await openChannels()
    const words = (...pieces: string[]): ReadableStream<string> => ReadableStream.from(pieces)
    const text = nextMessage(theirs)
    await ours.sendStream(words('one ', 'word'))
    expect(await text).toBe('one word')
    const empty = nextMessage(theirs)
    await ours.sendStream(words())
    expect(await empty).toEqual(new ArrayBuffer(0))
  })

  test.each([
    ['to a peer that takes no streams', { messageStreams: false }, {}],
    ['on a channel that gives messages up', { messageStreams: true }, { maxRetransmits: 0 }],
  ])('%s goes whole, or not at all', async (_name, theirs, init) => {
    const [ours, remote] = await openChannels(theirs, init)
    const message = nextMessage(remote)
    await ours.sendStream(source(1))
    expect(((await message) as ArrayBuffer).byteLength).toBe(262_144)
    if (theirs.messageStreams) return
    await expect(ours.sendStream(source(2))).rejects.toMatchObject({ name: 'OperationError' })
    expect(remote.readyState).toBe('open')
  })
})
