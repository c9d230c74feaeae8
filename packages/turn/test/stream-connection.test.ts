import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

import { describe, expect, jest, test } from '@jest/globals'
import { StreamFramer } from '@purertc/stun'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { StreamConnection } from '../src/node/stream-connection.ts'

describe('a connection of messages', () => {
  test('who does not read is not waited for: memory is bounded, and the rest goes on', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const reader = connect(port, '127.0.0.1')
    reader.pause()
    const [socket] = await accepted
    const connection = new StreamConnection(socket, false, {
      received: () => undefined,
      ended: () => undefined,
    })
    const frame = new Uint8Array(4 + 1_000)
    frame.set([0x40, 0x00, 0x03, 0xe8])
    for (let i = 0; i < 20_000; i++) {
      connection.send(frame)
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(socket.writableLength).toBeLessThanOrEqual(1 << 20)
    stopClock()
    const closing = connection.close()
    jest.advanceTimersByTime(3_000)
    await closing
    reader.destroy()
    server.close()
  })

  test('bytes are lent: what is sent stays as it was', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const heard: number[] = []
    server.on('connection', (socket) => {
      const framer = new StreamFramer(
        (bytes) => {
          expect(bytes.subarray(4).every((byte) => byte === bytes[4])).toBe(true)
          heard.push(bytes[4] ?? -1)
        },
        { channelData: true },
      )
      socket.on('data', (chunk) => expect(framer.push(chunk)).toBeNull())
    })
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const connection = new StreamConnection(socket, false, {
      received: () => undefined,
      ended: () => undefined,
    })
    const frame = new Uint8Array(4 + 1_001)
    for (let i = 0; i < 100; i++) {
      frame.fill(i)
      frame.set([0x40, 0x00, 0x03, 0xe9])
      connection.send(frame)
    }
    await eventually(() => heard.length === 100)
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => i))
    await connection.close()
    connection.send(frame)
    server.close()
  })
})
