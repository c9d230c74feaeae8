import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { afterEach, describe, expect, test } from '@jest/globals'

import { DataChannelDuplex, type RTCDataChannel, RTCPeerConnection } from '../src/index.ts'
import { connectPair } from './support/loopback-pair.ts'

const connections: RTCPeerConnection[] = []
afterEach(() => {
  for (const connection of connections.splice(0)) connection.close()
})

/** A channel between two connections on loopback, as both ends have it. */
async function openChannels(): Promise<[RTCDataChannel, RTCDataChannel]> {
  const create = (): RTCPeerConnection => new RTCPeerConnection({ network: { addresses: ['127.0.0.1'] } })
  const [alice, bob] = [create(), create()]
  connections.push(alice, bob)
  const channel = alice.createDataChannel('stream')
  const remote = new Promise<RTCDataChannel>(
    (resolve) => (bob.ondatachannel = (event) => resolve(event.channel)),
  )
  await connectPair(alice, bob)
  return [channel, await remote]
}

describe('readable and writable', () => {
  test('carry messages as they are, in order, and end with the channel', async () => {
    const [ours, theirs] = await openChannels()
    const writer = ours.writable.getWriter()
    const sent = ['text', Uint8Array.of(1, 2, 3), '', new Uint8Array(0), 'last']
    for (const message of sent) void writer.write(message)
    const received: unknown[] = []
    const reading = (async () => {
      for await (const message of theirs.readable) received.push(message)
    })()
    await writer.close()
    await reading
    expect(received).toEqual(sent)
  })

  test('wait for a channel that is not open yet', async () => {
    const [ours] = await openChannels()
    const connection = connections[0]!
    const late = connection.createDataChannel('late')
    expect(late.readable).toBe(late.readable)
    expect(late.writable).toBe(late.writable)
    const remote = new Promise<RTCDataChannel>(
      (resolve) => (connections[1]!.ondatachannel = (event) => resolve(event.channel)),
    )
    await late.writable.getWriter().write('early word')
    const reader = (await remote).readable.getReader()
    expect(await reader.read()).toEqual({ done: false, value: 'early word' })
    expect(ours.readyState).toBe('open')
  })

  test('fail with the channel, and with what cannot be sent', async () => {
    const [ours, theirs] = await openChannels()
    const reader = theirs.readable.getReader()
    await expect(ours.writable.getWriter().write(new Uint8Array(300_000))).rejects.toThrow(TypeError)
    const other = connections[0]!.createDataChannel('other')
    connections[0]!.close()
    await expect(reader.read()).rejects.toMatchObject({ errorDetail: 'sctp-failure' })
    await expect(theirs.writable.getWriter().write('x')).rejects.toBeDefined()
    // Asked for afterwards, they are over from the start.
    expect(await other.readable.getReader().read()).toEqual({ done: true, value: undefined })
    await expect(other.writable.getWriter().write('x')).rejects.toMatchObject({ name: 'InvalidStateError' })
  })

  test('a reader that loses interest does not stop the sender', async () => {
    const [ours, theirs] = await openChannels()
    await theirs.readable.cancel()
    const writer = ours.writable.getWriter()
    for (let i = 0; i < 200; i++) await writer.write(new Uint8Array(60_000))
    await writer.close()
  })
})

describe('a Duplex', () => {
  test('carries a stream of bytes through a pipeline, whole', async () => {
    const [ours, theirs] = await openChannels()
    const data = randomBytes(5_000_000)
    const hash = createHash('sha256')
    const receiving = (async () => {
      let bytes = 0
      for await (const chunk of new DataChannelDuplex(theirs) as AsyncIterable<Buffer>) {
        hash.update(chunk)
        bytes += chunk.length
      }
      return bytes
    })()
    await pipeline(Readable.from([data.subarray(0, 1), data.subarray(1)]), new DataChannelDuplex(ours))
    expect(await receiving).toBe(data.length)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'))
  })

  test('keeps messages apart where it shall', async () => {
    const [ours, theirs] = await openChannels()
    const sender = new DataChannelDuplex(ours, { messages: true })
    const receiver = new DataChannelDuplex(theirs, { messages: true })
    const sent = ['one', '', Uint8Array.of(2), 'three']
    for (const message of sent) sender.write(message)
    sender.end()
    const received: unknown[] = []
    for await (const message of receiver) received.push(message)
    expect(received).toEqual(sent)
  })

  test('echoes', async () => {
    const [ours, theirs] = await openChannels()
    const echo = new DataChannelDuplex(theirs)
    echo.pipe(echo)
    const duplex = new DataChannelDuplex(ours)
    duplex.write('hello ')
    duplex.write('world')
    let text = ''
    for await (const chunk of duplex as AsyncIterable<Buffer>) {
      text += chunk.toString()
      if (text === 'hello world') break
    }
    expect(ours.readyState).not.toBe('open')
  })

  test('tells of a fault of the channel', async () => {
    const [ours, theirs] = await openChannels()
    const duplex = new DataChannelDuplex(theirs)
    const failed = new Promise<Error>((resolve) => duplex.once('error', resolve))
    duplex.resume()
    expect(ours.readyState).toBe('open')
    connections[0]!.close()
    expect(await failed).toMatchObject({ errorDetail: 'sctp-failure' })
  })
})
