import { once } from 'node:events'

import { expect, test } from '@jest/globals'
import { subprotocol } from '@purertc/signaling-protocol'
import { WebSocket } from 'ws'

import { createSignalingServer } from '../src/index.ts'

test('a client that offers to compress is not taken up on it', async () => {
  const server = await createSignalingServer({ port: 0, host: '127.0.0.1' })
  const socket = new WebSocket(`ws://127.0.0.1:${server.address?.port ?? 0}/`, subprotocol, {
    perMessageDeflate: true,
  })
  const [response] = (await once(socket, 'upgrade')) as [{ readonly headers: Record<string, string> }]
  expect(response.headers['sec-websocket-protocol']).toBe(subprotocol)
  expect(response.headers['sec-websocket-extensions']).toBeUndefined()
  socket.terminate()
  await server.close()
})
