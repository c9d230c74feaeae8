import { readdirSync, readFileSync } from 'node:fs'

import { afterEach, describe, expect, test } from '@jest/globals'
import { createSignalingServer, type SignalingServer } from '@purertc/signaling-server'
import { WebSocket } from 'ws'

import {
  SignalingClient,
  SignalingClientError,
  type SignalingClientEvents,
  type SignalingClientOptions,
} from '../src/index.ts'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp()
})

async function serve(options: Parameters<typeof createSignalingServer>[0] = {}): Promise<SignalingServer> {
  const server = await createSignalingServer({ port: 0, host: '127.0.0.1', ...options })
  cleanups.push(() => server.close())
  return server
}

function clientOf(
  server: SignalingServer,
  path = '/',
  options: Partial<SignalingClientOptions> = {},
): SignalingClient {
  const url = `ws://127.0.0.1:${server.address?.port ?? 0}${path}`
  const client = new SignalingClient({ url, WebSocket, ...options })
  cleanups.push(() => client.close())
  return client
}

const next = <Name extends keyof SignalingClientEvents>(
  client: SignalingClient,
  name: Name,
): Promise<SignalingClientEvents[Name]> => new Promise((resolve) => client.once(name, resolve))

describe('on real sockets', () => {
  test('two peers negotiate; the second finds what the first had said', async () => {
    const server = await serve({ iceServers: [{ urls: 'stun:192.0.2.1' }] })
    const [alice, bob] = [clientOf(server), clientOf(server)]
    expect((await alice.connect()).iceServers).toEqual([{ urls: 'stun:192.0.2.1' }])
    expect(await alice.join('room', { peer: 'alice', metadata: 'first' })).toMatchObject({ role: 'offerer' })
    alice.sendDescription({ type: 'offer', sdp: 'offer' })
    alice.sendCandidate({ candidate: 'candidate:1', sdpMid: '0' })
    alice.sendCandidate(null)
    await alice.ping()

    const heard: unknown[] = []
    bob.on('description', ({ from, description }) => heard.push([from, description.sdp]))
    const ended = new Promise<void>((resolve) => {
      bob.on('candidate', ({ candidate }) =>
        candidate === null ? resolve() : heard.push(candidate.candidate),
      )
    })
    const arrival = next(alice, 'peerJoined')
    await bob.connect()
    const { role, members } = await bob.join('room', { peer: 'bob' })
    expect([role, members]).toEqual(['answerer', [{ peer: 'alice', metadata: 'first' }]])
    expect(await arrival).toMatchObject({ peer: 'bob', role: 'offerer', replayed: 3 })
    await ended
    expect(heard).toEqual([['alice', 'offer'], 'candidate:1'])

    const answer = next(alice, 'description')
    bob.sendDescription({ type: 'answer', sdp: 'answer' }, 'alice')
    expect(await answer).toMatchObject({ from: 'bob', description: { type: 'answer' } })
    expect(await bob.sendMessage('hi', { to: 'nobody' })).toMatchObject({ delivered: false })
    const message = next(alice, 'message')
    expect(await bob.sendMessage({ hi: 1 })).toMatchObject({ delivered: true, count: 1 })
    expect(await message).toMatchObject({ from: 'bob', data: { hi: 1 } })

    const [remote, left] = [next(alice, 'remoteClose'), next(alice, 'left')]
    bob.bye()
    expect(await remote).toMatchObject({ peer: 'bob' })
    expect(await left).toMatchObject({ reason: 'hangup' })
  })

  test('a candidate for a peer that has gone is reported', async () => {
    const server = await serve()
    const alice = clientOf(server)
    await alice.connect()
    await alice.join('room')
    const lost = next(alice, 'undelivered')
    alice.sendCandidate(null, 'bob')
    expect(await lost).toEqual({ to: 'bob' })
  })

  test('refusals carry the server’s code', async () => {
    const server = await serve({ beforeSubscription: ({ token }) => token === 'yes' })
    const alice = clientOf(server)
    await alice.connect()
    await expect(alice.join('room', { token: 'no' })).rejects.toMatchObject({ code: 'join-refused' })
    await alice.join('room', { token: 'yes' })
    await expect(alice.join('other')).rejects.toBeInstanceOf(SignalingClientError)
  })

  test('a refused upgrade, a closed port and another protocol are failures to connect', async () => {
    const server = await serve({ path: '/signaling' })
    const client = clientOf(server, '/elsewhere')
    await expect(client.connect()).rejects.toMatchObject({ code: 'connect-failed', cause: expect.any(Error) })
    await server.close()
    await expect(client.connect()).rejects.toMatchObject({ code: 'connect-failed' })
    expect(client.state).toBe('closed')
  })

  test('the server’s shutdown is a close event, and another server takes the client again', async () => {
    const first = await serve()
    let port = first.address?.port
    const client = clientOf(first, '/', { reconnect: false, url: () => `ws://127.0.0.1:${port}/` })
    await client.connect()
    await client.join('room', { peer: 'alice' })
    const closed = next(client, 'close')
    await first.close()
    expect(await closed).toMatchObject({ code: 1001 })
    const second = await serve()
    port = second.address?.port
    await client.connect()
    expect(await client.join('room', { peer: 'alice' })).toMatchObject({ peer: 'alice' })
    expect(await second.membersOf('room')).toEqual(['alice'])
  })

  test('closing while connecting harms nobody', async () => {
    const client = clientOf(await serve())
    const connecting = client.connect()
    await client.close()
    await expect(connecting).rejects.toMatchObject({ code: 'connect-failed' })
    await client.connect()
  })
})

test('what a page loads imports nothing by a bare name', () => {
  const folder = new URL('../src/', import.meta.url)
  for (const file of readdirSync(folder)) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    for (const [statement, names, from] of text.matchAll(/^(?:import|export)\s([^'"]*?)from\s'([^']+)'/gms))
      if (!names?.startsWith('type '))
        expect([file, statement, from?.startsWith('./')]).toEqual([file, statement, true])
  }
})
