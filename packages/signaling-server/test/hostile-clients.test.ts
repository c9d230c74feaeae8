import { once } from 'node:events'
import { connect } from 'node:net'

import { describe, expect, jest, test } from '@jest/globals'
import { CloseCode } from '@purertc/signaling-protocol'

import { stopClock } from '../../bytes/test/support/still-clock.ts'
import { rawClient, upgradeRequest } from './raw-client.ts'
import { DeferredHook } from './support/deferred-hook.ts'
import { serverStarter } from './support/start-server.ts'
import { TestClient } from './test-client.ts'

const start = serverStarter()

describe('hostile clients', () => {
  test('5,000 bad frames leave the other members as they were', async () => {
    const server = await start({ limits: { burst: 20_000 } })
    const [mallory, alice] = [
      await TestClient.join(server, 'mallory'),
      await TestClient.join(server, 'alice'),
    ]
    const bob = await TestClient.join(server, 'bob')
    await Promise.all([mallory.untilPong(), alice.untilPong()])
    const noise = [
      'x',
      '',
      '{}',
      '[',
      '{"type":"message"}',
      '{"type":"remote-close","peer":"alice"}',
      '{"type":"message","data":1,"to":9}',
      '{"type":"join","channel":"room","peer":"alice"}',
      `{"type":"candidate","candidate":"${'x'.repeat(500)}"}`,
      '['.repeat(2_000),
      '{"type":"description","description":{"type":"offer"},"from":"bob"}',
    ]
    for (let i = 0; i < 5_000; i++) {
      if (i % 50 === 0) mallory.socket.send(Uint8Array.of(1, 2, 3))
      else mallory.socket.send(noise[i % noise.length]!)
      if (i % 500 === 0) alice.say({ type: 'message', to: 'bob', data: i })
    }
    const answers = await mallory.untilPong()
    expect(answers).toHaveLength(5_000)
    expect(new Set(answers.map((answer) => answer.type))).toEqual(new Set(['error']))
    expect((await bob.untilPong()).map((frame) => (frame.type === 'message' ? frame.data : frame))).toEqual(
      Array.from({ length: 10 }, (_, i) => i * 500),
    )
    expect(await alice.untilPong()).toEqual([])
  })

  test('a flood is closed with 4429', async () => {
    stopClock()
    const server = await start({ limits: { framesPerSecond: 1, burst: 50 } })
    const mallory = await TestClient.join(server, 'mallory')
    const alice = await TestClient.join(server, 'alice')
    for (let i = 0; i < 5_000; i++) mallory.say({ type: 'message', data: i })
    expect(await mallory.closed).toBe(CloseCode.rateLimited)
    const heard = await alice.untilPong()
    expect(heard.length).toBeLessThanOrEqual(50)
    expect(heard.at(-1)).toEqual({ type: 'peer-left', peer: 'mallory', count: 1 })
  })

  test('a flood of pings is closed with 4429', async () => {
    stopClock()
    const server = await start()
    const disconnected = once(server, 'disconnect') as Promise<[unknown, number]>
    const mallory = await TestClient.join(server, 'mallory')
    for (let i = 0; i < 600; i++) mallory.socket.ping()
    expect(await mallory.closed).toBe(CloseCode.rateLimited)
    expect((await disconnected)[1]).toBe(CloseCode.rateLimited)
  })

  test('who pings and reads no answers is cut off, however often it may ask', async () => {
    const many = 1_000_000_000
    const server = await start({ limits: { sendBuffer: 100_000, framesPerSecond: many, burst: many } })
    const mallory = await rawClient(server)
    mallory.socket.pause()
    let cutWith: number | undefined
    server.once('disconnect', (_, code) => (cutWith = code))
    while (cutWith === undefined) {
      for (let i = 0; i < 1_000; i++) mallory.ping()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(cutWith).toBe(CloseCode.slowReader)
    mallory.socket.destroy()
  })

  test('a giant frame is closed with 1009', async () => {
    const server = await start()
    const disconnected = once(server, 'disconnect') as Promise<[unknown, number]>
    const mallory = await TestClient.join(server, 'mallory')
    const alice = await TestClient.join(server, 'alice')
    mallory.socket.send(`{"type":"message","data":"${'x'.repeat(262_144)}"}`)
    expect(await mallory.closed).toBe(CloseCode.frameTooLarge)
    expect((await disconnected)[1]).toBe(CloseCode.frameTooLarge)
    expect(await alice.next()).toMatchObject({ type: 'peer-left' })
  })

  test('a frame over a limit of one’s own is closed with 1009, whichever way it is read', async () => {
    const server = await start({ limits: { frameBytes: 1_000 } })
    for (const unit of ['x', 'ü']) {
      const mallory = await TestClient.join(server, 'mallory')
      mallory.say({ type: 'message', data: unit.repeat(900 / Buffer.byteLength(unit)) })
      expect(await mallory.untilPong()).toEqual([])
      mallory.say({ type: 'message', data: unit.repeat(1_000 / Buffer.byteLength(unit)) })
      expect(await mallory.closed).toBe(CloseCode.frameTooLarge)
    }
  })

  test('the largest frame allowed gets through', async () => {
    const server = await start({ limits: { keptLength: 1 } })
    const alice = await TestClient.join(server, 'alice')
    const bob = await TestClient.join(server, 'bob')
    await alice.next()
    const data = 'x'.repeat(262_144 - '{"type":"message","data":""}'.length)
    alice.say({ type: 'message', data })
    expect(await bob.next()).toEqual({ type: 'message', from: 'alice', data })
  })

  test('bytes that are no UTF-8 are closed with 1007', async () => {
    const server = await start()
    const mallory = await TestClient.join(server, 'mallory')
    mallory.socket.send(Uint8Array.of(0xff, 0xfe), { binary: false })
    expect(await mallory.closed).toBe(1007)
  })

  test('who does not read is cut off, and the others go on', async () => {
    const server = await start({ limits: { sendBuffer: 100_000, burst: 10_000 } })
    const disconnected = once(server, 'disconnect') as Promise<[{ peer?: string }, number]>
    const alice = await TestClient.join(server, 'alice')
    const bob = await TestClient.join(server, 'bob')
    const slow = await rawClient(server)
    slow.send({ type: 'join', channel: 'room', peer: 'slow' })
    await new Promise((resolve) => server.once('subscription', resolve))
    slow.socket.pause()
    const data = 'x'.repeat(200_000)
    let isCut = false
    void disconnected.then(() => (isCut = true))
    while (!isCut) {
      alice.say({ type: 'message', data })
      await alice.untilPong()
    }
    expect((await disconnected)[1]).toBe(CloseCode.slowReader)
    slow.socket.destroy()
    const heard = await bob.untilPong()
    expect(heard.at(-1)).toMatchObject({ type: 'peer-left', peer: 'slow' })
  })

  test('a dead socket is cut after two heartbeats, a live one stays', async () => {
    stopClock()
    const server = await start({ limits: { heartbeat: 150 } })
    const disconnected = once(server, 'disconnect') as Promise<[{ id: number }, number]>
    const alice = await TestClient.join(server, 'alice')
    const dead = await rawClient(server)
    let isCut = false
    void disconnected.then(() => (isCut = true))
    for (let waited = 0; !isCut && waited < 3 * 150; waited += 10) {
      jest.advanceTimersByTime(10)
      // What the server asked alice by then she has answered when this comes back, long before she is asked again.
      alice.socket.ping()
      await once(alice.socket, 'pong')
    }
    expect(isCut).toBe(true)
    const [peer, code] = await disconnected
    expect([peer.id, code]).toEqual([2, CloseCode.heartbeatTimeout])
    expect(await alice.untilPong()).toEqual([])
    dead.socket.destroy()
  })

  test('a socket that breaks off in the middle of an upgrade, or of a frame, harms nobody', async () => {
    const hook = new DeferredHook()
    const server = await start({ beforeConnect: (request) => request.url !== '/slow' || hook.ask(request) })
    const early = connect(server.address!.port, '127.0.0.1')
    early.write(upgradeRequest('/slow'))
    const { socket } = await hook.asked
    const closed = new Promise((resolve) => socket.once('close', resolve))
    early.resetAndDestroy()
    await closed
    hook.answer(true)

    const late = await rawClient(server)
    const gone = once(server, 'disconnect')
    late.socket.write(Uint8Array.of(0x81, 0xfe, 0xff))
    late.socket.resetAndDestroy()
    await gone
    await TestClient.open(server)
    expect(server.connections).toBe(1)
  })
})
