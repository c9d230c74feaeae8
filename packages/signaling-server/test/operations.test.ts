import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { describe, expect, jest, test } from '@jest/globals'
import { CloseCode } from '@purertc/signaling-protocol'
import { Registry } from 'prom-client'

import { stopClock } from '../../bytes/test/support/still-clock.ts'
import {
  createSignalingServer,
  expiringIceServers,
  type SignalingServer,
  turnPasswordFor,
} from '../src/index.ts'
import { collectMetrics } from '../src/node/metrics.ts'
import { serverStarter } from './support/start-server.ts'
import { TestClient, urlOf } from './test-client.ts'

const start = serverStarter()

const get = async (server: SignalingServer, path: string): Promise<[number, string]> => {
  const response = await fetch(urlOf(server, path).replace('ws', 'http'))
  return [response.status, await response.text()]
}

describe('an operator', () => {
  test('sees health, readiness and metrics', async () => {
    const registry = new Registry()
    const server = await start({ registry })
    collectMetrics(server, registry)
    const alice = await TestClient.join(server, 'alice')
    const bob = await TestClient.join(server, 'bob')
    bob.say({ type: 'message', data: 1 })
    bob.socket.send('nonsense')
    await bob.untilPong()
    expect(await new TestClient(urlOf(server), { protocols: [] }).refused).toBe(400)
    const gone = once(server, 'disconnect')
    alice.socket.close(4444)
    await gone
    expect(await get(server, '/health')).toEqual([200, '{"status":"ok","connections":1,"channels":1}\n'])
    expect(await get(server, '/ready')).toEqual([200, '{"status":"ready"}\n'])
    const [status, metrics] = await get(server, '/metrics')
    expect(status).toBe(200)
    for (const line of [
      'connections 1',
      'channels 1',
      'away 0',
      'ready 1',
      'frames_received_total 5',
      'relayed_total 1',
      'deliveries_total 1',
      'joins_total 2',
      'errors_total{code="invalid-json"} 1',
      'disconnects_total{code="4444"} 1',
      'refusals_total{status="400"} 1',
    ])
      expect(metrics).toContain(`\npurertc_signaling_${line}`)
    expect((await get(server, '/metrics'))[1]).toBe(metrics)
    expect((await get(server, '/other'))[0]).toBe(426)
  })

  test('of an attached server answers the same where it wants to', async () => {
    const http = createServer((request, response) => {
      if (!signaling.handleRequest(request, response)) response.end('mine')
    }).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const signaling = await createSignalingServer({ server: http })
    const base = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    expect((await fetch(`${base}/ready`)).status).toBe(200)
    expect(await (await fetch(`${base}/metrics`)).text()).toBe('mine')
    expect(await (await fetch(`${base}/health`, { method: 'POST' })).text()).toBe('mine')
    await signaling.close()
    expect((await fetch(`${base}/ready`)).status).toBe(503)
    http.closeAllConnections()
    http.close()
  })

  test('drains: clients are told, new ones refused, those that stay closed with 1012', async () => {
    stopClock()
    const server = await start()
    const [alice, bob] = [await TestClient.join(server, 'alice', true), await TestClient.open(server)]
    const drained = server.drain(300)
    expect(await alice.next()).toEqual({ type: 'drain', within: 300 })
    expect((await get(server, '/ready'))[0]).toBe(503)
    expect(await new TestClient(urlOf(server)).refused).toBe(503)
    await alice.close()
    expect(await bob.next()).toMatchObject({ type: 'drain' })
    jest.advanceTimersByTime(300)
    expect(await bob.closed).toBe(CloseCode.serviceRestart)
    await drained
    expect([server.connections, server.address]).toEqual([0, null])
  })

  test('does not wait for the time to be over when all have gone', async () => {
    const server = await start()
    const client = await TestClient.open(server)
    const drained = server.drain(60_000)
    client.socket.close(CloseCode.moving)
    await drained
  })
})

/** The status that an upgrade is answered with. */
const outcome = (client: TestClient): Promise<number> =>
  Promise.race([client.refused, client.next().then(() => 101)])

describe('limits of connections', () => {
  test('hold for an address, also while hooks decide', async () => {
    const server = await start({
      limits: { connectionsPerAddress: 2 },
      addressOf: ({ headers }) => headers['sec-websocket-protocol']?.split(',')[1]?.trim() ?? '',
      beforeConnect: () => new Promise((resolve) => setImmediate(resolve, true)),
    })
    const from = (address: string): TestClient =>
      new TestClient(urlOf(server), { protocols: ['v1.signaling.purertc', address] })
    const three = [from('one'), from('one'), from('one')]
    const outcomes = await Promise.all(three.map(outcome))
    expect(outcomes.toSorted()).toEqual([101, 101, 429])
    await from('two').next()
    const gone = once(server, 'disconnect')
    await three[outcomes.indexOf(101)]?.close()
    await gone
    await from('one').next()
    expect(server.connections).toBe(3)
  })

  test('hold for a /64 of IPv6, of which one client has every address', async () => {
    const server = await start({
      limits: { connectionsPerAddress: 2 },
      addressOf: ({ url }) => new URL(url ?? '', 'ws://server').searchParams.get('from') ?? '',
    })
    const from = (address: string): TestClient => new TestClient(`${urlOf(server)}?from=${address}`)
    const clients = ['2001:db8::1', '2001:db8:0:0:9::2', '2001:db8:0:0:a:b:c:3', '2001:db8:0:1::1'].map(from)
    const [one, two, three, elsewhere] = await Promise.all(clients.map(outcome))
    expect([one, two, three].toSorted()).toEqual([101, 101, 429])
    expect(elsewhere).toBe(101)
  })

  test('hold for a user, whichever addresses it comes from, also where several are known at once', async () => {
    let know: () => void = () => {}
    const known = new Promise<void>((resolve) => (know = resolve))
    const asked: string[] = []
    const server = await start({
      limits: { connectionsPerUser: 2 },
      addressOf: ({ headers }) => headers['sec-websocket-protocol']?.split(',')[2]?.trim() ?? '',
      authenticate: async ({ headers }) => {
        const user = headers['sec-websocket-protocol']?.split(',')[1]?.trim() ?? null
        if (asked.push(user ?? '') === 4) know()
        // All that ask hear at the same moment who they are.
        await known
        return user
      },
    })
    const by = (user: string, address: string): TestClient =>
      new TestClient(urlOf(server), { protocols: ['v1.signaling.purertc', user, address] })
    const refusals: [unknown, number][] = []
    server.on('refusal', (address, status) => refusals.push([address, status]))
    const four = [by('alice', 'a'), by('alice', 'b'), by('alice', 'c'), by('bob', 'a')]
    const outcomes = await Promise.all(four.map(outcome))
    expect([outcomes.slice(0, 3).toSorted(), outcomes[3]]).toEqual([[101, 101, 429], 101])
    expect(refusals).toEqual([['127.0.0.1', 429]])
    const gone = once(server, 'disconnect')
    await four[outcomes.indexOf(101)]?.close()
    await gone
    await by('alice', 'd').next()
    expect(await by('alice', 'e').refused).toBe(429)
  })

  test('a hook that fails gives the place back', async () => {
    let isBroken = true
    const server = await start({
      limits: { connections: 1, connectionsPerUser: 1 },
      authenticate: () => {
        if (isBroken) throw new Error('no database')
        return 'alice'
      },
    })
    expect(await new TestClient(urlOf(server)).refused).toBe(500)
    isBroken = false
    await TestClient.open(server)
    expect(await new TestClient(urlOf(server)).refused).toBe(503)
  })
})

test('TURN credentials are pushed anew before they expire', async () => {
  stopClock()
  const server = await start({
    iceServers: expiringIceServers({
      secret: 's',
      stun: ['stun:192.0.2.1'],
      turn: ['turn:192.0.2.1'],
      lifetime: 2,
      userOf: () => 'alice',
    }),
  })
  const client = new TestClient(urlOf(server))
  const first = await client.next()
  jest.advanceTimersByTime(2_000)
  const second = await client.next()
  expect(first).toMatchObject({
    type: 'welcome',
    lifetime: 2,
    iceServers: [{ urls: ['stun:192.0.2.1'] }, {}],
  })
  expect(second).toMatchObject({ type: 'ice-servers', lifetime: 2 })
  const usernames = [first, second].map((frame) =>
    'iceServers' in frame ? frame.iceServers[1]?.username : undefined,
  )
  expect(usernames[0]).not.toBe(usernames[1])
  for (const username of usernames) expect(username).toMatch(/^\d+:alice$/)
  expect(turnPasswordFor(usernames[1] ?? '', { secret: 's' })).not.toBeNull()
})
