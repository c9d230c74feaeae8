import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'

import { expect, test } from '@jest/globals'
import { WebSocket, WebSocketServer } from 'ws'

import { FrameWriter, type Outgoing } from '../src/node/frame-writer.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a WebSocket reads what is written, of every length and in order', async () => {
  const writer = new FrameWriter()
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  const sent: (string | Buffer)[] = []
  server.on('upgrade', (request, stream, head) =>
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const to: Outgoing = { stream, pending: '' }
      for (const length of [0, 1, 125, 126, 127, 16_384, 65_535, 65_536, 200_000]) {
        for (const unit of ['x', 'ü', '“😀']) sent.push(unit.repeat(length / unit.length))
        sent.push(Buffer.alloc(length, length))
      }
      for (const frame of sent)
        if (typeof frame === 'string') writer.text(to, frame)
        else writer.binary(to, frame)
      writer.flush(to)
      socket.close()
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const heard: (string | Buffer)[] = []
  client.on('message', (data: Buffer, isBinary) => heard.push(isBinary ? data : data.toString()))
  await once(client, 'close')
  expect(heard.map((frame) => frame.length)).toEqual(sent.map((frame) => frame.length))
  expect(heard.every((frame, at) => Buffer.from(frame).equals(Buffer.from(sent[at] ?? '')))).toBe(true)
  server.close()
})

test('what a turn of the event loop has for a socket leaves in one write', async () => {
  const writer = new FrameWriter()
  const stream = new PassThrough()
  const writes: number[] = []
  stream.on('data', (data: Buffer) => writes.push(data.length))
  const to = { stream, pending: '' }
  for (let i = 0; i < 10; i++) writer.text(to, 'hello')
  expect(writes).toEqual([])
  await turn()
  await turn()
  expect(writes).toEqual([70])
  stream.destroy()
  writer.text(to, 'to nobody')
  await turn()
  expect(to.pending).toBe('')
})
