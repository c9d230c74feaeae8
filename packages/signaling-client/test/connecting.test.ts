import { describe, expect, test } from '@jest/globals'
import { subprotocol } from '@purertc/signaling-protocol'

import { SignalingClient } from '../src/index.ts'
import { FakeWebSocket } from './support/fake-web-socket.ts'
import { codeOf, Lab, transient, welcome } from './support/lab.ts'

describe('connecting', () => {
  test('offers the sub-protocol and resolves with the greeting', async () => {
    const { client } = new Lab({ url: new URL('ws://192.0.2.1/x?y') })
    expect([client.state, client.iceServers]).toEqual(['closed', []])
    const greeted = client.connect()
    expect(client.state).toBe('connecting')
    const socket = FakeWebSocket.made.at(-1)!
    expect([socket.url, socket.offered]).toEqual(['ws://192.0.2.1/x?y', [subprotocol]])
    socket.say(welcome())
    expect(await greeted).toEqual(welcome())
    expect([client.state, client.iceServers]).toEqual(['open', welcome().iceServers])
  })

  test('needs a WebSocket', async () => {
    const platform = globalThis as { WebSocket?: unknown }
    const own = platform.WebSocket
    delete platform.WebSocket
    expect(await codeOf(new SignalingClient({ url: 'ws://192.0.2.1' }).connect())).toBe('no-websocket')
    platform.WebSocket = FakeWebSocket
    const greeted = new SignalingClient({
      url: 'ws://192.0.2.9',
      timeout: Infinity,
      quietAfter: Infinity,
    }).connect()
    platform.WebSocket = own
    expect(FakeWebSocket.made.at(-1)?.url).toBe('ws://192.0.2.9')
    FakeWebSocket.made.at(-1)?.say(welcome())
    await greeted
  })

  test('fails where the URL is none', async () => {
    class Strict extends FakeWebSocket {
      constructor(url: string, protocols: string[]) {
        super(new URL(url).href, protocols)
      }
    }
    const { client } = new Lab({ url: 'nonsense', WebSocket: Strict })
    expect(await codeOf(client.connect())).toBe('connect-failed')
    expect(client.state).toBe('closed')
  })

  test('fails where the connection does, with the reason', async () => {
    const { client } = new Lab()
    const greeted = client.connect()
    const socket = FakeWebSocket.made.at(-1)!
    socket.onerror?.({ error: new Error('refused') })
    socket.end(1006)
    await expect(greeted).rejects.toMatchObject({ code: 'connect-failed', cause: { message: 'refused' } })
  })

  test('fails where the server chose no sub-protocol', async () => {
    const { client } = new Lab()
    const greeted = client.connect()
    const socket = FakeWebSocket.made.at(-1)!
    socket.protocol = ''
    socket.say(welcome())
    expect(await codeOf(greeted)).toBe('connect-failed')
    expect(socket.closedWith).toBe(1000)
  })

  test('fails where no greeting comes in time', async () => {
    const { client, scheduler } = new Lab(transient)
    const greeted = client.connect()
    scheduler.ring()
    expect(await codeOf(greeted)).toBe('timeout')
    expect(FakeWebSocket.made.at(-1)?.closedWith).toBe(1000)
  })

  test('is for one connection at a time, and again after it', async () => {
    const { client, socket, events } = await Lab.connected(transient)
    expect(await codeOf(client.connect())).toBe('already-connected')
    socket.end(1001, 'bye')
    expect(events).toEqual([['close', { code: 1001, reason: 'bye' }]])
    const again = client.connect()
    FakeWebSocket.made.at(-1)?.say(welcome())
    await again
    socket.say({ type: 'ice-servers', iceServers: [{ urls: 'stun:ghost' }] })
    socket.say(welcome('ghost'))
    socket.end(1006)
    expect(client.state).toBe('open')
    expect(events.map(([name]) => name)).toEqual(['close'])
  })
})

describe('closing', () => {
  test('resolves when the connection is closed', async () => {
    const { client, socket, events } = await Lab.inRoom(transient)
    const closed = client.close(4000, 'done')
    expect(socket.closedWith).toBe(4000)
    socket.end(4000, 'done')
    await closed
    expect(events).toEqual([['close', { code: 4000, reason: 'done' }]])
    expect([client.state, client.channel]).toEqual(['closed', undefined])
    await client.close()
  })

  test('fails what is under way, the greeting too', async () => {
    const { client } = new Lab()
    const greeted = client.connect()
    void client.close()
    FakeWebSocket.made.at(-1)?.end(1006)
    expect(await codeOf(greeted)).toBe('connect-failed')
  })

  test('an endless time limit sets no timer', async () => {
    const { client, scheduler } = new Lab()
    void client.connect().catch(() => {})
    expect(scheduler.size).toBe(0)
    FakeWebSocket.made.at(-1)?.end(1006)
  })
})

describe('aborting', () => {
  test('gives up a connection under way', async () => {
    const lab = new Lab()
    const controller = new AbortController()
    const greeted = lab.client.connect({ signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(greeted).rejects.toThrow('enough')
    expect(lab.socket.closedWith).toBe(1000)
  })

  test('closes the client, also while it waits for a try', async () => {
    const controller = new AbortController()
    const lab = await Lab.inRoom({ signal: controller.signal })
    lab.socket.end(1006)
    controller.abort()
    expect([lab.client.state, lab.scheduler.size, lab.names]).toEqual([
      'closed',
      0,
      ['reconnecting', 'close'],
    ])
    await expect(lab.client.connect()).rejects.toMatchObject({ name: 'AbortError' })
  })
})
